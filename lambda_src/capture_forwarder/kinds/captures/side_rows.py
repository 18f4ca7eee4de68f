"""The rows of one side of a call, and how they were read."""

from collections.abc import Iterable
from itertools import chain
from typing import cast

from msgspec import Struct

from capture_forwarder.domain.capture import Media
from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.route import Layout
from capture_forwarder.domain.schema import Side
from capture_forwarder.domain.values import JsonValue
from capture_forwarder.payloads.columns import Rows
from capture_forwarder.payloads.deciding import Way, ragged_table
from capture_forwarder.payloads.elements_kind import Document, is_list
from capture_forwarder.payloads.error_bodies import ERROR, is_error_body
from capture_forwarder.payloads.media import BodyForm
from capture_forwarder.payloads.placement import (
    PayloadReading,
    Placement,
    RowForm,
    csv_reading,
    placement_of_rows,
    placement_of_whole,
)
from capture_forwarder.payloads.placing import Placed, place_rows
from capture_forwarder.payloads.shape import Shape
from capture_forwarder.payloads.tables import NAMELESS, Table
from capture_forwarder.payloads.whole import whole_row

_NOTHING: Document = {}


class SideRows(Struct, frozen=True, gc=False):
    """The rows of one side, the values of the whole call, and how they were read.

    `is_column`: a schema may map the values of a row in order, because they come from a single list with a name.
    """

    rows: Rows
    reading: PayloadReading
    call: Document = _NOTHING
    is_column: bool = False
    left_out: int = 0

    @property
    def is_textual(self) -> bool:
        """Whether values are cells of CSV."""
        return self.reading.body.media is Media.CSV


class Names(Struct, frozen=True):
    """The sources of names of a side: its keys of the whole call, and its side of the schema, if there is one."""

    call_keys: tuple[str, ...]
    side: Side | None
    is_answer: bool

    @property
    def stem(self) -> str:
        """The beginning of the names of ordered values."""
        return "prediction" if self.is_answer else "feature"


def read_side(
    shape: Shape,
    count: int,
    way: Way,
    other: Shape | None,
    form: BodyForm,
    names: Names,
) -> SideRows | Reason:
    """Return one side read as `count` rows, or as one; an error among the elements of an answer rejects the one."""
    try:
        if way is Way.ONE:
            if names.is_answer and any(map(is_error_body, _elements(shape))):
                return ERROR
            return _read_whole(shape, form, names, is_batch=other is not None and other.is_batch)
        table = ragged_table(shape, count) if shape.is_ragged else shape.table
        table = cast("Table", table)
        placed = place_rows(table, count, names.stem, names.call_keys, names.side)
    except ValueError as error:
        return Reason(RejectionCode.UNKNOWN_LAYOUT, str(error))
    if isinstance(placed, Reason):
        return placed
    reading = PayloadReading(form, _placement(shape, table, placed))
    if form.media is Media.CSV:
        reading = csv_reading(form, header=isinstance(placed.rows[0], dict))
    return SideRows(placed.rows, reading, placed.call, placed.is_column, table.left_out)


def _elements(shape: Shape) -> Iterable[JsonValue]:
    """Return the possible rows of a payload that is read as one: the elements of its list, or of its columns."""
    if is_list(shape.document):
        return shape.document
    return chain.from_iterable(shape.table.columns.values()) if shape.has_rows and shape.table else ()


def _read_whole(shape: Shape, form: BodyForm, names: Names, *, is_batch: bool) -> SideRows | Reason:
    whole = whole_row(shape.document, names.stem, is_closed=shape.is_closed, is_batch=is_batch, side=names.side)
    if isinstance(whole, Reason):
        return whole
    if form.media is Media.CSV:
        reading = csv_reading(form, header=shape.layout is not Layout.ROWS or not is_list(shape.document))
    else:
        reading = PayloadReading(form, placement_of_whole(shape.layout, shape.document))
    return SideRows([whole.row], reading, is_column=whole.is_column, left_out=shape.left_out)


def _placement(shape: Shape, table: Table, placed: Placed) -> Placement:
    """Return how rows lie. Any value beside them makes a table, and only the plain path reads tables."""
    if len(table.columns) > 1 or placed.call or table.left_out or len(table.neighbours) > 0:
        return Placement(shape.layout, RowForm.TABLE)
    key, elements = next(iter(table.columns.items()))
    if key == NAMELESS and shape.layout in {Layout.LIST, Layout.ROWS}:
        return placement_of_rows(shape.layout, None, elements)
    if table.is_outer and shape.layout is not Layout.ROWS:
        return placement_of_rows(Layout.INSTANCES, key, elements)
    return Placement(shape.layout, RowForm.TABLE)
