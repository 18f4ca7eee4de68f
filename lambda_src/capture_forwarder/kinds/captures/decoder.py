"""Captures as a kind of record: the lines of a route become spans with their rows."""

from collections.abc import Generator, Iterator

from capture_forwarder.domain.batch import RowBuilder
from capture_forwarder.domain.capture import CaptureObject, Line
from capture_forwarder.domain.delivery import Reason, Rejection
from capture_forwarder.domain.progress import LineSpan, QuarantineEntry
from capture_forwarder.domain.route import Route
from capture_forwarder.domain.schema import ModelSchema
from capture_forwarder.kinds.captures.compiled import CompiledPath
from capture_forwarder.kinds.captures.plain import Decoded, PlainPath
from capture_forwarder.kinds.kind import DecodedSpan, EncodedRows
from capture_forwarder.lines.reader import LineReader, Lines

# Rows wait in memory to be encoded together, which takes a tenth less time than row by row.
_MAX_ROWS = 128


class CaptureKind:
    """Records of SageMaker Data Capture: one line is one call of an endpoint."""

    def decoder(self, route: Route, schema: ModelSchema | None, build_row: RowBuilder) -> "CaptureDecoder":
        """Return the decoder of `route`; with a schema most lines are decoded by the compiled path."""
        compiled = CompiledPath(route.decoding, schema, build_row) if schema else None
        return CaptureDecoder(PlainPath(route.decoding, schema), compiled, build_row)

    def quarantine_entry(
        self,
        source: CaptureObject,
        route: Route,
        line: Line,
        reason: Reason,
        index: int | None,
        partner_inference_id: str | None,
    ) -> QuarantineEntry:
        """Return the entry of a rejected line or row; it holds the whole line, unless the route keeps no payloads."""
        return QuarantineEntry(
            source=source,
            route=route.name,
            code=reason.code,
            why=reason.why,
            line=line.number,
            offset=line.offset,
            index=index,
            partner_inference_id=partner_inference_id,
            data=(line.data or None) if route.quarantine_payload else None,
        )


class CaptureDecoder:
    """Decodes lines by the compiled path; a line that this path refuses is decoded by the plain path."""

    def __init__(self, plain: PlainPath, compiled: CompiledPath | None, build_row: RowBuilder) -> None:
        self._plain = plain
        self._compiled = compiled
        self._build_row = build_row

    def decode(self, reader: LineReader, max_rows: int) -> Iterator[DecodedSpan]:
        """Yield every line in exactly one span, in order.

        Lines of the compiled path share a span of about `max_rows` at most, if their calls have as many rows as those
        before them. A line of the plain path is a span by itself.
        """
        if self._compiled is None:
            yield from map(self.decode_line, reader)
            return
        max_rows, lines_per_span = min(max_rows, _MAX_ROWS), 1
        for lines in reader.together():
            if isinstance(lines, Line):
                yield self.decode_line(lines)
            else:
                lines_per_span = yield from self.decode_lines(lines, self._compiled, max_rows, lines_per_span)

    def decode_lines(
        self, lines: Lines, compiled: CompiledPath, max_rows: int, lines_per_span: int
    ) -> Generator[DecodedSpan, None, int]:
        """Yield `lines` as spans; return how many lines the next span may have."""
        start, offset = 0, lines.offset
        while data := lines.data[start : start + lines_per_span]:
            rows, counts = EncodedRows(), list[int]()
            for line in data:
                if (count := compiled(line, rows)) is None:
                    break
                counts.append(count)
            taken, row_count = len(counts), len(rows.ids)
            if taken:
                end = min(offset + sum(map(len, data[:taken])) + taken, lines.end)
                yield DecodedSpan(_span(lines.number + start, offset, end, data[:taken], counts), rows)
                offset = end
            if taken < len(data):
                end = min(offset + len(data[taken]) + 1, lines.end)
                decoded = self.decode_line(Line(lines.number + start + taken, offset, end, data[taken]))
                yield decoded
                taken, row_count, offset = taken + 1, row_count + len(decoded.rows.ids), end
            start += taken
            lines_per_span = max(1, max_rows * taken // max(row_count, taken))
        return lines_per_span

    def decode_line(self, line: Line) -> DecodedSpan:
        """Decode one line by the plain path; the compiled path learns how the line was read."""
        outcome = self._plain(line)
        if isinstance(outcome, Decoded):
            if self._compiled:
                self._compiled.learn(outcome.record, outcome.reading)
            return self._decoded(line, outcome)
        span = _span(line.number, line.offset, line.end, [line.data], [0])
        if isinstance(outcome, Rejection):
            return DecodedSpan(span, EncodedRows(), rejections=[outcome])
        return DecodedSpan(span, EncodedRows(), skipped=[outcome.reason])

    def _decoded(self, line: Line, decoded: Decoded) -> DecodedSpan:
        rows, indices, rejections = EncodedRows(), list[int](), list[Rejection]()
        for row in decoded.rows:
            if isinstance(row, Rejection):
                rejections.append(row)
            else:
                rows.ids.append(row.partner_inference_id)
                rows.rows.append(
                    self._build_row(row.partner_inference_id, row.inference_timestamp, row.inputs | row.outputs)
                )
                rows.time = row.inference_timestamp
                indices.append(row.index)
        span = _span(line.number, line.offset, line.end, [line.data], [len(indices)], indices if rejections else None)
        return DecodedSpan(span, rows, rejections=rejections)


def _span(
    number: int, offset: int, end: int, lines: list[bytes], counts: list[int], indices: list[int] | None = None
) -> LineSpan:
    return LineSpan(number, offset, end, lines, counts, indices, pending=sum(counts))
