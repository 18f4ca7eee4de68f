"""Inferences gathered into requests: in order, by count and by bytes."""

from typing import Protocol

from msgspec import Struct

from capture_forwarder.domain.delivery import RowResult
from capture_forwarder.domain.inference import Inference


class BatchLimits(Struct, frozen=True):
    """What one request may hold; an inference that alone is larger than `max_bytes` travels alone."""

    max_inferences: int = 1000
    max_bytes: int = 5_000_000


class Claim(Protocol):
    """Whoever owes an inference and waits to be told what became of it."""

    def settle(self, inference: Inference, result: RowResult) -> None:
        """Take note of the result of one inference."""
        ...


class Parcel(Struct, frozen=True, gc=False):
    """One inference ready to send: its bytes in the request, and the claim that its result settles."""

    inference: Inference
    body: bytes
    claim: Claim


class Batch(Struct, frozen=True):
    """What one request carries: parcels of one model, in the order in which they were made."""

    model_id: str
    parcels: list[Parcel]

    @property
    def body(self) -> bytes:
        """The parcels as one JSON array."""
        return b"[" + b",".join([parcel.body for parcel in self.parcels]) + b"]"

    def of(self, parcels: list[Parcel]) -> "Batch":
        """Return a batch for the same model with only `parcels`."""
        return Batch(self.model_id, parcels)


class Batcher:
    """Fills batches: each as full as its limits allow, none reordered, none dropped."""

    # Two brackets, and one comma less than there are parcels: counted as one byte and a comma each.
    _FRAME_BYTES = 1
    _COMMA_BYTES = 1

    def __init__(self, model_id: str, limits: BatchLimits) -> None:
        self._model_id = model_id
        self._limits = limits
        self._parcels: list[Parcel] = []
        self._bytes = self._FRAME_BYTES

    def add(self, parcel: Parcel) -> Batch | None:
        """Take one more parcel; return the batch that it no longer fitted into, or that it filled."""
        size = len(parcel.body) + self._COMMA_BYTES
        full = self.flush() if self._parcels and self._bytes + size > self._limits.max_bytes else None
        self._parcels.append(parcel)
        self._bytes += size
        if full is None and len(self._parcels) >= self._limits.max_inferences:
            return self.flush()
        return full

    def flush(self) -> Batch | None:
        """Return what has been gathered so far, or `None` if that is nothing."""
        if not self._parcels:
            return None
        batch = Batch(self._model_id, self._parcels)
        self._parcels, self._bytes = [], self._FRAME_BYTES
        return batch
