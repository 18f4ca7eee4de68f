"""The rows of one side of a call, and how they were read."""

from typing import cast

from msgspec import Struct

from capture_forwarder.domain.capture import Media
from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.route import Layout
from capture_forwarder.payloads.deciding import Way, ragged_table
from capture_forwarder.payloads.elements_kind import Document, is_list
from capture_forwarder.payloads.media import BodyForm
from capture_forwarder.payloads.placement import (
    PayloadReading,
    Placement,
    RowForm,
    csv_reading,
    placement_of_rows,
    placement_of_whole,
)
from capture_forwarder.payloads.placing import Placed, Rows, place_rows
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


def read_side(
    shape: Shape, count: int, way: Way, other: Shape | None, form: BodyForm, stem: str, call_keys: tuple[str, ...]
) -> SideRows | Reason:
    """Return one side read as `count` rows, or as one."""
    try:
        if way is Way.ONE:
            return _read_whole(shape, form, stem, is_batch=other is not None and other.is_batch)
        table = ragged_table(shape, count) if shape.is_ragged else shape.table
        table = cast("Table", table)
        placed = place_rows(table, count, stem, call_keys)
    except ValueError as error:
        return Reason(RejectionCode.UNKNOWN_LAYOUT, str(error))
    if isinstance(placed, Reason):
        return placed
    reading = PayloadReading(form, _placement(shape, table, placed))
    if form.media is Media.CSV:
        reading = csv_reading(form, header=isinstance(placed.rows[0], dict))
    return SideRows(placed.rows, reading, placed.call, placed.is_column, table.left_out)


def _read_whole(shape: Shape, form: BodyForm, stem: str, *, is_batch: bool) -> SideRows | Reason:
    whole = whole_row(shape.document, stem, is_closed=shape.is_closed, is_batch=is_batch)
    if isinstance(whole, Reason):
        return whole
    if form.media is Media.CSV:
        reading = csv_reading(form, header=shape.layout is not Layout.ROWS or not is_list(shape.document))
    else:
        reading = PayloadReading(form, placement_of_whole(shape.layout, shape.document))
    return SideRows([whole.row], reading, is_column=whole.is_column, left_out=shape.left_out)


def _placement(shape: Shape, table: Table, placed: Placed) -> Placement:
    """Return how rows lie; whatever lies beside them makes a table, which only the plain path reads."""
    if len(table.columns) > 1 or placed.call or table.left_out or len(table.neighbours) > 0:
        return Placement(shape.layout, RowForm.TABLE)
    key, elements = next(iter(table.columns.items()))
    if key == NAMELESS and shape.layout in {Layout.LIST, Layout.ROWS}:
        return placement_of_rows(shape.layout, None, elements)
    if table.is_outer and shape.layout is not Layout.ROWS:
        return placement_of_rows(Layout.INSTANCES, key, elements)
    return Placement(shape.layout, RowForm.TABLE)
