"""Arthur v3's wire contract for rows: the requests, and the meaning of the answers; pure.

Source: the OpenAPI models in `arthur-client` 1.4.0 and https://docs.arthur.ai/api-documentation/v3-api-docs.html
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from capture_forwarder.destinations.arthur_platform.models import path_of
from capture_forwarder.destinations.row_answers import (
    UNREADABLE,
    check_status,
    failure_of_all,
    row_result,
    unreadable,
)
from capture_forwarder.destinations.statuses import Answer
from capture_forwarder.domain.delivery import RETRYABLE, DestinationUnavailable, Receipt


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


_decode_names = msgspec.json.Decoder(_BatchNames).decode
_decode_batch = msgspec.json.Decoder(_BatchAnswer).decode


def inferences_path(model_id: str) -> str:
    """Return the path for a model's inferences, sent as one JSON array."""
    return f"{path_of(model_id)}/inferences"


def read_receipt(answer: Answer, ids: Sequence[str]) -> Receipt:
    """Return the results of a 207, one a row in request order; `ids` are those of the rows that were sent.

    Raises `DestinationUnavailable`, `DestinationDenied`, `BatchTooLarge` or `BatchRefused`; then no row has a result.
    """
    check_status(answer)
    try:
        rows = _decode_batch(answer.body).results
        _check_names(answer.body, ids)
    except UNREADABLE as error:
        raise unreadable(answer) from error
    # Nearly always all rows have the same answer.
    if rows and rows.count(rows[0]) == len(rows):
        results = [row_result(rows[0].status, rows[0].message)] * len(rows)
    else:
        results = [row_result(row.status, row.message) for row in rows]
    if rows and all(result is RETRYABLE for result in results):
        raise failure_of_all([row.status for row in rows], answer.retry_after_secs)
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
