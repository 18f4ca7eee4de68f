"""The HTTP client of all destinations: pooled connections, timeouts, a proxy, a CA bundle, and the token."""

import os
from collections.abc import Callable, Hashable
from datetime import UTC, datetime
from functools import lru_cache
from http.client import HTTPException
from math import inf
from time import monotonic
from typing import Generic, Protocol, TypeVar

import requests
from msgspec import Struct
from requests.utils import default_headers, get_environ_proxies, select_proxy
from urllib3.exceptions import HTTPError

from capture_forwarder.configuration.addresses import origin, proxy_origin
from capture_forwarder.configuration.certificates import bundle_problem
from capture_forwarder.destinations.answers import UnusableAnswer
from capture_forwarder.destinations.bodies import Body, compressor
from capture_forwarder.destinations.connections import BoundedAdapter
from capture_forwarder.destinations.http_settings import Compression, HttpSettings
from capture_forwarder.destinations.limits import Limits, limited
from capture_forwarder.destinations.statuses import Answer, retry_after
from capture_forwarder.domain.delivery import DestinationDenied, DestinationUnavailable
from capture_forwarder.failures import causes, failure_of

_UNAUTHORIZED = 401
_REFUSED_BY_PROXY = {"403", "407"}
_TUNNEL_FAILED = "Tunnel connection failed: "  # http.client's words before the status
# The longest valid answer to 1,000 rows is about 100 kB. A longer one than this, decompressed, is not read.
_MAX_ANSWER_BYTES = 16 * 1024 * 1024
_PIECE_BYTES = 64 * 1024
_MAX_PREPARED = 1024
# A damaged answer may also surface as a ValueError of the parsers below requests.
_FAILURES = (requests.RequestException, HTTPError, HTTPException, OSError, ValueError)


T_co = TypeVar("T_co", bound=Hashable, covariant=True)
T = TypeVar("T", bound=Hashable)


class Token(Protocol[T_co]):
    """The source of the credentials: one token, or several values that belong together."""

    def __call__(self, *, within_secs: float, refresh: bool = False) -> T_co:
        """Return a token that a header can hold, `within_secs`. `refresh` asks for another than the one refused.

        Raises `DestinationDenied` or `DestinationUnavailable`.
        """
        ...


class Network(Struct, frozen=True, kw_only=True):
    """The way to one API: a proxy, and a PEM file of certificates that its server is verified with.

    Without them those of the environment apply.
    """

    ca_bundle: str | None = None
    proxy: str | None = None


_OF_THE_ENVIRONMENT = Network()


class HttpClient(Generic[T]):
    """Sends requests to one API. Proxies and certificates of the environment are read once.

    Errors name the scheme, host and port of the API and of its proxy, and no other part of their URLs.

    No `requests.Session`: it would follow redirections and send the token to another host.
    """

    def __init__(  # noqa: PLR0913 - all by keyword, and most from `HttpSettings`
        self,
        url: str,
        *,
        token: Token[T],
        headers: Callable[[T], dict[str, str]],
        timeouts_secs: tuple[float, float],
        max_connections: int,
        compressed: bool,
        network: Network = _OF_THE_ENVIRONMENT,
        of_post: Callable[[T, Body], dict[str, str]] | None = None,
    ) -> None:
        self._compress = compressor() if compressed else None
        self._content = {"Content-Type": "application/json"} | ({"Content-Encoding": "gzip"} if compressed else {})
        self._url = url.rstrip("/")
        self._token = token
        self._headers = headers
        self._of_post = of_post
        self._timeouts_secs = timeouts_secs
        self._proxies = {"all": network.proxy} if network.proxy else get_environ_proxies(self._url)
        self._ca_bundle = network.ca_bundle
        self._verify = network.ca_bundle or os.environ.get("REQUESTS_CA_BUNDLE") or True
        self._adapter = BoundedAdapter(pool_connections=1, pool_maxsize=max_connections)
        self._prepared = lru_cache(_MAX_PREPARED)(self._prepare)

    @classmethod
    def of(
        cls,
        settings: HttpSettings,
        *,
        token: Token[T],
        headers: Callable[[T], dict[str, str]],
        of_post: Callable[[T, Body], dict[str, str]] | None = None,
    ) -> "HttpClient[T]":
        """Return the client of a configured destination.

        `of_post` gives further headers of each POST, from the token and the body as it is sent.
        """
        return cls(
            settings.url,
            token=token,
            headers=headers,
            timeouts_secs=(settings.connect_timeout_secs, settings.read_timeout_secs),
            max_connections=settings.max_in_flight,
            compressed=settings.compression is Compression.GZIP,
            network=Network(ca_bundle=settings.ca_bundle, proxy=settings.proxy),
            of_post=of_post,
        )

    def get(self, path: str, within_secs: float = inf) -> Answer:
        """Return the answer for `path`; the token and the repeat after a 401 are within `within_secs` too.

        Raises `DestinationUnavailable`.
        """
        return self._with_token("GET", path, None, within_secs)

    def post(self, path: str, body: Body, within_secs: float = inf) -> Answer:
        """Send `body` to `path`, compressed if the client is; everything together ends `within_secs`.

        Raises `DestinationUnavailable`, also for an answer that is too long or cannot be read.
        """
        return self._with_token("POST", path, self._compress(body) if self._compress else body, within_secs)

    def _with_token(self, method: str, path: str, body: Body | None, within_secs: float) -> Answer:
        ends_at = monotonic() + within_secs
        token = self._token(within_secs=within_secs)
        answer = self._request(method, path, body, token, ends_at)
        if answer.status != _UNAUTHORIZED:
            return answer
        renewed = self._token(within_secs=ends_at - monotonic(), refresh=True)
        return answer if renewed == token else self._request(method, path, body, renewed, ends_at)

    def _request(self, method: str, path: str, body: Body | None, token: T, ends_at: float) -> Answer:
        connect_secs, read_secs = self._timeouts_secs
        limits = Limits(connect_secs=connect_secs, read_secs=read_secs, within_secs=ends_at - monotonic())
        try:
            request = self._prepared(method, path, token).copy()
            if body is not None:
                request.body = body  # type: ignore[assignment]  # requests takes any iterable of bytes
                request.headers["Content-Length"] = str(len(body))
                request.headers.update(self._of_post(token, body) if self._of_post else {})
            with (
                limited(limits),
                self._adapter.send(request, verify=self._verify, proxies=self._proxies) as response,
            ):
                wait = retry_after(response.raw.headers.getlist("Retry-After"), datetime.now(UTC))
                return Answer(response.status_code, _read(response), wait)
        except _FAILURES as error:
            raise self._failure(error, limits) from error

    def _failure(self, error: Exception, limits: Limits) -> DestinationUnavailable:
        # requests raises an OSError of its own for a file that is missing.
        of_certificates = isinstance(error, requests.exceptions.SSLError) or not isinstance(
            error, requests.RequestException
        )
        if of_certificates and self._ca_bundle and (problem := bundle_problem(self._ca_bundle)):
            return DestinationDenied(f"ca_bundle: {problem}")
        proxy = select_proxy(self._url, self._proxies)
        place = origin(self._url) + (f" through the proxy {proxy_origin(proxy)}" if proxy else "")
        status = str(error).partition(_TUNNEL_FAILED)[2][:3]
        if status in _REFUSED_BY_PROXY:
            return DestinationDenied(
                f"{place}: the proxy answers {status}; let it admit the function without a password, or name another"
            )
        if status:
            return DestinationUnavailable(f"{place}: the proxy answers {status}")
        if limits.passed:
            why = "no complete answer in time" if limits.connected else "no connection in time"
            return DestinationUnavailable(f"{place}: {why}", unanswered=limits.connected)
        return DestinationUnavailable(f"{place}: {_cause(error)}", unanswered=limits.sent)

    def _prepare(self, method: str, path: str, token: T) -> requests.PreparedRequest:
        """Return a request without its body; headers are checked once a token, not at every request."""
        headers = dict(default_headers()) | self._headers(token) | (self._content if method == "POST" else {})
        return requests.Request(method, self._url + path, headers=headers).prepare()


def _cause(error: BaseException) -> str:
    """Return our sentence for an unusable answer, else the kind of the failure: libraries' texts may hold data."""
    unusable = next((each for each in causes(error) if isinstance(each, UnusableAnswer)), None)
    if unusable:
        return str(unusable)
    failure = failure_of(error)
    return f"{failure.happened}; {failure.advice}" if failure else type(error).__name__


def _read(response: requests.Response) -> bytes:
    body = bytearray()
    for piece in response.iter_content(_PIECE_BYTES):
        body += piece
        if len(body) > _MAX_ANSWER_BYTES:
            raise UnusableAnswer("the answer is too long")
    return bytes(body)
