"""Arthur v3's wire contract: the requests, and the meaning of the answers; pure.

Source: the OpenAPI models in `arthur-client` 1.4.0 and https://docs.arthur.ai/api-documentation/v3-api-docs.html
"""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

import msgspec
from msgspec import Struct

from capture_forwarder.destinations.statuses import Answer, failure_of, is_success
from capture_forwarder.domain.delivery import (
    ACCEPTED,
    DUPLICATE,
    RETRYABLE,
    BatchRefused,
    BatchTooLarge,
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
_TOO_LARGE = 413
_REFUSED = frozenset({400, 422})
_ROW_REJECTED = frozenset({400, 409, 413, 422})
# msgspec raises a RecursionError for a document that is too deep.
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Row(Struct, gc=False):
    """One element of the array; `inference_data` is a dictionary or a struct: values by name."""

    partner_inference_id: str
    inference_timestamp: datetime
    inference_data: object


class _RowAnswer(Struct, frozen=True, gc=False):
    status: int | float  # the contract says "number"
    message: str | None = None


class _BatchAnswer(Struct):
    results: list[_RowAnswer]


class _RowName(Struct, frozen=True, gc=False):
    partner_inference_id: str | None = None


class _BatchNames(Struct):
    results: list[_RowName]


class _AttributeAnswer(Struct):
    name: str
    stage: str
    value_type: str
    position: int | None = None
    implicit: bool | None = None


class _ModelAnswer(Struct):
    attributes: list[_AttributeAnswer] | None = None


class _ErrorAnswer(Struct):
    message: str | None = None


_decode_error = msgspec.json.Decoder(_ErrorAnswer).decode
_decode_names = msgspec.json.Decoder(_BatchNames).decode
_decode_batch = msgspec.json.Decoder(_BatchAnswer).decode
_decode_model = msgspec.json.Decoder(_ModelAnswer).decode


def inferences_path(model_id: str) -> str:
    """Return the path for a model's inferences, sent as one JSON array."""
    return f"{API_PATH}/models/{quote(model_id, safe='')}/inferences"


def model_path(model_id: str) -> str:
    """Return the path of a model's attributes."""
    return f"{API_PATH}/models/{quote(model_id, safe='')}?id_type=id&expand=attributes"


def read_receipt(answer: Answer, ids: Sequence[str]) -> Receipt:
    """Return the results of a 207, one a row in request order; `ids` are those of the rows that were sent.

    Raises `DestinationUnavailable`, `DestinationDenied`, `BatchTooLarge` or `BatchRefused`; then no row has a result.
    """
    _check_status(answer)
    try:
        rows = _decode_batch(answer.body).results
        _check_names(answer.body, ids)
    except _UNREADABLE as error:
        raise DestinationUnavailable(f"status {answer.status} without readable results: no row has a result") from error
    # Nearly always all rows have the same answer.
    if rows and rows.count(rows[0]) == len(rows):
        results = [_row_result(rows[0])] * len(rows)
    else:
        results = [_row_result(row) for row in rows]
    if rows and all(result is RETRYABLE for result in results):
        raise _failure_of_all(rows, answer.retry_after_secs)
    return Receipt(results)


def _check_names(body: bytes, ids: Sequence[str]) -> None:
    """Compare the ids in an answer, if it has any, with those that were sent. The contract names none.

    An API that names rows all the same must name these: else the answer is that to another request.
    """
    if b'"partner_inference_id"' not in body:
        return
    names = [row.partner_inference_id for row in _decode_names(body).results]
    if any(name not in (None, sent) for name, sent in zip(names, ids, strict=False)):
        raise DestinationUnavailable("the results name other rows than those that were sent: none can be assigned")


def _check_status(answer: Answer) -> None:
    """Raise for any status but success. 400 and 422 are about the rows, 413 about their number, others neither."""
    if is_success(answer.status):
        return
    if answer.status == _TOO_LARGE:
        raise BatchTooLarge
    if answer.status in _REFUSED:
        why = f"status {answer.status} for the whole request: {_message_in(answer.body)}"
        raise BatchRefused(Reason(RejectionCode.REFUSED_BY_DESTINATION, why))
    raise failure_of(answer.status, answer.retry_after_secs)


def _message_in(body: bytes) -> str:
    try:
        return _shown(_decode_error(body).message)
    except _UNREADABLE:
        return _shown(None)


def _shown(message: str | None) -> str:
    return (message or "no reason given")[:_MESSAGE_CHARS]


def _row_result(row: _RowAnswer) -> RowResult:
    """Return the result of a row. Only statuses about the row reject it; with all others it stays pending.

    409 for a row is permanent: its id has another content already. For a whole request 409 may be temporary.
    """
    if is_success(row.status):
        return DUPLICATE if row.message == "duplicate" else ACCEPTED
    if row.status in _ROW_REJECTED:
        why = f"status {int(row.status)}: {_shown(row.message)}"
        return RowResult(RowStatus.REJECTED, Reason(RejectionCode.REFUSED_BY_DESTINATION, why))
    return RETRYABLE


def _failure_of_all(rows: list[_RowAnswer], retry_after_secs: float | None) -> DestinationUnavailable:
    """Return the error that the rows' statuses mean if no row has a result; a denial only if every row is denied."""
    failures = [failure_of(status, retry_after_secs) for status in sorted({int(row.status) for row in rows})]
    return next((one for one in failures if not isinstance(one, DestinationDenied)), failures[0])


def read_schema(answer: Answer) -> ModelSchema:
    """Return a model's attributes, without stages that captures never hold; an unknown type is sent as text.

    Raises `DestinationUnavailable` or `DestinationDenied`.
    """
    if answer.status == _TOO_LARGE or answer.status in _REFUSED:
        raise DestinationDenied(f"status {answer.status}: the API refuses to show the model; correct its model_id")
    if not is_success(answer.status):
        raise failure_of(answer.status, answer.retry_after_secs)
    try:
        attributes = _decode_model(answer.body).attributes
    except _UNREADABLE as error:
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
