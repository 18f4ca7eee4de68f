"""The kind of record that replay reads: a line is a quarantine entry, and its rows are sent again."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, compress
from typing import Any, Protocol

from capture_forwarder.domain.batch import RowBuilder
from capture_forwarder.domain.capture import CaptureObject, Line
from capture_forwarder.domain.delivery import Reason, Rejection, RejectionCode, SourceUnavailable, Unavailable
from capture_forwarder.domain.inference import PartnerInferenceId
from capture_forwarder.domain.progress import LineSpan, QuarantineEntry
from capture_forwarder.domain.route import Route, RowForm
from capture_forwarder.domain.schema import ModelSchema
from capture_forwarder.kinds.captures.decoder import CaptureKind
from capture_forwarder.kinds.kind import BuilderOf, DecodedSpan, EncodedRows
from capture_forwarder.kinds.quarantine.entries import decode_entry, digest_of
from capture_forwarder.kinds.quarantine.originals import Originals
from capture_forwarder.lines.reader import LineReader

# Returns the part of an entry that is to be replayed; `None` if there is none.
Selects = Callable[[QuarantineEntry], QuarantineEntry | None]

NOT_COVERED = "its object is not one of its route (bucket, prefix, suffix): no other object is read or sent"
_OTHER_ID = "it would get another id now: replay it with the id_source and csv_header that it was rejected with"


# One a folder of objects; few folders are replayed at once.
_MAX_DECODERS = 64


class LineDecoder(Protocol):
    """Decodes one captured line."""

    def decode_line(self, line: Line) -> DecodedSpan:
        """Return the span of `line`. The content of a line never raises."""
        ...


class Unreplayable(Reason, frozen=True):
    """The reason why an entry cannot be replayed; the entry stays in quarantine as it is."""


class QuarantineKind:
    """Reads the entries that `selects` accepts, with the decoders of captures."""

    def __init__(self, originals: Originals, selects: Selects) -> None:
        self._originals = originals
        self._selects = selects

    def decoder(
        self, route: Route, schema: ModelSchema | None, build_row: RowBuilder, builder_of: BuilderOf | None = None
    ) -> "QuarantineDecoder":
        """Return the decoder of the entries of `route`, whose rows are built as those of their objects."""

        def captures_of(source: CaptureObject) -> LineDecoder:
            return captures(builder_of(source) if builder_of else build_row)

        @lru_cache(_MAX_DECODERS)
        def captures(build: RowBuilder) -> LineDecoder:
            return CaptureKind().decoder(route, schema, build, builder_of)

        return QuarantineDecoder(route, captures_of, self._originals, self._selects)


class QuarantineDecoder:
    """Decodes the entries of one route."""

    def __init__(
        self,
        route: Route,
        captures_of: Callable[[CaptureObject], LineDecoder],
        originals: Originals,
        selects: Selects,
    ) -> None:
        self._route = route
        self._captures_of = captures_of
        self._originals = originals
        self._selects = selects

    def decode(self, reader: LineReader, max_rows: int) -> Iterator[DecodedSpan]:
        """Yield every selected entry of the route as a span of its own, equal entries once.

        Entries of whole objects have no rows and are passed over. Raises `SourceUnavailable` for a line that is not an
        entry.
        """
        del max_rows
        seen: set[bytes] = set()
        for line in reader:
            digest = digest_of(line.data)
            if not line.data or digest in seen:
                continue
            seen.add(digest)
            try:
                entry = decode_entry(line.data)
            except ValueError as error:
                raise SourceUnavailable(f"line {line.number} is not an entry that this version knows") from error
            if entry.line and entry.route == self._route.name and (selected := self._selects(entry)):
                yield self._decode(line, selected)

    def _decode(self, line: Line, entry: QuarantineEntry) -> DecodedSpan:
        original = self._original(entry)
        if isinstance(original, str):
            return _unreplayable(line, entry, original)
        decoded = self._captures_of(entry.source).decode_line(original)
        if decoded.skipped:
            return _unreplayable(line, entry, f"its line is not forwarded ({decoded.skipped[0]}): delete it by hand")
        for rejection in decoded.rejections:
            if rejection.index is None:
                return _rejected(line, rejection.reason)
        if entry.is_whole:
            return _all_rows(line, decoded)
        return _rejected_rows(line, entry, decoded, self._route.decoding.form)

    def _original(self, entry: QuarantineEntry) -> Line | str:
        """Return the captured line of `entry`, or the reason why it cannot be replayed."""
        if not self._route.covers(entry.source):
            return NOT_COVERED
        try:
            return self._originals.line(entry)
        except Unavailable as unavailable:
            return f"still pending: {unavailable}"


def _all_rows(line: Line, decoded: DecodedSpan) -> DecodedSpan:
    """Return the rows of the captured line as the rows of the entry in `line`."""
    rejections = [_at(line, rejection) for rejection in decoded.rejections]
    return DecodedSpan(_span(line, decoded.span.pending, decoded.span.indices), decoded.rows, rejections)


def _rejected_rows(line: Line, entry: QuarantineEntry, decoded: DecodedSpan, form: RowForm) -> DecodedSpan:
    """Return the rows of `entry`, unless their ids have changed: the rows beside them keep their old ids."""
    row_count = decoded.span.pending + len(decoded.rejections)
    if row_count != entry.row_count:
        return _unreplayable(
            line,
            entry,
            f"its line had {entry.row_count} rows and has {row_count} now: "
            "replay it with the options that it was rejected with, or upload the object again",
        )
    is_wanted = _wanted(entry, row_count)
    rejections = [_at(line, one) for one in decoded.rejections if one.index is not None and is_wanted[one.index]]
    span, rows = _chosen(line, decoded, is_wanted, form)
    first_id, rows.ids = _first_of(rows.ids)
    ids = [(one.index, one.partner_inference_id) for one in rejections]
    ids.append((span.indices[0] if span.indices else 0, first_id))
    if any(_has_other_id(entry, index, row_id) for index, row_id in ids):
        return _unreplayable(line, entry, _OTHER_ID)
    return DecodedSpan(span, rows, rejections)


def _chosen(line: Line, decoded: DecodedSpan, is_wanted: bytearray, form: RowForm) -> tuple[LineSpan, EncodedRows]:
    """Return the wanted rows among those of the captured line that can be sent."""
    if all(is_wanted):
        return _span(line, decoded.span.pending, decoded.span.indices), decoded.rows
    present = decoded.span.indices or range(len(is_wanted))
    chosen = bytes(map(is_wanted.__getitem__, present))
    ids, indices = _compressed(decoded.rows.ids, chosen), list(compress(present, chosen))
    span = _span(line, sum(chosen), indices)
    if form is RowForm.LINES:  # the line is sent again as it is, and the results of the chosen rows are recorded
        ids = list(ids)
        rows: Sequence[Any] = [one.only(ids, indices) for one in decoded.rows.rows]
    else:
        rows = _compressed(decoded.rows.rows, chosen)
    return span, EncodedRows(ids, rows, decoded.rows.time)


def _wanted(entry: QuarantineEntry, row_count: int) -> bytearray:
    """Return for every row of the call whether `entry` has it."""
    wanted = bytearray(row_count)
    for rejection in entry.rejections:
        for index in rejection.rows or ():
            wanted[index] = 1
    return wanted


def _compressed(values: Iterable[Any], chosen: bytes) -> Any:
    """Return the chosen values, as a list if `values` is one; rows that are made lazily stay lazy."""
    picked = compress(values, chosen)
    return list(picked) if isinstance(values, list) else picked


def _first_of(ids: Iterable[str]) -> tuple[str | None, Any]:
    """Return the first of `ids`, and all of them."""
    if isinstance(ids, list):
        return (ids[0] if ids else None), ids
    rest = iter(ids)
    first = next(rest, None)
    return first, rest if first is None else chain((first,), rest)


def _has_other_id(entry: QuarantineEntry, index: int | None, partner_inference_id: str | None) -> bool:
    """Tell whether a row has another id than the rejected one. A row with an id that is too long was never sent."""
    if entry.inference_id is None or index is None or partner_inference_id is None:
        return False
    if all(one.reason.code is RejectionCode.PARTNER_ID_TOO_LONG for one in entry.rejections):
        return False
    return partner_inference_id != PartnerInferenceId.for_row(entry.inference_id, index, entry.row_count or 1)


def _unreplayable(line: Line, entry: QuarantineEntry, why: str) -> DecodedSpan:
    return _rejected(line, Unreplayable(entry.rejections[0].reason.code, why))


def _rejected(line: Line, reason: Reason) -> DecodedSpan:
    return DecodedSpan(_span(line, 0), EncodedRows(), [Rejection(reason, line.number, line.offset)])


def _at(line: Line, rejection: Rejection) -> Rejection:
    """Return a rejection of the captured line as one of the entry in `line`."""
    return Rejection(rejection.reason, line.number, line.offset, rejection.index, rejection.partner_inference_id)


def _span(line: Line, pending: int, indices: Sequence[int] | None = None) -> LineSpan:
    """Return the span of one entry. It holds no bytes: replay reads the entry again when it writes the file."""
    return LineSpan(line.number, line.offset, line.end, [b""], [pending], indices, pending)
