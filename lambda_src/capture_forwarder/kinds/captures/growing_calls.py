"""Decoders of calls of any number of rows, learned from an example of few rows.

The lists that grow with the rows are found by their length. A decoder is compared with the plain path on calls with
other numbers of rows and other values before it is used.
"""

from collections.abc import Sequence
from itertools import count
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from capture_forwarder.domain.capture import CaptureRecord, Payload
from capture_forwarder.domain.converters import CellOptions
from capture_forwarder.domain.inference import Inference
from capture_forwarder.domain.schema import ModelSchema
from capture_forwarder.domain.values import JsonValue
from capture_forwarder.kinds.captures.compiled_calls import CallDecoder, paired
from capture_forwarder.kinds.captures.examples import Example, Part, Read
from capture_forwarder.kinds.captures.few_rows import FewRows, Resizable
from capture_forwarder.kinds.captures.learned_sides import LearnedSide, sides_of
from capture_forwarder.kinds.captures.places import Places, find_places, strange_value
from capture_forwarder.kinds.captures.plain import Decoded
from capture_forwarder.payloads.compiled_types import PayloadDecoder
from capture_forwarder.payloads.growing import Growing
from capture_forwarder.payloads.row_lists import RowLists, resized
from capture_forwarder.payloads.skeleton import Leaf, Path, leaves_of, with_values

# The numbers of rows of calls that are compared: so many of the first ones.
_SIZES, _COMPARED = (2, 4, 6, 9, 12, 15), 3
# Strange values of the response differ from those of the request.
_APART = 100_000


class GrowingCall(Struct, frozen=True):
    """A decoder of calls, and how many of their values are not data: some of each call, and some of each row."""

    decoder: CallDecoder
    left_out: int
    left_out_of_row: int


class GrowingExample:
    """An example of few rows. Functions raise `ValueError` if it cannot be one."""

    def __init__(
        self, few: FewRows, example: Example, read: Read, schema: ModelSchema | None, cells: CellOptions, *, apart: bool
    ) -> None:
        self._few, self._example, self._read = few, example, read
        self._schema, self._cells, self._apart = schema, cells, apart
        self._sides = ((few.request, example.request), (few.response, example.response))
        kept = {
            part.start + place
            for side, part in self._sides
            if part
            for place, leaf in enumerate(part.leaves)
            if side.lists.counts_rows(leaf.path)
        }
        self._places = find_places(example, kept)

    def learned(self) -> GrowingCall:
        """Return a decoder that gives what the plain path gives, with nulls in rows if that reads them as values."""
        try:
            return self._compared(nullable=True)
        except ValueError:
            return self._compared(nullable=False)

    def _compared(self, *, nullable: bool) -> GrowingCall:
        decoder = self._decoder(nullable=nullable)
        few = self._few
        sizes = [size for size in _SIZES if size != few.count and size not in few.lengths][:_COMPARED]
        more = {
            (self._compare(decoder, size, with_nulls=with_nulls) - few.decoded.left_out) / (size - few.count)
            for size in sizes
            for with_nulls in {False, nullable}
        }
        (left_out_of_row,) = map(int, more)
        return GrowingCall(decoder, few.decoded.left_out - few.count * left_out_of_row, left_out_of_row)

    def _compare(self, decoder: CallDecoder, size: int, *, with_nulls: bool) -> int:
        """Compare a call of `size` rows; return how many of its values are not data."""
        record = self._record(size, with_nulls=with_nulls)
        outcome = self._read(record)
        texts = [side.data for side in (record.input, record.output) if side]
        if (
            not isinstance(outcome, Decoded)
            or outcome.reading != self._few.decoded.reading
            or self._encoded(outcome) != msgspec.json.encode(list(decoder.decode(*texts)))
        ):
            raise ValueError("another number of rows, which is read otherwise")
        return outcome.left_out

    def _encoded(self, decoded: Decoded) -> bytes:
        rows = [row for row in decoded.rows if isinstance(row, Inference)]
        return msgspec.json.encode([row.sides if self._apart else row.data for row in rows])

    def _record(self, size: int, *, with_nulls: bool) -> CaptureRecord:
        """Return a call of `size` rows with other values; `with_nulls` the second row has none."""
        request, response = (
            self._changed(side, part, size, apart=apart, with_nulls=with_nulls)
            for (side, part), apart in zip(self._sides, (0, _APART), strict=True)
        )
        return replace(self._few.decoded.record, input=request, output=response)

    def _changed(self, side: Resizable, part: Part | None, size: int, *, apart: int, with_nulls: bool) -> Payload:
        if part is None:
            return side.with_rows(size)
        free = {
            side.lists.origin(leaf.path)[0]
            for place, leaf in enumerate(part.leaves)
            if part.start + place in self._places.free
        }
        document = resized(side.document, side.lists, size)
        return side.with_document(with_values(document, iter(_values(document, side.lists, free, apart, with_nulls))))

    def _decoder(self, *, nullable: bool) -> CallDecoder:
        request, response = sides_of(self._example, self._places, self._schema)
        return paired(
            self._side(request, self._few.request.lists, is_answer=False, nullable=nullable),
            self._side(response, self._few.response.lists, is_answer=True, nullable=nullable),
            apart=self._apart,
        )

    def _side(self, side: LearnedSide, lists: RowLists, *, is_answer: bool, nullable: bool) -> PayloadDecoder:
        if side.part is None:
            return side.decoder(self._places, self._cells, is_answer=is_answer)
        side.check()
        types = _types(side, side.part, lists, self._places, nullable=nullable)
        sources = _sources(side, side.part, lists)
        growing = Growing(side.part.document, lists, types, sources, side.names, self._few.lengths)
        return side.finished(growing.decoder(), is_answer=is_answer)


def _values(
    document: JsonValue,
    lists: RowLists,
    free: set[Path],
    apart: int,
    with_nulls: bool,  # noqa: FBT001 - private
) -> list[JsonValue]:
    """Return the values of a document, with other ones where they may change."""

    def value_of(place: int, leaf: Leaf) -> JsonValue:
        origin, row = lists.origin(leaf.path)
        if origin not in free:
            return leaf.value
        if with_nulls and row == 1:
            return None
        return place % 2 == 0 if isinstance(leaf.value, bool) else strange_value(leaf.value, apart + place)

    return list(map(value_of, count(), leaves_of(document)))


def _types(side: LearnedSide, part: Part, lists: RowLists, places: Places, *, nullable: bool) -> dict[Path, Any]:
    """Return the types of the values of the first row, which are those of all rows, and of the values in no row."""
    types: dict[Path, Any] = {}
    all_types = side.types(part, places)
    for place, (leaf, found) in enumerate(zip(part.leaves, all_types, strict=True)):
        origin, row = lists.origin(leaf.path)
        if row is not None and leaf.value is None:
            raise ValueError("a null in a row, whose type is not known")
        if row is not None and nullable and part.start + place in places.free:
            found = found | None  # noqa: PLW2901 - the same, or null
        if not lists.counts_rows(leaf.path) and types.setdefault(origin, found) != found:
            raise ValueError("rows whose values have several types")
    return types


def _sources(side: LearnedSide, part: Part, lists: RowLists) -> Sequence[Path]:
    """Return the paths of the values of the first row; those of each other row lie at the same places of its own."""
    found: list[list[Path]] = []
    for number, row in enumerate(side.rows):
        origins = [lists.origin(part.leaves[place - part.start].path) for place in row]
        found.append([path for path, of_row in origins if of_row in {None, number}])
    if any(paths != found[0] for paths in found) or len(found[0]) < len(side.names):
        raise ValueError("rows whose values have other places")
    return found[0]
