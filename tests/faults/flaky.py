"""A proxy in front of the monitor. It fails a share of all requests in ten ways, repeatably."""

import json
import random
import socket
import ssl
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

from tests.e2e.tls import Certificate

_SLOW_SECS = 0.5


class Failure(StrEnum):
    """How a request fails. `TEMPORARY` has those that another try within the same run may end."""

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
    REFUSED = "400 that repeats the body"
    OUTAGE = "503 with Retry-After: 3600"  # longer than an invocation lasts, so that no run waits for it


TEMPORARY = tuple(failure for failure in Failure if failure not in {Failure.REFUSED, Failure.OUTAGE})
_RETRY_AFTER = {Failure.STATUS_503: "0", Failure.OUTAGE: "3600"}


class Script:
    """Decides how each request fails, and counts. The same seed gives the same decisions, in order of requests.

    Of all requests to send rows `share` fail, and `read_share` of those to read a model, each from 0 to 1. Ten failures
    in a row are one of each temporary kind.
    """

    def __init__(self, seed: int = 0, share: float = 0.0, read_share: float = 0.0) -> None:
        self.requests: Counter[str] = Counter()
        self.failures: Counter[tuple[str, Failure]] = Counter()
        self._shares = {"POST": share, "GET": read_share}
        self._chances = {method: random.Random(seed) for method in self._shares}
        self._upcoming: dict[str, list[Failure]] = {method: [] for method in self._shares}
        self._lock = Lock()

    def next(self, method: str) -> Failure | None:
        """Return how the next request fails, or `None` if it does not."""
        with self._lock:
            self.requests[method] += 1
            failure = self.choose(method)
            if failure:
                self.failures[method, failure] += 1
            return failure

    def choose(self, method: str) -> Failure | None:
        """Return how the request fails that was counted last. One thread at a time."""
        return self.draw(method) if self._chances[method].random() < self._shares[method] else None

    def draw(self, method: str) -> Failure:
        """Return the next temporary failure."""
        if not self._upcoming[method]:
            self._upcoming[method] = self._chances[method].sample(TEMPORARY, len(TEMPORARY))
        return self._upcoming[method].pop()


class Always(Script):
    """While `down`, every request that has one of `methods` fails in the same way."""

    def __init__(self, failure: Failure, *methods: str) -> None:
        super().__init__()
        self.down = True
        self._failure = failure
        self._methods = methods or ("GET", "POST")

    def choose(self, method: str) -> Failure | None:
        """Return the failure while it is down."""
        return self._failure if self.down and method in self._methods else None


class _Proxy(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, monitor_url: str, script: Script) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.monitor_address = urlsplit(monitor_url).netloc
        self.script = script
        self.connections: set[socket.socket] = set()

    def close_connections(self) -> None:
        """Close the connections that clients keep open, so that no handler waits for another request."""
        for connection in list(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    server: _Proxy
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)
        self._monitor = HTTPConnection(self.server.monitor_address, timeout=30)

    def finish(self) -> None:
        self._monitor.close()
        self.server.connections.discard(self.connection)
        super().finish()

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def _handle(self) -> None:
        failure = self.server.script.next(self.command)
        if failure is Failure.RESET_BEFORE_BODY:
            self._reset()
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        match failure:
            case Failure.STATUS_500 | Failure.STATUS_503 | Failure.STATUS_429 | Failure.OUTAGE:
                after = _RETRY_AFTER.get(failure)
                self._answer(int(failure[:3]), b"{}", {"Retry-After": after} if after else {})
            case Failure.RESET_AFTER_BODY:
                self._reset()
            case Failure.GARBAGE:
                self._answer(207, b"<html>Good day</html>")
            case Failure.REFUSED:
                self._answer(400, body)
            case _:
                self._pass_on(body, failure)

    def _pass_on(self, body: bytes, failure: Failure | None) -> None:
        """Send the request to the monitor, and spoil the answer as `failure` says."""
        if failure is Failure.SLOW:
            time.sleep(_SLOW_SECS)
        headers = {name: self.headers[name] for name in ("Authorization", "Content-Type") if name in self.headers}
        self._monitor.request(self.command, self.path, body or None, headers)
        response = self._monitor.getresponse()
        answer = response.read()
        if failure is Failure.LOST_ANSWER:
            self._reset()
        elif failure is Failure.WRONG_NUMBER and self.command == "POST":
            document = json.loads(answer)
            document["results"].pop()
            self._answer(response.status, json.dumps(document).encode())
        elif failure in {Failure.HALF_ANSWER, Failure.WRONG_NUMBER}:  # a model has no results to leave out
            self._answer(response.status, answer[: len(answer) // 2], {"Content-Length": str(len(answer))})
            self._reset()
        else:
            self._answer(response.status, answer)

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _reset(self) -> None:
        # Without lingering, closing is a reset instead of an orderly end.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Write nothing."""


@contextmanager
def flaky(monitor_url: str, script: Script, certificate: Certificate | None = None) -> Iterator[str]:
    """Serve the proxy and return its URL; with a certificate it speaks TLS."""
    with _Proxy(monitor_url, script) as proxy:
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.path, certificate.key_path)
            proxy.socket = context.wrap_socket(proxy.socket, server_side=True)
        thread = Thread(target=proxy.serve_forever, args=(0.01,), name="flaky")
        thread.start()
        try:
            yield f"{'https' if certificate else 'http'}://127.0.0.1:{proxy.server_port}"
        finally:
            proxy.shutdown()
            thread.join()
            proxy.close_connections()
