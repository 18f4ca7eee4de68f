"""A proxy in front of the monitor that fails a share of all requests, in ten ways, by chance that repeats itself."""

import json
import random
import socket
import struct
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from urllib.parse import urlsplit

_SLOW_SECS = 0.5


class Way(StrEnum):
    """How a request fails."""

    STATUS_500 = "500"
    STATUS_503 = "503 with Retry-After: 0"
    STATUS_429 = "429"
    RESET_BEFORE_BODY = "reset before the body is read"
    RESET_AFTER_BODY = "reset after the body is read"
    HALF_ANSWER = "half an answer"
    LOST_ANSWER = "rows taken, answer lost"
    SLOW = "slow"
    GARBAGE = "207 that is no JSON"
    WRONG_NUMBER = "one result too few"


class Script:
    """Says what becomes of every request, and remembers it; `share` of them, from 0 to 1, fail.

    Ways are dealt like cards: every ten failures hold each of them once.
    """

    def __init__(self, seed: int, share: float) -> None:
        self.requests = 0
        self.failures: Counter[Way] = Counter()
        self._share = share
        self._deck: list[Way] = []
        self._chance = random.Random(seed)
        self._lock = Lock()

    def next(self) -> Way | None:
        """Return how the next request fails, or `None` if it does not."""
        with self._lock:
            self.requests += 1
            if self._chance.random() >= self._share:
                return None
            way = self._deal()
            self.failures[way] += 1
            return way

    def _deal(self) -> Way:
        if not self._deck:
            self._deck = self._chance.sample(list(Way), len(Way))
        return self._deck.pop()


class _Proxy(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, monitor_url: str, script: Script) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.monitor_address = urlsplit(monitor_url).netloc
        self.script = script
        self._connections: set[socket.socket] = set()

    def hold(self, connection: socket.socket) -> None:
        """Remember a connection that is open."""
        self._connections.add(connection)

    def release(self, connection: socket.socket) -> None:
        """Forget a connection that is closed."""
        self._connections.discard(connection)

    def hang_up(self) -> None:
        """Close what clients keep open, so that nobody waits for their next request."""
        for connection in list(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    server: _Proxy
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server.hold(self.connection)
        self._monitor = HTTPConnection(self.server.monitor_address, timeout=30)

    def finish(self) -> None:
        self._monitor.close()
        self.server.release(self.connection)
        super().finish()

    def do_POST(self) -> None:
        way = self.server.script.next()
        if way is Way.RESET_BEFORE_BODY:
            self._reset()
            return
        body = self.rfile.read(int(self.headers["Content-Length"]))
        match way:
            case Way.STATUS_500 | Way.STATUS_503 | Way.STATUS_429:
                after = {"Retry-After": "0"} if way is Way.STATUS_503 else {}
                self._answer(int(way[:3]), b"{}", after)
            case Way.RESET_AFTER_BODY:
                self._reset()
            case Way.GARBAGE:
                self._answer(207, b"<html>Good day</html>")
            case _:
                self._pass_on(body, way)

    def _pass_on(self, body: bytes, way: Way | None) -> None:
        """Let the monitor take the rows, and let its answer go wrong in `way`."""
        if way is Way.SLOW:
            time.sleep(_SLOW_SECS)
        headers = {name: self.headers[name] for name in ("Authorization", "Content-Type")}
        self._monitor.request("POST", self.path, body, headers)
        response = self._monitor.getresponse()
        answer = response.read()
        if way is Way.LOST_ANSWER:
            self._reset()
        elif way is Way.HALF_ANSWER:
            self._answer(response.status, answer[: len(answer) // 2], {"Content-Length": str(len(answer))})
            self._reset()
        elif way is Way.WRONG_NUMBER:
            document = json.loads(answer)
            document["results"].pop()
            self._answer(response.status, json.dumps(document).encode())
        else:
            self._answer(response.status, answer)

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _reset(self) -> None:
        # Not to linger makes closing a reset instead of an orderly end.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Write nothing."""


@contextmanager
def flaky(monitor_url: str, script: Script) -> Iterator[str]:
    """Serve the proxy and return its URL."""
    with _Proxy(monitor_url, script) as proxy:
        thread = Thread(target=proxy.serve_forever, args=(0.01,), name="flaky")
        thread.start()
        try:
            yield f"http://127.0.0.1:{proxy.server_port}"
        finally:
            proxy.shutdown()
            thread.join()
            proxy.hang_up()
