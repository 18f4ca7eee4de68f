"""A stand-in for S3: GetObject, with ranges, and no other call.

`python -m benchmarks.s3_stand_in OBJECTS LATENCY_SECS`, where OBJECTS is JSON: {name: [path of a file,
repetitions]}. The latency comes before the first byte. The second part of a key is such a name; the bucket and the rest
do not matter. An object of gigabytes is one file, sent repeatedly; for gzip this makes one stream of several members.
"""

import json
import re
import sys
import time
from collections.abc import Iterator
from email.utils import formatdate
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from benchmarks.serve import Handler, serve

_PIECE_BYTES: Final = 1024 * 1024
_RANGE: Final = re.compile(r"bytes=(\d+)-(\d*)")


class Repeated(Struct, frozen=True):
    """An object: one block of bytes, `times` times."""

    block: bytes
    times: int

    @property
    def size(self) -> int:
        """The size of the object in bytes."""
        return len(self.block) * self.times

    def pieces(self, start: int, end: int) -> Iterator[memoryview]:
        """Yield the bytes from `start` to before `end`."""
        view = memoryview(self.block)
        while start < end:
            place = start % len(view)
            piece = view[place : place + min(_PIECE_BYTES, end - start)]
            yield piece
            start += len(piece)


class S3Handler(Handler):
    """Answers GetObject, and every other call with 501, so that no other call goes unnoticed."""

    def __init__(self, objects: dict[str, Repeated], latency_secs: float, *arguments: object) -> None:
        self._objects = objects
        self._latency_secs = latency_secs
        super().__init__(*arguments)  # type: ignore[arg-type]  # socket, address and server

    def do_GET(self) -> None:  # noqa: N802 - the base class's naming
        """Send an object or a range of it."""
        parts = unquote(urlsplit(self.path).path).split("/")
        found = self._objects.get(parts[3]) if len(parts) > 4 else None  # noqa: PLR2004 - "", bucket, prefix, name, file
        if found is None:
            self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>", "application/xml")
            return
        start, end = self._range(found)
        time.sleep(self._latency_secs)
        self.send_response(206 if self.headers["Range"] else 200)
        self.send_header("Content-Length", str(end - start))
        self.send_header("Content-Range", f"bytes {start}-{end - 1}/{found.size}")
        self.send_header("ETag", f'"{parts[3]}"')
        self.send_header("Last-Modified", formatdate(0, usegmt=True))
        self.end_headers()
        for piece in found.pieces(start, end):
            self.wfile.write(piece)

    def _range(self, found: Repeated) -> tuple[int, int]:
        asked = _RANGE.fullmatch(self.headers["Range"] or "bytes=0-")
        if asked is None:
            return 0, found.size
        return int(asked[1]), min(found.size, int(asked[2]) + 1 if asked[2] else found.size)


def main(objects: str, latency_secs: str) -> None:
    """Serve `objects`, which is JSON."""
    loaded = {name: Repeated(Path(path).read_bytes(), times) for name, (path, times) in json.loads(objects).items()}
    serve(partial(S3Handler, loaded, float(latency_secs)))  # type: ignore[arg-type]  # called like a class


if __name__ == "__main__":
    main(*sys.argv[1:])
