"""The captured lines that rejections speak of: as quarantine kept them, else read again from their capture objects."""

from collections.abc import Iterator

from capture_forwarder.domain.capture import CaptureObject, Line, ReadOffset
from capture_forwarder.domain.delivery import Reason, Superseded
from capture_forwarder.domain.progress import QuarantineEntry
from capture_forwarder.lines.reader import LineReader
from capture_forwarder.ports import CaptureStore, Opened


class Originals:
    """Goes forward through one object after the other: entries come in the order of their lines."""

    def __init__(self, store: CaptureStore, max_line_bytes: int) -> None:
        self._store = store
        self._max_line_bytes = max_line_bytes
        self._source: CaptureObject | None = None
        self._lines: Iterator[Line] = iter(())
        self._line: Line | None = None

    def line(self, entry: QuarantineEntry) -> Line | str:
        """Return the line that `entry` speaks of, or why it cannot be had. Raises `SourceUnavailable`.

        A line that was too long, or broke off, stands in quarantine without any data even where payloads are kept.
        """
        if entry.data:
            return Line(entry.line, entry.offset, entry.offset + len(entry.data) + 1, entry.data)
        if self._source != entry.source or self._line is None or self._line.offset > entry.offset:
            opened = self._open(entry)
            if not isinstance(opened, Opened):
                return _absent(opened)
        while self._line and self._line.offset < entry.offset:
            self._line = next(self._lines, None)
        if self._line and (self._line.offset, self._line.number) == (entry.offset, entry.line):
            return self._line
        return "its line was not kept, and its capture object holds none at that offset"

    def _open(self, entry: QuarantineEntry) -> Opened | Reason | Superseded:
        """Go to the line of `entry`: in a gzip object there is only the way from its start."""
        self._source = None
        opened = self._store.open(entry.source, 0)
        compressed = isinstance(opened, Opened) and self._start(opened, ReadOffset())
        if entry.offset and not compressed and isinstance(opened, Opened):
            opened = self._store.open(entry.source, entry.offset)
            if isinstance(opened, Opened):
                self._start(opened, ReadOffset(entry.offset, entry.line - 1))
        self._source = entry.source
        return opened

    def _start(self, opened: Opened, at: ReadOffset) -> bool:
        """Read the first line from `at` on, and tell whether the object is gzip."""
        reader = LineReader(opened.chunks, self._max_line_bytes, at)
        self._lines = iter(reader)
        self._line = next(self._lines, None)
        return reader.compressed


def _absent(found: Reason | Superseded) -> str:
    why = f"is not there ({found.code})" if isinstance(found, Reason) else "was overwritten"
    return f"its line was not kept, and its capture object {why}"
