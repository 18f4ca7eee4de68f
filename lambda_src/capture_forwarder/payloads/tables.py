"""Tables: where the rows of a payload lie, before the other side of the call decides whether they are rows."""

from collections.abc import Mapping, Sequence
from typing import cast

from msgspec import Struct

from capture_forwarder.domain.values import JsonValue
from capture_forwarder.payloads.elements_kind import Document, Elements
from capture_forwarder.payloads.lazy import LISTED_ROWS, Lazy

# The key of a column whose values have no name of their own: CSV cells, and elements of a bare list.
NAMELESS = ""
_NOTHING: Document = {}


class Table(Struct, frozen=True, gc=False):
    """Columns of `count` elements each, by key, and the values beside them.

    `is_outer` says that the key of the only column is an outer key, as `instances`, and gives no name. With
    `unwraps` an element that is a list of one value is that value. `left_out` counts values that are not data.
    """

    count: int
    columns: Mapping[str, Elements]
    neighbours: Document = _NOTHING
    is_outer: bool = False
    unwraps: bool = False
    left_out: int = 0


def named_rows(names: list[str], rows: Sequence[Sequence[JsonValue]]) -> Elements:
    """Return rows of ordered values with these names; many rows are made when they are read."""

    def named(row: Sequence[JsonValue]) -> JsonValue:
        return dict(zip(names, row, strict=True))

    if len(rows) > LISTED_ROWS:
        return cast("Elements", Lazy(len(rows), lambda place: named(rows[place]), lambda: map(named, rows)))
    return list(map(named, rows))


def chunks(values: Elements, count: int) -> Elements:
    """Return `values` cut into `count` parts of one length; a part of one value is that value."""
    width = len(values) // count
    if width == 1:
        return values

    def part(place: int) -> JsonValue:
        return list(values[place * width : (place + 1) * width])

    made = Lazy(count, part) if count > LISTED_ROWS else [part(place) for place in range(count)]
    return cast("Elements", made)
