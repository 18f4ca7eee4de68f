"""Values beside rows: some belong to one row, some to the whole call, and some have no place."""

from collections.abc import Collection
from typing import cast

from msgspec import Struct

from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.schema import Side
from capture_forwarder.payloads.columns import Rows, rows_of_columns
from capture_forwarder.payloads.elements_kind import Document, Elements, holds_list, is_list
from capture_forwarder.payloads.structured import is_structure
from capture_forwarder.payloads.tables import NAMELESS, Table, chunks

_LEGENDS = frozenset({"labels", "classes", "class_names", "label_names", "target_names", "categories"})
_TWO = 2


class Placed(Struct, frozen=True, gc=False):
    """The rows of one side, and the values of the whole call. These are repeated in each row.

    `is_column`: the values of a row come from a single list with a name, so a schema may map them in order.
    """

    rows: Rows
    call: Document
    is_column: bool = False


def place_rows(
    table: Table, count: int, stem: str, call_keys: Collection[str] = (), side: Side | None = None
) -> Placed | Reason:
    """Return the `count` rows of a table, or the key of a value that has no place.

    With one row a list that is a structure of `side` is a value of the row. Raises `ValueError` for a malformed row.
    """
    columns = {key: one if table.count == count else chunks(one, count) for key, one in table.columns.items()}
    call: Document = {}
    for key in _LEGENDS.intersection(columns) if count >= _TWO and len(columns) > 1 else ():
        if reason := _place_list(key, columns.pop(key), count, table, columns, call):
            return reason
    if reason := _place_neighbours(table, count, columns, call, call_keys):
        return reason
    if count == 1:
        columns |= {key: cast("Elements", [{key: one}]) for key, one in columns.items() if is_structure(side, key, one)}
    is_single = len(columns) == 1 and not (table.is_outer or NAMELESS in columns)
    return Placed(rows_of_columns(columns, count, stem, table, side), call, is_single)


def _place_neighbours(
    table: Table, count: int, columns: dict[str, Elements], call: Document, call_keys: Collection[str]
) -> Reason | None:
    """Add each value beside the rows to the columns or to the values of the call, or return why it has no place."""
    for key, value in table.neighbours.items():
        if key in call_keys:
            call[key] = value
        elif not holds_list(value):
            call[key] = None if is_list(value) else value
        elif key in table.columns:
            return Reason(RejectionCode.AMBIGUOUS_NAME, f"two values come to the name {key[:64]!a}")
        elif is_list(value) and (reason := _place_list(key, value, count, table, columns, call)):
            return reason
        elif not is_list(value) and count == 1:
            columns[key] = [{key: value}]
        elif not is_list(value):
            return no_place(key)
    return None


def _place_list(
    key: str, value: Elements, count: int, table: Table, columns: dict[str, Elements], call: Document
) -> Reason | None:
    """Place a list beside rows: it is a column, or names the classes of another column's vectors."""
    is_legend = _names_classes(value, table)
    has_label = "predicted_label" in table.neighbours or "predicted_label" in table.columns
    if is_legend and len(value) == count >= _TWO and key in _LEGENDS and not has_label:
        return Reason(
            RejectionCode.AMBIGUOUS_ROWS,
            f"the list under {key!a} has one value a row, and one for each value of a row; "
            f'input_call_keys or output_call_keys = ["{key}"] says that it names the classes',
        )
    if is_legend and (len(value) != count or (key in _LEGENDS and count >= _TWO)):
        call[key] = value
    elif len(value) == count:
        columns[key] = value
    elif count == 1:
        columns[key] = [value]
    else:
        return no_place(key)
    return None


def _names_classes(value: Elements, table: Table) -> bool:
    """Tell whether a list of plain values is as long as each vector of another column."""
    if any(isinstance(one, dict) or is_list(one) for one in value):
        return False
    others = [one for one in table.columns.values() if one is not value] + [
        one for one in table.neighbours.values() if is_list(one) and one is not value
    ]
    return any(len(one) > 0 and all(is_list(part) and len(part) == len(value) for part in one) for one in others)


def no_place(key: str) -> Reason:
    """Return the rejection of a value beside rows that belongs to no row."""
    return Reason(
        RejectionCode.UNKNOWN_LAYOUT,
        f"the values under {key[:64]!a} are no list as long as the rows, so they have no place; "
        "input_call_keys or output_call_keys says that they belong to the whole call",
    )
