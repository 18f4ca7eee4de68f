"""The meaning of HTTP statuses for a request that was not accepted, for any destination; pure.

Here no status rejects a row. The wire contract of a destination names those that do.
"""

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from msgspec import Struct

from capture_forwarder.domain.delivery import DestinationDenied, DestinationUnavailable

# The same request may succeed later. 460 and 499 are codes of balancers for a client that stopped waiting.
_TEMPORARY = frozenset({408, 409, 423, 424, 425, 429, 449, 460, 499})
_THROTTLED = frozenset({429, 503})
# Someone stopped waiting: the request may have been too large or too slow. 524, 598 and 599 are codes of proxies.
_UNANSWERED = frozenset({408, 460, 499, 502, 504, 524, 598, 599})

_UNKNOWN = (
    "the API or something before it refuses the request; look at the destination's url, its proxy and the gateway"
)
_URL = "correct the destination's url"
_HEADERS = "the request's headers are too large; look at the token and at organization_id"
_TOKEN = "the token is not accepted; put a valid one into the destination's secret"  # noqa: S105 - a sentence
_DENIED = {
    401: _TOKEN,
    402: "the platform asks for payment; pay its bill",
    403: "the token may not write to this model; give it the permission, or correct the route's model_id",
    404: "the platform does not know this model; correct the route's model_id or the destination's url",
    405: f"the API does not take this method at this address; {_URL}",
    406: f"the API does not answer in JSON; {_URL}, or look at the gateway",
    407: "the proxy asks for a user and a password; let it admit the function without them, or name another proxy",
    410: "the model or the API is gone; correct the route's model_id or the destination's url",
    411: "the length of the request is missing; look at the proxy and the gateway, which may remove Content-Length",
    414: "the address is too long; correct the route's model_id or the destination's url",
    415: 'the API does not take this content; set the destination\'s compression = "none", or correct its url',
    421: f"the server is not that of this host; {_URL}, or look at the proxy",
    426: f"the API asks for another protocol; {_URL}, or look at the gateway's TLS",
    431: _HEADERS,
    440: _TOKEN,
    451: "the platform must not serve this for legal reasons; ask the platform",
    464: f"the balancer does not take this protocol; {_URL}",
    494: _HEADERS,
    495: "the gateway does not accept a client certificate; let it admit the function without one",
    496: "the gateway asks for a client certificate; let it admit the function without one",
    497: "plain HTTP was sent to a TLS port; write https:// in the destination's url",
    498: _TOKEN,
    501: f"the API does not know this method; {_URL}",
    505: f"the API does not take HTTP/1.1; {_URL}, or look at the gateway",
    506: "the API's set-up contradicts itself; ask the platform",
    508: "the API's set-up contradicts itself; ask the platform",
    510: "the API asks for an extension of HTTP; look at the gateway",
    511: "the network asks for a login; let it admit the function, or name another proxy",
}
# More than any caller waits. It keeps a number of a thousand digits from being infinite.
_LONGEST_SECS = 1e9
_SECONDS = re.compile(r"[0-9]+(\.[0-9]*)?|\.[0-9]+")


class Answer(Struct, frozen=True):
    """The answer of an API: status, body, and the wait that it asks for."""

    status: int
    body: bytes
    retry_after_secs: float | None = None


def is_success(status: float) -> bool:
    """Tell whether a request or a row was accepted."""
    return 200 <= status < 300  # noqa: PLR2004 - the range of success


def failure_of(status: int, retry_after_secs: float | None = None) -> DestinationUnavailable:
    """Return the failure that a status other than success means for the whole request: its rows stay pending.

    It is a `DestinationDenied` if a person must act; its sentence names the setting to look at. A status that no
    standard knows is read as its class: from 400 to 499 a person must act, else the same request may succeed later.
    https://www.rfc-editor.org/rfc/rfc9110#section-15
    """
    if advice := _advice(status):
        return DestinationDenied(f"status {status}: {advice}", retry_after_secs=retry_after_secs)
    return DestinationUnavailable(
        f"status {status}",
        retry_after_secs=retry_after_secs,
        throttled=status in _THROTTLED,
        unanswered=status in _UNANSWERED,
    )


def _advice(status: int) -> str | None:
    if status in _DENIED:
        return _DENIED[status]
    if 300 <= status < 400:  # noqa: PLR2004 - the range of redirections
        return f"a redirection is not followed; {_URL}"
    return _UNKNOWN if 400 <= status < 500 and status not in _TEMPORARY else None  # noqa: PLR2004 - client errors


def retry_after(values: Sequence[str], now: datetime) -> float | None:
    """Return the longest wait of all Retry-After headers, in whole seconds from `now`; `None` without a readable one.

    A header holds a date or seconds. Seconds must be whole, but some servers send decimals.
    https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
    """
    waits = [_seconds_until(value, now) for value in values]
    # A proxy may join headers with commas, which dates hold too.
    waits += [_seconds(part) for value in values for part in value.split(",")]
    return max((wait for wait in waits if wait is not None), default=None)


def _seconds(text: str) -> float | None:
    if not _SECONDS.fullmatch(text.strip()):
        return None
    return float(math.ceil(min(float(text), _LONGEST_SECS)))


def _seconds_until(text: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return float(max(0, math.ceil((aware - now).total_seconds())))
    except (ValueError, OverflowError):
        return None
