"""Connections of the HTTP client: connecting, sending and reading end in time, on direct ways and through proxies."""

import socket
import ssl
import threading
from concurrent.futures import Future
from functools import partial
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.connection import create_connection

from capture_forwarder.destinations.answers import Response, UnusableAnswer
from capture_forwarder.destinations.limits import current_limits
from capture_forwarder.failures import NoAddress


class _Bounded(HTTPConnection):
    """A connection whose connecting, sending and reading end in time; `is_broken` if a request was not sent whole."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_broken = False
        self.response_class = partial(Response, self)  # type: ignore[assignment]  # called with a socket, as a class is

    def _new_conn(self) -> socket.socket:
        """Connect to the first address that answers; none uses up the time of those after it."""
        addresses = _addresses(self._dns_host, self.port)
        error: OSError | None = None
        for place, address in enumerate(addresses):
            try:
                share_secs = current_limits().left_secs() / (len(addresses) - place)
                sock = create_connection(address, share_secs, socket_options=self.socket_options)
            except OSError as failure:
                error = failure
            else:
                current_limits().connected = True
                sock.settimeout(current_limits().left_secs())
                return sock
        raise error or NoAddress

    def _tunnel(self) -> None:
        super()._tunnel()
        # The TLS handshake, which follows, lasts as long as the socket may wait.
        self.sock.settimeout(current_limits().left_secs())

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
        current_limits().begin_sending()
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
            self.sock.settimeout(current_limits().left_secs())
            try:
                rest = rest[self.sock.send(rest) :]
            except TimeoutError:
                raise
            except OSError:
                self.is_broken = True

    def getresponse(self) -> Any:
        """Return the answer without its body."""
        current_limits().begin_reading()
        return super().getresponse()


class _ProxyTls(ssl.SSLSocket):
    """TLS to a proxy, with more TLS inside: urllib3 reads it piece by piece, and each piece has to be in time."""

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
            self.settimeout(current_limits().left_secs())


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
            found.set_exception(NoAddress(type(error).__name__))

    threading.Thread(target=look_up, name="resolver", daemon=True).start()
    return found.result(current_limits().left_secs())


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
