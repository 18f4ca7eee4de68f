"""One line made into a capture record, by the envelope that SageMaker writes.

Unknown keys and any key order are fine: merge jobs and SDK test data write others than endpoints do.
"""

import re
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Raw, Struct

from capture_forwarder.domain.capture import CaptureRecord, Encoding, Payload
from capture_forwarder.domain.delivery import Reason, RejectionCode, SkipReason

# What SageMaker writes as the source of an invocation that repeats production traffic.
SHADOW = "ShadowExperiment"
_ABSENT = (b"", b"null")
_PATH = re.compile(r"`(\$[^`]*)`$")


class _Side(Struct, gc=False):
    data: str
    encoding: str = "BASE64"
    observedContentType: str | None = None  # noqa: N815 - the name on the wire


class _CaptureData(Struct, gc=False):
    endpointInput: _Side | None = None  # noqa: N815 - the name on the wire
    endpointOutput: _Side | None = None  # noqa: N815 - the name on the wire


class _EventMetadata(Struct, gc=False):
    eventId: Annotated[str, Meta(min_length=1)] | None = None  # noqa: N815 - the name on the wire
    inferenceId: str | None = None  # noqa: N815 - the name on the wire
    inferenceTime: Annotated[datetime, Meta(tz=True)] | None = None  # noqa: N815 - the name on the wire
    invocationSource: str | None = None  # noqa: N815 - the name on the wire


class _Envelope(Struct, gc=False):
    captureData: _CaptureData | None = None  # noqa: N815 - the name on the wire
    eventMetadata: _EventMetadata | None = None  # noqa: N815 - the name on the wire
    groundTruthData: Raw = Raw()  # noqa: N815 - the name on the wire


_decode = msgspec.json.Decoder(_Envelope).decode


def decode_record(data: bytes) -> CaptureRecord | Reason | SkipReason:
    """Return the record that a line holds, why it is no record, or why it is rightly left out.

    Shadow copies repeat the ids of production traffic; AWS's own analyzer leaves them out too.
    """
    if not data.strip():
        return SkipReason.BLANK_LINE
    try:
        envelope = _decode(data)
    except msgspec.ValidationError as error:
        return _not_a_capture(_without_values(str(error)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        return Reason(RejectionCode.LINE_NOT_JSON, "the line is not one JSON document in UTF-8")
    if bytes(envelope.groundTruthData) not in _ABSENT:
        return SkipReason.GROUND_TRUTH if envelope.captureData is None else SkipReason.MERGED
    return _record(envelope)


def _record(envelope: _Envelope) -> CaptureRecord | Reason | SkipReason:
    capture, event = envelope.captureData, envelope.eventMetadata
    if capture is None or event is None:
        return _not_a_capture("captureData or eventMetadata is missing")
    if event.invocationSource == SHADOW:
        return SkipReason.SHADOW
    if event.eventId is None or event.inferenceTime is None:
        return _not_a_capture("eventMetadata.eventId or eventMetadata.inferenceTime is missing")
    try:
        return CaptureRecord(
            event_id=event.eventId,
            inference_time=event.inferenceTime,
            inference_id=event.inferenceId or None,
            input=_payload(capture.endpointInput),
            output=_payload(capture.endpointOutput),
        )
    except ValueError:
        return _not_a_capture("an encoding is none of CSV, JSON, BASE64")


def _payload(side: _Side | None) -> Payload | None:
    return None if side is None else Payload(side.data, Encoding(side.encoding), side.observedContentType)


def _not_a_capture(why: str) -> Reason:
    return Reason(RejectionCode.NOT_A_CAPTURE, f"not a capture record: {why}")


def _without_values(message: str) -> str:
    """Keep only the path of a validation message: what stands at that path is captured data."""
    found = _PATH.search(message)
    return f"{found[1] if found else '$'} is missing or of another type"
