"""Conservation: every line and every inference ends in exactly one place.

There are two equations, because a rejected line has an unknown number of inferences:

    lines:       read = decoded + rejected + skipped
    inferences:  made = accepted + duplicate + rejected + pending
"""

from collections import Counter
from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field

from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import PendingCause, RejectionCode, SkipReason


class LineCounts(Struct):
    """The first equation: the lines of an object, by where they ended."""

    read: int = 0
    decoded: int = 0
    rejected: Counter[RejectionCode] = field(default_factory=Counter)
    skipped: Counter[SkipReason] = field(default_factory=Counter)

    @property
    def balanced(self) -> bool:
        """Whether the equation holds."""
        return self.read == self.decoded + self.rejected.total() + self.skipped.total()

    def __add__(self, other: "LineCounts") -> "LineCounts":
        return LineCounts(
            self.read + other.read,
            self.decoded + other.decoded,
            self.rejected + other.rejected,
            self.skipped + other.skipped,
        )


class InferenceCounts(Struct):
    """The second equation: the inferences of an object, by where they ended; `pending` ones will be retried."""

    made: int = 0
    accepted: int = 0
    duplicate: int = 0
    rejected: Counter[RejectionCode] = field(default_factory=Counter)
    pending: int = 0

    @property
    def balanced(self) -> bool:
        """Whether the equation holds."""
        return self.made == self.accepted + self.duplicate + self.rejected.total() + self.pending

    def __add__(self, other: "InferenceCounts") -> "InferenceCounts":
        return InferenceCounts(
            self.made + other.made,
            self.accepted + other.accepted,
            self.duplicate + other.duplicate,
            self.rejected + other.rejected,
            self.pending + other.pending,
        )


class ReadingCounts(Struct):
    """Notes about the lines of an object that can be read; no equation depends on them.

    `left_out` counts captured values that are not data and not sent, `reused_ids` the calls whose inference id an
    earlier call had with other content, `changed_layouts` the records that are read in a new way, and `compiled` those
    that the compiled path read.
    """

    left_out: int = 0
    reused_ids: int = 0
    changed_layouts: int = 0
    compiled: int = 0

    def __add__(self, other: "ReadingCounts") -> "ReadingCounts":
        return ReadingCounts(
            self.left_out + other.left_out,
            self.reused_ids + other.reused_ids,
            self.changed_layouts + other.changed_layouts,
            self.compiled + other.compiled,
        )


class ObjectState(StrEnum):
    """The state of one object at the end of a run."""

    READING = "reading"
    READ = "read"
    DONE = "done"
    DONE_BEFORE = "done_before"
    PENDING = "pending"
    OUT_OF_TIME = "out_of_time"
    LEASED = "leased"
    REQUEUED = "requeued"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"
    SKIPPED = "skipped"
    UNROUTED = "unrouted"
    GIVEN_UP = "given_up"
    DAMAGED = "damaged"
    REFUSED = "refused"
    FAILED = "failed"


_FINAL = frozenset(
    {
        ObjectState.DONE,
        ObjectState.DONE_BEFORE,
        ObjectState.REQUEUED,
        ObjectState.REJECTED,
        ObjectState.SUPERSEDED,
        ObjectState.SKIPPED,
        ObjectState.UNROUTED,
        ObjectState.GIVEN_UP,
    }
)


class ForwardReport(Struct, kw_only=True):
    """The result of one run for one object; `why` gives the reason if the object is not done.

    `unquarantined` counts rejections that are not in quarantine yet. The pending inferences of a `requeued` object
    belong to the message that was sent for it, those of one that was `given_up` to its entry in quarantine.
    `pending_secs` is how long it has waited for a retry by now, and `cause` is why; both are `None` if the object does
    not wait for one. `blocked_secs` is how long it has needed a person by now, or `None`. `arrived` says that this run
    is the first of a live capture. `captures` counts the captured calls in the lines that this run committed, so a line
    that is read again counts once.
    """

    source: CaptureObject
    state: ObjectState
    route: str | None = None
    destination: str | None = None
    newest_inference: datetime | None = None
    lines: LineCounts = field(default_factory=LineCounts)
    inferences: InferenceCounts = field(default_factory=InferenceCounts)
    reading: ReadingCounts = field(default_factory=ReadingCounts)
    captures: int = 0
    unquarantined: int = 0
    pending_secs: float | None = None
    cause: PendingCause | None = None
    blocked_secs: float | None = None
    arrived: bool = False
    why: str | None = None

    @property
    def complete(self) -> bool:
        """Whether the message that named this object may be acknowledged."""
        pending = self.inferences.pending and self.state not in {ObjectState.REQUEUED, ObjectState.GIVEN_UP}
        return self.state in _FINAL and not pending and not self.unquarantined and self.balanced

    @property
    def balanced(self) -> bool:
        """Whether both equations hold."""
        return self.lines.balanced and self.inferences.balanced
