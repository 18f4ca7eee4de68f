"""Arthur v3's wire contract: the requests, and the meaning of the answers; pure.

Source: the OpenAPI models in `arthur-client` 1.4.0 and https://docs.arthur.ai/api-documentation/v3-api-docs.html
"""

from datetime import datetime
from urllib.parse import quote

import msgspec
from msgspec import Struct

from capture_forwarder.destinations.statuses import Answer, check_status, row_status
from capture_forwarder.domain.delivery import (
    ACCEPTED,
    DUPLICATE,
    RETRYABLE,
    DestinationDenied,
    DestinationUnavailable,
    Reason,
    Receipt,
    RejectionCode,
    RowResult,
    RowStatus,
)
from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType

API_PATH = "/api/v3"
_MESSAGE_CHARS = 500


class Row(Struct, gc=False):
    """One element of the array; `inference_data` is a dictionary or a struct: values by name."""

    partner_inference_id: str
    inference_timestamp: datetime
    inference_data: object


class _RowAnswer(Struct, frozen=True, gc=False):
    status: int
    message: str | None = None


class _BatchAnswer(Struct):
    results: list[_RowAnswer]


class _AttributeAnswer(Struct):
    name: str
    stage: str
    value_type: str
    position: int | None = None
    implicit: bool | None = None


class _ModelAnswer(Struct):
    attributes: list[_AttributeAnswer] | None = None


_decode_batch = msgspec.json.Decoder(_BatchAnswer).decode
_decode_model = msgspec.json.Decoder(_ModelAnswer).decode


def inferences_path(model_id: str) -> str:
    """Return the path for a model's inferences, which are sent as one JSON array."""
    return f"{API_PATH}/models/{quote(model_id, safe='')}/inferences"


def model_path(model_id: str) -> str:
    """Return the path of a model's attributes."""
    return f"{API_PATH}/models/{quote(model_id, safe='')}?id_type=id&expand=attributes"


def read_receipt(answer: Answer) -> Receipt:
    """Return the results of a 207, one a row in request order.

    Raises `DestinationUnavailable`, `DestinationDenied`, `BatchTooLarge`, or `RequestRefused` for another 4xx.
    """
    check_status(answer)
    try:
        results = _decode_batch(answer.body).results
    except msgspec.DecodeError as error:
        raise DestinationUnavailable(f"status {answer.status} without readable results: no row has a result") from error
    # Nearly always all rows have the same answer.
    if results and results.count(results[0]) == len(results):
        return Receipt([_row_result(results[0])] * len(results))
    return Receipt([_row_result(row) for row in results])


def _row_result(row: _RowAnswer) -> RowResult:
    match row_status(row.status):
        case RowStatus.ACCEPTED:
            return DUPLICATE if row.message == "duplicate" else ACCEPTED
        case RowStatus.REJECTED:
            why = f"status {row.status}: {(row.message or 'no reason given')[:_MESSAGE_CHARS]}"
            return RowResult(RowStatus.REJECTED, Reason(RejectionCode.REFUSED_BY_DESTINATION, why))
        case _:
            return RETRYABLE


def read_schema(answer: Answer) -> ModelSchema:
    """Return a model's attributes, without stages that captures never hold; an unknown type is sent as text.

    Raises `DestinationUnavailable`, `DestinationDenied` or `RequestRefused`.
    """
    check_status(answer)
    try:
        attributes = _decode_model(answer.body).attributes
    except msgspec.DecodeError as error:
        raise DestinationUnavailable(f"status {answer.status} without a readable model") from error
    if not attributes:
        raise DestinationDenied('the model has no attributes; give it some, or set the route\'s schema = "none"')
    stages, types = set(Stage), set(ValueType)
    return ModelSchema(
        tuple(
            Attribute(
                attribute.name,
                Stage(attribute.stage),
                ValueType(attribute.value_type) if attribute.value_type in types else ValueType.UNSTRUCTURED_TEXT,
                attribute.position,
                bool(attribute.implicit),
            )
            for attribute in attributes
            if attribute.stage in stages
        )
    )
