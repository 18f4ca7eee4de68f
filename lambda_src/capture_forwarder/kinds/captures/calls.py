"""The rows of a captured call, or why it is rejected: both sides together, or one side alone."""

from typing import cast

from capture_forwarder.domain.capture import CaptureRecord, Media, Payload
from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.route import DecodingOptions, Layout, PayloadOptions
from capture_forwarder.domain.schema import ModelSchema
from capture_forwarder.domain.values import JsonValue
from capture_forwarder.kinds.captures.both_sides import BothSides
from capture_forwarder.kinds.captures.one_side import OneSide
from capture_forwarder.kinds.captures.reading import CallRows
from capture_forwarder.payloads.bodies import Body, read_body
from capture_forwarder.payloads.elements_kind import is_list
from capture_forwarder.payloads.error_bodies import ERROR, SENTENCE, is_error_body, is_sentence


def read_call(record: CaptureRecord, options: DecodingOptions, schema: ModelSchema | None) -> CallRows | Reason:
    """Return the rows of a call, or why it is rejected."""
    request = _body(record.input, options.input, is_answer=False)
    answer = _body(record.output, options.output, is_answer=True)
    if isinstance(answer, Body) and (error := _why_error(request, answer, options.output)):
        answer = error
    request_side, answer_side = (schema.inputs, schema.outputs) if schema else (None, None)
    request_alone = OneSide(options.one_sided, options.input, request_side, is_answer=False)
    answer_alone = OneSide(options.one_sided, options.output, answer_side, is_answer=True)
    if isinstance(request, Body):
        if isinstance(answer, Body):
            return BothSides(options, request_side, answer_side, request_alone, answer_alone).read(request, answer)
        return request_alone.read(request, answer, record.output)
    if isinstance(answer, Body):
        return answer_alone.read(answer, request, record.input)
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
        content = content[0] if answer.form.media is Media.CSV and is_list(content) and content else content
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
