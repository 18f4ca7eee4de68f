"""Batches: the rows of one request, its limits, and the recorders of its results."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import ClassVar, Protocol

import msgspec
from msgspec import Raw, Struct

from capture_forwarder.domain.capture import Encoding
from capture_forwarder.domain.delivery import LineResult, RowResult
from capture_forwarder.domain.progress import LineSpan

# Builds one element of a request's JSON array from an id, a time, and the values: a dictionary or a struct of values by
# name, or `Sides` of two of them.
RowBuilder = Callable[[str, datetime, object], object]

# Returns the elements of a JSON array, as they are encoded.
elements = msgspec.json.Decoder(list[Raw]).decode


class BatchLimits(Struct, frozen=True):
    """What a destination takes. Shared code enforces it, so that no adapter has to.

    A request has at most `max_inferences` and `max_bytes`; a row that alone is larger is sent alone. A row is rejected
    if its id has more than `max_id_chars` or, with `printable_ids`, a control character; if a value is of none of
    `value_types`; or if a name has a character that the pattern `name_chars` does not match. `None` means any.

    For captured lines that are sent as they are: `framing_bytes` are sent in each request beside its lines. A line with
    a payload of one of `refused_encodings` is rejected, with `encoding_advice`.
    """

    max_inferences: int = 1000
    max_bytes: int = 5_000_000
    max_id_chars: int = 255
    printable_ids: bool = False
    value_types: tuple[type, ...] | None = None
    name_chars: str | None = None
    framing_bytes: int = 0
    refused_encodings: tuple[Encoding, ...] = ()
    encoding_advice: str = ""

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
    """The content of one request: rows of one model, in the order of their making; `body` is a JSON array."""

    unit: ClassVar[str] = "rows"

    model_id: str
    ids: list[str]
    body: bytes

    @property
    def size(self) -> int:
        """How many elements can be sent apart from each other; a receipt has one result for each."""
        return len(self.ids)

    @property
    def byte_count(self) -> int:
        """How many bytes of the request are held in memory."""
        return len(self.body)

    def rows(self) -> list[bytes]:
        """Return the elements of `body`."""
        return [bytes(row) for row in elements(self.body)]

    def of(self, places: Sequence[int], rows: Sequence[bytes] | None = None) -> "Batch":
        """Return a batch for the same model with only the elements at `places`; `rows` are all rows, if known."""
        rows = self.rows() if rows is None else rows
        body = b"[" + b",".join([rows[place] for place in places]) + b"]"
        return Batch(self.model_id, [self.ids[place] for place in places], body)

    def row_results(self, results: Sequence[RowResult]) -> list[RowResult]:
        """Return one result a row from one result an element."""
        return list(results)


class WholeLine(Struct, frozen=True, gc=False):
    """A captured line that is sent as it is: the call's event id, and how many rows it holds.

    `ids` are those of the rows whose results are recorded: all rows, or those with `indices`.
    """

    data: bytes
    event_id: str
    ids: Sequence[str]
    row_count: int
    indices: Sequence[int] | None = None

    def only(self, ids: Sequence[str], indices: Sequence[int] | None) -> "WholeLine":
        """Return the same line, of which only the rows with `indices` are recorded."""
        return WholeLine(self.data, self.event_id, ids, self.row_count, indices)


class LineBatch(Batch, frozen=True):
    """The content of one request that holds captured lines; `content_type` is that of their object, if it is known."""

    unit: ClassVar[str] = "lines"

    lines: list[WholeLine]
    content_type: str | None = None

    @classmethod
    def made_of(cls, model_id: str, lines: list[WholeLine], content_type: str | None) -> "LineBatch":
        """Return a batch of `lines`."""
        return cls(model_id, [one for line in lines for one in line.ids], b"", lines, content_type)

    @property
    def size(self) -> int:
        """The number of lines."""
        return len(self.lines)

    @property
    def byte_count(self) -> int:
        """The bytes of all lines."""
        return sum(len(line.data) for line in self.lines)

    def rows(self) -> list[bytes]:
        """Return the lines."""
        return [line.data for line in self.lines]

    def of(self, places: Sequence[int], rows: Sequence[bytes] | None = None) -> "LineBatch":
        """Return a batch with only the lines at `places`."""
        del rows
        return LineBatch.made_of(self.model_id, [self.lines[place] for place in places], self.content_type)

    def row_results(self, results: Sequence[RowResult]) -> list[RowResult]:
        """Return one result a row: that of its line, or its own."""
        pairs = zip(self.lines, results, strict=True)
        return [
            one
            for line, result in pairs
            for one in (result.rows if isinstance(result, LineResult) else [result] * len(line.ids))
        ]
