"""Stand-in."""

from collections.abc import Iterator

from capture_forwarder.domain.batch import RowBuilder
from capture_forwarder.domain.capture import CaptureObject, Line
from capture_forwarder.domain.delivery import Reason, Rejection, Skipped
from capture_forwarder.domain.inference import Inference
from capture_forwarder.domain.progress import LineSpan, QuarantineEntry
from capture_forwarder.domain.route import Route
from capture_forwarder.domain.schema import ModelSchema
from capture_forwarder.kinds.captures.compiled import fast_path
from capture_forwarder.kinds.captures.plain import Transform
from capture_forwarder.kinds.captures.spans import decode_spans
from capture_forwarder.kinds.kind import DecodedSpan, EncodedRows
from capture_forwarder.lines.reader import LineReader


class CaptureDecoder:
    def __init__(self, route, schema, build_row):
        self._plain = Transform(route.decoding, schema)
        self._fast = fast_path(route.decoding, schema, build_row) if schema else None
        self._build = build_row

    def decode(self, reader: LineReader, max_rows: int) -> Iterator[DecodedSpan]:
        for one in decode_spans(reader, self._fast, max_rows):
            if isinstance(one, Line):
                yield self.decode_line(one)
            else:
                yield DecodedSpan(one.span, one.ready)

    def decode_line(self, line: Line) -> DecodedSpan:
        outcome = self._plain(line)
        span = LineSpan(line.number, line.offset, line.end, [line.data], [0])
        if isinstance(outcome, Rejection):
            return DecodedSpan(span, EncodedRows(), [outcome])
        if isinstance(outcome, Skipped):
            return DecodedSpan(span, EncodedRows(), [], [outcome.reason])
        rows = [row for row in outcome.rows if isinstance(row, Inference)]
        span.indices = [row.index for row in rows]
        span.counts = [len(rows)]
        span.pending = len(rows)
        return DecodedSpan(
            span,
            EncodedRows(
                [row.partner_inference_id for row in rows],
                [self._build(row.partner_inference_id, row.inference_timestamp, row.data) for row in rows],
                rows[-1].inference_timestamp if rows else None,
            ),
            [row for row in outcome.rows if isinstance(row, Rejection)],
        )


class CaptureKind:
    def decoder(self, route: Route, schema: ModelSchema | None, build_row: RowBuilder) -> CaptureDecoder:
        return CaptureDecoder(route, schema, build_row)

    def quarantine_entry(
        self,
        source: CaptureObject,
        route: Route,
        line: Line,
        reason: Reason,
        index: int | None,
        partner_inference_id: str | None,
    ) -> QuarantineEntry:
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
