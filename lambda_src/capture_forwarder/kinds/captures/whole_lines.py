"""Captured lines for a destination that takes them as they are. Each is decoded, so that a bad line is not sent."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from capture_forwarder.domain.batch import WholeLine
from capture_forwarder.domain.capture import Line
from capture_forwarder.domain.conservation import ReadingCounts
from capture_forwarder.domain.delivery import Reason, Rejection, RejectionCode
from capture_forwarder.domain.inference import PartnerInferenceId
from capture_forwarder.domain.progress import LineSpan
from capture_forwarder.domain.route import DecodingOptions
from capture_forwarder.domain.schema import ModelSchema
from capture_forwarder.kinds.captures.compiled import CompiledPath, RowLists
from capture_forwarder.kinds.captures.envelope import decode_captured_call
from capture_forwarder.kinds.captures.noticing import Noticing
from capture_forwarder.kinds.captures.plain import Decoded, PlainPath
from capture_forwarder.kinds.kind import DecodedSpan, EncodedRows
from capture_forwarder.lines.reader import LineReader

_LINES_AT_ONCE = 128


class WholeLineDecoder:
    """Decodes lines by the compiled path, and by the plain path those that it refuses; a line is a span by itself.

    The platform reads the line too, and decides about each of its rows. So a line is rejected here only as a whole: if
    it cannot be read, or if each of its rows is rejected.
    """

    def __init__(self, options: DecodingOptions, schema: ModelSchema | None) -> None:
        self._options = options
        self._plain = PlainPath(options, schema)
        # The rows are not sent, so none is built.
        self._compiled = CompiledPath(options, schema, lambda *_: None)
        self._noticing = Noticing(self._compiled.ids, self._compiled.left_out)

    def decode(self, reader: LineReader, max_rows: int) -> Iterator[DecodedSpan]:
        """Yield every line as a span, in order."""
        del max_rows
        for lines in reader.together():
            if isinstance(lines, Line):
                yield self.decode_line(lines)
            else:
                yield from self._decode_lines(list(lines))

    def _decode_lines(self, lines: Sequence[Line]) -> Iterator[DecodedSpan]:
        start = 0
        while some := lines[start : start + _LINES_AT_ONCE]:
            rows = RowLists()
            large = self._compiled([line.data for line in some], rows)
            taken, place = len(rows.counts), 0
            noticed = self._noticing.of_lines(taken) if taken else None
            for line, count in zip(some, rows.counts, strict=False):
                yield self._whole(line, rows.ids[place : place + count], noticed)
                place, noticed = place + count, None
            if taken < len(some):
                last = some[taken]
                yield (
                    self._whole(last, list(large.ids), self._noticing.of_lines(1)) if large else self.decode_line(last)
                )
            start += min(taken + 1, len(some))

    def decode_line(self, line: Line) -> DecodedSpan:
        """Return the span of one line, whose one row is the line itself."""
        outcome = self._plain(line)
        if isinstance(outcome, Rejection):
            return DecodedSpan(_span(line, 0), EncodedRows(), rejections=[outcome])
        if not isinstance(outcome, Decoded):
            return DecodedSpan(_span(line, 0), EncodedRows(), skipped=[outcome.reason])
        record = outcome.record
        unlearned = self._compiled.reading_without_learning(record)
        self._compiled.learn(outcome)
        noticed = self._noticing.of_call(record, outcome.call_id, outcome.reading, unlearned, left_out=outcome.left_out)
        if refusal := self._refusal(payload.encoding for payload in (record.input, record.output) if payload):
            return _refused(line, refusal, noticed)
        if all(isinstance(row, Rejection) for row in outcome.rows):
            rejections = [row for row in outcome.rows if isinstance(row, Rejection)]
            return DecodedSpan(_span(line, 0), EncodedRows(), rejections=rejections, noticed=noticed)
        count = len(outcome.rows)
        ids = [PartnerInferenceId.for_row(outcome.call_id, index, count) for index in range(count)]
        return _sent(line, record.event_id, ids, record.inference_time, noticed)

    def _whole(self, line: Line, ids: list[str], noticed: ReadingCounts | None) -> DecodedSpan:
        """Return the span of a line that the compiled path accepted."""
        call = decode_captured_call(line.data)
        event, sides = call.event_metadata, call.capture_data
        if refusal := self._refusal((sides.endpoint_input.encoding, sides.endpoint_output.encoding)):
            return _refused(line, refusal, noticed)
        return _sent(line, event.event_id, ids, event.inference_time, noticed)

    def _refusal(self, encodings: Iterable[str]) -> Reason | None:
        """Return why the destination takes no line with payloads of these encodings, or `None`."""
        for encoding in encodings:
            if encoding in self._options.refused_encodings:
                why = f"the destination reads no payload with the encoding {encoding}"
                return Reason(RejectionCode.ENCODING_REFUSED, f"{why}; {self._options.encoding_advice}")
        return None


def _sent(line: Line, event_id: str, ids: list[str], time: datetime, noticed: ReadingCounts | None) -> DecodedSpan:
    whole = WholeLine(line.data, event_id, ids, len(ids))
    return DecodedSpan(_span(line, len(ids)), EncodedRows(ids, [whole], time), noticed=noticed)


def _refused(line: Line, refusal: Reason, noticed: ReadingCounts | None) -> DecodedSpan:
    rejection = Rejection(refusal, line.number, line.offset)
    return DecodedSpan(_span(line, 0), EncodedRows(), rejections=[rejection], noticed=noticed)


def _span(line: Line, rows: int) -> LineSpan:
    return LineSpan(line.number, line.offset, line.end, [line.data], [rows], pending=rows)
