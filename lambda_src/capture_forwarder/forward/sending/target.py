"""One configured destination, as senders use it."""

from msgspec import Struct, field

from capture_forwarder.forward.sending.request_limits import RetryTimes
from capture_forwarder.forward.workers import Workers
from capture_forwarder.ports import Destination, SchemaSource


class Target(Struct, frozen=True, kw_only=True):
    """One configured destination: its adapter, its models' schemas, and how much may be in flight.

    Requests are counted by model, and their bytes together, because all bodies are held in memory. `workers` has one
    thread more than `max_in_flight`, for a schema. `schemas` is `None` if the destination knows none. `retry_times` is
    kept through all runs.
    """

    name: str
    destination: Destination
    schemas: SchemaSource | None
    workers: Workers
    max_in_flight: int
    max_in_flight_bytes: int = 16_000_000
    retry_times: RetryTimes = field(default_factory=RetryTimes)
