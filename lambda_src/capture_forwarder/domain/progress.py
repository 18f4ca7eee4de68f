"""How far an object is committed, the spans of its lines, and its entries in quarantine."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct, field

from capture_forwarder.domain.capture import CaptureObject, Line, ReadOffset
from capture_forwarder.domain.delivery import Reason


class ProgressRecord(Struct, frozen=True):
    """How far one version of an object is committed.

    `damaged` counts how often it was read again from its start because its bytes were not those that were stored.
    `accepted` and `rejected` count rows over all runs; a row that was sent again counts again.
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

    `saves` counts the writes of the run. A `finished` run holds no object any more. Another run has `taken` over the
    objects of this run, which must not commit them any more.
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
