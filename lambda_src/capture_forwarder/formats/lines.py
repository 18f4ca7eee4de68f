r"""The byte stream of a capture object, split into lines.

Only `\n` ends a line: JSON allows U+2028 and U+0085 raw inside strings, and a multi-byte character may lie across a
chunk boundary. A chunk is split at once, by C; what stands behind its last line end begins the next line.
"""

from collections.abc import Iterable, Iterator
from itertools import chain

from msgspec import Struct

from capture_forwarder.domain.capture import Bookmark, Line
from capture_forwarder.domain.delivery import Refusal, RejectionCode
from capture_forwarder.formats.inflate import MAGIC, Damaged, inflate

_BROKEN = Refusal(
    RejectionCode.OBJECT_TRUNCATED, "the gzip stream ends early or is damaged here; upload the object again"
)


class Lines(Struct, frozen=True):
    """Whole lines that stand one behind the other, the first with the number `number`, and where the last one ends."""

    number: int
    offset: int
    end: int
    data: list[bytes]

    def __iter__(self) -> Iterator[Line]:
        """Yield one line after the other."""
        offset = self.offset
        for number, data in enumerate(self.data, self.number):
            end = min(offset + len(data) + 1, self.end)
            yield Line(number, offset, end, data)
            offset = end


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
        while len(head) < len(MAGIC) and (chunk := next(rest, None)) is not None:
            head += chunk
        stream = chain([head], rest)
        self.compressed = at.compressed or (at.offset == 0 and head.startswith(MAGIC))
        self._chunks = _after(inflate(stream), at.offset) if self.compressed else stream

    def __iter__(self) -> Iterator[Line]:
        """Yield every line, one by one."""
        for lines in self.together():
            yield from (lines,) if isinstance(lines, Line) else lines

    def together(self) -> Iterator[Lines | Line]:
        """Yield the lines as they come; alone is one past `max_line_bytes`, which is passed over and refused.

        A gzip stream that ends early or is damaged gives a last, refused line where it broke: what was cut off is
        unknown, so an object like that is never a success.
        """
        longest = self._max_line_bytes
        begun = _Begun(self._at.lines + 1, self._at.offset, longest)
        try:
            for chunk in _cut(self._chunks, longest):
                first, *whole = chunk.split(b"\n")
                begun.add(first)
                if whole:
                    rest = whole.pop()
                    yield (line := begun.ended(by=1))
                    number, end = begun.number + 1, line.end + len(chunk) - len(first) - len(rest) - 1
                    if whole:
                        yield Lines(number, line.end, end, whole)
                    begun = _Begun(number + len(whole), end, longest)
                    begun.add(rest)
        except Damaged:
            yield Line(begun.number, begun.offset, begun.offset, b"", _BROKEN)
            return
        if begun.size:
            yield begun.ended(by=0)


class _Begun:
    """A line of which more may come; of one that is too long only the size is kept."""

    def __init__(self, number: int, offset: int, longest: int) -> None:
        self.number = number
        self.offset = offset
        self.size = 0
        self._longest = longest
        self._pieces: list[bytes] = []

    def add(self, piece: bytes) -> None:
        self.size += len(piece)
        if self.size <= self._longest:
            self._pieces.append(piece)
        else:
            self._pieces.clear()

    def ended(self, *, by: int) -> Lines | Line:
        """Return the line, with as many bytes of line end."""
        end = self.offset + self.size + by
        if self.size <= self._longest:
            return Lines(self.number, self.offset, end, [b"".join(self._pieces)])
        why = (
            f"{end - self.offset} bytes, more than max_line_bytes = {self._longest}; raise it if such lines are wanted"
        )
        return Line(self.number, self.offset, end, b"", Refusal(RejectionCode.LINE_TOO_LONG, why))


def _cut(chunks: Iterable[bytes], longest: int) -> Iterator[bytes]:
    """Yield chunks none of which holds a line that is too long; hardly ever they are cut for that."""
    for chunk in chunks:
        for start in range(0, len(chunk), longest):
            yield chunk[start : start + longest]


def _after(chunks: Iterable[bytes], behind: int) -> Iterator[bytes]:
    """Yield what comes after so many bytes."""
    for chunk in chunks:
        yield chunk[behind:]
        behind = max(0, behind - len(chunk))
