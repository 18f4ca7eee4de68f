"""How far an object is committed, the spans of its lines, and its entries in quarantine."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

from msgspec import Struct, field

from capture_forwarder.domain.capture import CaptureObject, Line, ReadOffset
from capture_forwarder.domain.delivery import Reason


class ProgressRecord(Struct, frozen=True):
    """How far one version of an object is committed.

    `damaged` counts how often it was read again from its start because its bytes did not match the stored checksum.
    `accepted` counts rows that are accepted or duplicate, and `rejected` those that are rejected, over all runs; a row
    that was sent again counts again.
    """

    read_offset: ReadOffset = ReadOffset()
    done: bool = False
    damaged: int = 0
    accepted: int = 0
    rejected: int = 0


class Claim(Struct, frozen=True, kw_only=True):
    """The item of one version of an object: the run that holds it, and how far it was committed when that run began.

    `leased_until_secs` is in seconds since the epoch. `day` (yyyy/mm/dd) is that of the first claim; it is part of the
    names of quarantine files. A claim with `unreadable`, the stored item, is damaged.
    """

    run: str
    leased_until_secs: float = 0.0
    day: str = ""
    progress: ProgressRecord = ProgressRecord()
    unreadable: object = None


class RunRecord(Struct, frozen=True, kw_only=True):
    """The item of one run: how far it has committed its objects, by their hashes; `None` if that cannot be read.

    `saves` counts the writes of the run. A `finished` run holds no object any more. If another run has `taken`
    over the objects of this run, this run must not commit them any more.
    """

    saves: int = 0
    reached: dict[str, ProgressRecord | None] = {}
    finished: bool = False
    taken: bool = False
    leased_until_secs: float = 0.0


class LineRejection(Struct, frozen=True):
    """One reason, and the rows of a line that were rejected for it.

    `rows` are ascending indices in the call, from 0, as an array; `None` means the whole line.
    """

    reason: Reason
    rows: Sequence[int] | None = None


class QuarantineEntry(Struct, frozen=True, kw_only=True):
    """The rejections of one line, with everything that is needed to understand and to replay them.

    `line` is 0 for a whole object. If rows are rejected, `inference_id` is the id of the call, if it is known, and
    `row_count` the number of rows that the call held.
    """

    source: CaptureObject
    route: str
    line: int = 0
    offset: int = 0
    inference_id: str | None = None
    row_count: int | None = None
    rejections: tuple[LineRejection, ...]
    data: bytes | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the line, or the object, is rejected as a whole."""
        return self.rejections[0].rows is None


class QuarantineFile(Struct, frozen=True, kw_only=True):
    """The rejections of one object between two saves of its progress. `entries` may be lazy: they are read once.

    The name is made of the object's version, `day` (yyyy/mm/dd), `start`, the offset at which the lines begin, and
    `run`, the run that writes it. A file with `replaces` takes the place of a file of this name; else one that is there
    stays.
    """

    source: CaptureObject
    route: str
    day: str
    start: int
    run: str
    entries: Iterable[QuarantineEntry]
    replaces: bool = False


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
