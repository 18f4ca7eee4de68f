"""Values beside rows: which belong to one row, which to the whole call, and which have no place."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import cast

from msgspec import Struct

from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.values import JsonValue
from capture_forwarder.payloads.elements_kind import Document, Elements, holds_list, is_list
from capture_forwarder.payloads.lazy import LISTED_ROWS, Lazy
from capture_forwarder.payloads.placement import ordered_key
from capture_forwarder.payloads.tables import NAMELESS, Table, chunks
from capture_forwarder.payloads.tensors import MAX_SPARSE_VALUES, verbose_row, verbose_values
from capture_forwarder.payloads.whole import Row

_LEGENDS = frozenset({"labels", "classes", "class_names", "label_names", "target_names", "categories"})
_TWO = 2


class Placed(Struct, frozen=True, gc=False):
    """The rows of one side, and the values of the whole call, which are repeated in each row.

    `is_column`: the values of a row come from a single list with a name, so a schema may map them in order.
    """

    rows: "Rows"
    call: Document
    is_column: bool = False


Rows = list[Row] | Lazy[Row]


def place_rows(table: Table, count: int, stem: str, call_keys: Collection[str] = ()) -> Placed | Reason:
    """Return the `count` rows of a table, or the key of a value that has no place.

    Raises `ValueError` for a malformed row.
    """
    columns = {key: one if table.count == count else chunks(one, count) for key, one in table.columns.items()}
    call: Document = {}
    for key in _LEGENDS.intersection(columns) if count >= _TWO and len(columns) > 1 else ():
        if reason := _place_list(key, columns.pop(key), count, table, columns, call):
            return reason
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
    is_single = len(columns) == 1 and not (table.is_outer or NAMELESS in columns)
    return Placed(_rows(columns, count, stem, table), call, is_single)


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


def _rows(columns: dict[str, Elements], count: int, stem: str, table: Table) -> Rows:
    if len(columns) == 1:
        key, elements = next(iter(columns.items()))
        if key == NAMELESS or table.is_outer:
            return rows_of_list(elements)
        if not table.unwraps:
            return _named_elements(key, elements, count)
    sources = list(columns.items())

    def row(place: int) -> Row:
        return _merged(sources, place, stem, unwraps=table.unwraps)

    return Lazy(count, row) if count > LISTED_ROWS else [row(place) for place in range(count)]


def _named_elements(key: str, elements: Elements, count: int) -> Rows:
    """Return the rows of a single column with a name."""
    if count > LISTED_ROWS:
        return Lazy(count, lambda place: _named(key, elements[place]), lambda: (_named(key, one) for one in elements))
    return [_named(key, one) for one in elements]


def _named(key: str, element: JsonValue) -> Row:
    """Return a row of a single column: objects keep their names."""
    return element if isinstance(element, dict) else {key: element}


def _merged(sources: list[tuple[str, Elements]], place: int, stem: str, *, unwraps: bool) -> Row:
    """Return the elements of all columns as one row; a name that several objects have follows the key of each."""
    row: Document = {}
    parts: dict[str, Mapping[str, JsonValue]] = {}
    for key, elements in sources:
        element = elements[place]
        while unwraps and is_list(element) and len(element) == 1:
            element = element[0]
        parts[key] = _parts(key, element, stem)
    names = Counter(name for part in parts.values() for name in part)
    for key, part in parts.items():
        for name, value in part.items():
            own = f"{key or stem}.{name}" if names[name] > 1 and name != key else name
            while own in row:
                own = f"{key or stem}.{own}"
            row[own] = value
    return row


def _parts(key: str, element: JsonValue, stem: str) -> Mapping[str, JsonValue]:
    if isinstance(element, dict):
        return element
    if key:
        return {key: element}
    values = element if is_list(element) else [element]
    return {f"{stem}_{index}": value for index, value in enumerate(values)}


def rows_of_list(elements: Elements) -> Rows:
    """Return one row an element of a list; sparse rows have a limit together. Raises `ValueError` beyond it."""
    if isinstance(elements, Lazy) and not any(map(_is_sparse, elements)):
        return Lazy(
            len(elements), lambda place: _row(elements[place], 0)[0], lambda: (_row(one, 0)[0] for one in elements)
        )
    rows, left = list[Row](), MAX_SPARSE_VALUES
    for element in elements:
        row, left = _row(element, left)
        rows.append(row)
    return rows


def _is_sparse(element: JsonValue) -> bool:
    verbose = verbose_row(element)
    return verbose is not None and "keys" in verbose


def _row(element: JsonValue, max_values: int) -> tuple[Row, int]:
    if isinstance(element, list):
        return element, max_values
    if not isinstance(element, dict):
        return [element], max_values
    if key := ordered_key(element):
        return list(cast("Elements", element[key])), max_values
    if verbose := verbose_row(element):
        values = verbose_values(verbose, max_values)
        return values, max_values - (len(values) if "keys" in verbose else 0)
    return element, max_values
