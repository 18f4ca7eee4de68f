"""Lines gathered into stretches: what lies beside each other in an object travels together."""

from collections.abc import Iterator

from msgspec import Struct

from capture_forwarder.domain.capture import Line
from capture_forwarder.domain.delivery import Unavailable
from capture_forwarder.domain.stretch import Stretch
from capture_forwarder.formats.fast.path import FastPath, Ready
from capture_forwarder.formats.lines import LineReader, Lines

# What is gathered waits in memory to be encoded at once, which takes a tenth less time than row by row.
_MOST_ROWS = 128
_MOST_BYTES = 64 * 1024


class Gathered(Struct):
    """A stretch of lines that the fast path reads, and what they became."""

    stretch: Stretch
    ready: Ready

    @property
    def end(self) -> int:
        """The byte at which it ends."""
        return self.stretch.end


def gather(reader: LineReader, fast: FastPath | None, most_rows: int) -> Iterator[Gathered | Line]:
    """Yield stretches of what the fast path reads, and between them, alone, every line that is for the plain path.

    A stretch ends with the line that gives it `most_rows`, if not before. `Unavailable` of the reader is raised after
    what was gathered: where reading always breaks off, the beginning must get ahead all the same.
    """
    if fast is None:
        yield from reader
        return
    gatherer, trouble = _Gatherer(fast, min(most_rows, _MOST_ROWS)), None
    try:
        for lines in reader.together():
            yield from gatherer.take(lines)
    except Unavailable as unavailable:
        trouble = unavailable
    yield from gatherer.gathered(gatherer.end)
    if trouble:
        raise trouble


class _Gatherer:
    def __init__(self, fast: FastPath, most_rows: int) -> None:
        self.end = 0
        self._fast = fast
        self._most_rows = most_rows
        self._stretch: Stretch | None = None
        self._ready = Ready()

    def take(self, lines: Lines | Line) -> Iterator[Gathered | Line]:
        """Yield what is complete with `lines`."""
        if isinstance(lines, Line):
            yield from self.gathered(lines.offset)
            yield lines
        else:
            yield from self._take(lines)
        self.end = lines.end

    def _take(self, lines: Lines) -> Iterator[Gathered | Line]:
        fast, offset = self._fast, lines.offset
        for number, data in enumerate(lines.data, lines.number):
            rows, end = fast(data, self._ready), offset + len(data) + 1
            if rows is None:
                yield from self.gathered(offset)
                yield Line(number, offset, min(end, lines.end), data)
            else:
                stretch = self._stretch = self._stretch or Stretch(number, offset)
                stretch.lines.append(data)
                stretch.counts.append(rows)
                if len(self._ready.rows) >= self._most_rows or end - stretch.offset >= _MOST_BYTES:
                    yield from self.gathered(min(end, lines.end))
            offset = end

    def gathered(self, end: int) -> Iterator[Gathered]:
        """Yield what was gathered up to the byte `end`, if anything."""
        if self._stretch:
            self._stretch.end, self._stretch.owed = end, len(self._ready.ids)
            yield Gathered(self._stretch, self._ready)
            self._stretch, self._ready = None, Ready()
