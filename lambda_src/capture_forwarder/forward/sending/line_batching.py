"""Fill batches with captured lines that are sent as they are."""

from collections.abc import Sequence
from typing import cast

from capture_forwarder.domain.batch import BatchSlice, LineBatch, ResultRecorder, WholeLine
from capture_forwarder.domain.progress import LineSpan
from capture_forwarder.forward.sending.filling import BatchFiller


class LineBatcher(BatchFiller):
    """Fills batches with lines of objects of one content type.

    `max_rows` counts lines. A line with more rows or bytes than a request may have is sent alone.
    """

    _content_type: str | None = None

    def begin_object(self, content_type: str | None) -> None:
        """Note the content type of the object whose lines come next."""
        if content_type != self._content_type:
            self.flush()
            self._content_type = content_type

    def add(self, recorder: ResultRecorder, span: LineSpan, ids: Sequence[str], rows: Sequence[object]) -> None:
        """Add the one line of `span`, if it has rows."""
        if self._stopped or not rows:
            return
        (line,) = cast("Sequence[WholeLine]", rows)
        size_bytes = len(line.data) + 1
        if self._is_full(line.row_count, size_bytes):
            self.flush()
        self._lines.append(line)
        self._slices.append(BatchSlice(recorder, span, 0, len(ids)))
        self._rows += line.row_count
        self._bytes += size_bytes
        if self._is_full(1, 1):
            self.flush()

    def _begin(self) -> None:
        super()._begin()
        self._lines: list[WholeLine] = []
        self._rows = 0
        self._bytes = self._limits.framing_bytes

    def _made(self) -> LineBatch:
        return LineBatch.made_of(self._model_id, self._lines, self._content_type)

    def _is_full(self, more_rows: int, more_bytes: int) -> bool:
        """Return whether so many more rows and bytes need another request."""
        return bool(self._lines) and (
            len(self._lines) >= self.max_rows
            or self._rows + more_rows > self._limits.max_inferences
            or self._bytes + more_bytes > self._limits.max_bytes
        )
