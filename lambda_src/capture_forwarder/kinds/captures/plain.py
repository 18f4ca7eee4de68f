"""The plain path: it reads any line, and so defines the result."""

from datetime import datetime

from msgspec import Struct

from capture_forwarder.domain.capture import CaptureRecord, Line
from capture_forwarder.domain.delivery import Reason, Rejection, RejectionCode, Skipped, SkipReason
from capture_forwarder.domain.inference import Inference, PartnerInferenceId
from capture_forwarder.domain.route import DecodingOptions, IdSource
from capture_forwarder.domain.schema import ModelSchema, Side
from capture_forwarder.kinds.captures.envelope import decode_record
from capture_forwarder.kinds.captures.reading import CallRows, Reading, read_call
from capture_forwarder.payloads.naming import Named, generated_names, schema_names
from capture_forwarder.payloads.rows import Rows

_SAME_NAME = Reason(RejectionCode.AMBIGUOUS_NAME, "input and output give one name different values")


class Decoded(Struct, frozen=True, gc=False):
    """The rows of one captured call, in order, each an inference or a rejection of that row; and how it was read."""

    rows: list[Inference | Rejection]
    record: CaptureRecord
    reading: Reading


Outcome = Decoded | Rejection | Skipped


class PlainPath:
    """Decodes the lines of one route, with one model's schema or without a schema."""

    def __init__(self, options: DecodingOptions, schema: ModelSchema | None = None) -> None:
        self._options = options
        self._request_side = schema.inputs if schema else None
        self._response_side = schema.outputs if schema else None
        self._widths = schema.outputs.widths if schema else ()
        self._too_long = Reason(
            RejectionCode.PARTNER_ID_TOO_LONG,
            f"the partner inference id has more than {options.max_partner_id_chars} characters; "
            'id_source = "event-id" avoids it',
        )

    def __call__(self, line: Line) -> Outcome:
        """Return the rows of `line`, or why it is rejected or skipped. The content of a line never raises."""
        record = line.reason or decode_record(line.data)
        if isinstance(record, SkipReason):
            return Skipped(record, line.number)
        if isinstance(record, Reason):
            return _rejection(record, line)
        by_event = self._options.id_source is IdSource.EVENT_ID
        call_id = record.event_id if by_event else record.inference_id or record.event_id
        if len(call_id) > self._options.max_partner_id_chars:
            return _rejection(self._too_long, line)
        call = read_call(record, self._options, self._widths)
        if isinstance(call, Reason):
            return _rejection(call, line)
        rows = [self._row(line, call, call_id, record.inference_time, index) for index in range(call.count)]
        return Decoded(rows, record, call.reading)

    def _row(self, line: Line, call: CallRows, call_id: str, time: datetime, index: int) -> Inference | Rejection:
        row_id = PartnerInferenceId.for_row(call_id, index, call.count)
        if len(row_id) > self._options.max_partner_id_chars:
            return _rejection(self._too_long, line, index)
        inputs = self._named(call.request, index, self._request_side, "feature")
        if isinstance(inputs, Reason):
            return _rejection(inputs, line, index, row_id)
        outputs = self._named(call.response, index, self._response_side, "prediction")
        if isinstance(outputs, Reason):
            return _rejection(outputs, line, index, row_id)
        if any(inputs[name] != outputs[name] for name in inputs.keys() & outputs.keys()):
            return _rejection(_SAME_NAME, line, index, row_id)
        return Inference(row_id, time, inputs, outputs, line.number, index)

    def _named(self, rows: Rows | None, index: int, side: Side | None, stem: str) -> Named:
        if rows is None:
            return {}
        if side is None:
            return generated_names(rows.rows[index], stem, textual=rows.textual)
        return schema_names(rows.rows[index], side, self._options.unknown_attributes)


def _rejection(reason: Reason, line: Line, index: int | None = None, partner_id: str | None = None) -> Rejection:
    return Rejection(reason, line.number, line.offset, index, partner_id)
