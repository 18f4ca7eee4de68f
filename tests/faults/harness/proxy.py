"""A proxy in front of AWS and of the monitoring API, plain and TLS on one port. It spoils chosen requests."""

import socket
import ssl
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from threading import Event, Lock, Thread

from tests.e2e.tls import Certificate
from tests.faults.harness.faults import Closed, Kind, Reset, Rule, end, spoil
from tests.faults.harness.messages import Answer, Request, exchange, named, read_body, read_head

_TLS_HANDSHAKE = b"\x16"  # the first byte of a connection: https://www.rfc-editor.org/rfc/rfc8446#section-5.1


class FaultProxy:
    """Passes requests on to `aws_port` or `api_port`; `rules` choose the requests that fail, the first that applies.

    `calls` counts all requests by service and operation, and `bodies` keeps those of the queue.
    """

    def __init__(self, aws_port: int, api_port: int, certificate: Certificate) -> None:
        self.rules: list[Rule] = []
        self.calls: Counter[tuple[str, str]] = Counter()
        self.bodies: list[bytes] = []
        self._ports = {"api": api_port}
        self._aws_port = aws_port
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate.path, certificate.key_path)
        self._closing = Event()
        self._lock = Lock()
        self._connections: set[socket.socket] = set()
        self._threads: list[Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)

    def url(self, *, tls: bool = False) -> str:
        """Return its address."""
        return f"{'https' if tls else 'http'}://127.0.0.1:{self._listener.getsockname()[1]}"

    def accept(self) -> None:
        """Serve every connection in a thread of its own until the proxy is closed."""
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = Thread(target=self._serve, args=(connection,), name="fault-proxy", daemon=True)
            self._threads.append(thread)
            thread.start()

    def close(self) -> None:
        """End all connections and their threads."""
        self._closing.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=10)

    def _serve(self, connection: socket.socket) -> None:
        reset = False
        self._connections.add(connection)
        try:
            if connection.recv(1, socket.MSG_PEEK) == _TLS_HANDSHAKE:
                self._connections.discard(connection)
                connection = self._context.wrap_socket(connection, server_side=True)
                self._connections.add(connection)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection.makefile("rb") as reader:
                while self._serve_one(connection, reader):
                    pass
        except Reset:
            reset = True
        except (Closed, OSError, ValueError):
            pass  # the end of a connection is part of the test
        finally:
            self._connections.discard(connection)
            end(connection, reset=reset)

    def _serve_one(self, connection: socket.socket, reader: BufferedReader) -> bool:
        head = read_head(reader)
        if head is None:
            return False
        request = named(head)
        with self._lock:
            self.calls[request.service, request.operation] += 1
            rule = self._rule(request, early=True)
        if rule is None:
            if "expect" in head.headers:
                connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.body = read_body(reader, head)
            if request.service == "sqs":
                self.bodies.append(request.body)
            with self._lock:
                rule = self._rule(request, early=False)
        if rule:
            spoil(rule, connection, request, lambda: self._pass_on(request), self._closing)
        else:
            connection.sendall(self._pass_on(request).encode())
        return True

    def _rule(self, request: Request, *, early: bool) -> Rule | None:
        chosen = [rule for rule in self.rules if (rule.kind is Kind.EARLY_STATUS) == early and rule.applies(request)]
        return chosen[0] if chosen else None

    def _pass_on(self, request: Request) -> Answer:
        return exchange(self._ports.get(request.service, self._aws_port), request)


@contextmanager
def fault_proxy(aws_port: int, api_port: int, certificate: Certificate) -> Iterator[FaultProxy]:
    """Serve a proxy until the block ends."""
    proxy = FaultProxy(aws_port, api_port, certificate)
    thread = Thread(target=proxy.accept, name="fault-proxy-listener", daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join()
