"""Section 2 of the rule for one object: the statement of its keys about rows."""

from typing import Any

from tests.reference.kinds import are_arrays, is_closed, is_plain, kind_of, ordered, simple_kind
from tests.reference.model import Column, Rejected, Table, View, Where
from tests.reference.tables import (
    OUTER_OF_COLUMNS,
    Document,
    column_length,
    frame_rows,
    is_split,
    left_out,
    object_table,
    outer_keys,
    without_primary_key,
)
from tests.reference.tensors import kserve_view, tensors_of


def object_view(document: Document, where: Where) -> View:
    """Return the statement of an object: the first form that it has decides."""
    if is_closed(document, answer=where.answer):
        return View("call", 1, document, closed=True)
    if "data" in document and ordered(document) is not None:
        return View("call", 1, document)
    if key := tensors_of(document, where):
        return kserve_view(document, key, where)
    found = outer_view(document, where) or split_view(document, where) or frame_view(document)
    if not found and where.answer:
        found = series_view(document)
    return found or lists_view(document, where)


def outer_view(document: Document, where: Where) -> View | None:
    """Return the view of rows under an outer key."""
    refuse_malformed_split(document)
    keys = outer_keys(document)
    if not keys:
        return None
    value = document[keys[0]]
    if isinstance(value, list) and not kind_of(value, answer=where.answer):
        return View("call", 1, document, arrays=where.answer and are_arrays(value))
    n = len(value) if isinstance(value, list) else len(value["data"]) if is_split(value) else column_length(value)
    return View("fixed", n, document, try_table(document, n, keys, where))


def refuse_malformed_split(document: Document) -> None:
    """Reject an object under `dataframe_split` that has no columns with rows of as many values."""
    inner = document.get("inputs")
    for one in (document, inner if isinstance(inner, dict) else {}):
        found = one.get("dataframe_split")
        if isinstance(found, dict) and not ("columns" in found and is_split(found)):
            raise Rejected("unknown_layout", "a data frame without columns and rows")
    for key in OUTER_OF_COLUMNS:
        found = document.get(key)
        if isinstance(found, dict) and is_split(found) and not found["data"]:
            raise Rejected("row_count_mismatch", "a data frame without rows")


def split_view(document: Document, where: Where) -> View | None:
    if not is_split(document):
        return None
    n = len(document["data"])
    return View("fixed", n, document, try_table(document, n, ["data"], where))


def frame_view(document: Document) -> View | None:
    rows = frame_rows(document)
    return View("rows", len(rows), document, Table([Column("", list(rows))]), is_matrix=True) if rows else None


def series_view(document: Document) -> View | None:
    """Return the view of an answer whose keys are 0, 1, ... and whose values are plain."""
    values = list(document.values())
    if not values or set(document) != set(map(str, range(len(values)))) or not all(map(is_plain, values)):
        return None
    if list(document) != sorted(document, key=int):
        raise Rejected("ambiguous_rows", "the keys of a series do not ascend")
    cuttable = simple_kind(values) in ("numbers", "texts")
    return View("open", len(values), values, Table([Column("", values)]), cuttable=cuttable)


def lists_view(document: Document, where: Where) -> View:
    """Return the view of an object by the lists directly under its keys."""
    lists = {
        key: value
        for key, value in document.items()
        if isinstance(value, list)
        and value
        and key not in where.options.call_keys
        and key not in left_out_of(document, where)
    }
    lengths, keys = tuple(map(len, lists.values())), list(lists)
    if len(set(lengths)) != 1:
        return View("call", 1, document, lengths=lengths)
    n = lengths[0]
    if where.options.layout == "columns":
        return View("fixed", n, document, columns_table(document, n, lists, where))
    table = try_table(document, n, keys[:1] if len(keys) == 1 else [], where)
    beside = bool(document.keys() - set(keys) - left_out(document))
    kind = kind_of(lists[keys[0]], answer=where.answer) if len(keys) == 1 else "columns"
    if kind == "numbers" and not where.answer and len(document) == 1 and keys[0] in ("features", "data"):
        kind = ""
    if not kind:
        return View("call", 1, document)
    said = "open" if kind == "numbers" else "rows"
    matrix = kind == "lists" and keys in (["features"], ["probabilities"]) and len(document) == 1
    matrix = matrix or "schema" in left_out(document)
    return View(said, n, document, table, beside=beside, by_lists=True, cuttable=kind == "numbers", is_matrix=matrix)


def left_out_of(document: Document, where: Where) -> set[str]:
    """Return the keys that are not data; an index is a column where the route names the layout of columns."""
    return left_out(document) - ({"index"} if where.options.layout == "columns" else set())


def columns_table(document: Document, n: int, lists: dict[str, list[Any]], where: Where) -> Table | Rejected:
    """Return all lists as columns with the names of their keys, because the route says so."""
    rest = {
        key: value for key, value in document.items() if key not in lists and key not in left_out_of(document, where)
    }
    table = try_table(rest, n, [], where)
    if not isinstance(table, Table):
        return table
    columns = [Column(key, one) for key, one in lists.items()] + table.columns
    return without_primary_key(document, Table(columns, table.call))


def try_table(document: Document, n: int, main: list[str], where: Where) -> Table | Rejected:
    """Return the rows, or why the values beside them cannot be placed."""
    try:
        return object_table(document, n, main, where)
    except Rejected as no:
        return no
