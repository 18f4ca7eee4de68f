"""Connections of the HTTP client: every wait ends in time, and nothing unexpected is ever taken for an answer.

urllib3 bounds each read, so a server that sends a byte now and then could hold a request for ever. Here the whole
request has one end, and the socket waits for the time that is left. The rules for answers are those of
https://www.rfc-editor.org/rfc/rfc9112, with unclear framing as an error.
"""

import http.client
import io
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from time import monotonic
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.connection import create_connection

_MAX_INFORMATIONAL = 32
_SWITCHING_PROTOCOLS = 101
_FINAL = 200
_REDIRECTION = 300
_BUFFER_BYTES = 64 * 1024
# Headers, framing and body together, so that no part of an answer is read for ever.
_MAX_RECEIVED_BYTES = 17 * 1024 * 1024
_LENGTH = re.compile(r"\s*[0-9]{1,15}\s*")
_HTTP_1_1 = 11
_current = threading.local()


class UnusableAnswer(http.client.HTTPException):
    """An answer that breaks the rules; its sentence holds nothing of the answer."""


class Limits:
    """The time that one request has: for the connection, for the answer after it was sent, and in total.

    `connected` says whether the server or its proxy was reached, `sent` whether the request was begun. Only the thread
    that sends the request uses it.
    """

    def __init__(self, *, connect_secs: float, read_secs: float, within_secs: float) -> None:
        now = monotonic()
        self.connected = False
        self.sent = False
        self._read_secs = read_secs
        self._ends_at = now + min(within_secs, connect_secs + read_secs)
        self._until = min(self._ends_at, now + connect_secs)

    @property
    def passed(self) -> bool:
        """Whether the time is up."""
        return monotonic() >= self._until

    def left_secs(self) -> float:
        """Return the seconds that a wait may take now. Raises `TimeoutError` if none are left."""
        left = self._until - monotonic()
        if left <= 0:
            raise TimeoutError("the time of the request is up")
        return left

    def begin_sending(self) -> None:
        """Note that bytes of the request may be on their way from now on."""
        self.connected = self.sent = True
        self._until = self._ends_at

    def begin_reading(self) -> None:
        """Note that the request was sent, and that its answer is waited for."""
        self._until = min(self._ends_at, monotonic() + self._read_secs)


@contextmanager
def limited(limits: Limits) -> Iterator[None]:
    """Apply `limits` to the requests of this thread; urllib3's pools pass nothing on to their connections."""
    _current.limits = limits
    try:
        yield
    finally:
        del _current.limits


def _limits() -> Limits:
    limits: Limits = _current.limits
    return limits


class _Received(io.RawIOBase):
    """The bytes of a connection; every read ends in time. At the `end` it gives only bytes that are there already."""

    def __init__(self, raw: Any, sock: Any) -> None:
        super().__init__()
        self.at_end = False
        self._raw = raw
        self._sock = sock
        self._left_bytes = _MAX_RECEIVED_BYTES

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Fill `buffer`. Raises `TimeoutError`, `OSError`, or `UnusableAnswer` for one without end."""
        try:
            self._sock.settimeout(0 if self.at_end else _limits().left_secs())
            count: int | None = self._raw.readinto(buffer)
        except (BlockingIOError, ssl.SSLWantReadError):
            return None
        self._left_bytes -= count or 0
        if self._left_bytes < 0:
            raise UnusableAnswer("the answer is too long")
        return count

    def close(self) -> None:
        """Release the socket."""
        super().close()
        self._raw.close()


class _Response(http.client.HTTPResponse):
    """An answer: informational ones before it are skipped, and unclear framing is an error.

    Any bytes behind it close the connection, so that they are never read as the answer to the next request.
    """

    def __init__(self, connection: "_Bounded", sock: Any, debuglevel: int = 0, method: str | None = None) -> None:
        super().__init__(sock, debuglevel, method)
        self._of = connection
        self._received = _Received(self.fp.detach(), sock)
        self.fp = io.BufferedReader(self._received, _BUFFER_BYTES)

    def _read_status(self) -> tuple[str, int, str]:
        for _ in range(_MAX_INFORMATIONAL):
            line: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]  # http.client has no public hook
            if line[1] >= _FINAL:
                return line
            if line[1] == _SWITCHING_PROTOCOLS:
                raise UnusableAnswer("the server changes the protocol")
            http.client.parse_headers(self.fp)
        raise UnusableAnswer("informational answers without end")

    def begin(self) -> None:
        """Read status and headers. Raises `UnusableAnswer` if the end of the body is not clear."""
        super().begin()
        _check_framing(self.msg)
        if self._of.is_broken and self.status < _REDIRECTION:
            raise UnusableAnswer("success, although the request was not sent as a whole")
        if self._of.is_broken or self.version != _HTTP_1_1:
            self.will_close = True

    def _close_conn(self) -> None:
        self._received.at_end = True
        # `will_close` is not known yet if a proxy answers CONNECT.
        has_surplus = self.will_close is False and self._has_surplus()
        super()._close_conn()  # type: ignore[misc]  # as above
        if has_surplus:
            self._of.close()

    def _has_surplus(self) -> bool:
        try:
            return bool(self.fp.peek(1))
        except (OSError, http.client.HTTPException):
            return True


def _check_framing(message: http.client.HTTPMessage) -> None:
    lengths = message.get_all("Content-Length", [])
    codings = [coding.strip().lower() for coding in message.get_all("Transfer-Encoding", [])]
    is_clear = len(set(lengths)) + len(codings) <= 1 and codings in ([], ["chunked"])
    # A line that is no header ends the headers for Python's parser, and hides those after it.
    is_whole = not message.defects and not message.get_payload()
    if not is_clear or not is_whole or not all(map(_LENGTH.fullmatch, lengths)):
        raise UnusableAnswer("the headers are unclear")


class _Bounded(HTTPConnection):
    """A connection whose connecting, sending and reading end in time; `is_broken` if a request was not sent whole."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_broken = False
        self.response_class = partial(_Response, self)  # type: ignore[assignment]  # called with a socket, as a class is

    def _new_conn(self) -> socket.socket:
        """Connect to the first address that answers; none uses up the time of those after it."""
        addresses = _addresses(self._dns_host, self.port)
        error: OSError | None = None
        for place, address in enumerate(addresses):
            try:
                share_secs = _limits().left_secs() / (len(addresses) - place)
                sock = create_connection(address, share_secs, socket_options=self.socket_options)
            except OSError as failure:
                error = failure
            else:
                _limits().connected = True
                sock.settimeout(_limits().left_secs())
                return sock
        raise error or OSError("the host has no address")

    def _tunnel(self) -> None:
        super()._tunnel()
        # The TLS handshake, which follows, lasts as long as the socket may wait.
        self.sock.settimeout(_limits().left_secs())

    def connect(self) -> None:
        """Connect, through a proxy and with TLS where they are configured."""
        self.is_broken = False
        super().connect()

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send a request. Raises `UnusableAnswer` for bytes of the server before it."""
        if self.sock is None:
            self.connect()
        if self._has_unexpected_bytes():
            raise UnusableAnswer("the server sent bytes before a request")
        _limits().begin_sending()
        super().request(*args, **kwargs)

    def _has_unexpected_bytes(self) -> bool:
        self.sock.settimeout(0)
        try:
            return bool(self.sock.recv(1))
        except (BlockingIOError, ssl.SSLWantReadError):
            return False

    def send(self, data: Any) -> None:
        """Send `data`. A server may answer and close before it has read all, so the answer to a part is read too."""
        rest = memoryview(data)
        while rest and not self.is_broken:
            self.sock.settimeout(_limits().left_secs())
            try:
                rest = rest[self.sock.send(rest) :]
            except TimeoutError:
                raise
            except OSError:
                self.is_broken = True

    def getresponse(self) -> Any:
        """Return the answer without its body."""
        _limits().begin_reading()
        return super().getresponse()


class _ProxyTls(ssl.SSLSocket):
    """TLS to a proxy, inside of which there is more TLS: urllib3 reads it piece by piece, and each has to be in time."""

    def recv(self, *args: Any) -> bytes:
        """Read a piece."""
        self._limit()
        return super().recv(*args)

    def send(self, *args: Any) -> int:
        """Send a piece."""
        self._limit()
        return super().send(*args)

    def _limit(self) -> None:
        if self.gettimeout() != 0:
            self.settimeout(_limits().left_secs())


class _BoundedTls(_Bounded, HTTPSConnection):
    """The same with TLS."""

    def _connect_tls_proxy(self, hostname: str, sock: socket.socket) -> ssl.SSLSocket:
        to_proxy = super()._connect_tls_proxy(hostname, sock)
        to_proxy.__class__ = _ProxyTls  # urllib3 makes the socket, and takes no class for it
        return to_proxy


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Bounded


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _BoundedTls


_POOLS = {"http": _Pool, "https": _TlsPool}


def _addresses(host: str, port: int) -> list[tuple[str, int]]:
    """Return the addresses of `host`. A resolver that hangs keeps a thread of its own, and not the request."""
    found: Future[list[tuple[str, int]]] = Future()

    def look_up() -> None:
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.set_result([(str(address[0]), port) for *_, address in infos])
        except (OSError, UnicodeError) as error:
            found.set_exception(OSError(f"no address: {type(error).__name__}"))

    threading.Thread(target=look_up, name="resolver", daemon=True).start()
    return found.result(_limits().left_secs())


class BoundedAdapter(HTTPAdapter):
    """Sends requests over bounded connections, directly or through a proxy; only within `limited`."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools of direct connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Return the pools of connections through `proxy`."""
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager
