"""Quarantine in S3: gzip JSONL that people can read and `replay` can send again."""

import base64
import gzip
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

from capture_forwarder.aws.errors import AwsError, code_of
from capture_forwarder.configuration.names import QUARANTINE_PREFIX
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import RejectionCode, Unavailable
from capture_forwarder.domain.progress import QuarantineEntry, QuarantineFile

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_encode = msgspec.json.Encoder().encode


class S3Quarantine:
    """Writes below `rejected/route=.../yyyy/mm/dd/`, by the day on which the capture object was written.

    The name is a function of the object's state and of where the run began, so that trying again overwrites.
    """

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def keep(self, file: QuarantineFile) -> None:
        """Write `file`. Raises `Unavailable`."""
        body = gzip.compress(b"".join(encode_entry(entry) + b"\n" for entry in file.entries), mtime=0)
        try:
            self._client.put_object(
                Bucket=self._bucket, Key=quarantine_key(file), Body=body, ContentType="application/x-ndjson"
            )
        except AwsError as error:
            raise Unavailable(
                f"the quarantine bucket answers {code_of(error)}; allow the function to write it"
            ) from error


def quarantine_key(file: QuarantineFile) -> str:
    """Return the object key of a quarantine file."""
    day = file.modified.strftime("%Y/%m/%d") if file.modified else "undated"
    state = sha256((file.source.state_id or file.source.uri).encode()).hexdigest()[:32]
    return f"{QUARANTINE_PREFIX}route={file.route}/{day}/{state}-{file.start:016d}.jsonl.gz"


def encode_entry(entry: QuarantineEntry) -> bytes:
    """Return one line of a quarantine file; a captured line that is no UTF-8 stands there in base64."""
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
    """Return what `encode_entry` wrote. Raises `ValueError` if it is something else."""
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
