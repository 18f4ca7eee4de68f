"""The rejections of one object that are not in quarantine yet: each line once, and its rows by index."""

from array import array
from collections import Counter, deque
from collections.abc import Iterable, Iterator

from msgspec import Struct, field

from capture_forwarder.domain.capture import CaptureObject, Line
from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.progress import LineRejection, LineSpan, QuarantineEntry
from capture_forwarder.domain.route import Route
from capture_forwarder.kinds.kind import DecodedSpan

# A destination may write the id of the row into its sentence, so that every row has a reason of its own.
MAX_REASONS = 100
# Bytes of a line, and of a reason of a line, beside their text; measured on CPython 3.11.
_LINE_BYTES = 400
_REASON_BYTES = 300
_INDEX_BYTES = 4


class RejectedRow(Struct, frozen=True, gc=False):
    """A row that the destination rejected: its place in the span, its id and the reason."""

    place: int
    partner_inference_id: str
    reason: Reason


class Rejections:
    """Rejected lines and rows, in the order of the object. A line has rejected rows, or is rejected as a whole.

    `held_bytes` is about the memory that they take. Without `quarantine_payload` in the route no line is held.
    """

    def __init__(self, source: CaptureObject, route: Route) -> None:
        self.held_bytes = 0
        self._source = source
        self._route = route
        self._count = 0
        self._lines: dict[int, _RejectedLine] = {}

    def __len__(self) -> int:
        """Return the number of rejections: one a row, and one a line that is rejected as a whole."""
        return self._count

    def add_line(self, line: Line, reason: Reason) -> None:
        """Add a line that is rejected as a whole; number 0 is for the whole object."""
        held = self._held(line)
        held.whole = reason
        self._grow(held, _REASON_BYTES + len(reason.why))

    def add_row(self, line: Line, index: int, reason: Reason, partner_inference_id: str | None, row_count: int) -> None:
        """Add row `index` of a call that held `row_count` rows."""
        held = self._held(line)
        held.row_count = held.row_count or row_count
        if held.inference_id is None and partner_inference_id is not None:
            held.inference_id = _call_id(partner_inference_id, index, held.row_count)
        self._grow(held, held.add(index, reason))

    def add_decoded(self, decoded: DecodedSpan) -> None:
        """Add the rejections that decoding found in a span."""
        span = decoded.span
        rejected_rows = Counter(one.line for one in decoded.rejections if one.index is not None)
        line: Line | None = None
        for one in decoded.rejections:
            if line is None or line.number != one.line:
                line = span.line(one.line)
            if one.index is None:
                self.add_line(line, one.reason)
            else:
                row_count = rejected_rows[one.line] + span.counts[one.line - span.number]
                self.add_row(line, one.index, one.reason, one.partner_inference_id, row_count)

    def add_rows(self, span: LineSpan, rows: Iterable[RejectedRow]) -> None:
        """Add rows of a span, in the order of their places, that the destination rejected."""
        left, first, offset = deque(rows), 0, span.offset
        for number, (data, count) in enumerate(zip(span.lines, span.counts, strict=True), span.number):
            end = offset + len(data) + 1
            while left and left[0].place < first + count:
                row = left.popleft()
                index = span.indices[row.place] if span.indices else row.place - first
                line = Line(number, offset, end, data)
                self.add_row(line, index, row.reason, row.partner_inference_id, count)
            first, offset = first + count, end

    def before(self, offset: int | None) -> Iterator[QuarantineEntry]:
        """Yield the entry of every line before byte `offset`, in order; of all lines if `None`."""
        for number in sorted(self._lines):
            held = self._lines[number]
            if offset is None or held.offset < offset:
                yield QuarantineEntry(
                    source=self._source,
                    route=self._route.name,
                    line=number,
                    offset=held.offset,
                    inference_id=held.inference_id,
                    row_count=held.row_count,
                    rejections=held.rejections(),
                    data=held.data,
                )

    def drop_before(self, offset: int | None) -> None:
        """Forget the lines before byte `offset`, because they are in quarantine; all lines if `None`."""
        gone = [number for number, held in self._lines.items() if offset is None or held.offset < offset]
        for number in gone:
            held = self._lines.pop(number)
            self.held_bytes -= held.held_bytes
            self._count -= held.count

    def _held(self, line: Line) -> "_RejectedLine":
        held = self._lines.get(line.number)
        if held is None:
            data = (line.data or None) if self._route.quarantine_payload else None
            held = self._lines[line.number] = _RejectedLine(line.offset, data, _LINE_BYTES + len(data or b""))
            self.held_bytes += held.held_bytes
        return held

    def _grow(self, held: "_RejectedLine", by_bytes: int) -> None:
        held.held_bytes += by_bytes
        held.count += 1
        self.held_bytes += by_bytes
        self._count += 1


class _OtherReasons(Struct):
    """The rows of one code beyond the limit of reasons: only the first of these reasons is kept."""

    first: Reason
    rows: "array[int]"


class _RejectedLine(Struct):
    """The rejections of one line: the reason for all of it, or the indices of its rows by reason."""

    offset: int
    data: bytes | None
    held_bytes: int
    count: int = 0
    inference_id: str | None = None
    row_count: int | None = None
    whole: Reason | None = None
    _rows: "dict[Reason, array[int]]" = field(default_factory=dict)
    _others: dict[RejectionCode, _OtherReasons] = field(default_factory=dict)

    def add(self, index: int, reason: Reason) -> int:
        """Add a row, and return how many bytes it takes."""
        rows = self._rows.get(reason)
        if rows is not None:
            rows.append(index)
            return _INDEX_BYTES
        if len(self._rows) < MAX_REASONS:
            self._rows[reason] = array("I", (index,))
            return _REASON_BYTES + len(reason.why)
        others = self._others.get(reason.code)
        if others is not None:
            others.rows.append(index)
            return _INDEX_BYTES
        self._others[reason.code] = _OtherReasons(reason, array("I", (index,)))
        return _REASON_BYTES + len(reason.why)

    def rejections(self) -> tuple[LineRejection, ...]:
        """Return the rejections, in the order of their first rows."""
        if self.whole:
            return (LineRejection(self.whole),)
        found = [LineRejection(reason, _ascending(rows)) for reason, rows in self._rows.items()]
        for code, others in self._others.items():
            why = f"{len(others.rows)} more rows with other reasons; the first: {others.first.why}"
            found.append(LineRejection(Reason(code, why), _ascending(others.rows)))
        return tuple(sorted(found, key=lambda one: one.rows[0] if one.rows else 0))


def _ascending(rows: "array[int]") -> "array[int]":
    return array("I", sorted(rows))


def _call_id(partner_inference_id: str, index: int, row_count: int) -> str:
    """Return the id of the call, of which `PartnerInferenceId.for_row` made the id of the row."""
    return partner_inference_id if row_count == 1 else partner_inference_id.removesuffix(f"_{index}")
