"""Quarantine files in S3 or in a directory: read, and written only if they are still as they were read."""

import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import ClientError
from msgspec import Struct

from capture_forwarder.aws.errors import AwsError, code_of
from capture_forwarder.domain.delivery import Unavailable
from capture_forwarder.domain.progress import QuarantineEntry
from capture_forwarder.kinds.quarantine.entries import decode_entry, encode_file

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

SUFFIX = ".jsonl.gz"
_CHANGED = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
_GONE = {"NoSuchKey", "404"}


class NotQuarantine(Exception):
    """A file that is not a quarantine file; the sentence says where."""


class Changed(Exception):
    """The file was written, or deleted, since it was read."""


class Content(Struct, frozen=True):
    """The content of a file: the `etag` that a later write must find unchanged, and the entries by line number."""

    etag: str
    body: bytes
    entries: dict[int, QuarantineEntry]


class QuarantineFiles(Protocol):
    """The quarantine files below one folder."""

    def names(self) -> Iterator[str]:
        """Yield the name of every file. Raises `Unavailable`."""
        ...

    def read(self, name: str) -> Content | None:
        """Return the content of `name`, or `None` if it was deleted. Raises `NotQuarantine`, `Unavailable`."""
        ...

    def write(self, name: str, etag: str, entries: list[QuarantineEntry]) -> None:
        """Write `entries` to `name`, or delete it if there are none. Raises `Changed`, `Unavailable`."""
        ...


class S3Files:
    """Quarantine files below a folder of a bucket; `folder` may also be one file."""

    def __init__(self, client: "S3Client", bucket: str, folder: str) -> None:
        self._client = client
        self._bucket = bucket
        self._folder = folder.rstrip("/")

    def names(self) -> Iterator[str]:
        """Yield every key that is not the placeholder of a folder. Raises `Unavailable`."""
        folder = f"{self._folder}/" if self._folder else ""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._folder)
        with self._reached():
            for page in pages:
                keys = [each["Key"] for each in page.get("Contents", [])]
                # The folder `route=churn` does not include `route=churn-v2`.
                inside = [key for key in keys if key == self._folder or key.startswith(folder)]
                yield from (key for key in inside if not key.endswith("/"))

    def read(self, name: str) -> Content | None:
        """Return the content of `name`, or `None` if it was deleted. Raises `NotQuarantine`, `Unavailable`."""
        with self._reached():
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=name)
                body = answer["Body"].read()
            except ClientError as error:
                if code_of(error) in _GONE:
                    return None
                raise
        return Content(answer["ETag"], body, decode_file(body))

    def write(self, name: str, etag: str, entries: list[QuarantineEntry]) -> None:
        """Write `entries` to `name`, or delete it if there are none. Raises `Changed`, `Unavailable`.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html
        """
        with self._reached():
            if entries:
                body = encode_file(entries)
                self._client.put_object(
                    Bucket=self._bucket, Key=name, Body=body, ContentType="application/x-ndjson", IfMatch=etag
                )
            else:
                self._client.delete_object(Bucket=self._bucket, Key=name, IfMatch=etag)

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except AwsError as error:
            code = code_of(error)
            if code in _CHANGED | _GONE:
                raise Changed from error
            raise Unavailable(
                f"s3://{self._bucket} answers {code}; replaying needs s3:ListBucket on it, and s3:GetObject, "
                "s3:PutObject and s3:DeleteObject on what it holds"
            ) from error


class DirectoryFiles:
    """Quarantine files in a directory, such as a copy of the bucket; `place` may also be one file."""

    def __init__(self, place: Path) -> None:
        self._place = place

    def names(self) -> Iterator[str]:
        """Yield the path of every file that is not hidden."""
        found = [self._place] if self._place.is_file() else sorted(self._place.rglob("*"))
        yield from (str(path) for path in found if path.is_file() and not path.name.startswith("."))

    def read(self, name: str) -> Content | None:
        """Return the content of `name`, or `None` if it was deleted. Raises `NotQuarantine`, `Unavailable`."""
        body = _body(Path(name))
        return None if body is None else Content(_etag(body), body, decode_file(body))

    def write(self, name: str, etag: str, entries: list[QuarantineEntry]) -> None:
        """Write `entries` to `name`, or delete it if there are none. Raises `Changed`, `Unavailable`."""
        path = Path(name)
        body = _body(path)
        if body is None or _etag(body) != etag:
            raise Changed
        try:
            _put(path, encode_file(entries)) if entries else path.unlink()
        except OSError as error:
            raise Unavailable(f"{name} cannot be written: {error.strerror}") from error


def decode_file(body: bytes) -> dict[int, QuarantineEntry]:
    """Return the entries of a quarantine file by line number; of equal entries the first.

    Raises `NotQuarantine`; its sentence holds no text of the file.
    """
    try:
        lines = gzip.decompress(body).split(b"\n")
    except (OSError, EOFError, zlib.error) as error:
        raise NotQuarantine("is not whole gzip") from error
    numbers: dict[QuarantineEntry, int] = {}
    for number, line in enumerate(lines, start=1):
        if line:
            try:
                numbers.setdefault(decode_entry(line), number)
            except ValueError as error:
                raise NotQuarantine(f"line {number} is not a rejection that this version knows") from error
    return {number: entry for entry, number in numbers.items()}


def _body(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror}") from error


def _etag(body: bytes) -> str:
    return sha256(body).hexdigest()


def _put(path: Path, body: bytes) -> None:
    """Write beside `path` and rename, so that the file always holds either the old entries or the new ones."""
    beside = path.with_name(f".{path.name}.tmp")
    with beside.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
