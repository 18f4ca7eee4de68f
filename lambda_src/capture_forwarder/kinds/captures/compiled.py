"""The compiled path: most calls of an endpoint look like the last one, so a typed decoder is compiled for them.

It accepts a line only if it can make exactly the bytes that the plain path makes. It refuses every other line, and the
plain path reads that one.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import repeat
from typing import Any, cast

from msgspec import Struct, field

from capture_forwarder.domain.batch import RowBuilder
from capture_forwarder.domain.capture import CaptureRecord, Encoding, Media, Payload
from capture_forwarder.domain.converters import CellOptions
from capture_forwarder.domain.inference import PartnerInferenceId
from capture_forwarder.domain.route import DecodingOptions, IdSource, Layout, PayloadOptions, RowForm
from capture_forwarder.domain.schema import ModelSchema
from capture_forwarder.kinds.captures.compiled_calls import CallDecoders
from capture_forwarder.kinds.captures.envelope import SHADOW, Side, decode_captured_call
from capture_forwarder.kinds.captures.large import large_call
from capture_forwarder.kinds.captures.learned_calls import LEARNED, Declaration
from capture_forwarder.kinds.captures.noticing import InferenceIds
from capture_forwarder.kinds.captures.plain import Decoded
from capture_forwarder.kinds.captures.reading import Reading
from capture_forwarder.kinds.captures.together import MAX_CALLS, MIN_CALLS, Attempts, CallsTogether, calls_together
from capture_forwarder.kinds.kind import EncodedRows
from capture_forwarder.payloads.compiled_types import REFUSED
from capture_forwarder.payloads.declared import declared
from capture_forwarder.payloads.lazy import Lazy
from capture_forwarder.payloads.placement import PayloadReading, csv_reading

_ENCODINGS = frozenset(Encoding)
# Lines of CSV are no rows there.
_LAYOUTS_OF_LINES = frozenset({Layout.WHOLE, Layout.ARRAYS})
# `_{index}` adds at most this many characters to an id.
_SUFFIX_CHARS = 12
# Content types are captured data: limits keep hostile ones from filling the memory.
_MAX_DECLARATIONS = 64


class RowLists(Struct, gc=False):
    """The rows of consecutive lines, added one by one as in `EncodedRows`, and the number of rows of each line."""

    ids: list[str] = field(default_factory=list)
    rows: list[Any] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    time: datetime | None = None

    def encoded(self) -> EncodedRows:
        """Return the rows as those of a span."""
        return EncodedRows(self.ids, self.rows, self.time)


class CompiledPath:
    """Decodes lines of one route by compiled decoders."""

    def __init__(self, options: DecodingOptions, schema: ModelSchema | None, build_row: RowBuilder) -> None:
        self._options = options
        self._schema = schema
        self._cells = CellOptions(options.csv_space, options.empty_text)
        self._build_row = build_row
        self._route_calls = LEARNED.of(options, schema)
        self.left_out = self._route_calls.left_out
        self._by_event = options.id_source is IdSource.EVENT_ID
        self._max_id_chars = options.max_partner_id_chars - _SUFFIX_CHARS
        self.ids = InferenceIds()
        self._decoders: dict[Declaration, CallDecoders] = {}
        self._declaration: Declaration | None = None
        self._attempts = Attempts()
        self._apart = options.form is RowForm.APART
        self._current = CallDecoders(schema, self._cells, apart=self._apart)

    def __call__(self, lines: Sequence[bytes], rows: RowLists) -> EncodedRows | None:
        """Add the rows of `lines` to `rows`, up to the first line that the plain path has to read.

        A call of many rows ends this, too: its rows are returned instead, and made when they are read.
        """
        if lines := self._after_calls_together(lines, rows):
            return self._one_by_one(lines, rows)
        return None

    def _after_calls_together(self, lines: Sequence[bytes], rows: RowLists) -> Sequence[bytes]:
        """Add the rows of the first lines, if they can be decoded together; return the other lines."""
        while len(lines) >= MIN_CALLS and self._attempts.is_due():
            some = lines[:MAX_CALLS]
            calls = calls_together(some, by_event=self._by_event, max_id_chars=self._max_id_chars)
            values = self._decoded_together(calls) if calls else None
            self._attempts.count(has_failed=values is None)
            if not calls or values is None:
                break
            for call_id, request, response in calls.with_inference_ids:
                self.ids.see(call_id, request, response)
            rows.ids += calls.ids
            rows.rows += map(self._build_row, calls.ids, calls.times, values)
            rows.counts += repeat(1, len(some))
            rows.time = calls.times[-1]
            lines = lines[MAX_CALLS:]
        return lines

    def _decoded_together(self, calls: CallsTogether) -> list[Any] | None:
        if calls.declaration != self._declaration:
            return None
        try:
            return self._current.last.decode_each(calls.requests, calls.responses)
        except REFUSED:
            return None

    def _one_by_one(self, lines: Sequence[bytes], rows: RowLists) -> EncodedRows | None:
        by_event, max_id_chars, build_row = self._by_event, self._max_id_chars, self._build_row
        add_id, add_row, add_count = rows.ids.append, rows.rows.append, rows.counts.append
        for line in lines:
            try:
                call = decode_captured_call(line)
            except REFUSED:
                return None
            event, sides = call.event_metadata, call.capture_data
            call_id, time = event.event_id if by_event else event.inference_id or event.event_id, event.inference_time
            if len(call_id) > max_id_chars or event.invocation_source == SHADOW:
                return None
            values = self._decoded(sides.endpoint_input, sides.endpoint_output)
            if values is None:
                return None
            if call_id is not event.event_id:
                self.ids.see(call_id, sides.endpoint_input.data, sides.endpoint_output.data)
            if type(values) is Lazy:
                return self._large(call_id, time, values, len(line))
            rows.time = time
            count = len(values)
            add_count(count)
            if count == 1:
                add_id(call_id)
                add_row(build_row(call_id, time, values[0]))
            else:
                self._add(call_id, time, values, rows)
        return None

    def _decoded(self, request: Side, response: Side) -> Sequence[Any] | None:
        """Return the values of a call; `None` if the plain path has to read it."""
        asked, answered = request.observed_content_type, response.observed_content_type
        declaration = (request.encoding, asked, response.encoding, answered)
        if declaration != self._declaration:
            self._switch_to(declaration)
        try:
            return self._current.last.decode(request.data, response.data)
        except REFUSED:
            return self._current.decode_by_others(request.data, response.data)

    def _add(self, call_id: str, time: datetime, values: Sequence[Any], rows: RowLists) -> None:
        ids = list(PartnerInferenceId.for_rows(call_id, range(len(values)), len(values)))
        rows.ids += ids
        rows.rows += map(self._build_row, ids, repeat(time), values)

    def _large(self, call_id: str, time: datetime, values: Lazy[Any], line_bytes: int) -> EncodedRows:
        """Return rows that are made when they are read."""
        return large_call(call_id, time, values, self._build_row, count=len(values), line_bytes=line_bytes)

    def reading_without_learning(self, record: CaptureRecord) -> Reading | None:
        """Return the reading by which calls that are declared like `record` were decoded before any was learned."""
        decoders = self._decoders.get(_declaration(record)) if record.input and record.output else None
        return decoders.used_unlearned if decoders else None

    def learn(self, decoded: Decoded) -> bool:
        """Compile decoders from how the plain path read a call, for calls that are declared like it.

        Tell whether the call was read in a new way, so that this path may read it by now.
        """
        record, reading = decoded.record, decoded.reading
        if record.input and record.output and reading.request and reading.response:
            declaration = _declaration(record)
            self._switch_to(declaration)
            if _may_learn(reading.request, *declaration[:2], self._options.input) and _may_learn(
                reading.response, *declaration[2:], self._options.output
            ):
                is_new = self._current.learn(reading)
                self._route_calls.see(declaration, decoded)
                return is_new
        return False

    def _switch_to(self, declaration: Declaration) -> None:
        if declaration not in self._decoders:
            if len(self._decoders) >= _MAX_DECLARATIONS:
                self._decoders.clear()
            learned = self._route_calls.of(declaration).find
            decoders = CallDecoders(self._schema, self._cells, apart=self._apart, learned=learned)
            self._decoders[declaration] = decoders
            if reading := _declared_reading(declaration, self._options):
                decoders.expect(reading)
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


def _may_learn(reading: PayloadReading, encoding: str, content_type: str | None, options: PayloadOptions) -> bool:
    """Tell whether every payload that is declared like this can be read like one of them.

    A layout of the route may have a meaning of its own for CSV and for one line of JSON. JSON Lines are one line or
    more, and other JSON is one document that may have several lines.
    """
    media = reading.body.media
    found = declared(Encoding(encoding), content_type, options.content_type, options.csv_delimiter, "")
    if media is Media.JSON_LINES or found.media is Media.JSON_LINES:
        return media is found.media and not options.layout and not options.rows
    return media is not Media.CSV or options.layout not in _LAYOUTS_OF_LINES


def _declared_csv(encoding: str, content_type: str | None, options: PayloadOptions, side: str) -> PayloadReading | None:
    """Return how a payload is read that is CSV by its declaration; `None` for others."""
    if encoding not in _ENCODINGS or options.layout in _LAYOUTS_OF_LINES:
        return None
    found = declared(Encoding(encoding), content_type, options.content_type, options.csv_delimiter, side)
    if found.media is not Media.CSV or found.refusal:
        return None
    header = found.header if options.csv_header is None else options.csv_header
    return csv_reading(found.form, header=bool(header))
