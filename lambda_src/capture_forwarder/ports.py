"""What the use case needs of the world: one verb each, with an adapter and a fake that pass the same contract suite."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from capture_forwarder.domain.batch import Batch, BatchLimits
from capture_forwarder.domain.capture import CaptureObject, Work
from capture_forwarder.domain.delivery import Reason, Receipt, Superseded
from capture_forwarder.domain.notices import Notice
from capture_forwarder.domain.progress import ProgressRecord, QuarantineFile
from capture_forwarder.domain.schema import ModelSchema


class Opened(Struct, frozen=True):
    """An object being read: chunks of any size, and when this state of it was written."""

    chunks: Iterator[bytes]
    modified: datetime | None = None


class CaptureStore(Protocol):
    """Where capture objects lie."""

    def open(self, source: CaptureObject, start: int) -> Opened | Reason | Superseded:
        """Return the object's bytes from `start` on, or why there will never be any.

        Raises `SourceUnavailable`, at once or between chunks.
        """
        ...


class Destination(Protocol):
    """Where batches go."""

    @property
    def limits(self) -> BatchLimits:
        """What one request may hold."""
        ...

    def row(self, partner_inference_id: str, inference_timestamp: datetime, data: object) -> object:
        """Return what is encoded as one inference of a request's JSON array; pure.

        `data` is a dictionary or a struct: values by name.
        """
        ...

    def send(self, batch: Batch, *, within_secs: float) -> Receipt:
        """Try once to deliver `batch`, and give up after `within_secs`.

        Raises `DestinationUnavailable` or `BatchTooLarge`; then nothing was settled.
        """
        ...


class SchemaSource(Protocol):
    """Who knows a model's attributes when the configuration does not."""

    def schema(self, model_id: str) -> ModelSchema:
        """Return the model's attributes. Raises `DestinationUnavailable`."""
        ...


class Observer(Protocol):
    """Whoever watches: logs, metrics, a person at a terminal."""

    def notice(self, event: Notice) -> None:
        """Take note of `event`; called from any thread, never raises."""
        ...


class Progress(Protocol):
    """Where it is remembered how far objects are settled."""

    def load(self, sources: Collection[CaptureObject]) -> dict[str, ProgressRecord]:
        """Return what is remembered, by `state_id`. Raises `Unavailable`."""
        ...

    def save(self, source: CaptureObject, position: ProgressRecord, *, expected_fence: int) -> None:
        """Remember `position` if nobody raised the fence meanwhile. Raises `LeaseLost`, `Unavailable`."""
        ...


class Quarantine(Protocol):
    """Where rejections are kept so that they can be read and replayed."""

    def keep(self, file: QuarantineFile) -> None:
        """Write `file`, over an earlier one of the same name. Raises `Unavailable`."""
        ...


class Queue(Protocol):
    """Where work that is still owed waits."""

    def put(self, work: Work, *, delay_secs: int) -> None:
        """Ask for `work` after `delay_secs`. Raises `Unavailable`."""
        ...
