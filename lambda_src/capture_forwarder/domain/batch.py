"""Batches: the rows of one request, its limits, and the recorders of its results."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import msgspec
from msgspec import Raw, Struct

from capture_forwarder.domain.delivery import RowResult
from capture_forwarder.domain.progress import LineSpan

# Builds one element of a request's JSON array from an id, a time, and an object of values by name.
RowBuilder = Callable[[str, datetime, object], object]

# Returns the elements of a JSON array, as they are encoded.
elements = msgspec.json.Decoder(list[Raw]).decode


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
    """The content of one request: rows of one model, in the order of their making; `body` is a JSON array."""

    model_id: str
    ids: list[str]
    body: bytes

    def rows(self) -> list[bytes]:
        """Return the elements of `body`."""
        return [bytes(row) for row in elements(self.body)]

    def of(self, places: Sequence[int], rows: Sequence[bytes] | None = None) -> "Batch":
        """Return a batch for the same model with only the rows at `places`; `rows` are all rows, if known."""
        rows = self.rows() if rows is None else rows
        body = b"[" + b",".join([rows[place] for place in places]) + b"]"
        return Batch(self.model_id, [self.ids[place] for place in places], body)
