"""`inspect --destination`: the requests that a capture file would become, made by the forwarder's own code.

The adapter of the destination sends them to a server in this process, which reads them and passes nothing on. Secrets
are not read: their references stand in their place.
"""

import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from math import inf

from msgspec.structs import replace

from capture_forwarder.bootstrap import target
from capture_forwarder.configuration.settings import Settings
from capture_forwarder.destinations.http_settings import HttpSettings
from capture_forwarder.domain.capture import CaptureObject, Work
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
from capture_forwarder.ports import OpenObject, SchemaSource
from capture_ops.commands.inspect_output import Options
from capture_ops.commands.inspect_source import Source, object_of, route_of
from capture_ops.commands.request_recorder import Previewing, Request, recorded
from capture_ops.terminal.configuration import settings_of
from capture_ops.terminal.errors import CommandError
from capture_ops.terminal.text import printable

_SHOWN_CHARS = 2_000


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
    with recorded() as recorder:
        sending = Target(
            name=destination.name,
            destination=Previewing(recorder, destination, show),
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
