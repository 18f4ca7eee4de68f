"""Fill batches with the rows of spans, as far as the limits of one request allow."""

from collections.abc import Iterable
from itertools import islice

import msgspec

from capture_forwarder.domain.batch import Batch, BatchSlice, ResultRecorder, elements
from capture_forwarder.domain.progress import LineSpan
from capture_forwarder.forward.sending.filling import BatchFiller
from capture_forwarder.forward.sending.row_limits import refused_rows

# Rows are encoded a block at a time. A block that does not fit into the request is split into its rows again.
_BLOCK_ROWS = 128
_encode = msgspec.json.Encoder().encode


class Batcher(BatchFiller):
    """Fills batches with rows: each as full as its limits allow, in order, without losing a row."""

    def add(self, recorder: ResultRecorder, span: LineSpan, ids: Iterable[str], rows: Iterable[object]) -> None:
        """Add the rows of one span; iterators are read a block at a time, and `send` is called in between.

        Raises the encoder's error for a row; rows from that block on are not added.
        """
        if len(self._ids) >= self.max_rows:
            self.flush()
        if isinstance(ids, list) and isinstance(rows, list):
            self._add_rows(recorder, span, 0, ids, rows)
            return
        start, next_ids, next_rows = 0, iter(ids), iter(rows)
        while not self._stopped and (block := list(islice(next_rows, _BLOCK_ROWS))):
            self._add_rows(recorder, span, start, list(islice(next_ids, len(block))), block)
            start += len(block)

    def _begin(self) -> None:
        super()._begin()
        self._ids: list[str] = []
        self._blocks: list[bytes] = []
        self._bytes = 1

    def _made(self) -> Batch:
        return Batch(self._model_id, self._ids, _joined(self._blocks))

    def _add_rows(
        self, recorder: ResultRecorder, span: LineSpan, first: int, ids: list[str], rows: list[object]
    ) -> None:
        """Add rows that are made already; the first of them has the place `first` in the span."""
        start, count = 0, len(rows)
        while start < count and not self._stopped:
            stop = min(count, start + min(_BLOCK_ROWS, self.max_rows - len(self._ids)))
            piece = BatchSlice(recorder, span, first + start, stop - start)
            if self._limits.are_checked:
                self._add_checked(piece, ids[start:stop], rows[start:stop])
            else:
                self._add(piece, ids[start:stop], _encode(rows[start:stop]))
            start = stop

    def _add_checked(self, piece: BatchSlice, ids: list[str], rows: list[object]) -> None:
        """Add the rows that the destination takes, and record the others as rejected."""
        refused, start = refused_rows(ids, rows, self._limits), 0
        for place in (*sorted(refused), len(ids)):
            if place > start:
                taken = BatchSlice(piece.recorder, piece.span, piece.start + start, place - start)
                self._add(taken, ids[start:place], _encode(rows[start:place]))
            if place in refused:
                piece.recorder.record(piece.span, piece.start + place, ids[place : place + 1], [refused[place]])
            start = place + 1

    def _add(self, piece: BatchSlice, ids: list[str], block: bytes) -> None:
        """Add a block of rows, encoded as an array; row by row if the block does not fit."""
        if len(ids) > 1 and self._bytes + len(block) - 1 > self._limits.max_bytes:
            for place, row in enumerate(elements(block)):
                one = BatchSlice(piece.recorder, piece.span, piece.start + place, 1)
                self._add(one, ids[place : place + 1], b"[%b]" % bytes(row))
            return
        if self._bytes + len(block) - 1 > self._limits.max_bytes:
            self.flush()
        self._ids += ids
        self._slices.append(piece)
        self._blocks.append(block)
        self._bytes += len(block) - 1
        if len(self._ids) >= self.max_rows:
            self.flush()


def _joined(blocks: list[bytes]) -> bytes:
    """Return one array with the elements of all blocks."""
    if len(blocks) == 1:
        return blocks[0]
    views = [memoryview(block)[1:-1] for block in blocks]
    views[0], views[-1] = memoryview(blocks[0])[:-1], memoryview(blocks[-1])[1:]
    return b",".join(views)
