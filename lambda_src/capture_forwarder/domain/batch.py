"""Inferences gathered into requests: in order, by count and by bytes."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Protocol

import msgspec
from msgspec import Raw, Struct

from capture_forwarder.domain.delivery import RowResult

# Makes one element of a request's array, to be encoded as JSON, of an id, a time, and an object of values by name.
MakeRow = Callable[[str, datetime, object], object]

# Rows are encoded some at a time: one by one would take a tenth longer, many more would wait in memory.
_BLOCK_ROWS = 128

_encode = msgspec.json.Encoder().encode
_elements = msgspec.json.Decoder(list[Raw]).decode


class BatchLimits(Struct, frozen=True):
    """What one request may hold; an inference that alone is larger than `max_bytes` travels alone."""

    max_inferences: int = 1000
    max_bytes: int = 5_000_000


class Owner(Protocol):
    """Whoever owes inferences and waits to be told what became of them."""

    def settle(self, results: "Results") -> None:
        """Take note of the results of some inferences of its own; one that is retryable stays owed."""
        ...


class Claim(Protocol):
    """What an owner knows an inference by: something that it belongs to, and how much of that is still owed."""

    owed: int


# `gc=False`, for speed, is right as long as neither owners nor claims lead to parcels.
class Parcel(Struct, frozen=True, gc=False):
    """One inference on its way: whose it is, and the claim that its result settles; `index` is its row in its call."""

    owner: Owner
    claim: Claim
    partner_inference_id: str
    index: int


class Results(Struct, frozen=True):
    """What became of parcels: one result each, in their order."""

    parcels: list[Parcel]
    results: list[RowResult]

    def __add__(self, other: "Results") -> "Results":
        return Results(self.parcels + other.parcels, self.results + other.results)

    def __iter__(self) -> Iterator[tuple[Parcel, RowResult]]:
        return zip(self.parcels, self.results, strict=True)

    def by_owner(self) -> Iterator[tuple[Owner, "Results"]]:
        """Yield what concerns each owner; of one whose parcels do not stand side by side, in parts."""
        start = 0
        for owner, own in groupby(self.parcels, attrgetter("owner")):
            parcels = list(own)
            yield owner, Results(parcels, self.results[start : start + len(parcels)])
            start += len(parcels)


class Batch(Struct, frozen=True):
    """What one request carries: parcels of one model, in the order in which they were made; `body` is a JSON array."""

    model_id: str
    parcels: list[Parcel]
    body: bytes

    def rows(self) -> list[bytes]:
        """Return the parcels as they stand in `body`."""
        return [bytes(row) for row in _elements(self.body)]

    def of(self, places: Sequence[int]) -> "Batch":
        """Return a batch for the same model with only the parcels at `places`."""
        rows = self.rows()
        body = b"[" + b",".join([rows[place] for place in places]) + b"]"
        return Batch(self.model_id, [self.parcels[place] for place in places], body)


class Batcher:
    """Fills batches and hands them to `post`: each as full as its limits allow, none reordered, none dropped."""

    def __init__(self, model_id: str, limits: BatchLimits, row: MakeRow, post: Callable[[Batch], object]) -> None:
        self._model_id = model_id
        self._max_inferences = limits.max_inferences
        self._max_bytes = limits.max_bytes
        self._row = row
        self._post = post
        self._begin()

    def add(
        self, owner: Owner, claim: Claim, partner_inference_id: str, index: int, time: datetime, data: object
    ) -> None:
        """Take one more inference. Raises what encoding it raises; then nothing was taken."""
        self.encode()
        block = _encode([self._row(partner_inference_id, time, data)])
        self._parcels.append(Parcel(owner, claim, partner_inference_id, index))
        self._take(block, 1)

    def add_typed(self, owner: Owner, claim: Claim, ids: list[str], time: datetime, rows: list[object]) -> None:
        """Take all inferences of one call; their values are typed, so encoding them later cannot fail."""
        make = self._row
        for index, data in enumerate(rows):
            partner_inference_id = ids[index]
            self._parcels.append(Parcel(owner, claim, partner_inference_id, index))
            self._waiting.append(make(partner_inference_id, time, data))
            if len(self._waiting) >= self._room:
                self.encode()

    def encode(self) -> None:
        """Encode what was taken: how much memory it takes until then depends on what it is."""
        if count := len(self._waiting):
            block = _encode(self._waiting)
            self._waiting.clear()
            self._take(block, count)

    def flush(self) -> None:
        """Post what has been gathered, if anything."""
        self.encode()
        if self._parcels:
            batch = Batch(self._model_id, self._parcels, _joined(self._blocks))
            self._begin()
            self._post(batch)

    def _begin(self) -> None:
        self._parcels: list[Parcel] = []
        self._waiting: list[object] = []
        self._blocks: list[bytes] = []
        self._bytes = 1
        self._room = min(_BLOCK_ROWS, self._max_inferences)

    def _take(self, block: bytes, count: int) -> None:
        """Take an array with the rows of the last `count` parcels."""
        grown = self._bytes + len(block) - 1
        if grown <= self._max_bytes or len(self._parcels) == 1:
            self._blocks.append(block)
            self._bytes = grown
        else:
            self._cut(block, count)
        self._room = min(_BLOCK_ROWS, self._max_inferences - len(self._parcels))
        if not self._room:
            self.flush()

    def _cut(self, block: bytes, count: int) -> None:
        """Take it row by row, because not all of it fits."""
        parcels = self._parcels[-count:]
        del self._parcels[-count:]
        for parcel, row in zip(parcels, _elements(block), strict=True):
            alone = b"[%b]" % bytes(row)
            if self._bytes + len(alone) - 1 > self._max_bytes:
                self.flush()
            self._parcels.append(parcel)
            self._blocks.append(alone)
            self._bytes += len(alone) - 1


def _joined(blocks: list[bytes]) -> bytes:
    """Return one array with the elements of all."""
    if len(blocks) == 1:
        return blocks[0]
    views = [memoryview(block)[1:-1] for block in blocks]
    views[0], views[-1] = memoryview(blocks[0])[:-1], memoryview(blocks[-1])[1:]
    return b",".join(views)
