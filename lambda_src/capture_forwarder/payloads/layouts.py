"""The layouts of JSON documents: one table that says how each is recognised and where its rows lie.

A new layout is one entry of `RULES`. Sources: Arthur's guide (https://docs.arthur.ai/docs/sagemaker-data-capture),
SageMaker's common data formats (https://docs.aws.amazon.com/sagemaker/latest/dg/cdf-inference.html),
TensorFlow Serving, MLflow, KServe, and records of real endpoints.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import cast

from msgspec import Struct

from capture_forwarder.domain.capture import Media
from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.route import Layout
from capture_forwarder.domain.values import JsonValue
from capture_forwarder.payloads.tables import named_rows, rows_of_columns
from capture_forwarder.payloads.tensors import (
    MAX_SPARSE_VALUES,
    TENSOR_KEYS,
    tensor_rows,
    verbose_row,
    verbose_values,
)

ORDERED_KEYS = ("features", "probabilities")
_OUTER_KEYS = ("instances", "predictions", "projections", "scores", "dataframe_records", "inputs", "outputs")

# Ordered values, or values by name.
Row = list[JsonValue] | dict[str, JsonValue]
Document = dict[str, JsonValue]


class RowForm(StrEnum):
    """The form of one row in its document."""

    VALUES = "values"  # a list of ordered values, or a line of CSV
    VALUE = "value"  # one plain value
    OBJECT = "object"  # values by name
    TABLE = "table"  # values with names that stand apart: columns, tensors, a header
    VERBOSE = "verbose"  # SageMaker's verbose format, dense or sparse


class Placement(Struct, frozen=True):
    """How rows lie in a document, and how their values are named.

    `single` means that the whole document is one row; else the rows are a list, under `rows_key` if that is set.
    `values_key` is the key inside a row that holds its ordered values.
    """

    layout: Layout
    form: RowForm
    single: bool = False
    rows_key: str | None = None
    values_key: str | None = None


Placed = tuple[Placement, Sequence[Row]]


class Rule(Struct, frozen=True):
    """One layout: how it is recognised, and how its rows are placed.

    `place` raises `ValueError` with a sentence when a document of the layout is malformed.
    """

    recognises: Callable[[JsonValue], bool]
    place: Callable[[JsonValue], Placed]


def _outer_key(document: JsonValue) -> str | None:
    if isinstance(document, dict):
        for key in _OUTER_KEYS:
            if key in document and isinstance(document[key], list):
                return key
    return None


def _ordered_key(document: JsonValue) -> str | None:
    if isinstance(document, dict) and len(document) == 1:
        for key in ORDERED_KEYS:
            if key in document and isinstance(document[key], list):
                return key
    return None


def is_flat(value: JsonValue) -> bool:
    """Tell whether `value` is a list without lists and objects in it."""
    return isinstance(value, list) and not any(map(_is_nested, value))


def _is_nested(value: JsonValue) -> bool:
    return isinstance(value, list | dict)


def _is_split(document: JsonValue) -> bool:
    """MLflow: `{"dataframe_split": {"columns": [...], "data": [[...], ...]}}`."""
    return isinstance(document, dict) and isinstance(document.get("dataframe_split"), dict)


def _place_split(document: JsonValue) -> Placed:
    """Every entry of `data` is one row, named by `columns`."""
    if not _is_split(document):
        raise ValueError("dataframe_split holds no object")
    frame = cast("dict[str, Document]", document)["dataframe_split"]
    names, data = frame.get("columns"), frame.get("data")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError("dataframe_split.columns is not a list of names")
    if len(set(cast("list[str]", names))) != len(names):
        raise ValueError("dataframe_split.columns names a column twice")
    if not isinstance(data, list) or not all(isinstance(row, list) and len(row) == len(names) for row in data):
        raise ValueError("dataframe_split.data is not a list of rows as long as dataframe_split.columns")
    return Placement(Layout.DATAFRAME_SPLIT, RowForm.TABLE), named_rows(
        cast("list[str]", names), cast("list[list[JsonValue]]", data)
    )


def _is_kserve(document: JsonValue) -> bool:
    """Open Inference Protocol v2: `{"inputs": [{"name", "shape", "datatype", "data"}, ...]}`."""
    key = _outer_key(document)
    return key in ("inputs", "outputs") and all(
        isinstance(tensor, dict) and tensor.keys() >= TENSOR_KEYS
        for tensor in cast("dict[str, list[JsonValue]]", document)[key]
    )


def _place_kserve(document: JsonValue) -> Placed:
    """Every tensor is a column, and the first dimension counts rows."""
    if not _is_kserve(document):
        raise ValueError("neither inputs nor outputs holds a list of tensors")
    tensors = cast("dict[str, list[Document]]", document)[cast("str", _outer_key(document))]
    columns = {str(tensor["name"]): tensor_rows(tensor) for tensor in tensors}
    if len(columns) != len(tensors) or len({len(values) for values in columns.values()}) != 1:
        raise ValueError("the tensors share a name or differ in the number of rows")
    return Placement(Layout.KSERVE, RowForm.TABLE), rows_of_columns(columns)


def _is_columns(document: JsonValue) -> bool:
    """`{"longitude": [...], "latitude": [...]}`: lists of plain values, all of one length.

    A list that stands alone under one of the outer or ordered keys is no column.
    """
    alone = isinstance(document, dict) and len(document) == 1 and (_outer_key(document) or _ordered_key(document))
    return not alone and _are_columns(document)


def _are_columns(document: JsonValue) -> bool:
    return (
        isinstance(document, dict)
        and all(map(is_flat, document.values()))
        and len({len(cast("list[JsonValue]", values)) for values in document.values()}) == 1
    )


def _place_columns(document: JsonValue) -> Placed:
    """The i-th values of all columns are row i."""
    if not _are_columns(document):
        raise ValueError("not an object of lists of scalars, all of one length")
    return Placement(Layout.COLUMNS, RowForm.TABLE), rows_of_columns(cast("dict[str, list[JsonValue]]", document))


def _is_vector(document: JsonValue) -> bool:
    """A bare list of plain values, `{"features": [...]}` or `{"probabilities": [...]}`.

    A bare list of texts only is a list of rows.
    """
    key = _ordered_key(document)
    values = cast("Document", document)[key] if key else document
    if not isinstance(values, list) or any(map(_is_nested, values)):
        return False
    return key is not None or not values or not all(isinstance(value, str) for value in values)


def _place_vector(document: JsonValue) -> Placed:
    """The document is one row of ordered values."""
    key = _ordered_key(document)
    values = cast("Document", document)[key] if key else document
    if not isinstance(values, list):
        raise ValueError("not a list of values")  # noqa: TRY004 - ValueError says "malformed"
    return Placement(Layout.VECTOR, RowForm.VALUES, single=True, values_key=key), [values]


def _is_instances(document: JsonValue) -> bool:
    """An outer key (`instances`, `predictions`, ...) that holds a list; its neighbours belong to the whole call."""
    return _outer_key(document) is not None or _ordered_key(document) is not None


def _place_instances(document: JsonValue) -> Placed:
    """Every element under the outer or ordered key is one row."""
    key = _outer_key(document) or _ordered_key(document)
    if key is None:
        raise ValueError(f"none of the outer keys {', '.join(_OUTER_KEYS)} holds a list")
    elements = cast("dict[str, list[JsonValue]]", document)[key]
    return _placement_of_list(Layout.INSTANCES, key, elements), rows_of_list(elements)


def _is_list(document: JsonValue) -> bool:
    """A bare list of lists, of objects or of texts."""
    return isinstance(document, list)


def _place_list(document: JsonValue) -> Placed:
    """Every element is one row."""
    if not isinstance(document, list):
        raise ValueError("not a list of rows")  # noqa: TRY004 - ValueError says "malformed"
    return _placement_of_list(Layout.LIST, None, document), rows_of_list(document)


def _is_object(document: JsonValue) -> bool:
    """Any other object, bodies of language models included."""
    return isinstance(document, dict)


def _place_object(document: JsonValue) -> Placed:
    """The document is one row of values by name."""
    if not isinstance(document, dict):
        raise ValueError("not an object")  # noqa: TRY004 - ValueError says "malformed"
    return Placement(Layout.OBJECT, RowForm.OBJECT, single=True), [document]


def _placement_of_list(layout: Layout, rows_key: str | None, elements: list[JsonValue]) -> Placement:
    """Return the placement of elements like the first."""
    first, values_key = elements[0] if elements else None, None
    if isinstance(first, list):
        form = RowForm.VALUES
    elif not isinstance(first, dict):
        form = RowForm.VALUE
    elif values_key := _ordered_key(first):
        form = RowForm.VALUES
    else:
        form = RowForm.OBJECT if verbose_row(first) is None else RowForm.VERBOSE
    return Placement(layout, form, rows_key=rows_key, values_key=values_key)


def rows_of_list(elements: list[JsonValue], max_values: int = MAX_SPARSE_VALUES) -> list[Row]:
    """Return one row an element; sparse rows have at most `max_values` values together, else raises `ValueError`."""
    rows = list[Row]()
    for element in elements:
        if isinstance(element, list):
            rows.append(element)
        elif not isinstance(element, dict):
            rows.append([element])
        elif key := _ordered_key(element):
            rows.append(cast("list[JsonValue]", element[key]))
        elif verbose := verbose_row(element):
            rows.append(verbose_values(verbose, max_values))
            max_values -= len(rows[-1]) if "keys" in verbose else 0
        else:
            rows.append(element)
    return rows


# Order matters: the first layout that recognises a document wins, unless the route names one.
RULES = {
    Layout.DATAFRAME_SPLIT: Rule(_is_split, _place_split),
    Layout.KSERVE: Rule(_is_kserve, _place_kserve),
    Layout.VECTOR: Rule(_is_vector, _place_vector),
    Layout.COLUMNS: Rule(_is_columns, _place_columns),
    Layout.INSTANCES: Rule(_is_instances, _place_instances),
    Layout.LIST: Rule(_is_list, _place_list),
    Layout.OBJECT: Rule(_is_object, _place_object),
}
# A line of JSON Lines is one row: `{"label": [...], "prob": [...]}` is one answer of BlazingText, no columns.
_RULES_OF_LINES = {layout: rule for layout, rule in RULES.items() if layout is not Layout.COLUMNS}


def place(document: JsonValue, media: Media, pinned: Layout | None) -> Placed | Reason:
    """Return the rows of a document by the layout that the route names, or by the first one that recognises it."""
    for layout, rule in (_RULES_OF_LINES if media is Media.JSON_LINES else RULES).items():
        if layout is pinned if pinned else rule.recognises(document):
            try:
                return rule.place(document)
            except ValueError as error:
                return Reason(RejectionCode.UNKNOWN_LAYOUT, f"read as {layout}: {error}")
    return Reason(RejectionCode.UNKNOWN_LAYOUT, f"no layout for {media} fits; set the route's layout option")


def place_lines(documents: list[JsonValue], pinned: Layout | None) -> tuple[Placement | None, list[Row]] | Reason:
    """Return the rows of lines that are a document each, and how those of the last line lie."""
    placement, rows = None, list[Row]()
    for document in documents:
        placed = place(document, Media.JSON_LINES, pinned)
        if isinstance(placed, Reason):
            return placed
        placement = placed[0]
        rows += placed[1]
    return placement, rows
