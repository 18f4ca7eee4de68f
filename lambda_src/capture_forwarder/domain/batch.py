"""Rows gathered into requests: in order, by count and by bytes."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import msgspec
from msgspec import Raw, Struct

from capture_forwarder.domain.delivery import RowResult
from capture_forwarder.domain.progress import LineSpan

# Builds one element of a request's JSON array from an id, a time, and an object of values by name.
RowBuilder = Callable[[str, datetime, object], object]

# Rows are encoded a block at a time. A block that does not fit into the request is split into its rows again.
_BLOCK_ROWS = 128

_encode = msgspec.json.Encoder().encode
_elements = msgspec.json.Decoder(list[Raw]).decode


class BatchLimits(Struct, frozen=True):
    """The limits of one request; a row that alone is larger than `max_bytes` is sent alone."""

    max_inferences: int = 1000
    max_bytes: int = 5_000_000


class ResultRecorder(Protocol):
    """Receives the results of rows: the tracker of the object that they come from."""

    def record(self, span: LineSpan, start: int, ids: Sequence[str], results: Sequence[RowResult]) -> None:
        """Record the results of the rows of `span` from place `start` on."""
        ...


class BatchSlice(Struct, frozen=True):
    """A slice of a batch: `count` rows of one span, from place `start` on, and the recorder of their results."""

    recorder: ResultRecorder
    span: LineSpan
    start: int
    count: int


class Batch(Struct, frozen=True):
    """The content of one request: rows of one model, in the order in which they were made; `body` is a JSON array."""

    model_id: str
    ids: list[str]
    body: bytes

    def rows(self) -> list[bytes]:
        """Return the elements of `body`."""
        return [bytes(row) for row in _elements(self.body)]

    def of(self, places: Sequence[int]) -> "Batch":
        """Return a batch for the same model with only the rows at `places`."""
        rows = self.rows()
        body = b"[" + b",".join([rows[place] for place in places]) + b"]"
        return Batch(self.model_id, [self.ids[place] for place in places], body)


class Batcher:
    """Fills batches and hands them to `send`: each as full as its limits allow, in order, without losing a row."""

    def __init__(self, model_id: str, limits: BatchLimits, send: Callable[[Batch, list[BatchSlice]], object]) -> None:
        self._model_id = model_id
        self._limits = limits
        self._send = send
        self._begin()

    def add(self, recorder: ResultRecorder, span: LineSpan, ids: list[str], rows: list[object]) -> None:
        """Add the rows of one span. Raises the encoder's error for a row; rows from that block on are not added."""
        start = 0
        while start < len(rows):
            stop = start + min(_BLOCK_ROWS, self._limits.max_inferences - len(self._ids))
            piece = BatchSlice(recorder, span, start, min(stop, len(rows)) - start)
            self._add(piece, ids[start:stop], _encode(rows[start:stop]))
            start = stop

    def flush(self) -> None:
        """Send the batch that was begun, if it has rows."""
        if self._ids:
            batch, slices = Batch(self._model_id, self._ids, _joined(self._blocks)), self._slices
            self._begin()
            self._send(batch, slices)

    def _begin(self) -> None:
        self._ids: list[str] = []
        self._slices: list[BatchSlice] = []
        self._blocks: list[bytes] = []
        self._bytes = 1

    def _add(self, piece: BatchSlice, ids: list[str], block: bytes) -> None:
        """Add a block of rows, encoded as an array; row by row if the block does not fit."""
        if len(ids) > 1 and self._bytes + len(block) - 1 > self._limits.max_bytes:
            for place, row in enumerate(_elements(block)):
                one = BatchSlice(piece.recorder, piece.span, piece.start + place, 1)
                self._add(one, ids[place : place + 1], b"[%b]" % bytes(row))
            return
        if self._bytes + len(block) - 1 > self._limits.max_bytes:
            self.flush()
        self._ids += ids
        self._slices.append(piece)
        self._blocks.append(block)
        self._bytes += len(block) - 1
        if len(self._ids) >= self._limits.max_inferences:
            self.flush()


def _joined(blocks: list[bytes]) -> bytes:
    """Return one array with the elements of all blocks."""
    if len(blocks) == 1:
        return blocks[0]
    views = [memoryview(block)[1:-1] for block in blocks]
    views[0], views[-1] = memoryview(blocks[0])[:-1], memoryview(blocks[-1])[1:]
    return b",".join(views)
