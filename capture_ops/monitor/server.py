"""The monitor as a server: HTTP/1.1 with connections that stay open, on loopback only."""

import socket
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from ipaddress import ip_address
from pathlib import Path
from threading import Thread

from cheroot.wsgi import Server
from flask import Flask
from msgspec import Struct

from capture_ops.monitor.app import create_app
from capture_ops.monitor.contract import Model
from capture_ops.monitor.store import Store
from capture_ops.terminal.errors import CommandError

MAX_BODY_BYTES = 100_000_000
_THREADS = 16
_BACKLOG = 128
_IDLE_SECS = 120  # longer than a sender keeps a connection in its pool without using it


class Monitor(Struct, frozen=True):
    """A running monitor: its address, and the inferences that it has received."""

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
    """Serve `models` from threads until the block ends. Port 0 takes a free port.

    A body larger than `max_body_bytes` is answered with 413. At the end, requests that have arrived are answered, then
    all connections and the store are closed. Raises `CommandError` for an empty token, a host that is not loopback, a
    port that is taken, or a database that cannot be used.
    """
    _check_token(token)
    with _listening(host, port) as listener, closing(Store(database)) as store:
        server = _Server(listener, create_app(models, store, token=token, max_body_bytes=max_body_bytes))
        thread = Thread(target=server.serve, name="monitor")
        thread.start()
        try:
            yield Monitor(f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}", store)
        finally:
            server.stop()
            thread.join()


class _Server(Server):
    expiration_interval = 0.05  # seconds; stopping takes as long
    keep_alive_conn_limit = 1000

    def __init__(self, listener: socket.socket, app: Flask) -> None:
        self._listener = listener
        address = listener.getsockname()[:2]
        super().__init__(address, app, numthreads=_THREADS, request_queue_size=_BACKLOG, timeout=_IDLE_SECS)
        self.prepare()

    def bind(self, *_: object) -> socket.socket:
        """Use the socket that listens already. When a port is taken, cheroot leaves the socket of its own open."""
        self.socket = self._listener
        return self._listener

    def error_log(self, *_: object, **__: object) -> None:
        """Write nothing: a request line may hold captured data."""


def _check_token(token: str) -> None:
    if not token or not token.isascii() or token != token.strip():
        raise CommandError("the monitor's token must be ASCII text without spaces around it, and not empty")


def _listening(host: str, port: int) -> socket.socket:
    if host != "localhost" and not _is_loopback(host):
        raise CommandError(f"the monitor listens on loopback only, not on {host}; use 127.0.0.1")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except (OSError, OverflowError) as error:
        raise CommandError(f"the monitor cannot listen on port {port} of {host}: {error}; choose another") from error
    # Connections inherit it. Without it an answer waits 40 ms for the acknowledgement of its headers.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
