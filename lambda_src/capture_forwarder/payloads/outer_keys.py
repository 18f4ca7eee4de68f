"""The shape of an object with rows under an outer key, such as `instances` or `predictions`."""

from typing import cast

from capture_forwarder.domain.route import Layout
from capture_forwarder.payloads import frames
from capture_forwarder.payloads.elements_kind import (
    Document,
    Elements,
    Kind,
    are_side_by_side,
    common_kind,
    is_list,
    kind_of,
    lists_of,
)
from capture_forwarder.payloads.not_data import without_not_data
from capture_forwarder.payloads.shape import Shape, call_shape, fixed, subject_of
from capture_forwarder.payloads.tables import Table

_OUTER_KEYS = ("instances", "predictions", "inputs", "outputs", "dataframe_records")
_OUTER_KEYS_OF_OBJECTS = ("scores", "projections")
_KEYS_OF_COLUMNS = ("inputs", "outputs", "instances", "predictions")


def outer_key(document: Document) -> str | None:
    """Return the outer key of an object: one that holds the list of rows."""
    for key in _OUTER_KEYS:
        if is_list(document.get(key)) and document[key]:  # an empty list under a key is null
            return key
    for key in _OUTER_KEYS_OF_OBJECTS:
        elements = document.get(key)
        if is_list(elements) and elements and all(isinstance(element, dict) for element in elements):
            return key
    return None


def outer_shape(document: Document, is_answer: bool) -> Shape | None:  # noqa: FBT001 - as above
    """The list of rows under an outer key."""
    key = outer_key(document)
    if key is None:
        return None
    elements = cast("Elements", document[key])
    if kind_of(elements, is_answer=is_answer) is Kind.MIXED:
        is_arrays = is_answer and are_side_by_side(elements, common_kind(elements))
        subject = f"the list under {key!a} holds values of several kinds"
        return call_shape(document, subject, Layout.INSTANCES, is_arrays=is_arrays)
    return fixed(outer_table(document, key), subject_of(key), Layout.INSTANCES, document)


def outer_table(document: Document, key: str) -> Table:
    """Return the table of the list under an outer key."""
    elements = cast("Elements", document[key])
    beside, left_out = without_not_data(document) if len(document) > 1 else (document, 0)
    neighbours = {name: value for name, value in beside.items() if name != key}
    return Table(len(elements), {key: elements}, neighbours, is_outer=True, left_out=left_out)


def outer_columns_shape(document: Document, _: bool) -> Shape | None:  # noqa: FBT001 - as above
    """TensorFlow's columns, or a frame, under an outer key."""
    for key in _KEYS_OF_COLUMNS:
        inner = document.get(key)
        if not isinstance(inner, dict) or not inner:
            continue
        table = frames.place_frame(inner) or _columns_of(inner)
        if table:
            beside, left_out = without_not_data(document)
            neighbours = {name: value for name, value in beside.items() if name != key}
            table = Table(table.count, table.columns, neighbours, unwraps=True, left_out=left_out)
            return fixed(table, f"columns under {key!a}", Layout.COLUMNS, document)
    return None


def _columns_of(document: Document) -> Table | None:
    columns = lists_of(document)
    if len(columns) < len(document) or len(set(map(len, columns.values()))) != 1:
        return None
    return Table(len(next(iter(columns.values()))), columns, unwraps=True)
