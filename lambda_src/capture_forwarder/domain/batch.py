"""Inferences gathered into requests: in order, by count and by bytes."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from capture_forwarder.domain.delivery import RowResult

# Writes one element of a request's array at the end of a buffer: an id, a time, and an object of values by name.
Write = Callable[[bytearray, str, datetime, object], None]


class BatchLimits(Struct, frozen=True):
    """What one request may hold; an inference that alone is larger than `max_bytes` travels alone."""

    max_inferences: int = 1000
    max_bytes: int = 5_000_000


class Claim(Protocol):
    """Whoever owes an inference and waits to be told what became of it."""

    def settle(self, parcel: "Parcel", result: RowResult) -> None:
        """Take note of the result of one inference."""
        ...


class Parcel(Struct, frozen=True, gc=False):
    """One inference ready to send, and the claim that its result settles.

    `index` is the row within its call, from 0. Its bytes stand in `written` from `start` to `end`.
    """

    claim: Claim
    partner_inference_id: str
    index: int
    written: bytearray
    start: int
    end: int

    @property
    def body(self) -> bytes:
        """The inference as it stands in a request."""
        return bytes(self.written[self.start : self.end])


class Batch(Struct, frozen=True):
    """What one request carries: parcels of one model, in the order in which they were made.

    `written` is the request's body where it was written whole; a part of a batch is put together when it is asked for.
    """

    model_id: str
    parcels: list[Parcel]
    written: bytearray | None = None

    @property
    def body(self) -> bytes | bytearray:
        """The parcels as one JSON array; not copied where it was written whole."""
        if self.written is not None:
            return self.written
        return b"[" + b",".join([parcel.body for parcel in self.parcels]) + b"]"

    def of(self, parcels: list[Parcel]) -> "Batch":
        """Return a batch for the same model with only `parcels`."""
        return Batch(self.model_id, parcels)


class Batcher:
    """Fills batches: each as full as its limits allow, none reordered, none dropped.

    Rows are written one after the other into the body of the request that they will travel in.
    """

    def __init__(self, model_id: str, limits: BatchLimits, write: Write) -> None:
        self._model_id = model_id
        self._max_inferences = limits.max_inferences
        self._max_bytes = limits.max_bytes
        self._write = write
        self._begin()

    def add(self, claim: Claim, partner_inference_id: str, index: int, time: datetime, data: object) -> Batch | None:
        """Take one more inference; return the batch that it no longer fitted into, or that it filled."""
        body, start = self._body, len(self._body)
        try:
            self._write(body, partner_inference_id, time, data)
        except BaseException:
            del body[start:]  # half a row would spoil its neighbours
            raise
        full = None
        if len(body) >= self._max_bytes and self._parcels:
            row = body[start:]
            del body[start:]
            full = self.flush()
            body, start = self._body, len(self._body)
            body += row
        self._parcels.append(Parcel(claim, partner_inference_id, index, body, start, len(body)))
        body += b","
        if full is None and len(self._parcels) >= self._max_inferences:
            return self.flush()
        return full

    def flush(self) -> Batch | None:
        """Return what has been gathered so far, or `None` if that is nothing."""
        if not self._parcels:
            return None
        self._body[-1:] = b"]"
        batch = Batch(self._model_id, self._parcels, self._body)
        self._begin()
        return batch

    def _begin(self) -> None:
        self._parcels: list[Parcel] = []
        self._body = bytearray(b"[")
