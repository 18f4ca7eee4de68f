"""The compiled path: most calls of an endpoint look like the last one, so a typed decoder is compiled for them.

It accepts a line only if it can make exactly the bytes that the plain path makes. It refuses every other line, and the
plain path reads that one.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from msgspec import Struct, field

from capture_forwarder.domain.batch import RowBuilder
from capture_forwarder.domain.capture import CaptureRecord, Encoding, Media, Payload
from capture_forwarder.domain.inference import PartnerInferenceId
from capture_forwarder.domain.route import DecodingOptions, IdSource, Layout, PayloadOptions
from capture_forwarder.domain.schema import Attribute, ModelSchema, Side
from capture_forwarder.kinds.captures.envelope import NO_GROUND_TRUTH, SHADOW, decode_envelope
from capture_forwarder.kinds.captures.large import large_call
from capture_forwarder.kinds.captures.noticing import InferenceIds
from capture_forwarder.kinds.captures.reading import Reading
from capture_forwarder.kinds.kind import EncodedRows
from capture_forwarder.payloads.compiled import REFUSED, Values, compile_payload, row_struct
from capture_forwarder.payloads.declared import declared
from capture_forwarder.payloads.error_bodies import ERROR_NAMES
from capture_forwarder.payloads.lazy import Lazy
from capture_forwarder.payloads.placement import PayloadReading, Placement, RowForm, csv_reading

# Returns rows as structs of the values of both sides by name. Raises one of `REFUSED` for calls with another reading.
CallDecoder = Callable[[str, str], Sequence[Any]]
# Encoding and content type of the request, and of the response.
Declaration = tuple[str, str | None, str, str | None]

_ENCODINGS = frozenset(Encoding)
# Names in an answer of which only the plain path knows what they mean: errors, the order of rows, a pandas Series.
_ODD_NAMES = ERROR_NAMES | {"index", "0"}
# `_{index}` adds at most this many characters to an id.
_SUFFIX_CHARS = 12
# Content types are captured data: limits keep hostile ones from filling the memory.
_MAX_DECLARATIONS = 64
_MAX_READINGS = 8
# Decoders are made once a process, not once a run; this is enough for the schemas of a few hundred models.
_MAX_DECODERS = 1024


class RowLists(Struct, gc=False):
    """The rows of consecutive calls, which are added one by one; as in `EncodedRows`."""

    ids: list[str] = field(default_factory=list)
    rows: list[Any] = field(default_factory=list)
    time: datetime | None = None

    def encoded(self) -> EncodedRows:
        """Return the rows as those of a span."""
        return EncodedRows(self.ids, self.rows, self.time)


@lru_cache(_MAX_DECODERS)
def compile_reading(reading: Reading, schema: ModelSchema) -> CallDecoder | None:
    """Return a decoder of calls that are read like `reading`, or `None` if only the plain path can read them."""
    if reading.request is None or reading.response is None or reading.is_cut:
        return None
    if _may_say_rows(reading.request.placement):
        return None
    request_attributes = _attributes(reading.request, schema.inputs)
    response_attributes = _attributes(reading.response, schema.outputs)
    decode_request = compile_payload(reading.request, request_attributes)
    decode_response = compile_payload(reading.response, response_attributes)
    if decode_request is None or decode_response is None or _may_be_error(reading.response, response_attributes):
        return None
    names = [attribute.name for attribute in request_attributes + response_attributes]
    if len(set(names)) < len(names):  # the plain path compares the values of a name that both sides have
        return None
    row = row_struct(request_attributes + response_attributes, ordered=False)

    def decode(request: str, response: str) -> Sequence[Any]:
        inputs, outputs = decode_request(request), decode_response(response)
        if len(inputs) != len(outputs) or not inputs:
            raise ValueError("no rows, or another number of rows on either side")
        if len(inputs) == 1:
            return [row(*inputs[0], *outputs[0])]
        if type(inputs) is Lazy or type(outputs) is Lazy:
            return _lazy_rows(row, inputs, outputs)
        return [row(*given, *answered) for given, answered in zip(inputs, outputs, strict=True)]

    return decode


def _lazy_rows(row: Callable[..., Struct], inputs: Sequence[Values], outputs: Sequence[Values]) -> Lazy[Struct]:
    def made(given: Values, answered: Values) -> Struct:
        return row(*given, *answered)

    return Lazy(len(inputs), lambda at: made(inputs[at], outputs[at]), lambda: map(made, inputs, outputs))


def _may_say_rows(placement: Placement) -> bool:
    """Tell whether a request that is read as one row could be as many rows as the answer has values."""
    return placement.single and placement.values_key is not None and placement.values_key != "features"


def _attributes(reading: PayloadReading, side: Side) -> tuple[Attribute, ...]:
    """Return the attributes of a row: those that a caller must name, or those that ordered values belong to."""
    return side.expected if reading.placement.form is RowForm.OBJECT else side.visible


def _may_be_error(reading: PayloadReading, attributes: tuple[Attribute, ...]) -> bool:
    """Tell whether a row of these attributes may be an error document, a Series, or rows in another order."""
    return reading.placement.form is RowForm.OBJECT and any(one.name in _ODD_NAMES for one in attributes)


class CompiledPath:
    """Decodes lines of one route by compiled decoders."""

    def __init__(self, options: DecodingOptions, schema: ModelSchema, build_row: RowBuilder) -> None:
        self._options = options
        self._schema = schema
        self._build_row = build_row
        self._by_event = options.id_source is IdSource.EVENT_ID
        self._max_id_chars = options.max_partner_id_chars - _SUFFIX_CHARS
        self.ids = InferenceIds()
        self._decoders: dict[Declaration, _Decoders] = {}
        self._declaration: Declaration | None = None
        self._current = _Decoders()

    def __call__(self, line: bytes, rows: RowLists) -> int | EncodedRows | None:  # noqa: PLR0911 - more calls cost
        """Add the rows of a line and return their number; `None` if the plain path has to read the line.

        Of a call of many rows none is added: they are returned, and made when they are read.
        """
        try:
            envelope = decode_envelope(line)
        except REFUSED:
            return None
        event, sides = envelope.event_metadata, envelope.capture_data
        if event is None or sides is None or envelope.ground_truth_data is not NO_GROUND_TRUTH:
            return None
        event_id, time = event.event_id, event.inference_time
        request, response = sides.endpoint_input, sides.endpoint_output
        if event_id is None or time is None or request is None or response is None or event.invocation_source == SHADOW:
            return None
        call_id = event_id if self._by_event else event.inference_id or event_id
        if len(call_id) > self._max_id_chars:
            return None
        asked, answered = request.observed_content_type, response.observed_content_type
        declaration = (request.encoding, asked, response.encoding, answered)
        if declaration != self._declaration:
            self._switch_to(declaration)
        values: Sequence[Any] | None
        try:
            values = self._current.decode(request.data, response.data)
        except REFUSED:
            values = self._current.decode_by_others(request.data, response.data)
            if values is None:
                return None
        if call_id is not event_id:
            self.ids.see(call_id, request.data, response.data)
        count = len(values)
        if count == 1:
            rows.time = time
            rows.ids.append(call_id)
            rows.rows.append(self._build_row(call_id, time, values[0]))
            return 1
        if type(values) is Lazy:
            return self._large(call_id, time, values, len(line))
        self._add(call_id, time, values, rows)
        return count

    def _add(self, call_id: str, time: datetime, values: Sequence[Any], rows: RowLists) -> None:
        build_row, count, rows.time = self._build_row, len(values), time
        for index, row in enumerate(values):
            row_id = PartnerInferenceId.for_row(call_id, index, count)
            rows.ids.append(row_id)
            rows.rows.append(build_row(row_id, time, row))

    def _large(self, call_id: str, time: datetime, values: Lazy[Any], line_bytes: int) -> EncodedRows:
        """Return rows that are made when they are read."""

        def build(row_id: str, row: Any) -> object:
            return self._build_row(row_id, time, row)

        return large_call(call_id, time, values, build, count=len(values), line_bytes=line_bytes)

    def reading_without_learning(self, record: CaptureRecord) -> Reading | None:
        """Return the reading by which calls that are declared like `record` were decoded before any was learned."""
        decoders = self._decoders.get(_declaration(record)) if record.input and record.output else None
        return decoders.used_unlearned if decoders else None

    def learn(self, record: CaptureRecord, reading: Reading) -> None:
        """Compile `reading`, the plain path's reading of `record`, for calls that are declared like `record`."""
        if record.input and record.output:
            self._switch_to(_declaration(record))
            self._current.learn(reading, self._schema)

    def _switch_to(self, declaration: Declaration) -> None:
        if declaration not in self._decoders:
            if len(self._decoders) >= _MAX_DECLARATIONS:
                self._decoders.clear()
            self._decoders[declaration] = decoders = _Decoders()
            if reading := _declared_reading(declaration, self._options):
                decoders.expect(reading, self._schema)
        self._declaration, self._current = declaration, self._decoders[declaration]


def _declaration(record: CaptureRecord) -> Declaration:
    """Return the encodings and content types of a record with both sides."""
    given, answered = cast("Payload", record.input), cast("Payload", record.output)
    return given.encoding, given.content_type, answered.encoding, answered.content_type


def _declared_reading(declaration: Declaration, options: DecodingOptions) -> Reading | None:
    """Return how calls are read that are CSV on both sides; the reading of other calls has to be learned."""
    request = _declared_csv(*declaration[:2], options.input, "input")
    response = _declared_csv(*declaration[2:], options.output, "output")
    return Reading(request, response) if request and response else None


def _declared_csv(encoding: str, content_type: str | None, options: PayloadOptions, side: str) -> PayloadReading | None:
    """Return how a payload is read that is CSV by its declaration; `None` for others."""
    if encoding not in _ENCODINGS or options.layout in {Layout.WHOLE, Layout.ARRAYS}:
        return None
    found = declared(Encoding(encoding), content_type, options.content_type, options.csv_delimiter, side)
    if found.media is not Media.CSV or found.refusal or found.may_differ:
        return None
    header = found.header if options.csv_header is None else options.csv_header
    return csv_reading(found.form, header=bool(header))


class _Decoders:
    """The decoders of calls that are declared alike; `decode` is the one that was used last.

    `used_unlearned` is a reading that was expected, not learned, once a call was decoded by it.
    """

    def __init__(self) -> None:
        self.used_unlearned: Reading | None = None
        self.decode: CallDecoder = _refuse
        self._decoders: list[CallDecoder] = []
        self._readings: set[Reading] = set()

    def decode_by_others(self, request: str, response: str) -> Sequence[Any] | None:
        """Return the rows of a call that `decode` refused, or `None` if every decoder refuses it."""
        for decode in self._decoders:
            if decode is not self.decode:
                try:
                    rows = decode(request, response)
                except REFUSED:
                    continue
                self.decode = decode
                return rows
        return None

    def expect(self, reading: Reading, schema: ModelSchema) -> None:
        """Compile `reading`, which was not learned from a call."""
        self._readings.add(reading)
        if decoder := compile_reading(reading, schema):

            def first(request: str, response: str) -> Sequence[Any]:
                rows = decoder(request, response)
                self.used_unlearned = reading
                self._decoders = [decoder if one is first else one for one in self._decoders]
                self.decode = decoder
                return rows

            self._decoders.append(first)
            self.decode = first

    def learn(self, reading: Reading, schema: ModelSchema) -> None:
        """Compile `reading`, if it is new."""
        if reading in self._readings:
            return
        if len(self._readings) >= _MAX_READINGS:
            self._readings.clear()
            self._decoders.clear()
        self._readings.add(reading)
        if decoder := compile_reading(reading, schema):
            self._decoders.append(decoder)
            self.decode = decoder


def _refuse(request: str, response: str) -> Sequence[Any]:
    raise ValueError(f"no decoder is known for {len(request)} and {len(response)} characters")
