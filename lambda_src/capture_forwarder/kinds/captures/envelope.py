"""One line made into a capture record, by the envelope that SageMaker writes.

Unknown keys and any key order are fine: merge jobs and SDK test data write other keys than endpoints do.
"""

import re
from codecs import BOM_UTF8
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from capture_forwarder.domain.capture import CaptureRecord, Encoding, Payload
from capture_forwarder.domain.delivery import Reason, RejectionCode, SkipReason

# SageMaker's name for the source of an invocation that repeats production traffic.
SHADOW = "ShadowExperiment"
_ABSENT = (b"", b"null")
# An escape in JSON; half a surrogate pair is in the group.
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
# Parts of msgspec's validation messages.
_PATH = re.compile(r"`\$\.([^`]*)`$")
_TYPE = re.compile(r"Expected `(\w+)[^`]*`, got `(\w+)`")
_MISSING = re.compile(r"Object missing required field `(\w+)`")
_EMPTY = "Expected `str` of length >= 1"
_WORDS = {
    "object": "an object",
    "array": "a list",
    "str": "text",
    "int": "a number",
    "float": "a number",
    "bool": "a boolean",
    "null": "null",
    "datetime": "a time with a time zone",
}


class Side(Struct, gc=False, rename="camel"):
    """One direction of a call."""

    data: str
    encoding: str = "BASE64"
    observed_content_type: str | None = None


class CaptureData(Struct, gc=False, rename="camel"):
    """Both directions of a call."""

    endpoint_input: Side | None = None
    endpoint_output: Side | None = None


class EventMetadata(Struct, gc=False, rename="camel"):
    """Ids and time of a call."""

    event_id: Annotated[str, Meta(min_length=1)] | None = None
    inference_id: str | None = None
    inference_time: Annotated[datetime, Meta(tz=True)] | None = None
    invocation_source: str | None = None


class Envelope(Struct, gc=False, rename="camel"):
    """The keys of a line that are read."""

    capture_data: CaptureData | None = None
    event_metadata: EventMetadata | None = None
    ground_truth_data: Raw = Raw()


class BothSides(Struct, gc=False, rename="camel"):
    """Both directions of a call, both of them captured."""

    endpoint_input: Side
    endpoint_output: Side


class CallMetadata(Struct, gc=False, rename="camel"):
    """Ids and time of a call, both of them captured."""

    event_id: Annotated[str, Meta(min_length=1)]
    inference_time: Annotated[datetime, Meta(tz=True)]
    inference_id: str | None = None
    invocation_source: str | None = None


class CapturedCall(Struct, gc=False, rename="camel"):
    """The keys of most lines: a whole call without ground truth. The decoder refuses other lines."""

    capture_data: BothSides
    event_metadata: CallMetadata
    ground_truth_data: UnsetType = UNSET


decode_captured_call = msgspec.json.Decoder(CapturedCall).decode
decode_envelope = msgspec.json.Decoder(Envelope).decode
_decode_any = msgspec.json.Decoder().decode
_UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError)


def decode_record(data: bytes) -> CaptureRecord | Reason | SkipReason:
    """Return the record in a line, the reason for its rejection, or the reason for skipping it.

    A byte order mark is dropped, and half a surrogate pair becomes U+FFFD. Shadow copies repeat the ids of production
    traffic; AWS's own analyzer leaves them out too.
    """
    data = data.removeprefix(BOM_UTF8)
    if not data.strip():
        return SkipReason.BLANK_LINE
    try:
        envelope = decode_envelope(data)
    except _UNREADABLE as error:
        repaired = _without_halves(data)
        return decode_record(repaired) if repaired != data else _why_not_a_record(data, error)
    if bytes(envelope.ground_truth_data) not in _ABSENT:
        return SkipReason.GROUND_TRUTH if envelope.capture_data is None else SkipReason.MERGED
    return _record(envelope)


def _without_halves(data: bytes) -> bytes:
    """Return a line with U+FFFD for each half of a surrogate pair. Python writes such halves; no decoder reads them."""
    return _ESCAPE.sub(lambda found: rb"\ufffd" if found[1] else found[0], data)


def _why_not_a_record(data: bytes, error: Exception) -> Reason:
    try:
        _decode_any(data)
    except _UNREADABLE:
        return Reason(RejectionCode.LINE_NOT_JSON, "the line is not one JSON document in UTF-8")
    return _not_a_capture(_without_values(str(error)))


def _record(envelope: Envelope) -> CaptureRecord | Reason | SkipReason:
    capture, event = envelope.capture_data, envelope.event_metadata
    if capture is None or event is None:
        return _not_a_capture("captureData or eventMetadata is missing")
    if event.invocation_source == SHADOW:
        return SkipReason.SHADOW
    if event.event_id is None or event.inference_time is None:
        return _not_a_capture("eventMetadata.eventId or eventMetadata.inferenceTime is missing")
    try:
        return CaptureRecord(
            event_id=event.event_id,
            inference_time=event.inference_time,
            inference_id=event.inference_id or None,
            input=_payload(capture.endpoint_input),
            output=_payload(capture.endpoint_output),
        )
    except ValueError:
        return _not_a_capture("an encoding is none of CSV, JSON, BASE64")


def _payload(side: Side | None) -> Payload | None:
    return None if side is None else Payload(side.data, Encoding(side.encoding), side.observed_content_type)


def _not_a_capture(why: str) -> Reason:
    return Reason(RejectionCode.NOT_A_CAPTURE, f"not a capture record: {why}")


def _without_values(message: str) -> str:
    """Return the field and its problem of a validation message. Nothing else is kept: it may quote captured data."""
    path = _PATH.search(message)
    field = path[1] if path else "the line"
    if missing := _MISSING.match(message):
        return f"{field}.{missing[1]} is missing"
    if types := _TYPE.match(message):
        expected, found = _WORDS.get(types[1], "what is expected"), _WORDS.get(types[2], "of another type")
        return f"{field} is {found}, not {expected if path else 'a JSON object'}"
    return f"{field} is empty" if message.startswith(_EMPTY) else f"{field} is not {_WORDS['datetime']}"
