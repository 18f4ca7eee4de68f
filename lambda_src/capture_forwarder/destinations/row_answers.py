"""What answers with a result for each row have in common, for any destination; pure."""

from collections.abc import Sequence

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
    RejectionCode,
    RowResult,
    RowStatus,
)

TOO_LARGE = 413
REFUSED = frozenset({400, 422})
# msgspec raises a RecursionError for a document that is too deep.
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_ROW_REJECTED = frozenset({400, 409, 413, 422})
_MESSAGE_CHARS = 500


class _ErrorAnswer(Struct):
    message: str | None = None


_decode_error = msgspec.json.Decoder(_ErrorAnswer).decode


def check_status(answer: Answer) -> None:
    """Raise for any status but success. 400 and 422 are about the rows, 413 about their number, others neither.

    Raises `DestinationUnavailable`, `DestinationDenied`, `BatchTooLarge` or `BatchRefused`; then no row has a result.
    """
    if is_success(answer.status):
        return
    if answer.status == TOO_LARGE:
        raise BatchTooLarge
    if answer.status in REFUSED:
        why = f"status {answer.status} for the whole request: {_message_in(answer.body)}"
        raise BatchRefused(Reason(RejectionCode.REFUSED_BY_DESTINATION, why))
    raise failure_of(answer.status, answer.retry_after_secs)


def unreadable(answer: Answer) -> DestinationUnavailable:
    """Return the error of an answer that promises results and holds none that can be read."""
    return DestinationUnavailable(f"status {answer.status} without readable results: no row has a result")


def row_result(status: float, message: str | None) -> RowResult:
    """Return the result of a row. Only statuses about the row reject it; with all others it stays pending.

    409 for a row is permanent: its id has another content already. For a whole request 409 may be temporary.
    """
    if is_success(status):
        return DUPLICATE if message == "duplicate" else ACCEPTED
    if status in _ROW_REJECTED:
        why = f"status {int(status)}: {shown(message)}"
        return RowResult(RowStatus.REJECTED, Reason(RejectionCode.REFUSED_BY_DESTINATION, why))
    return RETRYABLE


def failure_of_all(statuses: Sequence[float], retry_after_secs: float | None) -> DestinationUnavailable:
    """Return the error that the rows' statuses mean if no row has a result; a denial only if every row is denied."""
    failures = [failure_of(status, retry_after_secs) for status in sorted({int(status) for status in statuses})]
    return next((one for one in failures if not isinstance(one, DestinationDenied)), failures[0])


def _message_in(body: bytes) -> str:
    try:
        return shown(_decode_error(body).message)
    except UNREADABLE:
        return shown(None)


def shown(message: str | None) -> str:
    """Return the message of an API, bounded."""
    return (message or "no reason given")[:_MESSAGE_CHARS]
