"""Capture lines as SageMaker writes them, built for one test at a time."""

import base64
import json
from typing import Any

import msgspec

from capture_forwarder.destinations.arthur.wire import Row
from capture_forwarder.domain.capture import Line
from capture_forwarder.domain.inference import Inference
from capture_forwarder.domain.route import DecodingOptions
from capture_forwarder.domain.schema import ModelSchema
from capture_forwarder.kinds.captures.plain import Outcome, PlainPath
from tests.support.sentinels import PAYLOAD

EVENT_ID = "3cf0d8cb-803e-4ac8-9322-174612a74d1e"
TIME = "2023-03-24T13:40:21Z"
# The request or the answer of a call, as a capture holds it.
Side = dict[str, Any]


def csv_side(text: str, content_type: str | None = "text/csv") -> Side:
    """Return one side of a call as CSV."""
    return {"observedContentType": content_type, "mode": "INPUT", "data": text, "encoding": "CSV"}


def json_side(document: Any, content_type: str | None = "application/json") -> Side:
    """Return one side of a call as JSON; text is not changed."""
    text = document if isinstance(document, str) else json.dumps(document)
    return {"observedContentType": content_type, "mode": "INPUT", "data": text, "encoding": "JSON"}


def base64_side(body: bytes, content_type: str | None = None) -> Side:
    """Return one side of a call as BASE64, as SageMaker encodes bodies by default."""
    data = base64.b64encode(body).decode()
    return {"observedContentType": content_type, "mode": "INPUT", "data": data, "encoding": "BASE64"}


def capture(request: Side | None, answer: Side | None, *, time: Any = TIME, **metadata: Any) -> bytes:
    """Return one capture line."""
    sides = {"endpointInput": request, "endpointOutput": answer}
    record = {
        "captureData": {name: side for name, side in sides.items() if side is not None},
        "eventMetadata": {"eventId": EVENT_ID, "inferenceTime": time, "customAttributes": [PAYLOAD]} | metadata,
        "eventVersion": "0",
    }
    return json.dumps(record).encode()


def outcome_of(data: bytes, options: DecodingOptions | None = None, schema: ModelSchema | None = None) -> Outcome:
    """Return the outcome of one line on the plain path."""
    return PlainPath(options or DecodingOptions(), schema)(Line(1, 0, len(data) + 1, data))


def encode_inference(inference: Inference) -> bytes:
    """Return an inference as an element of a request to Arthur."""
    row = Row(inference.partner_inference_id, inference.inference_timestamp, inference.data)
    return msgspec.json.encode(row)
