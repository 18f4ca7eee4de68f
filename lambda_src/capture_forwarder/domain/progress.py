"""How far into an object delivery is settled, and who is at work on it."""

from collections import deque
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct, field

from capture_forwarder.domain.capture import CaptureObject, Line, ReadOffset
from capture_forwarder.domain.delivery import RejectionCode


class ProgressRecord(Struct, frozen=True, kw_only=True):
    """How far one version of an object is committed.

    `leased_until` is in seconds since the epoch, 0 without a lease. `fence` grows with every lease, so that a holder
    whose lease expired cannot overwrite its successor. Quarantine holds the rejections before `quarantined_up_to`;
    `None` means all before `read_offset`.
    """

    read_offset: ReadOffset = ReadOffset()
    done: bool = False
    fence: int = 0
    leased_until: float = 0.0
    accepted: int = 0
    rejected: int = 0
    quarantined_up_to: int | None = None

    @property
    def next_file_offset(self) -> int:
        """What names the next file of quarantine."""
        return self.read_offset.offset if self.quarantined_up_to is None else self.quarantined_up_to


class QuarantineEntry(Struct, frozen=True, kw_only=True):
    """One rejection with all that it takes to understand it and to send it again; `line` is 0 for a whole object."""

    source: CaptureObject
    route: str
    code: RejectionCode
    why: str
    line: int = 0
    offset: int = 0
    index: int | None = None
    partner_inference_id: str | None = None
    data: bytes | None = None


class QuarantineFile(Struct, frozen=True, kw_only=True):
    """Rejections of one object between two checkpoints.

    Its name comes from the object's state and `start`, the offset up to which the files before it go: a run that dies
    before its progress is saved starts there again, and its file takes this one's place instead of standing beside it.
    """

    source: CaptureObject
    route: str
    start: int
    modified: datetime | None
    entries: list[QuarantineEntry]


class LineSpan(Struct):
    """Lines from number `number` and byte `offset` on, up to byte `end`, and what is owed of them.

    Line by line `counts` says how many inferences are on their way; these have places, counted from 0 through the whole
    span. `indices` are their rows in their calls, if not simply all rows of every call. What stands where is worked
    out when somebody asks, which is for a rejection, or after failure: a line alone costs next to nothing until then.
    """

    number: int
    offset: int
    end: int = 0
    lines: list[bytes] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    indices: list[int] | None = None
    owed: int = 0
    _settled: set[int] = field(default_factory=set)

    def settle(self, places: Sequence[int]) -> None:
        """Enter that nothing is owed any more of the inferences at `places`."""
        self.owed -= len(places)
        if self.owed:
            self._settled.update(places)

    def row(self, place: int) -> tuple[Line, int]:
        """Return the line that the inference at `place` comes from, and its row in that call."""
        offset, first = self.offset, 0
        for number, (data, count) in enumerate(zip(self.lines, self.counts, strict=True), self.number):
            end = offset + len(data) + 1
            if place < first + count:
                return Line(number, offset, end, data), self.indices[place] if self.indices else place - first
            offset, first = end, first + count
        raise IndexError(place)

    def settled_to(self) -> tuple[int, int]:
        """Return how many bytes of the object, and how many lines, are behind the first that is not settled."""
        if not self.owed:
            return self.end, self.number + len(self.lines) - 1
        place = next(place for place in range(sum(self.counts)) if place not in self._settled)
        line, _ = self.row(place)
        return line.offset, line.number - 1


class CommittedOffset:
    """Follows spans, entered in order and settled in any order, to the first line that is not settled yet."""

    def __init__(self, start: ReadOffset) -> None:
        self._settled = start
        self._open: deque[LineSpan] = deque()

    def enter(self, span: LineSpan) -> None:
        """Take the span that follows the last; one that owes nothing is behind us as soon as another comes."""
        if self._open and not self._open[-1].owed:
            self._open.pop()
        self._open.append(span)

    def advance(self, *, compressed: bool) -> ReadOffset:
        """Return how far everything is settled, and forget the spans up to there."""
        while self._open:
            offset, lines = self._open[0].settled_to()
            if lines > self._settled.lines:
                self._settled = ReadOffset(offset, lines, compressed)
            if self._open[0].owed:
                break
            self._open.popleft()
        return self._settled
