"""One configured destination, as the use case sees it."""

from concurrent.futures import Executor

from msgspec import Struct

from capture_forwarder.ports import Destination, SchemaSource


class Outlet(Struct, frozen=True, kw_only=True):
    """Where to send, who knows the models there, and how many posts may be in flight."""

    name: str
    destination: Destination
    schemas: SchemaSource
    executor: Executor
    max_in_flight: int
