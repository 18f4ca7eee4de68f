"""Quarantine files in S3 or in a directory: read, and written only if they are still as they were read.

A file is copied to a temporary file and read from there as a stream.
"""

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from shutil import copyfileobj
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Protocol

from botocore.exceptions import ClientError
from msgspec import Struct

from capture_forwarder.aws.errors import AwsError, code_of
from capture_forwarder.domain.delivery import Unavailable
from capture_forwarder.domain.progress import QuarantineEntry
from capture_forwarder.kinds.quarantine.entries import decode_entry, digest_of, read_lines

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

SUFFIX = ".jsonl.gz"
_CHANGED = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
_GONE = {"NoSuchKey", "404"}
# A larger file is copied to the disk.
_HELD_BYTES = 1024 * 1024
_CHUNK_BYTES = 64 * 1024


class NotQuarantine(Exception):
    """A file that is not a quarantine file; the sentence says where, and holds no text of the file."""


class Changed(Exception):
    """The file was written, or deleted, since it was read."""


class Content(Struct, frozen=True):
    """A copy of a file, and the `etag` that a later write must find unchanged. The caller closes it."""

    etag: str
    file: IO[bytes]

    def chunks(self) -> Iterator[bytes]:
        """Yield the compressed bytes."""
        self.file.seek(0)
        while chunk := self.file.read(_CHUNK_BYTES):
            yield chunk

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield number and text of every line that is not empty. Raises `NotQuarantine`."""
        self.file.seek(0)
        try:
            yield from read_lines(self.file)
        except (OSError, EOFError, zlib.error) as error:
            raise NotQuarantine("is not whole gzip") from error

    def unique_lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield number and text of every line, of equal lines the first. Raises `NotQuarantine`."""
        seen: set[bytes] = set()
        for number, line in self.lines():
            digest = digest_of(line)
            if digest not in seen:
                seen.add(digest)
                yield number, line

    def check(self) -> None:
        """Read all entries. Raises `NotQuarantine`, and then closes the copy."""
        try:
            for number, line in self.lines():
                entry_in(number, line)
        except NotQuarantine:
            self.close()
            raise

    def close(self) -> None:
        """Remove the copy."""
        self.file.close()


def entry_in(number: int, line: bytes) -> QuarantineEntry:
    """Return the entry in one line. Raises `NotQuarantine`."""
    try:
        return decode_entry(line)
    except ValueError as error:
        raise NotQuarantine(f"line {number} is not an entry that this version knows") from error


def temporary_file() -> IO[bytes]:
    """Return a file without a name, which is in memory while it is small."""
    return SpooledTemporaryFile(max_size=_HELD_BYTES)


class QuarantineFiles(Protocol):
    """The quarantine files below one folder."""

    def names(self) -> Iterator[str]:
        """Yield the name of every file. Raises `Unavailable`."""
        ...

    def read(self, name: str) -> Content | None:
        """Return a copy of `name`, or `None` if it was deleted. Raises `Unavailable`."""
        ...

    def write(self, name: str, etag: str, body: IO[bytes]) -> None:
        """Replace the content of `name` by that of `body`. Raises `Changed`, `Unavailable`."""
        ...

    def delete(self, name: str, etag: str) -> None:
        """Delete `name`. Raises `Changed`, `Unavailable`."""
        ...


class S3Files:
    """Quarantine files below a folder of a bucket; `folder` may also be one file.

    Writes are conditional: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html
    """

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
        """Return a copy of `name`, or `None` if it was deleted. Raises `Unavailable`."""
        with self._reached():
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=name)
                return copied(answer["Body"], answer["ETag"])  # type: ignore[arg-type]  # it can be read
            except ClientError as error:
                if code_of(error) in _GONE:
                    return None
                raise

    def write(self, name: str, etag: str, body: IO[bytes]) -> None:
        """Replace the content of `name` by that of `body`. Raises `Changed`, `Unavailable`."""
        body.seek(0)
        with self._reached():
            self._client.put_object(
                Bucket=self._bucket, Key=name, Body=body, ContentType="application/x-ndjson", IfMatch=etag
            )

    def delete(self, name: str, etag: str) -> None:
        """Delete `name`. Raises `Changed`, `Unavailable`."""
        with self._reached():
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
        """Return a copy of `name`, or `None` if it was deleted. Raises `Unavailable`."""
        try:
            with Path(name).open("rb") as file:
                return copied(file)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unavailable(f"{name} cannot be read: {error.strerror}") from error

    def write(self, name: str, etag: str, body: IO[bytes]) -> None:
        """Replace the content of `name` by that of `body`. Raises `Changed`, `Unavailable`."""
        body.seek(0)
        with self._unchanged(name, etag):
            _put(Path(name), body)

    def delete(self, name: str, etag: str) -> None:
        """Delete `name`. Raises `Changed`, `Unavailable`."""
        with self._unchanged(name, etag):
            Path(name).unlink()

    @contextmanager
    def _unchanged(self, name: str, etag: str) -> Iterator[None]:
        content = self.read(name)
        if content is None:
            raise Changed
        content.close()
        if content.etag != etag:
            raise Changed
        try:
            yield
        except OSError as error:
            raise Unavailable(f"{name} cannot be written: {error.strerror}") from error


def copied(source: IO[bytes], etag: str | None = None) -> Content:
    """Return a copy of `source`, with a hash of it as etag if it has none."""
    file, digest = temporary_file(), sha256()
    try:
        while chunk := source.read(_CHUNK_BYTES):
            file.write(chunk)
            digest.update(chunk)
    except BaseException:
        file.close()
        raise
    return Content(etag or digest.hexdigest(), file)


def _put(path: Path, body: IO[bytes]) -> None:
    """Write beside `path` and rename, so that the file always holds either the old entries or the new ones."""
    beside = path.with_name(f".{path.name}.tmp")
    with beside.open("wb") as file:
        copyfileobj(body, file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
