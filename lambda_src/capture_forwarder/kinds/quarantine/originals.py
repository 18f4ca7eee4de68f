"""The captured line of a quarantine entry: from the entry itself, else read again from its capture object."""

from collections.abc import Iterator
from math import inf

from capture_forwarder.domain.capture import CaptureObject, Line, ReadOffset
from capture_forwarder.domain.delivery import Reason, SourceDamaged, Superseded, Unavailable
from capture_forwarder.domain.progress import QuarantineEntry
from capture_forwarder.lines.reader import LineReader
from capture_forwarder.ports import ObjectStore, OpenObject, TimeLeft


class Originals:
    """Finds captured lines. Entries come in the order of their lines, so each object is read forward once."""

    def __init__(self, store: ObjectStore, max_line_bytes: int, left_secs: TimeLeft = lambda: inf) -> None:
        self._left_secs = left_secs
        self._store = store
        self._max_line_bytes = max_line_bytes
        self._source: CaptureObject | None = None
        self._why_missing: str | None = None
        self._lines: Iterator[Line] = iter(())
        self._line: Line | None = None
        self._at = 0  # lines that begin before this offset were passed over

    def line(self, entry: QuarantineEntry) -> Line | str:
        """Return the captured line of `entry`, or a sentence that says why there is none. Raises `SourceUnavailable`.

        An entry has no data if its route keeps payloads out of quarantine, or if the line was too long or truncated.
        """
        if entry.data:
            return Line(entry.line, entry.offset, entry.offset + len(entry.data) + 1, entry.data)
        try:
            return self._read(entry)
        except Unavailable:
            self._source = None  # the next entry opens the object again
            raise

    def _read(self, entry: QuarantineEntry) -> Line | str:
        if self._source != entry.source or entry.offset < self._at:
            self._open(entry)
        if self._why_missing is not None:
            return self._why_missing
        self._at = entry.offset
        while self._line and self._line.offset < entry.offset:
            self._line = next(self._lines, None)
        if self._line and (self._line.offset, self._line.number) == (entry.offset, entry.line):
            return self._line
        return "its line was not kept, and its capture object has no line at that offset"

    def _open(self, entry: QuarantineEntry) -> None:
        """Go to the line of `entry`; a gzip object is read from its start."""
        self._source, self._why_missing, self._at = entry.source, None, 0
        opened = self._store.open(entry.source, 0, self._left_secs)
        compressed = isinstance(opened, OpenObject) and self._start(opened, ReadOffset())
        if entry.offset and not compressed and isinstance(opened, OpenObject):
            try:
                opened = self._store.open(entry.source, entry.offset, self._left_secs)
            except SourceDamaged:  # the offset lies past the end
                opened = OpenObject(iter(()))
            if isinstance(opened, OpenObject):
                self._start(opened, ReadOffset(entry.offset, entry.line - 1))
        if not isinstance(opened, OpenObject):
            self._why_missing = _missing(opened)

    def _start(self, opened: OpenObject, at: ReadOffset) -> bool:
        """Read the first line from `at` on, and return whether the object is gzip."""
        reader = LineReader(opened.chunks, self._max_line_bytes, at)
        self._lines = iter(reader)
        self._line = next(self._lines, None)
        return reader.compressed


def _missing(found: Reason | Superseded) -> str:
    why = f"is missing ({found.code})" if isinstance(found, Reason) else "was overwritten"
    return f"its line was not kept, and its capture object {why}"
