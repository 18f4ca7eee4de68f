"""The ports: the services that forwarding needs. Each has an adapter and a fake that pass one contract suite."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from capture_forwarder.domain.batch import Batch, BatchLimits, RowBuilder
from capture_forwarder.domain.capture import CaptureObject, Work
from capture_forwarder.domain.delivery import Reason, Receipt, Superseded
from capture_forwarder.domain.notices import Notice
from capture_forwarder.domain.progress import Claim, QuarantineFile, RunRecord
from capture_forwarder.domain.route import Route, RowForm
from capture_forwarder.domain.schema import ModelSchema

# Gives the seconds until the caller must have the answer.
TimeLeft = Callable[[], float]


class OpenObject(Struct, frozen=True):
    """An object that is being read: chunks of any size, when this version was written, and its declared type."""

    chunks: Iterator[bytes]
    modified: datetime | None = None
    content_type: str | None = None


class ObjectStore(Protocol):
    """Stores the objects that are read."""

    def open(self, source: CaptureObject, start: int, left_secs: TimeLeft) -> OpenObject | Reason | Superseded:
        """Return the object's bytes from `start` on, or the reason why they can never be read.

        Neither opening nor a chunk takes longer than `left_secs()`. Raises `SourceUnavailable`, `SourceDenied` or
        `SourceDamaged`, at once or between chunks.
        """
        ...


class Destination(Protocol):
    """Takes batches."""

    @property
    def limits(self) -> BatchLimits:
        """What it takes; shared code enforces it."""
        ...

    @property
    def form(self) -> RowForm:
        """How it takes the inferences of a call."""
        ...

    def rows(self, route: Route, source: CaptureObject) -> RowBuilder:
        """Return the builder of the rows of `source`; the same one for objects whose rows differ in nothing else."""
        ...

    def send(self, batch: Batch, *, within_secs: float) -> Receipt:
        """Send `batch` once, and give up after `within_secs` in total. With the form of lines it is a `LineBatch`.

        Raises `DestinationUnavailable`, `BatchTooLarge` or `BatchRefused`; then no row has a result.
        """
        ...


class SchemaSource(Protocol):
    """Knows the attributes of models that the configuration does not describe."""

    def schema(self, model_id: str, *, within_secs: float) -> ModelSchema:
        """Return the model's attributes; give up after `within_secs`. Raises `DestinationUnavailable`."""
        ...


class Observer(Protocol):
    """Receives notices: logs, metrics, a terminal."""

    def notice(self, notice: Notice) -> None:
        """Receive `notice`. Called from any thread; never raises."""
        ...


class Progress(Protocol):
    """Stores claims of objects and the records of runs; every write is conditional. All methods raise `Unavailable`."""

    def claim(self, state: str, claim: Claim, *, over: Claim | None, within_secs: float) -> Claim:
        """Store `claim` of the object `state` if there is none, or in place of `over`; return the claim that is there.

        A claim whose retention is over counts as absent.
        """
        ...

    def look(self, run: str, *, within_secs: float) -> RunRecord | None:
        """Return the record of a run; `None` if it never saved one."""
        ...

    def take(self, run: str, *, within_secs: float) -> RunRecord:
        """Mark a run as taken, so that it cannot save any more, and return its record."""
        ...

    def save(self, run: str, record: RunRecord, *, within_secs: float) -> RunRecord:
        """Store `record` if the stored one has one save less and is not taken; return the record that is there."""
        ...


class Quarantine(Protocol):
    """Stores rejections so that they can be read and replayed."""

    def keep(self, file: QuarantineFile, *, within_secs: float) -> None:
        """Write `file`. Raises `Unavailable`."""
        ...


class Queue(Protocol):
    """Holds work until it is retried."""

    def put(self, items: Sequence[tuple[Work, int]], *, within_secs: float) -> list[str | None]:
        """Send a message for each work, to be received after its delay in seconds, 0 to 900.

        Returns for each `None`, or why it was not sent. A message without an answer after
        `within_secs` counts as not sent. Never raises.
        """
        ...
