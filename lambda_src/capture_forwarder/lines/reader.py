r"""The byte stream of a capture object, split into lines.

Only `\n` ends a line: JSON allows U+2028 and U+0085 raw inside strings, and a multi-byte character may lie across a
chunk boundary. A chunk is split at once, by C; what stands behind its last line end begins the next line.
"""

from collections.abc import Iterable, Iterator
from itertools import chain

from msgspec import Struct

from capture_forwarder.domain.capture import Line, ReadOffset
from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.lines.inflate import MAGIC, Damaged, inflate

_BROKEN = Reason(
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
    r"""Iterates over the lines of an object from `at` on, each without its `\n`.

    `chunks` are the object's bytes from its start if `at` says gzip, else from the offset of `at`. At offset 0 gzip is
    recognised by its first bytes, not by a name. The constructor reads the first two bytes. Exceptions from `chunks`
    are not caught.
    """

    def __init__(self, chunks: Iterable[bytes], max_line_bytes: int, at: ReadOffset = ReadOffset()) -> None:  # noqa: B008 - frozen
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
                    end = begun.offset + begun.size + len(chunk) - len(first) - len(rest)
                    yield from begun.followed_by(whole, end)
                    begun = _Begun(begun.number + 1 + len(whole), end, longest)
                    begun.add(rest)
        except Damaged:
            yield Line(begun.number, begun.offset, begun.offset, b"", _BROKEN)
            return
        if begun.size:
            yield from begun.followed_by([], begun.offset + begun.size)


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

    def followed_by(self, whole: list[bytes], end: int) -> Iterator[Lines | Line]:
        """Yield this line, which is complete, and those behind it, up to byte `end`."""
        if self.size <= self._longest:
            data = b"".join(self._pieces)
            self._pieces.clear()  # a large line is not held twice while it is read
            yield Lines(self.number, self.offset, end, [data, *whole])
            return
        own_end = min(self.offset + self.size + 1, end)
        size, longest = own_end - self.offset, self._longest
        why = f"{size} bytes, more than max_line_bytes = {longest}; raise it if such lines are wanted"
        yield Line(self.number, self.offset, own_end, b"", Reason(RejectionCode.LINE_TOO_LONG, why))
        if whole:
            yield Lines(self.number + 1, own_end, end, whole)


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
