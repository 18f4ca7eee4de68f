"""Captures as a kind of record: the lines of a route become spans with their rows."""

from array import array
from collections.abc import Generator, Iterator, Sequence
from operator import attrgetter
from typing import cast

from capture_forwarder.domain.batch import RowBuilder
from capture_forwarder.domain.capture import Line
from capture_forwarder.domain.conservation import ReadingCounts
from capture_forwarder.domain.delivery import Rejection
from capture_forwarder.domain.inference import Inference
from capture_forwarder.domain.progress import LineSpan
from capture_forwarder.domain.route import Route, RowForm
from capture_forwarder.domain.schema import ModelSchema
from capture_forwarder.kinds.captures.compiled import CompiledPath, RowLists
from capture_forwarder.kinds.captures.large import large_call
from capture_forwarder.kinds.captures.noticing import InferenceIds, Noticing
from capture_forwarder.kinds.captures.plain import Decoded, PlainPath
from capture_forwarder.kinds.captures.whole_lines import WholeLineDecoder
from capture_forwarder.kinds.kind import BuilderOf, DecodedSpan, EncodedRows
from capture_forwarder.lines.reader import LineReader, Lines
from capture_forwarder.payloads.lazy import Lazy

# Rows wait in memory to be encoded together, which takes a tenth less time than row by row.
_MAX_ROWS = 128
_FLAT, _SIDES = attrgetter("data"), attrgetter("sides")


class CaptureKind:
    """Records of SageMaker Data Capture: one line is one call of an endpoint."""

    def decoder(
        self, route: Route, schema: ModelSchema | None, build_row: RowBuilder, builder_of: BuilderOf | None = None
    ) -> "CaptureDecoder | WholeLineDecoder":
        """Return the decoder of `route`; most lines are decoded by the compiled path.

        The compiled path makes rows of payloads only, so the plain path reads the lines of routes that send metadata.
        """
        del builder_of
        options = route.decoding
        if options.form is RowForm.LINES:
            return WholeLineDecoder(options, schema)
        compiled = None if options.metadata else CompiledPath(options, schema, build_row)
        return CaptureDecoder(PlainPath(options, schema), compiled, build_row, apart=options.form is RowForm.APART)


class CaptureDecoder:
    """Decodes lines by the compiled path; a line that this path refuses is decoded by the plain path."""

    def __init__(
        self, plain: PlainPath, compiled: CompiledPath | None, build_row: RowBuilder, *, apart: bool = False
    ) -> None:
        self._plain = plain
        self._values = _SIDES if apart else _FLAT
        self._compiled = compiled
        self._build_row = build_row
        self._noticing = Noticing(compiled.ids, compiled.left_out) if compiled else Noticing(InferenceIds())

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
            rows = RowLists()
            large, counts = compiled(data, rows), rows.counts
            taken, row_count = len(counts), len(rows.ids)
            if taken:
                end = min(offset + sum(map(len, data[:taken])) + taken, lines.end)
                span = _span(lines.number + start, offset, end, data[:taken], counts)
                yield DecodedSpan(span, rows.encoded(), noticed=self._noticing.of_lines(taken))
                offset = end
            if taken < len(data):
                end = min(offset + len(data[taken]) + 1, lines.end)
                last = Line(lines.number + start + taken, offset, end, data[taken])
                decoded = _large_span(last, large, self._noticing.of_lines(1)) if large else self.decode_line(last)
                taken, row_count, offset = taken + 1, row_count + len(decoded.rows.ids), end
                yield decoded
                del decoded, large, rows, last, data  # a large call is not held while the next one is decoded
            start += taken
            lines_per_span = max(1, max_rows * taken // max(row_count, taken))
        return lines_per_span

    def decode_line(self, line: Line) -> DecodedSpan:
        """Decode one line by the plain path; the compiled path learns how the line was read."""
        outcome = self._plain(line)
        if isinstance(outcome, Decoded):
            is_new, noticed = self._learn(outcome)
            if type(outcome.rows) is Lazy:
                decoded = (self._compiled_call(line) if is_new else None) or self._large(line, outcome)
            else:
                decoded = self._decoded(line, outcome)
            decoded.noticed = noticed
            return decoded
        span = _span(line.number, line.offset, line.end, [line.data], [0])
        if isinstance(outcome, Rejection):
            return DecodedSpan(span, EncodedRows(), rejections=[outcome])
        return DecodedSpan(span, EncodedRows(), skipped=[outcome.reason])

    def _learn(self, outcome: Decoded) -> tuple[bool, ReadingCounts | None]:
        """Let the compiled path learn how a line was read; return whether that is new, and the notes about its call."""
        record, reading, compiled = outcome.record, outcome.reading, self._compiled
        unlearned = compiled.reading_without_learning(record) if compiled else None
        is_new = compiled.learn(outcome) if compiled else False
        return is_new, self._noticing.of_call(record, outcome.call_id, reading, unlearned, left_out=outcome.left_out)

    def _compiled_call(self, line: Line) -> DecodedSpan | None:
        """Return the rows of a large call by the compiled path, which has just learned from it how it is read.

        The rows are the same, and take a quarter of the time. The notes about the call are made already.
        """
        compiled = cast("CompiledPath", self._compiled)
        rows = RowLists()
        large = compiled([line.data], rows)
        self._noticing.of_lines(1)
        if large:
            return _large_span(line, large, None)
        if rows.counts:
            return DecodedSpan(_span(line.number, line.offset, line.end, [line.data], rows.counts), rows.encoded())
        return None

    def _decoded(self, line: Line, decoded: Decoded) -> DecodedSpan:
        ids: list[str] = []
        rows: list[object] = []
        indices: list[int] = []
        rejections: list[Rejection] = []
        for row in decoded.rows:
            if isinstance(row, Rejection):
                rejections.append(row)
            else:
                ids.append(row.partner_inference_id)
                rows.append(self._build_row(row.partner_inference_id, row.inference_timestamp, self._values(row)))
                indices.append(row.index)
        span = _span(line.number, line.offset, line.end, [line.data], [len(indices)], indices if rejections else None)
        time = decoded.record.inference_time if ids else None
        return DecodedSpan(span, EncodedRows(ids, rows, time), rejections=rejections)

    def _large(self, line: Line, decoded: Decoded) -> DecodedSpan:
        """Return a span whose rows are made when they are read; each is made now, too, to find the rejected ones."""
        made, sent, rejected = decoded.rows, array("I"), array("I")
        for index, row in enumerate(made):
            (rejected if isinstance(row, Rejection) else sent).append(index)
        rows = large_call(
            decoded.call_id,
            decoded.record.inference_time,
            Lazy(
                len(sent),
                lambda place: self._values(made[sent[place]]),
                lambda: (self._values(row) for row in made if isinstance(row, Inference)),
            ),
            self._build_row,
            count=len(made),
            line_bytes=len(line.data),
            indices=sent if rejected else None,
        )
        rejections = Lazy(len(rejected), lambda place: cast("Rejection", made[rejected[place]]))
        span = _span(line.number, line.offset, line.end, [line.data], [len(sent)], sent if rejected else None)
        return DecodedSpan(span, rows, rejections=rejections)


def _large_span(line: Line, rows: EncodedRows, noticed: ReadingCounts | None) -> DecodedSpan:
    """Return the span of a call of many rows that the compiled path decoded."""
    span = _span(line.number, line.offset, line.end, [line.data], [len(rows.ids)])
    return DecodedSpan(span, rows, noticed=noticed)


def _span(
    number: int, offset: int, end: int, lines: list[bytes], counts: list[int], indices: Sequence[int] | None = None
) -> LineSpan:
    return LineSpan(number, offset, end, lines, counts, indices, pending=sum(counts))
