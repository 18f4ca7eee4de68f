"""Inferences gathered into requests: in order, by count and by bytes."""

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec
from msgspec import Raw, Struct

from capture_forwarder.domain.delivery import RowResult

# Makes one element of a request's array, to be encoded as JSON, of an id, a time, and an object of values by name.
RowBuilder = Callable[[str, datetime, object], object]

# Rows are encoded some at a time: what does not fit into a request any more has to be taken apart again.
_BLOCK_ROWS = 128

_encode = msgspec.json.Encoder().encode
_elements = msgspec.json.Decoder(list[Raw]).decode


class BatchLimits(Struct, frozen=True):
    """What one request may hold; an inference that alone is larger than `max_bytes` travels alone."""

    max_inferences: int = 1000
    max_bytes: int = 5_000_000


# Tells somebody what became of some of the inferences of one span: the place of the first, ids, and results.
Settle = Callable[[int, list[str], list[RowResult]], None]


class BatchSlice(Struct, frozen=True):
    """Inferences that stand side by side in a batch as in their span: who is told, and the place of the first."""

    settle: Settle
    start: int
    count: int


class Batch(Struct, frozen=True):
    """What one request carries: inferences of one model, in the order in which they were made; `body` is an array."""

    model_id: str
    ids: list[str]
    body: bytes

    def rows(self) -> list[bytes]:
        """Return the inferences as they stand in `body`."""
        return [bytes(row) for row in _elements(self.body)]

    def of(self, places: Sequence[int]) -> "Batch":
        """Return a batch for the same model with only the inferences at `places`."""
        rows = self.rows()
        body = b"[" + b",".join([rows[place] for place in places]) + b"]"
        return Batch(self.model_id, [self.ids[place] for place in places], body)


class Batcher:
    """Fills batches and hands them to `post`: each as full as its limits allow, none reordered, none dropped."""

    def __init__(self, model_id: str, limits: BatchLimits, post: Callable[[Batch, list[BatchSlice]], object]) -> None:
        self._model_id = model_id
        self._limits = limits
        self._post = post
        self._begin()

    def add(self, settle: Settle, ids: list[str], rows: list[object]) -> None:
        """Take inferences of one span. Raises what encoding a row raises; nothing is taken from that block on."""
        start = 0
        while start < len(rows):
            stop = start + min(_BLOCK_ROWS, self._limits.max_inferences - len(self._ids))
            self._take(settle, start, ids[start:stop], _encode(rows[start:stop]))
            start = stop

    def flush(self) -> None:
        """Post what has been gathered, if anything."""
        if self._ids:
            batch, slices = Batch(self._model_id, self._ids, _joined(self._blocks)), self._parcels
            self._begin()
            self._post(batch, slices)

    def _begin(self) -> None:
        self._ids: list[str] = []
        self._parcels: list[BatchSlice] = []
        self._blocks: list[bytes] = []
        self._bytes = 1

    def _take(self, settle: Settle, start: int, ids: list[str], block: bytes) -> None:
        """Take an array of inferences; row by row if not all of it fits."""
        if len(ids) > 1 and self._bytes + len(block) - 1 > self._limits.max_bytes:
            for place, row in enumerate(_elements(block)):
                self._take(settle, start + place, ids[place : place + 1], b"[%b]" % bytes(row))
            return
        if self._bytes + len(block) - 1 > self._limits.max_bytes:
            self.flush()
        self._ids += ids
        self._parcels.append(BatchSlice(settle, start, len(ids)))
        self._blocks.append(block)
        self._bytes += len(block) - 1
        if len(self._ids) >= self._limits.max_inferences:
            self.flush()


def _joined(blocks: list[bytes]) -> bytes:
    """Return one array with the elements of all."""
    if len(blocks) == 1:
        return blocks[0]
    views = [memoryview(block)[1:-1] for block in blocks]
    views[0], views[-1] = memoryview(blocks[0])[:-1], memoryview(blocks[-1])[1:]
    return b",".join(views)
