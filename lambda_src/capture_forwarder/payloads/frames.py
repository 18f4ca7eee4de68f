"""Data frames as pandas and MLflow write them.

Functions that place a frame raise `ValueError` with a sentence when it is malformed.
"""

from collections.abc import Iterable
from typing import Any, cast

from capture_forwarder.domain.values import JsonValue
from capture_forwarder.payloads.elements_kind import Document, is_list
from capture_forwarder.payloads.tables import NAMELESS, Table, named_rows

_SPLIT = "dataframe_split"


def split_frame(document: Document) -> tuple[Document, Document] | None:
    """Return a frame in `split` form and the values beside it; `None` if the document is none.

    MLflow: `{"dataframe_split": {"columns": [...], "data": [[...], ...]}}`, perhaps under `inputs`, and pandas'
    own `{"columns", "index", "data"}`.
    """
    for key in (_SPLIT, "inputs", "outputs", "instances", "predictions"):
        inner = document.get(key)
        if isinstance(inner, dict):
            if key == _SPLIT or _looks_split(inner):
                return inner, {name: value for name, value in document.items() if name != key}
            if isinstance(inner.get(_SPLIT), dict):
                beside = {name: value for name, value in document.items() if name != key}
                return cast("Document", inner[_SPLIT]), beside | {k: v for k, v in inner.items() if k != _SPLIT}
    if _looks_split(document):
        return document, {}
    return None


def _looks_split(document: Document) -> bool:
    columns = document.get("columns")
    return is_list(columns) and len(columns) > 0 and is_list(document.get("data"))


def place_split(frame: Document, beside: Document) -> Table:
    """Return the table of a frame in `split` form: every entry of `data` is one row, named by `columns`."""
    names, data = frame.get("columns"), frame.get("data")
    if not is_list(names) or not names or not all(type(name) in (str, int) for name in names):
        raise ValueError("the columns of a data frame are not a list of names")
    columns = [str(name) for name in names]
    if len(set(columns)) != len(columns):
        raise ValueError("a data frame names a column twice")
    if not is_list(data) or not all(is_list(row) and len(row) == len(names) for row in data):
        raise ValueError("the data of a data frame is not a list of rows as long as its columns")
    _check_index(frame.get("index"))
    rest = {key: value for key, value in frame.items() if key not in {"columns", "data", "index"}}
    rows = named_rows(columns, cast("Any", data))
    return Table(len(data), {NAMELESS: rows}, rest | beside, left_out=_size(frame.get("index")))


def place_split_series(document: Document) -> Table | None:
    """Return the table of a pandas Series in `split` form: `{"name", "index", "data"}`; `None` for others."""
    name, data = document.get("name"), document.get("data")
    if document.keys() != {"name", "index", "data"} or not is_list(data) or not is_list(document["index"]):
        return None
    if len(data) != len(document["index"]) or not isinstance(name, str | None):
        return None
    _check_index(document["index"])
    return Table(len(data), {name or NAMELESS: data}, left_out=_size(document["index"]))


def _check_index(index: JsonValue) -> None:
    if is_list(index) and all(type(value) is int for value in index):
        _check_order(map(str, index))


def _size(index: JsonValue) -> int:
    return len(index) if is_list(index) else int(index is not None)


def place_frame(document: Document) -> Table | None:
    """Return the table of pandas' `to_json()`, by column or by row; `None` for other documents.

    It is an object of objects with equal keys; the inner keys (by column), or else the outer keys (by row), are whole
    numbers. Raises `ValueError` if they do not ascend: the rows of the other side may have another order.
    """
    parts = list(document.values())
    if not parts or not all(isinstance(part, dict) and part for part in parts):
        return None
    columns = cast("dict[str, Document]", document)
    inner = columns[next(iter(columns))].keys()
    if any(part.keys() != inner for part in columns.values()):
        return None
    if _are_whole(inner):
        _check_order(inner)
        return Table(len(inner), {NAMELESS: [{name: part[key] for name, part in columns.items()} for key in inner]})
    if _are_whole(columns):
        _check_order(columns)
        return Table(len(columns), {NAMELESS: parts})
    return None


def place_series(document: Document) -> Table | None:
    """Return the table of a pandas Series: an object with the keys 0, 1, ... and plain values; `None` for others."""
    if document.keys() != set(map(str, range(len(document)))) or not document:
        return None
    if any(isinstance(value, dict) or is_list(value) for value in document.values()):
        return None
    _check_order(document)
    return Table(len(document), {NAMELESS: list(document.values())})


def _are_whole(keys: Iterable[str]) -> bool:
    return all(key.isascii() and key.isdigit() for key in keys)


def _check_order(keys: Iterable[str]) -> None:
    numbers = list(map(int, keys))
    if numbers != sorted(numbers):
        raise ValueError("the keys of a data frame do not ascend, so its rows may have another order; reset its index")
