"""The meaning of HTTP statuses: success, permanent failure, temporary failure, or denial; pure."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from msgspec import Struct

from capture_forwarder.domain.delivery import (
    BatchTooLarge,
    DestinationDenied,
    DestinationUnavailable,
    RowStatus,
)

_TEMPORARY = frozenset({408, 425, 429})
_THROTTLED = frozenset({429, 503})
_NOT_IMPLEMENTED = 501
_TOO_LARGE = 413
_DENIED = {
    401: "the token is not accepted; put a valid one into the destination's secret",
    402: "the platform asks for payment; pay its bill",
    403: "the token may not write to this model; give it the permission, or correct the route's model_id",
    404: "the platform does not know this model; correct the route's model_id or the destination's url",
    407: "the proxy asks for a user and a password; let it admit the function without them, or name another proxy",
}


class Answer(Struct, frozen=True):
    """The answer of an API: status, body, and the wait that it asks for."""

    status: int
    body: bytes
    retry_after_secs: float | None = None


class RequestRefused(Exception):
    """A 4xx for the whole request: a permanent failure of every row in it."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status} for the whole request")


def check_status(answer: Answer) -> None:
    """Raise the failure that the status means; return for 2xx.

    Raises `DestinationUnavailable`, `DestinationDenied`, `BatchTooLarge` or `RequestRefused`.
    """
    status = answer.status
    if 200 <= status < 300:  # noqa: PLR2004 - the range of success
        return
    if status in _DENIED:
        raise DestinationDenied(f"status {status}: {_DENIED[status]}")
    if status == _TOO_LARGE:
        raise BatchTooLarge
    if is_temporary(status):
        throttled = status in _THROTTLED
        raise DestinationUnavailable(f"status {status}", retry_after_secs=answer.retry_after_secs, throttled=throttled)
    if 300 <= status < 400:  # noqa: PLR2004 - the range of redirections
        raise DestinationDenied(f"status {status}: a redirection is not followed; correct the destination's url")
    raise RequestRefused(status)


def is_temporary(status: int) -> bool:
    """Return whether the same request may succeed later."""
    return status in _TEMPORARY or (status >= 500 and status != _NOT_IMPLEMENTED)  # noqa: PLR2004 - server errors


def row_status(status: int) -> RowStatus:
    """Return the meaning of the status of one row."""
    if 200 <= status < 300:  # noqa: PLR2004 - the range of success
        return RowStatus.ACCEPTED
    return RowStatus.RETRYABLE if is_temporary(status) else RowStatus.REJECTED


def retry_after(value: str | None, now: datetime) -> float | None:
    """Return a Retry-After header, seconds or date, as seconds from `now`; `None` when absent or unreadable.

    https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
    """
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())
