"""How far an object is committed, the spans of its lines, and its entries in quarantine."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate

from msgspec import Struct, field

from capture_forwarder.domain.capture import CaptureObject, Line, ReadOffset
from capture_forwarder.domain.delivery import RejectionCode


class ProgressRecord(Struct, frozen=True, kw_only=True):
    """How far one version of an object is committed.

    `leased_until` is in seconds since the epoch, 0 without a lease. `fence` grows with every lease, so that a holder
    whose lease expired cannot overwrite its successor. `accepted` and `rejected` count rows over all runs; a row that
    was sent again counts again. Quarantine holds the rejections before `quarantined_up_to`; `None` means all before
    `read_offset`.
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
        """The offset that names the next quarantine file."""
        return self.read_offset.offset if self.quarantined_up_to is None else self.quarantined_up_to


class QuarantineEntry(Struct, frozen=True, kw_only=True):
    """One rejection, with everything that is needed to understand and to replay it; `line` is 0 for a whole object."""

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
    """The rejections of one object between two checkpoints.

    The name is made of the object's version and the offset at which this run began. A run that is repeated after a
    crash begins at the same offset, so it overwrites the file.
    """

    source: CaptureObject
    route: str
    start: int
    modified: datetime | None
    entries: list[QuarantineEntry]


class _Places(Struct, frozen=True):
    """The place behind the last row of every line, and where each line starts, in bytes from the span's offset."""

    line_starts: list[int]
    row_ends: list[int]


class LineSpan(Struct):
    """Consecutive lines whose rows are sent, and mostly recorded, together.

    The lines begin with number `number` at byte `offset` and end before byte `end`. `counts[i]` is the number of rows
    of line i. A row has a place, counted from 0 through the whole span. `indices[n]` is the index of row n in its call;
    `None` means that no row is missing. `pending` counts the rows without a result. Lines and indices are computed only
    for rejections and partial results.
    """

    number: int
    offset: int
    end: int = 0
    lines: list[bytes] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    indices: Sequence[int] | None = None
    pending: int = 0
    # One byte a row, made when the first rows are recorded before the others: 1 if the row has its result.
    _recorded: bytearray | None = None
    # No row before this place is pending.
    _first_pending: int = 0
    _places: _Places | None = None

    def record(self, places: Sequence[int]) -> None:
        """Record that the rows at `places`, in ascending order, have their results."""
        self.pending -= len(places)
        if not self.pending or not places:
            return
        if self._recorded is None:
            self._recorded = bytearray(sum(self.counts))
        if places[-1] - places[0] == len(places) - 1:  # nearly always
            self._recorded[places[0] : places[-1] + 1] = b"\1" * len(places)
            return
        for place in places:
            self._recorded[place] = 1

    def row(self, place: int) -> tuple[Line, int]:
        """Return the line of the row at `place`, and the index of the row in its call."""
        ends = self._sums().row_ends
        at = bisect_right(ends, place)
        if at == len(ends):
            raise IndexError(place)
        first = ends[at] - self.counts[at]
        return self._line_at(at), self.indices[place] if self.indices is not None else place - first

    def line(self, number: int) -> Line:
        """Return the line with this number."""
        return self._line_at(number - self.number)

    def recorded_up_to(self) -> tuple[int, int]:
        """Return how many bytes, and how many lines, of the object lie before the first pending line."""
        if not self.pending:
            return self.end, self.number + len(self.lines) - 1
        if self._recorded is not None:
            self._first_pending = self._recorded.index(0, self._first_pending)
        line, _ = self.row(self._first_pending)
        return line.offset, line.number - 1

    def _line_at(self, at: int) -> Line:
        offset = self.offset + self._sums().line_starts[at]
        return Line(self.number + at, offset, offset + len(self.lines[at]) + 1, self.lines[at])

    def _sums(self) -> _Places:
        if self._places is None:
            starts = list(accumulate((len(data) + 1 for data in self.lines), initial=0))
            self._places = _Places(starts, list(accumulate(self.counts)))
        return self._places
