"""How far an object is committed, the spans of its lines, and its entries in quarantine."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from msgspec import Struct, field

from capture_forwarder.domain.capture import CaptureObject, Line, ReadOffset
from capture_forwarder.domain.delivery import Reason


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
    """The rejections of one object between two checkpoints. `entries` may be made lazily, so they are read once.

    The name is made of the object's version and the offset at which this run began. A run that is repeated after a
    crash begins at the same offset, so it overwrites the file.
    """

    source: CaptureObject
    route: str
    start: int
    modified: datetime | None
    entries: Iterable[QuarantineEntry]


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
    indices: list[int] | None = None
    pending: int = 0
    _recorded: set[int] = field(default_factory=set)

    def record(self, places: Sequence[int]) -> None:
        """Record that the rows at `places` have their results."""
        self.pending -= len(places)
        if self.pending:
            self._recorded.update(places)

    def row(self, place: int) -> tuple[Line, int]:
        """Return the line of the row at `place`, and the index of the row in its call."""
        first = 0
        for line, count in zip(self._each_line(), self.counts, strict=True):
            if place < first + count:
                return line, self.indices[place] if self.indices else place - first
            first += count
        raise IndexError(place)

    def line(self, number: int) -> Line:
        """Return the line with this number."""
        return next(line for line in self._each_line() if line.number == number)

    def recorded_up_to(self) -> tuple[int, int]:
        """Return how many bytes, and how many lines, of the object lie before the first pending line."""
        if not self.pending:
            return self.end, self.number + len(self.lines) - 1
        place = next(place for place in range(sum(self.counts)) if place not in self._recorded)
        line, _ = self.row(place)
        return line.offset, line.number - 1

    def _each_line(self) -> Iterator[Line]:
        offset = self.offset
        for number, data in enumerate(self.lines, self.number):
            end = offset + len(data) + 1
            yield Line(number, offset, end, data)
            offset = end
