"""One line of a capture object made into inferences: the steps of this folder, in order."""

from datetime import datetime

from msgspec import Struct

from capture_forwarder.domain.capture import CaptureRecord, Line, Payload
from capture_forwarder.domain.delivery import Reason, Rejection, RejectionCode, Skipped, SkipReason
from capture_forwarder.domain.inference import Inference, PartnerInferenceId
from capture_forwarder.domain.route import DecodingOptions, IdSource, OneSided, PayloadOptions
from capture_forwarder.domain.schema import ModelSchema, Side
from capture_forwarder.kinds.captures.envelope import decode_record
from capture_forwarder.kinds.captures.error_bodies import is_error_body
from capture_forwarder.kinds.captures.pairing import pair_rows
from capture_forwarder.payloads.media import read_body
from capture_forwarder.payloads.naming import Named, generated_names, schema_names
from capture_forwarder.payloads.rows import Rows
from capture_forwarder.payloads.table import decode_body

# What is no prediction or no input at all may be left out where a route forwards the side that is there.
_MAY_BE_LEFT_OUT = frozenset({RejectionCode.ONE_SIDED, RejectionCode.BINARY_PAYLOAD, RejectionCode.ERROR_BODY})


class Decoded(Struct, frozen=True, gc=False):
    """The rows of one captured call, in order, each an inference or a rejection of that row."""

    rows: list[Inference | Rejection]


Outcome = Decoded | Rejection | Skipped


class _Call(Struct, frozen=True, gc=False):
    """One captured call, its rows paired; a side that is left out is `None`."""

    id: str
    time: datetime
    inputs: Rows | None
    outputs: Rows | None

    @property
    def count(self) -> int:
        """How many inferences the call held."""
        return max(len(side.rows) for side in (self.inputs, self.outputs) if side)


class Transform:
    """What lines become on one route, with one model's schema or none."""

    def __init__(self, options: DecodingOptions, schema: ModelSchema | None = None) -> None:
        self._options = options
        self._inputs = schema.inputs if schema else None
        self._outputs = schema.outputs if schema else None

    def __call__(self, line: Line) -> Outcome:
        """Return what `line` becomes; nothing that it holds raises."""
        record = line.reason or decode_record(line.data)
        if isinstance(record, SkipReason):
            return Skipped(record, line.number)
        call = record if isinstance(record, Reason) else self._call(record)
        if isinstance(call, Reason):
            return _rejection(call, line)
        count = call.count
        return Decoded([self._row(line, call, index, count) for index in range(count)])

    def _call(self, record: CaptureRecord) -> _Call | Reason:
        by_event = self._options.id_source is IdSource.EVENT_ID
        call_id = record.event_id if by_event else record.inference_id or record.event_id
        if len(call_id) > self._options.max_partner_id_chars:
            return self._too_long()
        inputs = _read(record.input, self._options.input, "request")
        outputs = _read(record.output, self._options.output, "answer")
        if isinstance(inputs, Rows) and isinstance(outputs, Rows):
            outputs = pair_rows(inputs, outputs, self._outputs.widths if self._outputs else ())
        left_in = self._left_in(inputs, outputs)
        return left_in if isinstance(left_in, Reason) else _Call(call_id, record.inference_time, *left_in)

    def _left_in(self, inputs: Rows | Reason, outputs: Rows | Reason) -> tuple[Rows | None, Rows | None] | Reason:
        if isinstance(inputs, Reason):
            if isinstance(outputs, Rows) and outputs.rows and self._may_leave_out(inputs):
                return None, outputs
            return inputs
        if isinstance(outputs, Reason):
            return (inputs, None) if inputs.rows and self._may_leave_out(outputs) else outputs
        return inputs, outputs

    def _may_leave_out(self, refusal: Reason) -> bool:
        return self._options.one_sided is OneSided.FORWARD and refusal.code in _MAY_BE_LEFT_OUT

    def _row(self, line: Line, call: _Call, index: int, count: int) -> Inference | Rejection:
        row_id = PartnerInferenceId.for_row(call.id, index, count)
        if len(row_id) > self._options.max_partner_id_chars:
            return _rejection(self._too_long(), line, index)
        inputs = self._named(call.inputs, index, self._inputs, "feature")
        outputs = self._named(call.outputs, index, self._outputs, "prediction")
        if isinstance(inputs, Reason):
            return _rejection(inputs, line, index, row_id)
        if isinstance(outputs, Reason):
            return _rejection(outputs, line, index, row_id)
        if any(inputs[name] != outputs[name] for name in inputs.keys() & outputs.keys()):
            return _rejection(_SAME_NAME, line, index, row_id)
        return Inference(row_id, call.time, inputs, outputs, line.number, index)

    def _named(self, rows: Rows | None, index: int, side: Side | None, stem: str) -> Named:
        if rows is None:
            return {}
        if side is None:
            return generated_names(rows.rows[index], stem, textual=rows.textual)
        return schema_names(rows.rows[index], side, self._options.unknown_attributes)

    def _too_long(self) -> Reason:
        limit = self._options.max_partner_id_chars
        return Reason(
            RejectionCode.PARTNER_ID_TOO_LONG,
            f'the partner inference id has more than {limit} characters; id_source = "event-id" avoids it',
        )


_SAME_NAME = Reason(RejectionCode.AMBIGUOUS_NAME, "input and output give one name different values")


def _read(payload: Payload | None, options: PayloadOptions, what: str) -> Rows | Reason:
    if payload is None:
        return Reason(RejectionCode.ONE_SIDED, f'the {what} was not captured; one_sided = "forward" sends what was')
    body = read_body(payload, options.content_type)
    rows = body if isinstance(body, Reason) else decode_body(body, options)
    if what == "answer" and isinstance(rows, Rows) and len(rows.rows) == 1 and is_error_body(rows.rows[0]):
        return Reason(RejectionCode.ERROR_BODY, "the answer is an error, not a prediction")
    return rows


def _rejection(refusal: Reason, line: Line, index: int | None = None, partner_id: str | None = None) -> Rejection:
    return Rejection(refusal, line.number, line.offset, index, partner_id)
