"""The HTTP client of all destinations: pooled connections, timeouts, a proxy, a CA bundle, and the token."""

import os
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from math import inf
from typing import Protocol

import requests
from msgspec import Struct
from requests.adapters import HTTPAdapter
from requests.utils import default_headers, get_environ_proxies, select_proxy

from capture_forwarder.configuration.addresses import origin, proxy_origin
from capture_forwarder.configuration.certificates import bundle_problem
from capture_forwarder.destinations.statuses import Answer, retry_after
from capture_forwarder.domain.delivery import BatchTooLarge, DestinationDenied, DestinationUnavailable

_UNAUTHORIZED = 401
_REFUSED_BY_PROXY = {"403", "407"}
_TUNNEL_FAILED = "Tunnel connection failed: "  # http.client's words before the status
# The longest valid answer to 1,000 rows is about 100 kB. A longer one than this is refused to protect memory.
_MAX_ANSWER_BYTES = 16 * 1024 * 1024
_PIECE_BYTES = 64 * 1024
# Level 1 makes bodies four times smaller, in a third of the default level's time for nearly the same size.
_LEVEL = 1
_MAX_PREPARED = 1024
_GZIP = 31  # zlib's largest window, in gzip's format: https://docs.python.org/3/library/zlib.html


class Token(Protocol):
    """The source of the credentials."""

    def __call__(self, *, refresh: bool = False) -> str:
        """Return a token that a header can hold; read it again if `refresh` is set. Raises `DestinationDenied`."""
        ...


class Network(Struct, frozen=True, kw_only=True):
    """The way to one API: a proxy, and a PEM file of certificates that its server is verified with.

    Without them those of the environment apply.
    """

    ca_bundle: str | None = None
    proxy: str | None = None


_OF_THE_ENVIRONMENT = Network()


class HttpClient:
    """Sends requests to one API. Proxies and certificates of the environment are read once.

    Errors name the scheme, host and port of the API and of its proxy, and nothing else of their URLs.

    No `requests.Session`: it would follow redirections and send the token to another host.
    """

    def __init__(
        self,
        url: str,
        *,
        token: Token,
        headers: Callable[[str], dict[str, str]],
        timeouts_secs: tuple[float, float],
        max_connections: int,
        compressed: bool,
        network: Network = _OF_THE_ENVIRONMENT,
    ) -> None:
        self._compressed = compressed
        self._content = {"Content-Type": "application/json"} | ({"Content-Encoding": "gzip"} if compressed else {})
        self._url = url.rstrip("/")
        self._token = token
        self._headers = headers
        self._timeouts_secs = timeouts_secs
        self._proxies = {"all": network.proxy} if network.proxy else get_environ_proxies(self._url)
        self._ca_bundle = network.ca_bundle
        self._verify = network.ca_bundle or os.environ.get("REQUESTS_CA_BUNDLE") or True
        self._adapter = HTTPAdapter(pool_connections=1, pool_maxsize=max_connections)
        self._prepared = lru_cache(_MAX_PREPARED)(self._prepare)

    def get(self, path: str) -> Answer:
        """Return the answer for `path`. Raises `DestinationUnavailable`."""
        return self._with_token("GET", path, None, inf)

    def post(self, path: str, body: bytes, within_secs: float = inf) -> Answer:
        """Send JSON to `path`, compressed if the client is; no wait is longer than `within_secs`.

        Raises `DestinationUnavailable`, or `BatchTooLarge` if the answer is larger than 16 MiB.
        """
        return self._with_token(
            "POST", path, zlib.compress(body, _LEVEL, _GZIP) if self._compressed else body, within_secs
        )

    def _with_token(self, method: str, path: str, body: bytes | None, within_secs: float) -> Answer:
        answer = self._request(method, path, body, self._token(), within_secs)
        if answer.status != _UNAUTHORIZED:
            return answer
        return self._request(method, path, body, self._token(refresh=True), within_secs)

    def _request(self, method: str, path: str, body: bytes | None, token: str, within_secs: float) -> Answer:
        connect_secs, read_secs = (min(secs, within_secs) for secs in self._timeouts_secs)
        try:
            request = self._prepared(method, path, token).copy()
            if body is not None:
                request.body = body
                request.headers["Content-Length"] = str(len(body))
            with self._adapter.send(
                request, timeout=(connect_secs, read_secs), verify=self._verify, proxies=self._proxies
            ) as response:
                wait = retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
                return Answer(response.status_code, _read(response), wait)
        except (requests.RequestException, OSError) as error:
            raise self._failure(error) from error

    def _failure(self, error: Exception) -> DestinationUnavailable:
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
        return DestinationUnavailable(f"{place}: {f'the proxy answers {status}' if status else type(error).__name__}")

    def _prepare(self, method: str, path: str, token: str) -> requests.PreparedRequest:
        """Return a request without its body; headers are checked once a token, not at every request."""
        headers = dict(default_headers()) | self._headers(token) | (self._content if method == "POST" else {})
        return requests.Request(method, self._url + path, headers=headers).prepare()


def _read(response: requests.Response) -> bytes:
    body = bytearray()
    for piece in response.iter_content(_PIECE_BYTES):
        body += piece
        if len(body) > _MAX_ANSWER_BYTES:
            raise BatchTooLarge
    return bytes(body)
