"""The wire contract of webhooks: CloudEvents 1.0 in the batched JSON format, and the meaning of the answers; pure.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md#4-json-batch-format
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#33-batched-content-mode
"""

import hmac
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from hashlib import sha256

import msgspec
from msgspec import Struct

from capture_forwarder.destinations.row_answers import (
    UNREADABLE,
    check_status,
    failure_of_all,
    row_result,
    unreadable,
)
from capture_forwarder.destinations.statuses import Answer
from capture_forwarder.domain.batch import RowBuilder
from capture_forwarder.domain.capture import CaptureOrigin
from capture_forwarder.domain.delivery import ACCEPTED, RETRYABLE, Receipt

CONTENT_TYPE = "application/cloudevents-batch+json"
EVENT_TYPE = "ai.sagemaker.inference.v1"
TIMESTAMP_HEADER = "X-Capture-Timestamp"
SIGNATURE_HEADER = "X-Capture-Signature"
_RESULTS_OF_EACH = 207


class Event(Struct, gc=False):
    """One event; `data` holds `inputs` and `outputs`. `modelid` is an extension: the route's `model_id`."""

    specversion: str
    type: str
    source: str
    subject: str | msgspec.UnsetType
    modelid: str
    id: str
    time: datetime
    data: object


class _RowAnswer(Struct, frozen=True, gc=False):
    id: str
    status: int | float
    message: str | None = None


class _BatchAnswer(Struct):
    results: list[_RowAnswer]


_decode_batch = msgspec.json.Decoder(_BatchAnswer).decode


def event_builder(origin: CaptureOrigin, model_id: str, source_prefix: str) -> RowBuilder:
    """Return the builder of the events of one variant of an endpoint.

    `source` and `subject` are URI references without characters that a URI must not have.
    """
    subject = f"{origin.endpoint}/{origin.variant}" if origin.variant else msgspec.UNSET
    return partial(Event, "1.0", EVENT_TYPE, source_prefix + origin.endpoint, subject, model_id)


def signature_headers(key: str, timestamp_secs: int, body: bytes) -> dict[str, str]:
    """Return the headers that sign `body`, the bytes as they are sent, together with the time.

    The signature is the HMAC-SHA256 of the timestamp, a full stop and the body, in hexadecimal after `v1=`.
    """
    signature = hmac.new(key.encode(), b"%d.%b" % (timestamp_secs, body), sha256).hexdigest()
    return {TIMESTAMP_HEADER: str(timestamp_secs), SIGNATURE_HEADER: f"v1={signature}"}


def read_receipt(answer: Answer, ids: Sequence[str]) -> Receipt:
    """Return the results of a request: those of a 207 by id, else every row is accepted by any 2xx.

    A row that a 207 does not name stays pending. Raises `DestinationUnavailable`, `DestinationDenied`, `BatchTooLarge`
    or `BatchRefused`; then no row has a result.
    """
    check_status(answer)
    if answer.status != _RESULTS_OF_EACH:
        return Receipt([ACCEPTED] * len(ids))
    try:
        found = {row.id: row for row in _decode_batch(answer.body).results}
    except UNREADABLE as error:
        raise unreadable(answer) from error
    rows = [found.get(one) for one in ids]
    results = [row_result(row.status, row.message) if row else RETRYABLE for row in rows]
    if all(result is RETRYABLE for result in results):
        named = [row.status for row in rows if row]
        raise failure_of_all(named, answer.retry_after_secs) if named else unreadable(answer)
    return Receipt(results)
