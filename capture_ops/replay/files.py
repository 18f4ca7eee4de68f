"""Quarantine files in S3 or in a directory: read, and written only if they are still as they were read.

A file is copied to a temporary file and read from there as a stream.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfileobj
from typing import IO, TYPE_CHECKING, Protocol

from botocore.exceptions import ClientError
from msgspec import Struct

from capture_forwarder.aws.errors import AwsError, code_of
from capture_forwarder.domain.delivery import Unavailable
from capture_ops.replay.content import Content, copied

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

SUFFIX = ".jsonl.gz"
_CHANGED = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
_GONE = {"NoSuchKey", "404"}


class Changed(Exception):
    """The file was written, or deleted, since it was read."""


class Listed(Struct, frozen=True):
    """One file, as a listing shows it; it was not read."""

    name: str
    size_bytes: int
    modified: datetime


class QuarantineFiles(Protocol):
    """The quarantine files below one folder."""

    def listed(self) -> Iterator[Listed]:
        """Yield every file. Raises `Unavailable`."""
        ...

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
        """Yield the key of every file. Raises `Unavailable`."""
        return (file.name for file in self.listed())

    def listed(self) -> Iterator[Listed]:
        """Yield every object that is not the placeholder of a folder. Raises `Unavailable`."""
        folder = f"{self._folder}/" if self._folder else ""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._folder)
        with self._reached():
            for page in pages:
                for each in page.get("Contents", []):
                    # The folder `route=churn` does not include `route=churn-v2`.
                    is_inside = each["Key"] == self._folder or each["Key"].startswith(folder)
                    if is_inside and not each["Key"].endswith("/"):
                        yield Listed(each["Key"], each["Size"], each["LastModified"])

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
        with self._reached(), _if_unchanged():
            self._client.put_object(
                Bucket=self._bucket, Key=name, Body=body, ContentType="application/x-ndjson", IfMatch=etag
            )

    def delete(self, name: str, etag: str) -> None:
        """Delete `name`. Raises `Changed`, `Unavailable`."""
        with self._reached(), _if_unchanged():
            self._client.delete_object(Bucket=self._bucket, Key=name, IfMatch=etag)

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except AwsError as error:
            raise Unavailable(
                f"s3://{self._bucket} answers {code_of(error)}; reading needs s3:ListBucket on it, and s3:GetObject on "
                "its objects; replaying also needs s3:PutObject and s3:DeleteObject on them; or correct the name"
            ) from error


@contextmanager
def _if_unchanged() -> Iterator[None]:
    """Raise `Changed` for the answers by which S3 refuses a conditional write. A read has no such answer."""
    try:
        yield
    except ClientError as error:
        if code_of(error) in _CHANGED | _GONE:
            raise Changed from error
        raise


class DirectoryFiles:
    """Quarantine files in a directory, such as a copy of the bucket; `place` may also be one file."""

    def __init__(self, place: Path) -> None:
        self._place = place

    def names(self) -> Iterator[str]:
        """Yield the path of every file that is not hidden."""
        return (str(path) for path in self._paths())

    def listed(self) -> Iterator[Listed]:
        """Yield every file that is not hidden."""
        for path in self._paths():
            with suppress(FileNotFoundError):  # another process deleted it
                found = path.stat()
                yield Listed(str(path), found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))

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

    def _paths(self) -> Iterator[Path]:
        found = [self._place] if self._place.is_file() else sorted(self._place.rglob("*"))
        return (path for path in found if path.is_file() and not path.name.startswith("."))

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


def _put(path: Path, body: IO[bytes]) -> None:
    """Write beside `path` and rename, so that the file always holds either the old entries or the new ones."""
    beside = path.with_name(f".{path.name}.tmp")
    with beside.open("wb") as file:
        copyfileobj(body, file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
