"""A proxy on loopback that opens tunnels, as those of companies do, and records the requests for them."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from select import select
from threading import Thread

_CHUNK_BYTES = 65_536


class TunnelProxy(ThreadingHTTPServer):
    """Opens every tunnel, or answers with the status `refusal`; `lines` has method and target of every request."""

    def __init__(self, refusal: int | None, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.refusal = refusal
        self._scheme = "https" if tls else "http"
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.lines: list[str] = []

    @property
    def url(self) -> str:
        """Its address."""
        return f"{self._scheme}://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: TunnelProxy
    protocol_version = "HTTP/1.1"

    def do_CONNECT(self) -> None:
        self.close_connection = True
        self.server.lines.append(f"{self.command} {self.path}")
        if self.server.refusal:
            self.send_error(self.server.refusal)
            return
        host, _, port = self.path.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=10) as upstream:
            self.send_response(200)
            self.end_headers()
            _relay(self.connection, upstream)

    def _refuse(self) -> None:
        self.server.lines.append(f"{self.command} {self.path}")
        self.send_error(405)

    do_GET = do_POST = do_PUT = do_HEAD = _refuse  # noqa: N815 - the names that the library calls

    def log_message(self, *_: object) -> None:
        """Write nothing."""


def _relay(client: socket.socket, upstream: socket.socket) -> None:
    """Pass bytes in both directions until one side closes."""
    other = {client: upstream, upstream: client}
    while True:
        for ready in select(list(other), [], [])[0]:
            data = ready.recv(_CHUNK_BYTES)
            if not data:
                return
            other[ready].sendall(data)


@contextmanager
def tunnel_proxy(refusal: int | None = None, tls: ssl.SSLContext | None = None) -> Iterator[TunnelProxy]:
    """Serve until the block ends, with TLS if a context is given."""
    with TunnelProxy(refusal, tls) as proxy:
        thread = Thread(target=proxy.serve_forever, args=(0.01,), name="tunnel-proxy")
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()
