"""Captured lines for a destination that takes them as they are. Each is decoded, so that a bad line is not sent."""

from collections.abc import Iterator

from capture_forwarder.domain.batch import WholeLine
from capture_forwarder.domain.capture import CaptureRecord, Line
from capture_forwarder.domain.delivery import Reason, Rejection, RejectionCode
from capture_forwarder.domain.inference import PartnerInferenceId
from capture_forwarder.domain.progress import LineSpan
from capture_forwarder.domain.route import DecodingOptions
from capture_forwarder.domain.schema import ModelSchema
from capture_forwarder.kinds.captures.noticing import InferenceIds, Noticing
from capture_forwarder.kinds.captures.plain import Decoded, PlainPath
from capture_forwarder.kinds.kind import DecodedSpan, EncodedRows
from capture_forwarder.lines.reader import LineReader


class WholeLineDecoder:
    """Decodes lines by the plain path; a line is a span by itself.

    The platform reads the line too, and decides about each of its rows. So a line is rejected here only as a whole: if
    it cannot be read, or if each of its rows is rejected.
    """

    def __init__(self, options: DecodingOptions, schema: ModelSchema | None) -> None:
        self._options = options
        self._plain = PlainPath(options, schema)
        self._noticing = Noticing(InferenceIds())

    def decode(self, reader: LineReader, max_rows: int) -> Iterator[DecodedSpan]:
        """Yield every line as a span, in order."""
        del max_rows
        return map(self.decode_line, reader)

    def decode_line(self, line: Line) -> DecodedSpan:
        """Return the span of one line, whose one row is the line itself."""
        outcome = self._plain(line)
        if isinstance(outcome, Rejection):
            return DecodedSpan(_span(line, 0), EncodedRows(), rejections=[outcome])
        if not isinstance(outcome, Decoded):
            return DecodedSpan(_span(line, 0), EncodedRows(), skipped=[outcome.reason])
        if refusal := self._refusal(outcome.record):
            rejection = Rejection(refusal, line.number, line.offset)
            return DecodedSpan(_span(line, 0), EncodedRows(), rejections=[rejection])
        noticed = self._noticing.of_call(
            outcome.record, outcome.call_id, outcome.reading, None, left_out=outcome.left_out
        )
        if all(isinstance(row, Rejection) for row in outcome.rows):
            rejections = [row for row in outcome.rows if isinstance(row, Rejection)]
            return DecodedSpan(_span(line, 0), EncodedRows(), rejections=rejections, noticed=noticed)
        return DecodedSpan(_span(line, len(outcome.rows)), _rows(line, outcome), noticed=noticed)

    def _refusal(self, record: CaptureRecord) -> Reason | None:
        """Return why the destination takes no line with these payloads, or `None`."""
        for payload in (record.input, record.output):
            if payload and payload.encoding in self._options.refused_encodings:
                why = f"the destination reads no payload with the encoding {payload.encoding}"
                return Reason(RejectionCode.ENCODING_REFUSED, f"{why}; {self._options.encoding_advice}")
        return None


def _rows(line: Line, decoded: Decoded) -> EncodedRows:
    count = len(decoded.rows)
    ids = [PartnerInferenceId.for_row(decoded.call_id, index, count) for index in range(count)]
    whole = WholeLine(line.data, decoded.record.event_id, ids, count)
    return EncodedRows(ids, [whole], decoded.record.inference_time)


def _span(line: Line, rows: int) -> LineSpan:
    return LineSpan(line.number, line.offset, line.end, [line.data], [rows], pending=rows)
