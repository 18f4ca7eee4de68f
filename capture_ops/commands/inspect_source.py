"""The bytes and the route of the file, the object or the standard input that `inspect` reads."""

import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from math import inf
from pathlib import Path

from msgspec import Struct

from capture_forwarder.configuration.settings import Settings
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import Reason, Superseded
from capture_forwarder.domain.route import Route, Router
from capture_forwarder.lines.inflate import MAGIC, Damaged, inflate
from capture_ops.cloud.s3_uri import S3Uri
from capture_ops.terminal.errors import CommandError, ExitCode
from capture_ops.terminal.text import printable

STANDARD_INPUT = "-"
_CHUNK_BYTES = 256 * 1024
_HEAD_BYTES = 4096
# A line of the head that begins a JSON object shows a capture file, also beside damaged lines.
_begins_object = re.compile(rb'^\s*\{\s*"', re.MULTILINE).search
_is_control = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]").search


class Source(Struct, frozen=True):
    """The target as it was written, and the object that it names if it is an address in S3."""

    target: str
    object: CaptureObject | None

    @classmethod
    def parse(cls, target: str) -> "Source":
        """Return the source that `target` names: `s3://bucket/key`, `-` or a file. Raises `CommandError`."""
        return cls(target, _object(target) if target.startswith("s3://") else None)

    @property
    def name(self) -> str:
        """The printable name of the source in sentences."""
        return "standard input" if self.target == STANDARD_INPUT else printable(self.target)

    def chunks(self) -> Iterator[bytes]:
        """Return the bytes as they come.

        Raises `CommandError` if the source does not exist, cannot be read or is binary; `Unavailable` if S3 cannot be
        reached now.
        """
        chunks = iter(self._all_chunks())
        head = next(chunks, b"")
        if _is_binary(head):
            raise CommandError(
                f"{self.name} is binary, and no capture file: Data Capture writes text in UTF-8, one JSON object a "
                "line, plain or compressed with gzip",
                ExitCode.INCOMPLETE,
            )
        return chain([head], chunks)

    def _all_chunks(self) -> Iterable[bytes]:
        if self.object:
            return _object_chunks(self.object)
        if self.target == STANDARD_INPUT:
            return _stream_chunks(self.name, 0)
        return _stream_chunks(self.name, Path(self.target))


def route_of(settings: Settings, source: Source, name: str | None, key: str | None) -> Route:
    """Return the route called `name`, or that of `key` or of the object, or the only one. Raises `CommandError`."""
    routes = settings.routes
    names = f"give --route with one of {', '.join(route.name for route in routes)}"
    if key and (name or source.object):
        raise CommandError("--key is the key of a file's object in S3; it does not go with --route or an s3:// address")
    if name:
        found = [route for route in routes if route.name == name]
        sentence = f"no route is named {name}; {names}"
    elif key or source.object:
        found = _covering(routes, _object(key) if key and key.startswith("s3://") else source.object, key)
        sentence = f"no route has the prefix and suffix of the target; {names}"
    else:
        found = list(routes)
        sentence = f"{source.name} has no route; give --key with the key of its object in S3, or {names}"
    if len(found) == 1:
        return found[0]
    raise CommandError(
        "routes of several buckets cover the key; give --key s3://BUCKET/KEY" if found and key else sentence
    )


def object_of(source: Source, route: Route, key: str | None) -> CaptureObject:
    """Return the object of `source`, or the one that a file would be in S3. Raises `CommandError`."""
    if source.object:
        return source.object
    if key and key.startswith("s3://"):
        return _object(key)
    return CaptureObject(route.bucket, key or Path(source.target).resolve().as_posix().lstrip("/"))


def _covering(routes: tuple[Route, ...], source: CaptureObject | None, key: str | None) -> list[Route]:
    """Return the route of `source`, or the route of `key` in each bucket."""
    router = Router(routes)
    buckets = sorted({route.bucket for route in routes})
    sources = [source] if source else [CaptureObject(bucket, key or "") for bucket in buckets]
    return [route for one in sources if (route := router.route_for(one))]


def _object(address: str) -> CaptureObject:
    uri = S3Uri.parse(address)
    if uri is None or not uri.key:
        raise CommandError(f"{address} names no object; write s3://bucket/key")
    return CaptureObject(uri.bucket, uri.key)


def _stream_chunks(name: str, opened: Path | int) -> Iterator[bytes]:
    """Yield the bytes of a path or of an open file descriptor, as soon as there are any."""
    try:
        with open(opened, "rb", buffering=0, closefd=isinstance(opened, Path)) as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                yield chunk
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        raise CommandError(
            f"{name} cannot be read: {getattr(error, 'strerror', error)}; name a capture file"
        ) from error


def _object_chunks(source: CaptureObject) -> Iterable[bytes]:
    from capture_forwarder.aws.s3 import S3ObjectStore  # only here: the AWS libraries take long to import
    from capture_forwarder.bootstrap import s3_client

    opened = S3ObjectStore(s3_client()).open(source, 0, lambda: inf)
    if isinstance(opened, Reason):
        raise CommandError(opened.why)
    return () if isinstance(opened, Superseded) else opened.chunks


def _is_binary(head: bytes) -> bool:
    """Tell whether the first bytes are no text in UTF-8, so that every line would be rejected."""
    text = _inflated(head)[:_HEAD_BYTES]
    if _begins_object(text):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(text)  # the last character may be cut off
    except UnicodeDecodeError:
        return True
    return _is_control(text) is not None


def _inflated(head: bytes) -> bytes:
    try:
        return next(inflate([head]), b"") if head.startswith(MAGIC) else head
    except Damaged:
        return b""  # the reader of lines reports it
