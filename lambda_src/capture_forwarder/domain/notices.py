"""What happened, for whoever watches: facts without captured data, named in the past tense."""

from msgspec import Struct

from capture_forwarder.domain.conservation import ForwardReport


class ObjectForwarded(Struct, frozen=True):
    """A run is through with one object, whatever became of it."""

    report: ForwardReport


class BatchSent(Struct, frozen=True, kw_only=True):
    """One request was answered, or was not; `denied` says that only a person can mend it."""

    destination: str
    inferences: int
    latency_secs: float
    failure: str | None = None
    denied: bool = False


class MessageRejected(Struct, frozen=True):
    """A message names no capture object; it fails, and ends in the dead-letter queue."""

    message_id: str
    why: str


class RecordsIgnored(Struct, frozen=True):
    """Records that ask for nothing were acknowledged: S3's test event, deletions."""

    count: int


class RunEnded(Struct, frozen=True):
    """One invocation is over; what was gathered of it may be written."""


Notice = ObjectForwarded | BatchSent | MessageRejected | RecordsIgnored | RunEnded
