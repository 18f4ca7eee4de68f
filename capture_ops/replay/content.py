"""A quarantine file that was read: a copy of its bytes, its lines and its entries."""

import zlib
from collections.abc import Iterator
from hashlib import sha256
from tempfile import SpooledTemporaryFile
from typing import IO

from msgspec import Struct

from capture_forwarder.domain.progress import QuarantineEntry
from capture_forwarder.kinds.quarantine.entries import decode_entry, digest_of, read_lines

# A larger file is copied to the disk.
_HELD_BYTES = 1024 * 1024
_CHUNK_BYTES = 64 * 1024


class NotQuarantine(Exception):
    """A file that is not a quarantine file; the sentence says where, and holds no text of the file."""


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
    """Return a file without a name. It is in memory while it is small."""
    return SpooledTemporaryFile(max_size=_HELD_BYTES)


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
