"""The monitor up and down again: HTTP/1.1 with connections that stay open, on loopback only."""

import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import IO, Any, cast

from flask import Flask
from msgspec import Struct
from werkzeug.exceptions import ClientDisconnected
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wrappers import Response
from werkzeug.wsgi import LimitedStream, get_content_length

from capture_ops.monitor.app import create_app
from capture_ops.monitor.contract import Model
from capture_ops.monitor.store import Store
from capture_ops.terminal.errors import CommandError

MAX_BODY_BYTES = 100_000_000
_BACKLOG = 128
_POLL_SECS = 0.01
_GRACE_SECS = 5.0
_PIECE_BYTES = 256 * 1024


class Monitor(Struct, frozen=True):
    """A monitor that is up: where it listens, and what it has received."""

    url: str
    store: Store


@contextmanager
def running_monitor(
    models: Iterable[Model],
    *,
    token: str,
    database: str | Path = ":memory:",
    host: str = "127.0.0.1",
    port: int = 0,
    max_body_bytes: int = MAX_BODY_BYTES,
) -> Iterator[Monitor]:
    """Serve `models` from a thread until the block is left; port 0 takes a free one.

    A larger body than `max_body_bytes` is answered with 413. At the end a request that has arrived whole is answered,
    then every connection is closed, and the store with it. Raises `CommandError` for an empty token, a host that is not
    loopback, a port that is taken, or a database that cannot be used.
    """
    _check_token(token)
    with _listening(host, port) as listener, _opened(database) as store:
        app = create_app(models, store, token=token, max_body_bytes=max_body_bytes)
        server = _Server(host, app, listener)
        thread = Thread(target=server.serve_forever, args=(_POLL_SECS,), name="monitor")
        thread.start()
        try:
            yield Monitor(f"http://{f'[{host}]' if ':' in host else host}:{server.port}", store)
        finally:
            server.stop()
            server.end_connections(socket.SHUT_RD)
            thread.join(_GRACE_SECS)
            server.end_connections(socket.SHUT_RDWR)
            thread.join()


def _check_token(token: str) -> None:
    if not token or not token.isascii() or token != token.strip():
        raise CommandError("the monitor's token must be ASCII text without spaces around it, and not empty")


def _listening(host: str, port: int) -> socket.socket:
    if host != "localhost" and not _is_loopback(host):
        raise CommandError(f"the monitor listens on loopback only, not on {host}; use 127.0.0.1")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except (OSError, OverflowError) as error:
        raise CommandError(f"the monitor cannot listen on port {port} of {host}: {error}; choose another") from error


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def _opened(database: str | Path) -> Iterator[Store]:
    store = Store(database)
    try:
        yield store
    finally:
        store.close()


class _Handler(WSGIRequestHandler):
    """Answers one request after the other on a connection.

    Werkzeug's own `run_wsgi` closes every connection and reads away whatever came after a request.
    """

    server: "_Server"
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        environ = self.make_environ()
        if "wsgi.input_terminated" not in environ:
            self.close_connection |= not environ.get("CONTENT_LENGTH", "0").isdecimal()
            environ["wsgi.input"] = LimitedStream(cast(IO[bytes], self.rfile), get_content_length(environ) or 0)
            environ["wsgi.input_terminated"] = True
        response = Response.from_app(self.server.app, environ, buffered=True)
        self._drain(environ["wsgi.input"])
        self.close_connection |= self.server.stopping
        self.send_response(response.status_code)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(response.data)

    def _drain(self, body: Any) -> None:
        # What a refused request left unread would be taken for the next request.
        try:
            while body.read(_PIECE_BYTES):
                pass
        except (ClientDisconnected, OSError):
            self.close_connection = True

    def log(self, *_: object, **__: object) -> None:
        """Write nothing: a request line may hold captured data."""


class _Server(ThreadedWSGIServer):
    """Knows its connections, so that none outlives it."""

    daemon_threads = False

    def __init__(self, host: str, app: Flask, listener: socket.socket) -> None:
        # A socket of our own, because werkzeug ends the process when a port is taken.
        super().__init__(host, 0, app, _Handler, fd=listener.fileno())
        self.stopping = False
        self._connections: set[Any] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def stop(self) -> None:
        """Take no more connections, and let those that are open answer no more than the request that they are at."""
        self.stopping = True
        self.shutdown()

    def end_connections(self, how: int) -> None:
        """Read no more of what comes (`SHUT_RD`), or not even wait for answers to be taken (`SHUT_RDWR`)."""
        for connection in self._connections.copy():
            with suppress(OSError):
                connection.shutdown(how)
