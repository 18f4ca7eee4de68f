"""The plain path: it reads any line of a capture file, so it defines the result."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from capture_forwarder.domain.capture import CaptureRecord, Line
from capture_forwarder.domain.converters import CellOptions
from capture_forwarder.domain.delivery import Reason, Rejection, RejectionCode, Skipped, SkipReason
from capture_forwarder.domain.inference import Inference, PartnerInferenceId
from capture_forwarder.domain.route import DecodingOptions, IdSource, RowForm
from capture_forwarder.domain.schema import ModelSchema, Side
from capture_forwarder.kinds.captures.calls import read_call
from capture_forwarder.kinds.captures.envelope import decode_record
from capture_forwarder.kinds.captures.metadata import MetadataInputs
from capture_forwarder.kinds.captures.reading import CallRows, Reading
from capture_forwarder.kinds.captures.side_rows import SideRows
from capture_forwarder.payloads.error_bodies import ERROR, is_error_body
from capture_forwarder.payloads.lazy import LISTED_ROWS, Lazy
from capture_forwarder.payloads.naming import Named, generated_names, schema_names
from capture_forwarder.payloads.whole import Row

# Rows of a longer line are made when they are read: a row takes up to a hundred times its text.
_MAX_LISTED_BYTES = 256 * 1024
# Destinations with one flat row rename the output.
_NAME_TAKEN = Reason(
    RejectionCode.AMBIGUOUS_NAME, "both sides have a name, and another value has this name with output. before it"
)


class Decoded(Struct, frozen=True, gc=False):
    """The rows of one captured call, in order, each an inference or a rejection of that row; and how it was read.

    Many rows are made when they are read, the same ones each time. `call_id` is the call's id without a row's suffix.
    `left_out` is how many captured values are not data and in no row.
    """

    rows: Sequence[Inference | Rejection]
    call_id: str
    record: CaptureRecord
    reading: Reading
    left_out: int = 0


Outcome = Decoded | Rejection | Skipped


class PlainPath:
    """Decodes the lines of one route, with one model's schema or without a schema.

    It reads any line, so it defines the result. The compiled path must give the same result, to the byte.
    """

    def __init__(self, options: DecodingOptions, schema: ModelSchema | None = None) -> None:
        self._options = options
        self._metadata = MetadataInputs(options.metadata, schema) if options.metadata else None
        self._cells = CellOptions(options.csv_space, options.empty_text)
        self._request_side = schema.inputs if schema else None
        self._response_side = schema.outputs if schema else None
        self._schema = schema
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
        return self.read(record, line)

    def read(self, record: CaptureRecord, line: Line) -> Outcome:
        """Return the rows of the record of a `line`, or why it is rejected."""
        by_event = self._options.id_source is IdSource.EVENT_ID
        call_id = record.event_id if by_event else record.inference_id or record.event_id
        if len(call_id) > self._options.max_partner_id_chars:
            return _rejection(self._too_long, line)
        call = read_call(record, self._options, self._schema)
        if isinstance(call, Reason):
            return _rejection(call, line)
        count, time = call.count, record.inference_time
        rows: Sequence[Inference | Rejection]
        if count > LISTED_ROWS or (count > 1 and len(line.data) > _MAX_LISTED_BYTES):
            rows = self._lazy_rows(line, call, call_id, time)
        else:
            rows = [self._row(line, call, call_id, time, index, *call.pair(index)) for index in range(count)]
        return self._with_metadata(line, Decoded(rows, call_id, record, call.reading, call.left_out))

    def _with_metadata(self, line: Line, decoded: Decoded) -> Outcome:
        if self._metadata is None:
            return decoded
        rows = self._metadata.add(line, decoded.rows)
        return _rejection(rows, line) if isinstance(rows, Reason) else replace(decoded, rows=rows)

    def _lazy_rows(self, line: Line, call: CallRows, call_id: str, time: datetime) -> Lazy[Inference | Rejection]:
        def make(index: int) -> Inference | Rejection:
            return self._row(line, call, call_id, time, index, *call.pair(index))

        def make_all() -> Iterator[Inference | Rejection]:
            return (self._row(line, call, call_id, time, index, *pair) for index, pair in enumerate(call.pairs()))

        return Lazy(call.count, make, make_all)

    def _row(
        self,
        line: Line,
        call: CallRows,
        call_id: str,
        time: datetime,
        index: int,
        given: Row | None,
        answered: Row | None,
    ) -> Inference | Rejection:
        row_id = PartnerInferenceId.for_row(call_id, index, call.count)
        if len(row_id) > self._options.max_partner_id_chars:
            return _rejection(self._too_long, line, index)
        inputs = self._named(given, call.request, self._request_side, "feature")
        if isinstance(inputs, Reason):
            return _rejection(inputs, line, index, row_id)
        if is_error_body(answered):
            return _rejection(ERROR, line, index, row_id)
        outputs = self._named(answered, call.response, self._response_side, "prediction")
        if isinstance(outputs, Reason):
            return _rejection(outputs, line, index, row_id)
        inference = Inference(row_id, time, inputs, outputs, line.number, index)
        is_lost = inference.loses_a_value and self._options.form is not RowForm.APART
        return _rejection(_NAME_TAKEN, line, index, row_id) if is_lost else inference

    def _named(self, row: Row | None, rows: SideRows | None, side: Side | None, stem: str) -> Named:
        if row is None or rows is None:
            return {}
        if side is None:
            return generated_names(row, stem, rows.call, textual=rows.is_textual, cells=self._cells)
        return schema_names(
            row,
            side,
            self._options.unknown_attributes,
            rows.call,
            is_column=rows.is_column,
            textual=rows.is_textual,
            cells=self._cells,
        )


def _rejection(reason: Reason, line: Line, index: int | None = None, partner_id: str | None = None) -> Rejection:
    return Rejection(reason, line.number, line.offset, index, partner_id)
