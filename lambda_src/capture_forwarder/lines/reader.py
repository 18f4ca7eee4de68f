r"""The byte stream of an object, split into lines.

Only `\n` ends a line: JSON allows U+2028 and U+0085 raw inside strings, and a multi-byte character may lie across a
chunk boundary. Each chunk is split in one call; its last piece begins the next line.
"""

import re
from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import chain

from msgspec import Struct

from capture_forwarder.domain.capture import Line, ReadOffset
from capture_forwarder.domain.delivery import Reason, RejectionCode, SourceDamaged
from capture_forwarder.lines.inflate import MAGIC, Damaged, inflate

_BROKEN = Reason(
    RejectionCode.OBJECT_TRUNCATED, "the gzip stream ends early or is damaged here; upload the object again"
)
# A first line that begins a list, or an object over several lines; there may be a byte order mark before it.
_begins_document = re.compile(rb"(?:\xef\xbb\xbf)?\s*+(?:\[|\{\s*+\Z)").match
_ONE_DOCUMENT = Reason(
    RejectionCode.LINE_NOT_JSON,
    "the file is one JSON document and not one record a line; jq -c writes one record a line: "
    "jq -c '.[]' of a list, jq -c . of records over several lines",
)


class Lines(Struct, frozen=True):
    """Consecutive whole lines: number and offset of the first, and end of the last."""

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

    def refused_from(self, at: int) -> "Iterator[Lines | Line]":
        """Yield the lines before `at`, and that line with a refusal instead of its data."""
        before = self.offset + sum(map(len, self.data[:at])) + at
        if at:
            yield Lines(self.number, self.offset, before, self.data[:at])
        end = min(before + len(self.data[at]) + 1, self.end)
        yield Line(self.number + at, before, end, b"", _ONE_DOCUMENT)


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
        self._chunks = _skip(inflate(stream), at.offset) if self.compressed else stream

    def __iter__(self) -> Iterator[Line]:
        """Yield every line, one by one."""
        for lines in self.together():
            yield from (lines,) if isinstance(lines, Line) else lines

    def together(self) -> Iterator[Lines | Line]:
        """Yield groups of lines. A line longer than `max_line_bytes` comes alone, with a refusal instead of its data.

        A gzip stream that ends early or is damaged gives a last line with a refusal, so that the object is never
        reported as a success: the rest of it is unknown. An object that begins like one JSON document over several
        lines has one refusal, and the rest of it is not read.
        """
        groups = self._groups()
        if self._at.offset == 0:
            for group in groups:
                at = _first_filled(group)
                if at is None:
                    yield group
                    continue
                if isinstance(group, Lines) and _begins_document(group.data[at]):
                    yield from group.refused_from(at)
                    return
                yield group
                break
        yield from groups

    def _groups(self) -> Iterator[Lines | Line]:
        max_bytes = self._max_line_bytes
        partial = _PartialLine(self._at.lines + 1, self._at.offset, max_bytes)
        try:
            for chunk in _pieces(self._chunks, max_bytes):
                first, *others = _split(chunk)
                partial.add(first)
                if others:
                    last = others.pop()
                    end = partial.offset + partial.size + len(chunk) - len(first) - len(last)
                    yield from partial.complete(others, end)
                    partial = _PartialLine(partial.number + 1 + len(others), end, max_bytes)
                    partial.add(last)
        except Damaged:
            yield Line(partial.number, partial.offset, partial.offset, b"", _BROKEN)
            return
        if partial.size:
            yield from partial.complete([], partial.offset + partial.size)


def _first_filled(group: Lines | Line) -> int | None:
    """Return the place of the first line that is not blank; `None` if all are blank."""
    lines = group.data if isinstance(group, Lines) else [b"too long"]
    return next((at for at, data in enumerate(lines) if data.strip()), None)


class _PartialLine:
    """The beginning of a line; of a line that is too long only the size is kept."""

    def __init__(self, number: int, offset: int, max_bytes: int) -> None:
        self.number = number
        self.offset = offset
        self.size = 0
        self._max_bytes = max_bytes
        # The pieces of a large line would lie between other blocks of memory, and leave gaps.
        self._data = bytearray()

    def add(self, piece: bytes) -> None:
        self.size += len(piece)
        if self.size <= self._max_bytes:
            self._data += piece
        else:
            self._data = bytearray()

    def complete(self, others: list[bytes], end: int) -> Iterator[Lines | Line]:
        """Yield this line and the `others` after it, up to byte `end`."""
        if self.size <= self._max_bytes:
            data = bytes(self._data)
            self._data = bytearray()  # a large line is not held twice while it is decoded
            yield Lines(self.number, self.offset, end, [data, *others])
            return
        own_end = min(self.offset + self.size + 1, end)
        size, max_bytes = own_end - self.offset, self._max_bytes
        why = f"{size} bytes, more than max_line_bytes = {max_bytes}; raise it if such lines are wanted"
        yield Line(self.number, self.offset, own_end, b"", Reason(RejectionCode.LINE_TOO_LONG, why))
        if others:
            yield Lines(self.number + 1, own_end, end, others)


def _split(chunk: bytes) -> list[bytes]:
    r"""Return the texts before, between and after all `\n`. A stream finds them faster than `bytes.split`."""
    lines = BytesIO(chunk).readlines()
    last = b"" if lines[-1].endswith(b"\n") else lines.pop()
    return [*[line[:-1] for line in lines], last]


def _pieces(chunks: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    """Yield chunks of at most `max_bytes`, so that only the first line of a chunk can be too long."""
    for chunk in chunks:
        for start in range(0, len(chunk), max_bytes):
            yield chunk[start : start + max_bytes]


def _skip(chunks: Iterable[bytes], count: int) -> Iterator[bytes]:
    """Yield the bytes after the first `count`. Raises `SourceDamaged` if there are not so many."""
    for chunk in chunks:
        yield chunk[count:]
        count = max(0, count - len(chunk))
    if count:
        raise SourceDamaged("its committed offset lies past its end; it is read again from its start")
