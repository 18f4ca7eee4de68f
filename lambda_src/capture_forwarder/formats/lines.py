r"""The byte stream of a capture object, split into lines.

Only `\n` ends a line: JSON allows U+2028 and U+0085 raw inside strings, and a multi-byte character may lie across a
chunk boundary. Splitting runs in C (`io.BufferedReader`) and holds one line at a time.
"""

import gzip
import io
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain

from capture_forwarder.domain.capture import Bookmark, Line
from capture_forwarder.domain.delivery import Refusal, RejectionCode

_BUFFER_BYTES = 256 * 1024
_GZIP_MAGIC = b"\x1f\x8b"
_BROKEN = Refusal(
    RejectionCode.OBJECT_TRUNCATED, "the gzip stream ends early or is damaged here; upload the object again"
)


class _ChunkStream(io.RawIOBase):
    """Lets `io.BufferedReader` read from an iterator of chunks of any size."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # typeshed's buffer type is private
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


class LineReader:
    r"""Iterates over the lines of an object from a bookmark on, each without its `\n`.

    `chunks` are the object's bytes from its start where the bookmark says gzip, else from the bookmark's offset. At
    offset 0 gzip is recognised by its first bytes, not by a name; they are read at once. Errors of `chunks` itself are
    the caller's.
    """

    def __init__(self, chunks: Iterable[bytes], max_line_bytes: int, at: Bookmark = Bookmark()) -> None:  # noqa: B008 - frozen
        self._at = at
        self._max_line_bytes = max_line_bytes
        head, rest = b"", iter(chunks)
        while len(head) < len(_GZIP_MAGIC) and (chunk := next(rest, None)) is not None:
            head += chunk
        self._chunks = chain([head], rest)
        self.compressed = at.compressed or (at.offset == 0 and head.startswith(_GZIP_MAGIC))

    def __iter__(self) -> Iterator[Line]:
        """Yield every line; one past `max_line_bytes` is passed over and refused.

        A gzip stream that ends early or is damaged gives a last, refused line where it broke: what was cut off is
        unknown, so an object like that is never a success.
        """
        number, offset = self._at.lines, self._at.offset
        try:
            stream = self._opened()
            while data := stream.readline(self._max_line_bytes + 1):
                end = offset + len(data)
                refusal = None
                if len(data) > self._max_line_bytes and not data.endswith(b"\n"):
                    end += _skip_line(stream)
                    data, refusal = b"", self._too_long(end - offset)
                number += 1
                yield Line(number, offset, end, data.removesuffix(b"\n"), refusal)
                offset = end
        except (EOFError, gzip.BadGzipFile, zlib.error):
            yield Line(number + 1, offset, offset, b"", _BROKEN)

    def _opened(self) -> io.BufferedReader:
        plain: io.BufferedReader = io.BufferedReader(_ChunkStream(self._chunks), _BUFFER_BYTES)
        if not self.compressed:
            return plain
        inflated: io.BufferedReader = io.BufferedReader(gzip.GzipFile(fileobj=plain), _BUFFER_BYTES)
        behind = self._at.offset
        while behind and (skipped := len(inflated.read(min(behind, _BUFFER_BYTES)))):
            behind -= skipped
        return inflated

    def _too_long(self, size: int) -> Refusal:
        limit = self._max_line_bytes
        return Refusal(
            RejectionCode.LINE_TOO_LONG,
            f"{size} bytes, more than max_line_bytes = {limit}; raise it if such lines are wanted",
        )


def _skip_line(stream: io.BufferedReader) -> int:
    skipped = 0
    while piece := stream.readline(_BUFFER_BYTES):
        skipped += len(piece)
        if piece.endswith(b"\n"):
            break
    return skipped
