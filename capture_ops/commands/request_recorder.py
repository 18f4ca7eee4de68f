"""A destination whose requests go to a server in this process, which shows them and passes nothing on."""

import gzip
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from capture_forwarder.configuration.addresses import origin
from capture_forwarder.destinations.connecting import Surroundings, connect
from capture_forwarder.destinations.http_settings import HttpSettings
from capture_forwarder.domain.batch import Batch, BatchLimits, RowBuilder
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import ACCEPTED, DestinationUnavailable, Receipt
from capture_forwarder.domain.route import Route
from capture_forwarder.ports import Destination

# The HTTP client writes these for the server in this process.
_OF_THE_CLIENT = frozenset({"accept", "accept-encoding", "connection", "host", "user-agent"})


class Request(Struct, frozen=True):
    """One request as it would be sent; the body is decompressed."""

    method: str
    url: str
    headers: dict[str, str]
    inferences: int
    body: str


class Recorder(HTTPServer):
    """Answers 503, so that no adapter takes a row for accepted, and keeps the last request."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.last: tuple[str, str, dict[str, str], bytes] | None = None


class _Handler(BaseHTTPRequestHandler):
    server: Recorder
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.last = (self.command, self.path, dict(self.headers), body)
        self.send_response(503)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Write nothing."""


class Previewing:
    """Sends batches by the adapter of a destination to the recorder, and shows what arrived there."""

    def __init__(self, recorder: Recorder, settings: HttpSettings, show: Callable[[Request], object]) -> None:
        path = urlsplit(settings.url).path
        local = f"http://127.0.0.1:{recorder.server_port}{path}"
        surroundings = Surroundings(secret=_Placeholder, clock=time.monotonic, now=time.time)
        # The proxy and the certificates are for the way to the real address.
        near = replace(settings, url=local, proxy=None, ca_bundle=None)
        self._recorder = recorder
        self._inner: Destination = connect(near, surroundings).destination
        self._origin = origin(settings.url)
        self._show = show
        self.limits: BatchLimits = self._inner.limits
        self.form = self._inner.form

    def rows(self, route: Route, source: CaptureObject) -> RowBuilder:
        """Return the destination's own builder."""
        return self._inner.rows(route, source)

    def send(self, batch: Batch, *, within_secs: float) -> Receipt:
        """Show the request of `batch`."""
        with suppress(DestinationUnavailable):
            self._inner.send(batch, within_secs=within_secs)
        if self._recorder.last is None:
            raise DestinationUnavailable("the request could not be recorded")
        method, path, headers, body = self._recorder.last
        plain = gzip.decompress(body) if headers.get("Content-Encoding") == "gzip" else body
        kept = {name: value for name, value in headers.items() if name.lower() not in _OF_THE_CLIENT}
        text = plain.decode("utf-8", "backslashreplace")
        self._show(Request(method, self._origin + path, kept, len(batch.ids), text))
        return Receipt([ACCEPTED] * batch.size)


class _Placeholder:
    """The reference of a secret, in its place."""

    def __init__(self, reference: str) -> None:
        self._reference = reference

    def __call__(self, *, within_secs: float, refresh: bool = False) -> str:
        """Return the reference."""
        del within_secs, refresh
        return f"<{self._reference}>"


@contextmanager
def recorded() -> Iterator[Recorder]:
    """Serve on a free port of loopback until the block ends."""
    recorder = Recorder()
    thread = Thread(target=recorder.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield recorder
    finally:
        recorder.shutdown()
        recorder.server_close()
