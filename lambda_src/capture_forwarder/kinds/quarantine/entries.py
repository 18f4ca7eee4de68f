"""The lines of a quarantine file: JSON that people can read, one rejection a line."""

import base64
import gzip
from collections.abc import Iterable
from typing import Any

import msgspec

from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import RejectionCode
from capture_forwarder.domain.progress import QuarantineEntry

_encode = msgspec.json.Encoder().encode


def encode_file(entries: Iterable[QuarantineEntry]) -> bytes:
    """Return `entries` as a gzip file; the same entries give the same bytes."""
    return gzip.compress(b"".join(encode_entry(entry) + b"\n" for entry in entries), mtime=0)


def encode_entry(entry: QuarantineEntry) -> bytes:
    """Return one line of a quarantine file; a captured line that is not UTF-8 is written in base64."""
    source = entry.source
    fields: dict[str, Any] = {
        "bucket": source.bucket,
        "key": source.key,
        "version_id": source.version_id,
        "etag": source.etag,
        "route": entry.route,
        "line": entry.line,
        "byte_offset": entry.offset,
        "row_index": entry.index,
        "partner_inference_id": entry.partner_inference_id,
        "code": entry.code,
        "why": entry.why,
    }
    if entry.data is not None:
        try:
            fields["data"] = entry.data.decode()
        except UnicodeDecodeError:
            fields["data_base64"] = base64.b64encode(entry.data).decode()
    return _encode(fields)


def decode_entry(line: bytes) -> QuarantineEntry:
    """Return the entry that `encode_entry` wrote. Raises `ValueError` for any other text."""
    fields = msgspec.json.decode(line, type=_Entry)
    data = fields.data.encode() if fields.data is not None else None
    return QuarantineEntry(
        source=CaptureObject(fields.bucket, fields.key, fields.version_id, fields.etag),
        route=fields.route,
        code=fields.code,
        why=fields.why,
        line=fields.line,
        offset=fields.byte_offset,
        index=fields.row_index,
        partner_inference_id=fields.partner_inference_id,
        data=base64.b64decode(fields.data_base64) if fields.data_base64 is not None else data,
    )


class _Entry(msgspec.Struct):
    bucket: str
    key: str
    route: str
    code: RejectionCode
    why: str
    line: int
    byte_offset: int
    version_id: str | None = None
    etag: str | None = None
    row_index: int | None = None
    partner_inference_id: str | None = None
    data: str | None = None
    data_base64: str | None = None
