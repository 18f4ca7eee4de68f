"""`inspect`: the inferences and rejections of a capture file, without sending them."""

from collections.abc import Iterable, Iterator
from math import inf
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from capture_forwarder.aws.s3 import S3ObjectStore
from capture_forwarder.bootstrap import s3_client, target
from capture_forwarder.configuration.settings import FunctionSettings, Settings
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import Reason, Rejection, Skipped, Superseded
from capture_forwarder.domain.inference import Inference, Value
from capture_forwarder.domain.route import DecodingOptions, Route, Router
from capture_forwarder.kinds.captures.noticing import InferenceIds
from capture_forwarder.kinds.captures.plain import Decoded, PlainPath
from capture_forwarder.lines.reader import LineReader
from capture_ops.cloud.s3_uri import S3Uri
from capture_ops.terminal.errors import CommandError
from capture_ops.terminal.tables import printable

Part = Inference | Rejection | Skipped

_CHUNK_BYTES = 256 * 1024
_SHOWN_CHARS = 48
_SHOWN_LINES = 10
_REMEDY = 'Set the route\'s id_source = "event-id", or let callers send an id of its own for each call.'


class Inspection:
    """The rows of a capture file, and what was noticed about its calls, which is complete when all rows were read."""

    def __init__(self, target: str, settings: Settings | None = None, route_name: str | None = None) -> None:
        self._target = target
        self._settings = settings
        self._route_name = route_name
        self._ids = InferenceIds()
        self._reused_in: list[int] = []
        self._reused = 0
        self._left_out = 0

    def __iter__(self) -> Iterator[Part]:
        """Yield every row and every rejected or skipped line of the target, a file or `s3://bucket/key`.

        Raises `CommandError` if the target or route does not exist, `Unavailable` if the target cannot be read now.
        """
        source = _source(self._target)
        decode = _plain_path(self._settings, source, self._route_name)
        limits = self._settings.function if self._settings else FunctionSettings()
        chunks = _file_chunks(Path(self._target)) if source is None else _object_chunks(source)
        for line in LineReader(chunks, limits.max_line_bytes):
            outcome = decode(line)
            if isinstance(outcome, Decoded):
                self._notice(outcome, line.number)
                yield from outcome.rows
            else:
                yield outcome

    def notes(self) -> Iterator[str]:
        """Yield a sentence for everything that was noticed."""
        if self._reused:
            lines = ", ".join(map(str, self._reused_in)) + (", ..." if self._reused > len(self._reused_in) else "")
            reused = f"{self._reused} call(s) have an inference id that came before with other content"
            yield f"{reused}: line {lines}. {_REMEDY}"
        if self._left_out:
            yield f"{self._left_out} captured value(s) are not data and are left out."

    def _notice(self, decoded: Decoded, line: int) -> None:
        self._left_out += decoded.left_out
        self._ids.see_call(decoded.record, decoded.call_id)
        if self._ids.take():
            self._reused += 1
            if len(self._reused_in) < _SHOWN_LINES:
                self._reused_in.append(line)


def as_json(part: Part) -> str:
    """Return `part` as one line of `inspect --json`."""
    return msgspec.json.encode(_fields(part)).decode()


def print_table(parts: Iterable[Part], console: Console) -> None:
    """Print one table row for each part; captured text is escaped."""
    table = Table("line", "row", "becomes", "partner inference id", "inputs", "outputs, or why not")
    for part in parts:
        match part:
            case Inference():
                cells = ["inference", part.partner_inference_id, _shown(part.inputs), _shown(part.outputs)]
            case Rejection():
                cells = ["rejection", part.partner_inference_id or "", "", f"{part.code}: {part.why}"]
            case Skipped():
                cells = ["skipped", "", "", part.reason.value]
        index = getattr(part, "index", None)
        table.add_row(str(part.line), "" if index is None else str(index), *(Text(printable(cell)) for cell in cells))
    console.print(table)


def _fields(part: Part) -> dict[str, Any]:
    match part:
        case Inference():
            return {
                "kind": "inference",
                "partner_inference_id": part.partner_inference_id,
                "inference_timestamp": part.inference_timestamp,
                "inputs": part.inputs,
                "outputs": part.outputs,
                "line": part.line,
                "index": part.index,
            }
        case Rejection():
            row = {} if part.index is None else {"index": part.index}
            return {"kind": "rejection", "code": part.code, "line": part.line, "why": part.why} | row
        case Skipped():
            return {"kind": "skipped", "reason": part.reason, "line": part.line}


def _shown(values: dict[str, Value]) -> str:
    text = ", ".join(f"{name}={value}" for name, value in values.items())
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}... ({len(values)} values)"


def _source(target: str) -> CaptureObject | None:
    if not target.startswith("s3://"):
        return None
    uri = S3Uri.parse(target)
    if uri is None or not uri.key:
        raise CommandError(f"{target} names no object; write s3://bucket/key")
    return CaptureObject(uri.bucket, uri.key)


def read_target(
    target: str, settings: Settings, route_name: str | None
) -> tuple[Iterator[bytes], CaptureObject | None, Route]:
    """Return the bytes of a target, the object that it is if it is one, and its route. Raises as `Inspection` does."""
    source = _source(target)
    chunks = _file_chunks(Path(target)) if source is None else _object_chunks(source)
    return chunks, source, _route(settings, source, route_name)


def _plain_path(settings: Settings | None, source: CaptureObject | None, route_name: str | None) -> PlainPath:
    if settings is None:
        return PlainPath(DecodingOptions())
    route = _route(settings, source, route_name)
    if not route.schema_from_model:
        return PlainPath(route.decoding, route.schema)
    destination = next(one for one in settings.destination if one.name == route.destination)
    schemas = target(destination).schemas
    return PlainPath(route.decoding, schemas.schema(route.model_id, within_secs=inf) if schemas else None)


def _route(settings: Settings, source: CaptureObject | None, route_name: str | None) -> Route:
    routes = settings.routes
    if route_name:
        route = next((one for one in routes if one.name == route_name), None)
    else:
        route = Router(routes).route_for(source) if source else routes[0] if len(routes) == 1 else None
    if route is None:
        names = ", ".join(route.name for route in routes)
        raise CommandError(f"no route has the prefix and suffix of the target; give --route with one of {names}")
    return route


def _file_chunks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                yield chunk
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}") from error


def _object_chunks(source: CaptureObject) -> Iterator[bytes]:
    opened = S3ObjectStore(s3_client()).open(source, 0, lambda: inf)
    if isinstance(opened, Reason):
        raise CommandError(opened.why)
    return iter(()) if isinstance(opened, Superseded) else opened.chunks
