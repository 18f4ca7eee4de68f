"""`inspect --destination`: the requests that a capture file would become, made by the forwarder's own code.

The adapter of the destination sends them to a server in this process, which reads them and passes nothing on. Secrets
are not read: their references stand in their place.
"""

import gzip
import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from math import inf
from threading import Thread
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from capture_forwarder.bootstrap import target
from capture_forwarder.configuration.addresses import origin
from capture_forwarder.configuration.settings import Settings
from capture_forwarder.destinations.connecting import Surroundings, connect
from capture_forwarder.destinations.http_settings import HttpSettings
from capture_forwarder.domain.batch import Batch, BatchLimits, RowBuilder
from capture_forwarder.domain.capture import CaptureObject, Work
from capture_forwarder.domain.delivery import ACCEPTED, DestinationUnavailable, Receipt
from capture_forwarder.domain.notices import Notice
from capture_forwarder.domain.progress import ProgressRecord
from capture_forwarder.domain.route import Route
from capture_forwarder.forward.claiming import Claimed
from capture_forwarder.forward.reading import ReadLimits, open_spans
from capture_forwarder.forward.run import Deadline, Run
from capture_forwarder.forward.sending.senders import Senders
from capture_forwarder.forward.sending.target import Target
from capture_forwarder.forward.tracking import ObjectTracker
from capture_forwarder.forward.workers import Workers
from capture_forwarder.kinds.captures.decoder import CaptureKind
from capture_forwarder.ports import Destination, OpenObject, SchemaSource
from capture_ops.commands.inspect_output import Options
from capture_ops.commands.inspect_source import Source, object_of, route_of
from capture_ops.terminal.configuration import settings_of
from capture_ops.terminal.errors import CommandError
from capture_ops.terminal.text import printable

_SHOWN_CHARS = 2_000
# The HTTP client writes these for the server in this process.
_OF_THE_CLIENT = frozenset({"accept", "accept-encoding", "connection", "host", "user-agent"})


class Request(Struct, frozen=True):
    """One request as it would be sent; the body is decompressed."""

    method: str
    url: str
    headers: dict[str, str]
    inferences: int
    body: str


def preview(
    chunks: Iterator[bytes],
    source: CaptureObject,
    route: Route,
    settings: Settings,
    schemas: SchemaSource | None,
    show: Callable[[Request], object],
) -> ObjectTracker:
    """Show each request that the lines in `chunks` become, and return the counts of lines and rows."""
    destination = destination_named(settings, route.destination)
    with _recorded() as recorder:
        sending = Target(
            name=destination.name,
            destination=_Previewing(recorder, destination, show),
            schemas=schemas,
            workers=Workers(2, "preview"),
            max_in_flight=1,
        )
        run = _run()
        senders = Senders({destination.name: sending}, CaptureKind(), run)
        tracker = ObjectTracker(Work(source), route, Claimed(ProgressRecord(), ""))
        limits = ReadLimits(max_line_bytes=settings.function.max_line_bytes)
        sender, decoder = senders.sender(route), senders.decoder(route, source)
        for decoded in open_spans(tracker, OpenObject(chunks), decoder, limits, sender.max_inferences):
            tracker.add(decoded)
            sender.add(tracker, decoded)
        senders.flush()
        while senders.wait_for_results():
            pass
        sending.workers.abandon()
        if sender.error:
            raise CommandError(f"{sender.error}; if HTTP_PROXY is set, add 127.0.0.1 to NO_PROXY")
        return tracker


def run(path: str, options: Options, destination: str) -> None:
    """Print the requests of `path`, a file, `s3://bucket/key` or `-`; a note about what is rejected goes to stderr.

    The options are those of its route, also if that has another destination. Raises `CommandError`, `SettingsError`,
    `Unavailable`.
    """
    if options.limit is not None:
        raise CommandError("--limit counts rows; it does not go with --destination, which shows whole requests")
    settings = settings_of(options.config)
    named, source = destination_named(settings, destination), Source.parse(path)
    route = route_of(settings, source, options.route, options.key)
    found = object_of(source, route, options.key)
    schemas = _schemas(settings, route)
    shown = as_json if options.as_json else as_text

    def show(request: Request) -> None:
        sys.stdout.write(shown(request) + "\n")
        sys.stdout.flush()

    route = replace(route, destination=named.name)
    if note := rejected_note(preview(source.chunks(), found, route, settings, schemas, show)):
        sys.stderr.write(note + "\n")


def _schemas(settings: Settings, route: Route) -> SchemaSource | None:
    """Return where the route's own destination keeps the attributes of models; it is asked if the route says so."""
    return target(destination_named(settings, route.destination)).schemas if route.schema_from_model else None


def destination_named(settings: Settings, name: str) -> HttpSettings:
    """Return the settings of a destination. Raises `CommandError` if there is none of this name."""
    for one in settings.destination:
        if one.name == name:
            return one
    raise CommandError(f"no destination is named {name}; there are {', '.join(d.name for d in settings.destination)}")


def as_json(request: Request) -> str:
    """Return a request as one line of JSON."""
    return json.dumps({"kind": "request"} | {name: getattr(request, name) for name in Request.__struct_fields__})


def as_text(request: Request) -> str:
    """Return a request for a terminal: captured text is escaped, and a long body is cut."""
    lines = [f"{request.method} {request.url}", *(f"{name}: {value}" for name, value in request.headers.items())]
    rest = len(request.body) - _SHOWN_CHARS
    body = printable(request.body[:_SHOWN_CHARS]) + (f" ... {rest} characters more" if rest > 0 else "")
    return "\n".join([*map(printable, lines), f"({request.inferences} inferences)", body, ""])


def rejected_note(tracker: ObjectTracker) -> str | None:
    """Return a sentence about what no request holds, or `None`."""
    rejected = tracker.lines.rejected.total() + tracker.inferences.rejected.total()
    return f"{rejected} line(s) or row(s) are rejected; inspect without --destination says why." if rejected else None


class _Recorder(HTTPServer):
    """Answers 503, so that no adapter takes a row for accepted, and keeps the last request."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.last: tuple[str, str, dict[str, str], bytes] | None = None


class _Handler(BaseHTTPRequestHandler):
    server: _Recorder
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


class _Previewing:
    """Sends batches by the adapter of a destination to the recorder, and shows what arrived there."""

    def __init__(self, recorder: _Recorder, settings: HttpSettings, show: Callable[[Request], object]) -> None:
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
def _recorded() -> Iterator[_Recorder]:
    recorder = _Recorder()
    thread = Thread(target=recorder.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield recorder
    finally:
        recorder.shutdown()
        recorder.server_close()


class _Silent:
    def notice(self, notice: Notice) -> None:
        """Ignore it."""


def _run() -> Run:
    return Run(
        deadline=Deadline(lambda: inf),
        clock=time.monotonic,
        now=time.time,
        sleep=time.sleep,
        jitter=random.random,
        new_id=lambda: "preview",
        observer=_Silent(),
    )
