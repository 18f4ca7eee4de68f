"""Layouts and paths that a route names: they leave one reading of a payload."""

from collections.abc import Callable
from typing import cast

from msgspec.structs import replace

from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.route import Layout
from capture_forwarder.domain.values import JsonValue
from capture_forwarder.payloads import frames
from capture_forwarder.payloads.elements_kind import Document, Elements, is_list, lists_of
from capture_forwarder.payloads.not_data import without, without_not_data, without_schema
from capture_forwarder.payloads.outer_keys import outer_key, outer_table
from capture_forwarder.payloads.placement import ordered_key
from capture_forwarder.payloads.shape import Shape, call_shape, fixed, subject_of
from capture_forwarder.payloads.shapes import json_shape
from capture_forwarder.payloads.tables import NAMELESS, Table
from capture_forwarder.payloads.tensors import place_tensors, tensors_in


def whole_shape(document: JsonValue, *, has_lines: bool = False) -> Shape | Reason:
    """Return the shape of a payload that is one row, whatever it holds."""
    try:
        return _whole(document, has_lines=has_lines)
    except ValueError as error:
        return Reason(RejectionCode.UNKNOWN_LAYOUT, str(error))


def _whole(document: JsonValue, *, has_lines: bool = False) -> Shape:
    if isinstance(document, dict) and (tensors := tensors_in(document)):
        document = place_tensors(document, tensors).whole
    return call_shape(document, "read whole", Layout.WHOLE, has_lines=has_lines)


def shape_of_path(document: JsonValue, path: str) -> Shape | Reason:
    """Return the shape of a document whose rows are the list at `path`, as in `body.instances`."""
    *parents, key = path.split(".")
    around: Document = {}
    for depth, parent in enumerate(parents):
        if not isinstance(document, dict) or not isinstance(document.get(parent), dict):
            return _no_list(path)
        above = ".".join([*parents[:depth], ""])
        beside_parent = {f"{above}{name}": value for name, value in document.items() if name != parent}
        if not around.keys().isdisjoint(beside_parent):
            return _same_name(path)
        around |= beside_parent
        document = document[parent]
    elements = document.get(key) if isinstance(document, dict) else None
    if not isinstance(document, dict) or not is_list(elements):
        return _no_list(path)
    document, of_schema = without_schema(document)
    elements = cast("Elements", document[key])
    beside, left_out = without_not_data(document)
    neighbours, _ = without(beside, {key})
    if not neighbours.keys().isdisjoint(around):
        return _same_name(path)
    is_outer = outer_key({key: elements}) is not None
    table = Table(len(elements), {key: elements}, neighbours | around, is_outer=is_outer, left_out=left_out + of_schema)
    return fixed(table, subject_of(path), Layout.ROWS, document)


def _no_list(path: str) -> Reason:
    return Reason(RejectionCode.UNKNOWN_LAYOUT, f"no list lies at {path[:64]!a}, which the route names as the rows")


def _same_name(path: str) -> Reason:
    return Reason(RejectionCode.AMBIGUOUS_NAME, f"two values beside the list at {path[:64]!a} have one name")


def pinned_shape(
    document: JsonValue, layout: Layout, *, is_answer: bool, call_keys: tuple[str, ...] = ()
) -> Shape | Reason:
    """Return the shape of a document that the route's layout names, or why it is not of that layout."""
    try:
        found = _pinned(document, layout, call_keys)
    except ValueError as error:
        return Reason(RejectionCode.UNKNOWN_LAYOUT, f"read as {layout}: {error}")
    return json_shape(document, is_answer=is_answer, call_keys=call_keys) if found is None else found


def _pinned(document: JsonValue, layout: Layout, call_keys: tuple[str, ...]) -> Shape | None:
    place = _OF_ANY.get(layout)
    if place:
        return place(document)
    if layout is Layout.ROWS:
        return None
    if not isinstance(document, dict):
        raise ValueError("not an object")  # noqa: TRY004 - ValueError says "malformed"
    return _columns(document, call_keys) if layout is Layout.COLUMNS else _OF_OBJECTS[layout](document)


def _list(document: JsonValue) -> Shape:
    if not is_list(document):
        raise ValueError("not a list of rows")
    return fixed(Table(len(document), {NAMELESS: document}), "a list", Layout.LIST, document)


def _vector(document: JsonValue) -> Shape:
    key = ordered_key(document)
    values = cast("Document", document)[key] if key else document
    if not is_list(values):
        raise ValueError("not a list of values")
    return call_shape(document, "a list of values", Layout.VECTOR)


def _columns(document: Document, call_keys: tuple[str, ...]) -> Shape:
    document, of_schema = without_schema(document)
    beside, left_out = without_not_data(document)
    lists = {key: elements for key, elements in lists_of(beside).items() if key not in call_keys}
    if not lists or len(set(map(len, lists.values()))) != 1:
        raise ValueError("not an object of lists, all of one length")
    neighbours, _ = without(beside, lists)
    table = Table(len(next(iter(lists.values()))), lists, neighbours, left_out=left_out + of_schema)
    return fixed(table, "columns", Layout.COLUMNS, document)


def _kserve(document: Document) -> Shape:
    tensors = tensors_in(document)
    if tensors is None:
        raise ValueError("neither inputs nor outputs holds a list of tensors")
    found = place_tensors(document, tensors)
    if found.is_ragged:
        raise ValueError("the tensors differ in the number of rows")
    return fixed(found.table, "tensors", Layout.KSERVE, document)


def _instances(document: Document) -> Shape:
    key = outer_key(document) or ordered_key(document)
    if key is None:
        raise ValueError("no outer key, as instances or predictions, holds a list")
    return fixed(outer_table(document, key), subject_of(key), Layout.INSTANCES, document)


def _split(document: Document) -> Shape:
    found = frames.split_frame(document)
    if found is None:
        raise ValueError("no columns and data of a data frame")
    return fixed(frames.place_split(*found), "the data frame", Layout.DATAFRAME_SPLIT, document)


def _arrays(document: JsonValue) -> Shape:
    """Return the rows of arrays side by side: the elements of a list, or lines, are columns."""
    elements, neighbours = document, cast("Document", {})
    if isinstance(document, dict) and (key := outer_key(document)):
        table = outer_table(document, key)
        elements, neighbours = cast("JsonValue", table.columns[key]), table.neighbours
    if not is_list(elements) or not elements:
        raise ValueError("not a list of arrays")
    columns = _named_arrays(elements)
    counts = {len(one) for one in columns.values()}
    if len(counts) != 1:
        raise ValueError("the arrays differ in length")
    count = counts.pop()
    if not all(isinstance(element, dict) for element in elements):
        rows: Elements = [[one[place] for one in columns.values()] for place in range(count)]
        columns = {NAMELESS: rows}
    shape = fixed(Table(count, columns, neighbours), "arrays side by side", Layout.ARRAYS, document)
    return replace(shape, never_one=True)


def _named_arrays(elements: Elements) -> dict[str, Elements]:
    columns: dict[str, Elements] = {}
    for index, element in enumerate(elements):
        named = element if isinstance(element, dict) else {str(index): element}
        for name, one in named.items():
            if not is_list(one) or name in columns:
                raise ValueError("an array is no list, or two arrays share a name")
            columns[name] = one
    return columns


_OF_ANY: dict[Layout, Callable[[JsonValue], Shape]] = {
    Layout.WHOLE: _whole,
    Layout.LIST: _list,
    Layout.ARRAYS: _arrays,
    Layout.VECTOR: _vector,
}
_OF_OBJECTS: dict[Layout, Callable[[Document], Shape]] = {
    Layout.KSERVE: _kserve,
    Layout.INSTANCES: _instances,
    Layout.DATAFRAME_SPLIT: _split,
    Layout.OBJECT: lambda document: call_shape(document, "read as an object", Layout.WHOLE),
}
