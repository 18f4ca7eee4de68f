"""The rows of a table's columns: the elements of all columns at one place are one row."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import cast

from capture_forwarder.domain.schema import Side
from capture_forwarder.domain.values import JsonValue
from capture_forwarder.payloads.elements_kind import Document, Elements, is_list
from capture_forwarder.payloads.error_bodies import is_error_body
from capture_forwarder.payloads.lazy import LISTED_ROWS, Lazy
from capture_forwarder.payloads.placement import ordered_key
from capture_forwarder.payloads.structured import is_structure
from capture_forwarder.payloads.tables import NAMELESS, Table
from capture_forwarder.payloads.tensors import MAX_SPARSE_VALUES, verbose_row, verbose_values
from capture_forwarder.payloads.whole import Row

Rows = list[Row] | Lazy[Row]
# Ordered values of answers are named like this.
_ANSWER_STEM = "prediction"


def rows_of_columns(columns: dict[str, Elements], count: int, stem: str, table: Table, side: Side | None) -> Rows:
    """Return the `count` rows of `columns`, taken from `table`. Raises `ValueError` for a malformed row.

    An error among the elements of an answer is its row. A list of one that is a structure of `side` stays a list.
    """
    if stem == _ANSWER_STEM:
        columns = {key: _with_errors(elements) for key, elements in columns.items()}
    if len(columns) == 1:
        key, elements = next(iter(columns.items()))
        if key == NAMELESS or table.is_outer:
            return _rows_of_list(elements)
        if not table.unwraps:
            return _named_elements(key, elements, count)
    sources, shared = list(columns.items()), _shared_names(columns, table)

    def row(place: int) -> Row:
        elements = [(key, elements[place]) for key, elements in sources]
        if stem == _ANSWER_STEM and (error := next((one for _, one in elements if is_error_body(one)), None)):
            return cast("Document", error)
        if table.unwraps:
            elements = [(key, one if is_structure(side, key, one) else _unwrapped(one)) for key, one in elements]
        return _merged(elements, shared, stem)

    return Lazy(count, row) if count > LISTED_ROWS else [row(place) for place in range(count)]


def _with_errors(elements: Elements) -> Elements:
    """Return the elements of an answer. A text that is an error becomes an error body."""
    if isinstance(elements, Lazy):
        is_text = len(elements) > 0 and isinstance(elements[0], str)
        made = Lazy(len(elements), lambda place: _error_or(elements[place]), lambda: map(_error_or, elements))
        return cast("Elements", made) if is_text else elements
    return list(map(_error_or, elements)) if str in set(map(type, elements)) else elements


def _error_or(element: JsonValue) -> JsonValue:
    return {"error": element} if isinstance(element, str) and is_error_body(element) else element


def _shared_names(columns: dict[str, Elements], table: Table) -> Collection[str]:
    """Return the names that objects of several columns have, or an object and a column.

    The objects of a bare list, or under an outer key, keep their names.
    """
    names: Counter[str] = Counter()
    for place, (key, elements) in enumerate(columns.items()):
        types = set(map(type, elements))
        if dict in types and not (place == 0 and (key == NAMELESS or table.is_outer)):
            names.update(set().union(*(element for element in elements if isinstance(element, dict))))
        names.update({key} if types != {dict} else ())
    return {name for name, times in names.items() if times > 1}


def _named_elements(key: str, elements: Elements, count: int) -> Rows:
    """Return the rows of a single column with a name."""
    if count > LISTED_ROWS:
        return Lazy(count, lambda place: _named(key, elements[place]), lambda: (_named(key, one) for one in elements))
    return [_named(key, one) for one in elements]


def _named(key: str, element: JsonValue) -> Row:
    """Return a row of a single column: objects keep their names."""
    return element if isinstance(element, dict) else {key: element}


def _merged(elements: list[tuple[str, JsonValue]], shared: Collection[str], stem: str) -> Row:
    """Return the elements of all columns as one row; a shared name of an object has its column's key before it."""
    row: Document = {}
    for key, element in elements:
        for name, value in _parts(key, element, stem).items():
            is_clear = name not in row and not (name in shared and isinstance(element, dict) and key)
            own = name if is_clear else f"{key or stem}.{name}"
            while own in row:
                own = f"{key or stem}.{own}"
            row[own] = value
    return row


def _unwrapped(element: JsonValue) -> JsonValue:
    while is_list(element) and len(element) == 1:
        element = element[0]
    return element


def _parts(key: str, element: JsonValue, stem: str) -> Mapping[str, JsonValue]:
    if isinstance(element, dict):
        return element
    if key:
        return {key: element}
    values = element if is_list(element) else [element]
    return {f"{stem}_{index}": value for index, value in enumerate(values)}


def _rows_of_list(elements: Elements) -> Rows:
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
