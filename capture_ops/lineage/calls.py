"""Captured calls with an id: read from a file, a folder, objects in S3, or the routes of the configuration."""

import re
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

from msgspec import Struct

from capture_forwarder.configuration.settings import FunctionSettings, Settings
from capture_forwarder.domain.capture import CaptureObject, CaptureRecord
from capture_forwarder.kinds.captures.envelope import decode_record
from capture_forwarder.lines.reader import LineReader
from capture_ops.backfill.window import Window
from capture_ops.cloud.s3_uri import S3Uri
from capture_ops.commands.inspect_source import STANDARD_INPUT, Source
from capture_ops.terminal.errors import CommandError

_HOUR = timedelta(hours=1)
# The end of a partner inference id whose call held several rows.
_ROW = re.compile(r"_\d+\Z", re.ASCII)
# Below the prefix SageMaker writes endpoint/variant/yyyy/mm/dd/hh/file.
_KEY = re.compile(r"(?:.*/)?([^/]+)/([^/]+)/\d{4}/\d\d/\d\d/\d\d/[^/]+", re.DOTALL)


class CapturedCall(Struct, frozen=True, kw_only=True):
    """A capture record with the wanted id. Endpoint and variant are those of its key, if SageMaker made the key."""

    id: str
    at: datetime
    endpoint: str | None
    variant: str | None
    place: str


def find_calls(wanted: str, captures: str | None, at: datetime | None, settings: Settings | None) -> list[CapturedCall]:
    """Return all calls whose event id or inference id is `wanted`, or `wanted` without the index of a row at its end.

    Args:
        wanted: An event id, an inference id, or a partner inference id.
        captures: A file, a folder, `s3://bucket/prefix`, or `-`; by default the prefixes of all routes of `settings`.
        at: Objects in S3 are read only if their key names the hour of this time, the one before or the one after.
        settings: The configuration, if there is one.

    Raises `CommandError` for captures that do not exist, `Unavailable` if S3 cannot be reached.
    """
    ids = {wanted, _ROW.sub("", wanted)}
    found = [call for source in _sources(captures, at, settings) for call in _calls(source, ids)]
    exact = [call for call in found if call.id == wanted]
    return exact or found


def _sources(captures: str | None, at: datetime | None, settings: Settings | None) -> Iterator[Source]:
    if captures is None:
        if settings is None:
            raise CommandError("Give --captures with the file or the s3:// address of the capture, or --config")
        for route in settings.routes:
            yield from _objects(S3Uri(route.bucket, route.prefix), at)
        return
    if uri := S3Uri.parse(captures):
        yield from _objects(uri, at)
    elif captures != STANDARD_INPUT and Path(captures).is_dir():
        files = sorted(path for path in Path(captures).rglob("*") if path.is_file())
        yield from (Source.parse(str(path)) for path in files)
    else:
        yield Source.parse(captures)


def _objects(uri: S3Uri, at: datetime | None) -> Iterator[Source]:
    """Yield the objects below an address, in the order of their keys."""
    from capture_forwarder.bootstrap import s3_client  # only here: the AWS libraries take long to import
    from capture_ops.backfill.listing import list_pages
    from capture_ops.backfill.selection import Selection

    selection = Selection(uri.bucket, uri.key, _window(at), (uri.key,))
    pages = list_pages(s3_client(), selection, Event())
    for found in sorted((each.source for page in pages for each in page.selected), key=lambda each: each.key):
        if not found.key.endswith("/"):
            yield Source(found.uri, CaptureObject(found.bucket, found.key))


def _window(at: datetime | None) -> Window:
    if at is None:
        return Window()
    hour = at.replace(minute=0, second=0, microsecond=0)
    return Window(since=hour - _HOUR, until=hour + 2 * _HOUR)


def _calls(source: Source, ids: Collection[str]) -> Iterator[CapturedCall]:
    key = source.object.key if source.object else Path(source.target).resolve().as_posix()
    origin = _KEY.fullmatch(key)
    endpoint, variant = (origin[1], origin[2]) if origin else (None, None)
    for line in LineReader(source.chunks(), FunctionSettings().max_line_bytes):
        record = decode_record(line.data)
        if isinstance(record, CaptureRecord) and (matching := _matching(record, ids)):
            place = f"{source.name}, line {line.number}"
            yield CapturedCall(id=matching, at=record.inference_time, endpoint=endpoint, variant=variant, place=place)


def _matching(record: CaptureRecord, ids: Collection[str]) -> str | None:
    return next((each for each in (record.inference_id, record.event_id) if each in ids), None)
