"""Quarantine files: gzip JSONL that people can read. Each line is an entry: one captured line with its rejections.

Files are written and read as streams. Memory holds one captured line, whatever the size of the file.
"""

import base64
from array import array
from codecs import getincrementaldecoder
from collections.abc import Iterable, Iterator, Sequence
from gzip import GzipFile
from hashlib import sha256
from io import BufferedWriter
from itertools import pairwise
from typing import IO, Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.progress import LineRejection, QuarantineEntry

# Level 1 takes a third of the default level's time for nearly the same size.
_LEVEL = 1
# Base64 needs a multiple of three.
_CHUNK_BYTES = 3 * 128 * 1024
_BUFFER_BYTES = 64 * 1024
_CHUNK_ROWS = 64 * 1024
_MAX_INDEX = 2**32 - 1

_encode = msgspec.json.Encoder().encode


def encode_entries(entries: Iterable[QuarantineEntry], into: IO[bytes]) -> None:
    """Write `entries` to `into` as gzip; the same entries give the same bytes."""
    write_lines((chunk for entry in entries for chunk in encode_entry(entry)), into)


def write_lines(chunks: Iterable[bytes], into: IO[bytes]) -> None:
    """Write the bytes of encoded entries to `into` as gzip, without a time."""
    packed = GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=into, mtime=0)
    # Short entries are joined, because every write to gzip costs several microseconds.
    with BufferedWriter(packed, _BUFFER_BYTES) as file:
        file.writelines(chunks)


def encode_entry(entry: QuarantineEntry) -> Iterator[bytes]:
    """Yield one line of a quarantine file in pieces; a captured line that is not UTF-8 is written in base64."""
    source = entry.source
    fields = {
        "bucket": source.bucket,
        "key": source.key,
        "version_id": source.version_id,
        "etag": source.etag,
        "route": entry.route,
        "line": entry.line,
        "byte_offset": entry.offset,
        "inference_id": entry.inference_id,
        "row_count": entry.row_count,
    }
    yield _encode(fields)[:-1]
    separator = b',"rejections":['
    for rejection in entry.rejections:
        yield separator
        yield from _encode_rejection(rejection)
        separator = b","
    yield b"]"
    if entry.data is not None:
        yield from _encode_data(entry.data)
    yield b"}\n"


def _encode_rejection(rejection: LineRejection) -> Iterator[bytes]:
    reason = _encode({"code": rejection.reason.code, "why": rejection.reason.why})
    if rejection.rows is None:
        yield reason
        return
    yield reason[:-1]
    separator = b',"rows":['
    for start in range(0, len(rejection.rows), _CHUNK_ROWS):
        yield separator
        yield _encode(list(rejection.rows[start : start + _CHUNK_ROWS]))[1:-1]
        separator = b","
    yield b"]}"


def _encode_data(data: bytes) -> Iterator[bytes]:
    try:
        for _ in _texts(data):
            pass
    except UnicodeDecodeError:
        yield b',"data_base64":"'
        yield from map(base64.b64encode, _chunks(data))
    else:
        yield b',"data":"'
        for text in _texts(data):
            yield _encode(text)[1:-1]
    yield b'"'


def _texts(data: bytes) -> Iterator[str]:
    """Yield `data` as text. Raises `UnicodeDecodeError`."""
    decode = getincrementaldecoder("utf-8")().decode
    yield from map(decode, _chunks(data))
    decode(b"", final=True)


def _chunks(data: bytes) -> Iterator[bytes]:
    return (data[start : start + _CHUNK_BYTES] for start in range(0, len(data), _CHUNK_BYTES))


def read_lines(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield number and text of every line of a gzip file that is not empty; numbers count empty lines.

    Raises the errors of `gzip` for a file that is not whole gzip.
    """
    with GzipFile(mode="rb", fileobj=file) as lines:
        for number, line in enumerate(lines, start=1):
            if text := line.removesuffix(b"\n"):
                yield number, text


def decode_entry(line: bytes) -> QuarantineEntry:
    """Return the entry that `encode_entry` wrote. Raises `ValueError` for any other text."""
    fields = msgspec.json.decode(line, type=_Entry)
    rejections = tuple(
        LineRejection(Reason(one.code, one.why), _checked(one.rows, fields.row_count)) for one in fields.rejections
    )
    if len(rejections) > 1 and any(one.rows is None for one in rejections):
        raise ValueError("a line that is rejected as a whole has one rejection")
    data = fields.data.encode() if fields.data is not None else None
    return QuarantineEntry(
        source=CaptureObject(fields.bucket, fields.key, fields.version_id, fields.etag),
        route=fields.route,
        line=fields.line,
        offset=fields.byte_offset,
        inference_id=fields.inference_id,
        row_count=fields.row_count,
        rejections=rejections,
        data=base64.b64decode(fields.data_base64) if fields.data_base64 is not None else data,
    )


def digest_of(line: bytes) -> bytes:
    """Return a short name of one line of a quarantine file; equal lines have equal names."""
    return sha256(line).digest()


def _checked(rows: list[int] | UnsetType, row_count: int | None) -> Sequence[int] | None:
    """Return indices in ascending order as an array. Raises `ValueError` for a row that the call does not have."""
    if rows is UNSET:
        return None
    indices = array("I", rows)
    if any(one >= other for one, other in pairwise(indices)):
        indices = array("I", sorted(set(rows)))
    if row_count is None or indices[-1] >= row_count:
        raise ValueError("a row is outside its call")
    return indices


_Natural = Annotated[int, Meta(ge=0)]


class _Rejection(Struct):
    code: RejectionCode
    why: str
    rows: Annotated[list[Annotated[int, Meta(ge=0, le=_MAX_INDEX)]], Meta(min_length=1)] | UnsetType = UNSET


class _Entry(Struct):
    bucket: str
    key: str
    route: str
    line: _Natural
    byte_offset: _Natural
    rejections: Annotated[list[_Rejection], Meta(min_length=1)]
    version_id: str | None = None
    etag: str | None = None
    inference_id: str | None = None
    row_count: int | None = None
    data: str | None = None
    data_base64: str | None = None
