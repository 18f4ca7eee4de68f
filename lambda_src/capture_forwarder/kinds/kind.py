"""The interface of a kind of record: lines go in, spans of lines with their rows come out."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Protocol

from msgspec import Struct, field

from capture_forwarder.domain.batch import RowBuilder
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.conservation import ReadingCounts
from capture_forwarder.domain.delivery import Rejection, SkipReason
from capture_forwarder.domain.progress import LineSpan
from capture_forwarder.domain.route import Route
from capture_forwarder.domain.schema import ModelSchema
from capture_forwarder.lines.reader import LineReader


class EncodedRows(Struct, gc=False):
    """Rows that are ready to be sent, in order: their ids, and the elements of a request's JSON array.

    `time` is the inference time of the last call. Ids and rows of a call of many rows are made when they are read, the
    same ones each time, so a reader takes them in order and holds few of them.
    """

    ids: Sequence[str] = field(default_factory=list)
    rows: Sequence[Any] = field(default_factory=list)
    time: datetime | None = None


class DecodedSpan(Struct):
    """Consecutive lines, and their results: rows to send, rejections of lines or rows, skipped lines.

    `rows` are the rows that `span` counts as pending, in the same order. `rejections` of a call of many rows are made
    when they are read, too. `noticed` is `None` if there are no notes.
    """

    span: LineSpan
    rows: EncodedRows
    rejections: Sequence[Rejection] = field(default_factory=list)
    skipped: list[SkipReason] = field(default_factory=list)
    noticed: ReadingCounts | None = None


# Returns the builder of the rows of an object.
BuilderOf = Callable[[CaptureObject], RowBuilder]


class Decoder(Protocol):
    """Decodes the lines of one route."""

    def decode(self, reader: LineReader, max_rows: int) -> Iterator[DecodedSpan]:
        """Yield the lines of `reader` as spans, in order; a span has about `max_rows` rows at most.

        The content of a line never raises. Raises `Unavailable` if the reader or something else that is needed cannot
        be reached.
        """
        ...


class Kind(Protocol):
    """One kind of record."""

    def decoder(
        self, route: Route, schema: ModelSchema | None, build_row: RowBuilder, builder_of: BuilderOf | None = None
    ) -> Decoder:
        """Return the decoder of `route`.

        `build_row` builds the rows of the object that is read, and `builder_of` gives the builders of the rows of other
        objects, for a kind whose records come from several.
        """
        ...
