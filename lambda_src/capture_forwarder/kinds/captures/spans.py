"""The old form of spans, until `forward/` uses `CaptureKind`."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import cast

from msgspec import Struct

from capture_forwarder.domain.capture import Line
from capture_forwarder.domain.progress import LineSpan
from capture_forwarder.kinds.captures.compiled import FastPath
from capture_forwarder.kinds.kind import EncodedRows
from capture_forwarder.lines.reader import LineReader, Lines

# What is gathered waits in memory to be encoded at once, which takes a tenth less time than row by row.
_MAX_ROWS = 128


class DecodedSpan(Struct):
    """A span of lines that the fast path reads, and what they became."""

    span: LineSpan
    ready: EncodedRows

    @property
    def end(self) -> int:
        """The byte at which it ends."""
        return self.span.end


def decode_spans(reader: LineReader, fast: FastPath | None, max_rows: int) -> Iterator[DecodedSpan | Line]:
    """Yield spans of what the fast path reads, and between them, alone, every line that is for the plain path.

    A span has about `max_rows` at most, if its calls have as many rows as those before them.
    """
    if fast is None:
        yield from reader
        return
    max_rows, at_once = min(max_rows, _MAX_ROWS), 1
    for lines in reader.together():
        if isinstance(lines, Line):
            yield lines
            continue
        start, offset = 0, lines.offset
        while data := lines.data[start : start + at_once]:
            number, start = lines.number + start, start + len(data)
            end = offset + sum(map(len, data)) + len(data) if start < len(lines.data) else lines.end
            ready = EncodedRows()
            counts = [fast(one, ready) for one in data]
            yield from _gathered(Lines(number, offset, end, data), counts, ready)
            offset = end
            at_once = max(1, max_rows * len(data) // max(len(ready.rows), len(data)))


def _gathered(lines: Lines, counts: Sequence[int | None], ready: EncodedRows) -> Iterator[DecodedSpan | Line]:
    """Yield all of `lines` together, but for those without a count: they are for the plain path."""
    if None not in counts:  # nearly always
        rows = cast("list[int]", counts)
        yield DecodedSpan(LineSpan(lines.number, lines.offset, lines.end, lines.data, rows, owed=len(ready.ids)), ready)
        return
    taken = 0
    for is_left, group in groupby(zip(lines, counts, strict=True), lambda one: one[1] is None):
        found = list(group)
        if is_left:
            yield from (line for line, _ in found)
        else:
            beside = Lines(found[0][0].number, found[0][0].offset, found[-1][0].end, [line.data for line, _ in found])
            counted = [count or 0 for _, count in found]
            until = taken + sum(counted)
            yield from _gathered(
                beside, counted, EncodedRows(ready.ids[taken:until], ready.rows[taken:until], ready.time)
            )
            taken = until
