"""Both sides of a call read together: the rows of each, and the values that belong to the whole call."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import cast

from msgspec import Struct
from msgspec.structs import replace

from capture_forwarder.domain.capture import CaptureRecord, Media, Payload
from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.route import DecodingOptions, Layout, OneSided, PayloadOptions
from capture_forwarder.domain.schema import ModelSchema, Side
from capture_forwarder.domain.values import JsonValue
from capture_forwarder.kinds.captures.side_rows import Names, SideRows, read_side
from capture_forwarder.payloads.ambiguous import why_ambiguous, why_deeper, why_other_order
from capture_forwarder.payloads.bodies import Body, read_body
from capture_forwarder.payloads.deciding import Decision, Way, decide
from capture_forwarder.payloads.elements_kind import is_list
from capture_forwarder.payloads.error_bodies import ERROR, SENTENCE, is_error_body, is_sentence
from capture_forwarder.payloads.headers import why_header
from capture_forwarder.payloads.placement import PayloadReading
from capture_forwarder.payloads.shapes import Says, Shape
from capture_forwarder.payloads.sides import csv_lines, shape_of
from capture_forwarder.payloads.whole import Row

# A side that is rejected for one of these may be left out, where the route forwards the other side alone.
_OPTIONAL = frozenset({RejectionCode.ONE_SIDED, RejectionCode.BINARY_PAYLOAD, RejectionCode.ERROR_BODY})


class Reading(Struct, frozen=True):
    """How the rows of both sides of a call lie and how they are named; a side that is left out is `None`.

    The plain path makes this value; the compiled path makes a decoder of it. `is_cut` means that open values of the
    response were cut into rows.
    """

    request: PayloadReading | None
    response: PayloadReading | None
    is_cut: bool = False


class CallRows(Struct, frozen=True, gc=False):
    """The `count` rows of each side of a call, paired by number; a side that is left out is `None`."""

    count: int
    request: SideRows | None
    response: SideRows | None
    reading: Reading

    @property
    def left_out(self) -> int:
        """How many values of the call are not data, and are left out."""
        return sum(side.left_out for side in (self.request, self.response) if side)

    def pairs(self) -> Iterator[tuple[Row | None, Row | None]]:
        """Return an iterator over the rows of both sides."""
        return zip(_each(self.request, self.count), _each(self.response, self.count), strict=True)

    def pair(self, index: int) -> tuple[Row | None, Row | None]:
        """Return one row of both sides."""
        request, response = self.request, self.response
        return request.rows[index] if request else None, response.rows[index] if response else None


def _each(side: SideRows | None, count: int) -> Iterable[Row | None]:
    return side.rows if side else repeat(None, count)


def read_call(record: CaptureRecord, options: DecodingOptions, schema: ModelSchema | None) -> CallRows | Reason:
    """Return the rows of a call, or why it is rejected."""
    request = _body(record.input, options.input, is_answer=False)
    answer = _body(record.output, options.output, is_answer=True)
    if isinstance(answer, Body) and (error := _why_error(request, answer, options.output)):
        answer = error
    call = _Call(options, schema.inputs if schema else None, schema.outputs if schema else None)
    if isinstance(request, Body):
        if isinstance(answer, Body):
            return call.together(request, answer)
        return call.alone(request, answer, record.output, is_answer=False)
    if isinstance(answer, Body):
        return call.alone(answer, request, record.input, is_answer=True)
    return request


def _body(payload: Payload | None, options: PayloadOptions, *, is_answer: bool) -> Body | Reason:
    if payload is None:
        side = "answer" if is_answer else "request"
        return Reason(
            RejectionCode.ONE_SIDED, f'the {side} was not captured; one_sided = "forward" sends the other side alone'
        )
    return read_body(payload, options, is_answer=is_answer)


def _why_error(request: Body | Reason, answer: Body, options: PayloadOptions) -> Reason | None:
    """Return why a whole answer is an error, or `None`."""
    content = answer.content
    if answer.form.media in {Media.JSON_LINES, Media.CSV} and is_list(content):
        content = content[0] if len(content) == 1 or (answer.form.media is Media.CSV and content) else None
        content = content[0] if is_list(content) and content else content
    elif is_list(content) and len(content) == 1:
        content = content[0]
    if is_error_body(cast("JsonValue", content)):
        return ERROR
    if (
        answer.form.media is not Media.CSV
        and options.layout is not Layout.WHOLE
        and is_sentence(cast("JsonValue", answer.content))
    ):
        return SENTENCE if not isinstance(request, Body) or not _holds_text(request) else None
    return None


def _holds_text(request: Body) -> bool:
    """Tell whether a request holds a text; CSV holds cells."""
    if request.form.media is Media.CSV:
        return False
    pending: list[JsonValue] = [cast("JsonValue", request.content)]
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            return True
        if isinstance(value, dict):
            pending += value.values()
        elif is_list(value):
            pending += value
    return False


class _Call(Struct, frozen=True):
    """Reads calls by the options of a route and the sides of its schema."""

    options: DecodingOptions
    request_side: Side | None
    answer_side: Side | None

    def together(self, request: Body, answer: Body) -> CallRows | Reason:
        """Return the rows of both sides."""
        asked = shape_of(request, self.options.input, self.request_side, is_answer=False)
        answered = shape_of(answer, self.options.output, self.answer_side, is_answer=True)
        if isinstance(asked, Reason):
            return asked
        if isinstance(answered, Reason):
            return answered
        widths = self.answer_side.widths if self.answer_side else ()
        decision = decide(asked, answered, widths)
        if isinstance(decision, Reason):
            why = why_deeper(asked, answered) or (answered.is_arrays and self._why_header(request, answer, answered))
            return why or self._with_blank_lines(request, answer) or self._mismatch(request, answer, decision)
        reason = why_ambiguous(asked, answered, decision) or self._why_header(request, answer, answered)
        return reason or self._rows(request, answer, asked, answered, decision)

    def _with_blank_lines(self, request: Body, answer: Body) -> CallRows | Reason | None:
        """Return the rows if empty lines of CSV in one column are empty cells, and the sides then fit."""
        if request.with_blank is not None:
            call = self.together(replace(request, content=request.with_blank, with_blank=None), answer)
            if isinstance(call, CallRows):
                return call
        if answer.with_blank is not None:
            call = self.together(request, replace(answer, content=answer.with_blank, with_blank=None))
            if isinstance(call, CallRows):
                return call
        return None

    def _mismatch(self, request: Body, answer: Body, reason: Reason) -> Reason:
        """Return the rejection of sides that do not fit; it mentions a possible header."""
        if reason.code is RejectionCode.ROW_COUNT_MISMATCH:
            names = [
                name
                for name, lines in zip(
                    ("input_csv_header", "output_csv_header"), self._lines(request, answer), strict=True
                )
                if lines and why_header(lines, None, answer_is_fixed=False)
            ]
            if names:
                return Reason(reason.code, f"{reason.why}; a first line may be names: {' or '.join(names)} says so")
        return reason

    def _lines(self, request: Body, answer: Body) -> tuple[Sequence[list[str]] | None, Sequence[list[str]] | None]:
        return (
            csv_lines(request, self.options.input, self.request_side),
            csv_lines(answer, self.options.output, self.answer_side),
        )

    def _why_header(self, request: Body, answer: Body, answered: Shape) -> Reason | None:
        asked_lines, answered_lines = self._lines(request, answer)
        if asked_lines is None and answered_lines is None:
            return None
        return why_header(asked_lines, answered_lines, answer_is_fixed=answered.says is Says.FIXED)

    def _names(self, *, is_answer: bool) -> Names:
        if is_answer:
            return Names(self.options.output.call_keys, self.answer_side, is_answer)
        return Names(self.options.input.call_keys, self.request_side, is_answer)

    def _rows(
        self, request: Body, answer: Body, asked: Shape, answered: Shape, decision: Decision
    ) -> CallRows | Reason:
        count = decision.count
        given = read_side(asked, count, decision.request, answered, request.form, self._names(is_answer=False))
        if isinstance(given, Reason):
            return given
        found = read_side(answered, count, decision.answer, asked, answer.form, self._names(is_answer=True))
        if isinstance(found, Reason):
            return found
        if count == 1 and is_error_body(found.rows[0]):
            return ERROR
        if count > 1 and (reason := why_other_order(given.rows, found.rows)):
            return reason
        is_cut = answered.says is Says.OPEN and decision.answer is Way.ROWS
        return CallRows(count, given, found, Reading(given.reading, found.reading, is_cut))

    def alone(self, body: Body, missing: Reason, payload: Payload | None, *, is_answer: bool) -> CallRows | Reason:
        """Return the rows of one side, where the route forwards it without the other: fixed rows, else one row."""
        if self.options.one_sided is not OneSided.FORWARD and missing.code is RejectionCode.BINARY_PAYLOAD:
            return Reason(missing.code, f'{missing.why}; one_sided = "forward" sends the other side alone')
        if self.options.one_sided is not OneSided.FORWARD or missing.code not in _OPTIONAL:
            return missing
        options = self.options.output if is_answer else self.options.input
        side = self.answer_side if is_answer else self.request_side
        shape = shape_of(body, options, side, is_answer=is_answer)
        if isinstance(shape, Reason):
            return shape
        is_one = shape.says is not Says.FIXED or not shape.count
        if not is_one and shape.count != 1 and _is_media(payload):
            return Reason(
                RejectionCode.ROW_COUNT_MISMATCH,
                f"an image, audio or video is one call, and the other side says {shape.count} rows ({shape.subject}); "
                'input_layout or output_layout = "whole" says that they are one row',
            )
        count, way = (1, Way.ONE) if is_one else (shape.count, Way.ROWS)
        rows = read_side(shape, count, way, None, body.form, self._names(is_answer=is_answer))
        if isinstance(rows, Reason):
            return rows
        if is_answer:
            return CallRows(count, None, rows, Reading(None, rows.reading))
        return CallRows(count, rows, None, Reading(rows.reading, None))


def _is_media(payload: Payload | None) -> bool:
    return bool(
        payload
        and (payload.content_type or "")
        .strip()
        .lower()
        .startswith(("image/", "audio/", "video/", "application/x-image"))
    )
