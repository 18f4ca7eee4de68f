"""Notices of events, for logs, metrics and terminals: facts without captured data, named in the past tense."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.conservation import ForwardReport


class RunBegan(Struct, frozen=True):
    """An invocation begins with its objects: its request id, and the objects of each message, by the message's id."""

    request_id: str
    messages: Mapping[str, Sequence[CaptureObject]] = {}


class ObjectForwarded(Struct, frozen=True):
    """A run has finished with one object, in whatever state."""

    report: ForwardReport


class BatchSent(Struct, frozen=True, kw_only=True):
    """One request ended; `error` says why rows of it are still pending, `denied` that a person must act."""

    destination: str
    inferences: int
    latency_secs: float
    error: str | None = None
    denied: bool = False


class MessageRejected(Struct, frozen=True):
    """Part of a message was refused; `why` names it. The message fails, and ends in the dead-letter queue."""

    message_id: str
    why: str


class RecordsIgnored(Struct, frozen=True):
    """Records that ask for no work were acknowledged: how many of each kind, such as `deleted`."""

    counts: dict[str, int]


class ProgressDamaged(Struct, frozen=True):
    """The stored progress of an object cannot be read. The object is read again from its start."""

    source: CaptureObject


class RunEnded(Struct, frozen=True):
    """One invocation ended; its metrics may be written."""


Notice = RunBegan | ObjectForwarded | BatchSent | MessageRejected | RecordsIgnored | ProgressDamaged | RunEnded
