"""Reads the objects of a bucket from an S3 Inventory report in place of a listing.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html
"""

import csv
import gzip
import hashlib
import zlib
from collections.abc import Iterator
from datetime import datetime
from io import BufferedReader, RawIOBase, TextIOWrapper
from itertools import islice
from threading import Event
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

import msgspec
from msgspec import Struct
from urllib3.exceptions import HTTPError

from capture_forwarder.aws.errors import AwsError, code_of
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import Unavailable
from capture_ops.backfill.listing import Listed, Page
from capture_ops.backfill.selection import Selection
from capture_ops.cloud.s3_uri import S3Uri
from capture_ops.terminal.errors import CommandError

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3.client import S3Client

_REQUIRED = ("Bucket", "Key", "ETag")
_ROWS_A_PAGE = 1000
_READ_BYTES = 1 << 20
_CONFIGURE = "configure the inventory as CSV with the fields ETag, Size and LastModifiedDate, and name its next report"


class _File(Struct):
    key: str
    MD5checksum: str | None = None


class _Manifest(Struct, rename="camel"):
    source_bucket: str
    file_format: str
    file_schema: str
    files: list[_File]


def inventory_pages(client: "S3Client", manifest_uri: str, selection: Selection, stopped: Event) -> Iterator[Page]:
    """Yield the objects of a report, by the manifest at `manifest_uri`, until `stopped` is set.

    Reads its files as streams. Raises `CommandError` for a report that cannot be used, `Unavailable`.
    """
    manifest_at = S3Uri.parse(manifest_uri)
    if manifest_at is None or not manifest_at.key.endswith("manifest.json"):
        raise CommandError(
            f"--inventory {manifest_uri}: write s3://BUCKET/.../manifest.json, the report's own manifest"
        )
    manifest = _manifest(_open(client, manifest_at).read(), manifest_uri, selection)
    for file in manifest.files:
        objects = _objects(client, S3Uri(manifest_at.bucket, file.key), file, manifest)
        while not stopped.is_set() and (some := list(islice(objects, _ROWS_A_PAGE))):
            yield _page(some, selection)


def _manifest(content: bytes, uri: str, selection: Selection) -> _Manifest:
    try:
        manifest = msgspec.json.decode(content, type=_Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CommandError(f"{uri} is not the manifest of an S3 Inventory report: {error}") from error
    problems = []
    if manifest.file_format != "CSV":
        problems.append(f"{uri} is a report in {manifest.file_format}; {_CONFIGURE}")
    elif missing := [field for field in _REQUIRED if field not in manifest.file_schema.split(", ")]:
        problems.append(f"{uri} is a report without {', '.join(missing)}; {_CONFIGURE}")
    if manifest.source_bucket != selection.bucket:
        problems.append(f"{uri} is a report of the bucket {manifest.source_bucket}, not of {selection.bucket}")
    if problems:
        raise CommandError("\n".join(problems))
    return manifest


def _objects(client: "S3Client", uri: S3Uri, file: _File, manifest: _Manifest) -> Iterator[Listed | None]:
    """Yield the object of each row, or `None` for a row that is no current object."""
    fields = manifest.file_schema.split(", ")
    body = _HashedBody(_open(client, uri))
    try:
        with TextIOWrapper(gzip.GzipFile(fileobj=BufferedReader(body, _READ_BYTES)), "utf-8", newline="") as text:
            for row in csv.reader(text):
                yield _listed(dict(zip(fields, row, strict=True)), manifest.source_bucket)
    except (gzip.BadGzipFile, zlib.error, EOFError, ValueError, csv.Error) as error:
        raise CommandError(f"{uri} is damaged: {error}; use another report of this inventory") from error
    except (*AwsError, HTTPError, OSError) as error:
        raise Unavailable(f"{uri}: reading broke off with {type(error).__name__}; run the command again") from error
    if file.MD5checksum and body.md5.hexdigest() != file.MD5checksum.lower():
        raise CommandError(f"{uri} does not have the MD5 that its manifest names; use another report of this inventory")


def _listed(row: dict[str, str], bucket: str) -> Listed | None:
    if row.get("IsLatest") == "false" or row.get("IsDeleteMarker") == "true":
        return None
    size, modified = row.get("Size"), row.get("LastModifiedDate")
    # A space is "+" in a report: https://github.com/cloud-custodian/cloud-custodian/issues/1997
    key = unquote_plus(row["Key"], errors="strict")
    source = CaptureObject(bucket, key, etag=row["ETag"].strip('"'), size=int(size) if size else None)
    return Listed(source, datetime.fromisoformat(modified) if modified else None)


def _page(objects: list[Listed | None], selection: Selection) -> Page:
    selected = [
        listed
        for listed in objects
        if listed
        and listed.source.key.startswith(selection.folders)
        and selection.window.holds(listed.source.key, listed.modified)
    ]
    return Page(selected, len(objects) - len(selected))


def _open(client: "S3Client", uri: S3Uri) -> "StreamingBody":
    try:
        return client.get_object(Bucket=uri.bucket, Key=uri.key)["Body"]
    except AwsError as error:
        raise Unavailable(
            f"{uri}: S3 answers {code_of(error)}; check the manifest's place, and that you are allowed "
            "s3:GetObject on the report"
        ) from error


class _HashedBody(RawIOBase):
    """The bytes of an answer, with the MD5 of those that were read."""

    def __init__(self, body: "StreamingBody") -> None:
        self._body = body
        self.md5 = hashlib.md5(usedforsecurity=False)

    def readable(self) -> bool:
        """Return that this can be read, as `BufferedReader` asks."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the stub takes any buffer, callers give this one
        """Fill `buffer` with the next bytes and return their number."""
        chunk = self._body.read(len(buffer))
        self.md5.update(chunk)
        buffer[: len(chunk)] = chunk
        return len(chunk)
