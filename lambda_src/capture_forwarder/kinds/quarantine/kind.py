"""The kind of record that replay reads: a line is a quarantine entry, and its rows are sent again."""

from collections.abc import Callable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from capture_forwarder.domain.batch import RowBuilder
from capture_forwarder.domain.capture import CaptureObject, Line
from capture_forwarder.domain.delivery import Reason, Rejection, RejectionCode, SourceUnavailable, Unavailable
from capture_forwarder.domain.progress import LineSpan, QuarantineEntry
from capture_forwarder.domain.route import Route
from capture_forwarder.domain.schema import ModelSchema
from capture_forwarder.kinds.captures.decoder import CaptureDecoder, CaptureKind
from capture_forwarder.kinds.kind import DecodedSpan, EncodedRows
from capture_forwarder.kinds.quarantine.entries import decode_entry
from capture_forwarder.kinds.quarantine.originals import Originals
from capture_forwarder.lines.reader import LineReader

_OBJECT_ADVICE = {
    RejectionCode.OBJECT_GONE: "the object was deleted: upload it again, and a new event forwards it",
    RejectionCode.OBJECT_ARCHIVED: "the object is archived: restore it and send its event again",
}
_OTHER_OBJECT_ADVICE = "the whole object was rejected: upload it again"


class Unreplayable(Reason, frozen=True):
    """The reason why an entry cannot be replayed; the entry stays in quarantine as it is."""


def object_advice(entry: QuarantineEntry) -> str | None:
    """Return advice on the entry of a whole object, because it cannot be replayed; `None` for lines and rows."""
    if entry.line:
        return None
    return f"{_OBJECT_ADVICE.get(entry.code, _OTHER_OBJECT_ADVICE)}; then delete this file"


class QuarantineKind:
    """Reads the entries that `selects` accepts, with the decoders of captures."""

    def __init__(self, originals: Originals, selects: Callable[[QuarantineEntry], bool]) -> None:
        self._originals = originals
        self._selects = selects

    def decoder(self, route: Route, schema: ModelSchema | None, build_row: RowBuilder) -> "QuarantineDecoder":
        """Return the decoder of the entries of `route`."""
        captures = CaptureKind().decoder(route, schema, build_row)
        return QuarantineDecoder(route, captures, self._originals, self._selects)

    def quarantine_entry(
        self,
        source: CaptureObject,
        route: Route,
        line: Line,
        reason: Reason,
        index: int | None,
        partner_inference_id: str | None,
    ) -> QuarantineEntry:
        """Return the entry that replaces the entry in `line` after it was rejected again."""
        del source, route
        entry = decode_entry(line.data)
        if isinstance(reason, Unreplayable):
            return entry
        if entry.index is None:
            entry = replace(entry, index=index, partner_inference_id=partner_inference_id)
        return replace(entry, code=reason.code, why=reason.why)


class _Decoded(Struct):
    """A captured line and its rows; entries of rows of one line follow each other, so the last line is kept."""

    line: Line
    decoded: DecodedSpan


class QuarantineDecoder:
    """Decodes the entries of one route."""

    def __init__(
        self,
        route: Route,
        captures: CaptureDecoder,
        originals: Originals,
        selects: Callable[[QuarantineEntry], bool],
    ) -> None:
        self._route = route
        self._captures = captures
        self._originals = originals
        self._selects = selects
        self._last: _Decoded | None = None

    def decode(self, reader: LineReader, max_rows: int) -> Iterator[DecodedSpan]:
        """Yield every selected entry of the route as a span of its own, equal entries once.

        Raises `SourceUnavailable` for a line that is not an entry.
        """
        del max_rows
        seen: set[bytes] = set()
        for line in reader:
            if not line.data or line.data in seen:
                continue
            seen.add(line.data)
            try:
                entry = decode_entry(line.data)
            except ValueError as error:
                raise SourceUnavailable(f"line {line.number} is not a rejection that this version knows") from error
            if entry.route == self._route.name and self._selects(entry):
                yield self._decode(line, entry)

    def _decode(self, line: Line, entry: QuarantineEntry) -> DecodedSpan:
        original = self._original(entry)
        if isinstance(original, str):
            return _unreplayable(line, entry, original)
        if self._last is None or self._last.line != original:
            self._last = _Decoded(original, self._captures.decode_line(original))
        decoded = self._last.decoded
        if decoded.skipped:
            return _unreplayable(line, entry, f"its line is not forwarded ({decoded.skipped[0]}): delete it by hand")
        return _all_rows(line, decoded) if entry.index is None else _one_row(line, entry, entry.index, decoded)

    def _original(self, entry: QuarantineEntry) -> Line | str:
        """Return the captured line of `entry`, or the reason why it cannot be replayed."""
        if advice := object_advice(entry):
            return advice
        try:
            return self._originals.line(entry)
        except Unavailable as unavailable:
            return f"still pending: {unavailable}"


def _all_rows(line: Line, decoded: DecodedSpan) -> DecodedSpan:
    """Return the rows of the captured line as the rows of the entry in `line`."""
    span = LineSpan(
        line.number,
        line.offset,
        line.end,
        [line.data],
        [decoded.span.pending],
        decoded.span.indices,
        decoded.span.pending,
    )
    return DecodedSpan(span, decoded.rows, [_at(line, rejection) for rejection in decoded.rejections])


def _one_row(line: Line, entry: QuarantineEntry, index: int, decoded: DecodedSpan) -> DecodedSpan:
    """Return row `index` of the captured line, unless its id has changed: the rows beside it keep their old ids."""
    for rejection in decoded.rejections:
        if rejection.index in (None, index):
            if _has_other_id(entry, rejection.partner_inference_id):
                return _unreplayable(line, entry, _OTHER_ID)
            return _span(line, EncodedRows(), [_at(line, rejection, index)])
    indices = decoded.span.indices or range(decoded.span.pending)
    if index not in indices:
        return _unreplayable(
            line, entry, "its line has fewer rows now: replay it as it was read then, or upload the object again"
        )
    place = indices.index(index)
    if _has_other_id(entry, decoded.rows.ids[place]):
        return _unreplayable(line, entry, _OTHER_ID)
    rows = EncodedRows([decoded.rows.ids[place]], [decoded.rows.rows[place]], decoded.rows.time)
    return _span(line, rows, [], [index])


_OTHER_ID = "it would get another id now: replay it with the id_source and csv_header that it was rejected with"


def _has_other_id(entry: QuarantineEntry, partner_inference_id: str | None) -> bool:
    known = entry.partner_inference_id
    return known is not None and partner_inference_id not in (None, known)


def _unreplayable(line: Line, entry: QuarantineEntry, why: str) -> DecodedSpan:
    rejection = Rejection(Unreplayable(entry.code, why), line.number, line.offset)
    return _span(line, EncodedRows(), [rejection])


def _at(line: Line, rejection: Rejection, index: int | None = None) -> Rejection:
    """Return a rejection of the captured line as one of the entry in `line`."""
    place = rejection.index if index is None else index
    return Rejection(rejection.reason, line.number, line.offset, place, rejection.partner_inference_id)


def _span(line: Line, rows: EncodedRows, rejections: list[Rejection], indices: list[int] | None = None) -> DecodedSpan:
    count = len(rows.ids)
    span = LineSpan(line.number, line.offset, line.end, [line.data], [count], indices, count)
    return DecodedSpan(span, rows, rejections)
