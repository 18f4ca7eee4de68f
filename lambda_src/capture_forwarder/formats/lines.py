r"""The byte stream of a capture object, split into lines.

Only `\n` ends a line: JSON allows U+2028 and U+0085 raw inside strings, and a multi-byte character may lie across a
chunk boundary. A chunk is split at once, by C; what stands behind its last line end begins the next line.
"""

from collections.abc import Iterable, Iterator
from itertools import chain

from capture_forwarder.domain.capture import Bookmark, Line
from capture_forwarder.domain.delivery import Refusal, RejectionCode
from capture_forwarder.formats.inflate import MAGIC, Damaged, inflate

_BROKEN = Refusal(
    RejectionCode.OBJECT_TRUNCATED, "the gzip stream ends early or is damaged here; upload the object again"
)


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
        """Yield every line; one past `max_line_bytes` is passed over and refused.

        A gzip stream that ends early or is damaged gives a last, refused line where it broke: what was cut off is
        unknown, so an object like that is never a success.
        """
        longest = self._max_line_bytes
        begun = _Begun(self._at.lines + 1, self._at.offset, longest)
        try:
            for chunk in self._chunks:
                first, *others = chunk.split(b"\n")
                begun.add(first)
                if not others:
                    continue
                rest = others.pop()
                line = begun.ended(1)
                yield line
                number, end = line.number, line.end
                for data in others:
                    number, offset, end = number + 1, end, end + len(data) + 1
                    yield (
                        Line(number, offset, end, data)
                        if len(data) <= longest
                        else _too_long(number, offset, end, longest)
                    )
                begun = _Begun(number + 1, end, longest)
                begun.add(rest)
        except Damaged:
            yield Line(begun.number, begun.offset, begun.offset, b"", _BROKEN)
            return
        if begun.size:
            yield begun.ended(0)


class _Begun:
    """A line of which more may come; too long a one is not kept, and only its size known."""

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

    def ended(self, by: int) -> Line:
        """Return the line, with as many bytes of line end."""
        end = self.offset + self.size + by
        if self.size > self._longest:
            return _too_long(self.number, self.offset, end, self._longest)
        return Line(self.number, self.offset, end, b"".join(self._pieces))


def _too_long(number: int, offset: int, end: int, longest: int) -> Line:
    why = f"{end - offset} bytes, more than max_line_bytes = {longest}; raise it if such lines are wanted"
    return Line(number, offset, end, b"", Refusal(RejectionCode.LINE_TOO_LONG, why))


def _after(chunks: Iterable[bytes], behind: int) -> Iterator[bytes]:
    """Yield what comes after so many bytes."""
    for chunk in chunks:
        yield chunk[behind:]
        behind = max(0, behind - len(chunk))
