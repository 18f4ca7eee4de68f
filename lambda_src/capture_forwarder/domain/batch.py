"""Batches: the rows of one request, its limits, and the recorders of its results."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import msgspec
from msgspec import Raw, Struct

from capture_forwarder.domain.delivery import RowResult
from capture_forwarder.domain.progress import LineSpan

# Builds one element of a request's JSON array from an id, a time, and the values: a dictionary or a struct of values by
# name, or `Sides` of two of them.
RowBuilder = Callable[[str, datetime, object], object]

_elements = msgspec.json.Decoder(list[Raw]).decode


class BatchLimits(Struct, frozen=True):
    """What a destination takes. Shared code enforces it, so that no adapter has to.

    A request has at most `max_inferences` and `max_bytes`; a row that alone is larger is sent alone. A row is rejected
    if its id has more than `max_id_chars` or, with `printable_ids`, a control character; if a value is of none of
    `value_types`; or if a name has a character that the pattern `name_chars` does not match. `None` means any.
    """

    max_inferences: int = 1000
    max_bytes: int = 5_000_000
    max_id_chars: int = 255
    printable_ids: bool = False
    value_types: tuple[type, ...] | None = None
    name_chars: str | None = None

    @property
    def are_checked(self) -> bool:
        """Whether rows are compared with these limits when they are added to a request."""
        return self.printable_ids or self.value_types is not None or self.name_chars is not None


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

    def of(self, places: Sequence[int], rows: Sequence[bytes] | None = None) -> "Batch":
        """Return a batch for the same model with only the rows at `places`; `rows` are all rows, if known."""
        rows = self.rows() if rows is None else rows
        body = b"[" + b",".join([rows[place] for place in places]) + b"]"
        return Batch(self.model_id, [self.ids[place] for place in places], body)
