"""A call of several rows, and the same call with another number of rows."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from capture_forwarder.domain.capture import Media, Payload
from capture_forwarder.domain.values import JsonValue
from capture_forwarder.kinds.captures.examples import Read, text_of, with_text
from capture_forwarder.kinds.captures.plain import Decoded
from capture_forwarder.payloads.placement import PayloadReading, RowForm
from capture_forwarder.payloads.row_lists import RowLists, resized, row_lists

# Numbers of rows that an example may have, the first of which no list has that does not grow.
_SIZES = (3, 5, 7, 11, 13, 17)
_FEWEST = 2
# What the values, lists and objects of a text take in memory at most, about; and what those of one text may take.
_VALUE_BYTES, _LIST_BYTES, _OBJECT_BYTES, _MAX_BYTES = 40, 90, 250, 12_000_000


class Resizable(Struct, frozen=True):
    """One side of a call, whose rows can be repeated or removed: a document with lists that grow, or lines."""

    payload: Payload
    is_base64: bool
    document: JsonValue = None
    lists: RowLists = field(default_factory=RowLists)
    head: Sequence[str] = ()
    lines: Sequence[str] = ()

    def with_rows(self, count: int) -> Payload:
        """Return the side with `count` rows."""
        if self.lines:
            lines = [*self.head, *(self.lines[place % len(self.lines)] for place in range(count))]
            return self._with("\n".join([*lines, ""]))
        return self.with_document(resized(self.document, self.lists, count))

    def with_document(self, document: JsonValue) -> Payload:
        """Return the side with another document."""
        return self._with(msgspec.json.encode(document).decode())

    def _with(self, text: str) -> Payload:
        return with_text(self.payload, text, is_base64=self.is_base64)


class FewRows(Struct, frozen=True):
    """A call of `count` rows, how it was read, its sides, and the lengths of lists that do not grow."""

    decoded: Decoded
    count: int
    request: Resizable
    response: Resizable
    lengths: frozenset[int]


def with_few_rows(decoded: Decoded, read: Read) -> FewRows | None:
    """Return a call with fewer rows, or a few more; `None` if no list of it grows, or if it is then read otherwise.

    Raises `ValueError` for a side that is neither a document nor lines of one row each.
    """
    record, reading, count = decoded.record, decoded.reading, len(decoded.rows)
    if count < _FEWEST or not (record.input and record.output and reading.request and reading.response):
        return None
    request, response = (
        _resizable(record.input, reading.request, count),
        _resizable(record.output, reading.response, count),
    )
    lengths = frozenset(request.lists.lengths | response.lists.lengths)
    size = next((size for size in _SIZES if size not in lengths), 0)
    if not (request.lists.widths or response.lists.widths) or count in lengths or not size:
        return None
    request, response = (
        _resizable(side.with_rows(size), form, size)
        for side, form in ((request, reading.request), (response, reading.response))
    )
    few = read(replace(record, input=request.payload, output=response.payload))
    if not isinstance(few, Decoded) or few.reading != reading or len(few.rows) != size:
        return None
    return FewRows(few, size, request, response, lengths)


def _resizable(payload: Payload, reading: PayloadReading, count: int) -> Resizable:
    is_base64 = reading.body.base64
    text = text_of(payload, is_base64=is_base64)
    if _bytes_of(text) > _MAX_BYTES:
        raise ValueError("more values than may be held as objects")
    if reading.body.media is Media.JSON:
        document: JsonValue = msgspec.json.decode(text)
        return Resizable(payload, is_base64, document, row_lists(document, count))
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    heads = int(reading.placement.form is RowForm.TABLE)
    if len(lines) != count + heads:
        raise ValueError("other lines than those of rows")
    return Resizable(payload, is_base64, head=lines[:heads], lines=lines[heads:])


def _bytes_of(text: str) -> int:
    """Return how much memory the values of a text take as objects, about."""
    values = text.count(",") + text.count("\n")
    return _VALUE_BYTES * values + _LIST_BYTES * text.count("[") + _OBJECT_BYTES * text.count("{")
