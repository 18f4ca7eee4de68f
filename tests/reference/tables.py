"""Section 4 of the rule: the columns of an object, the values of the call beside them, and the keys that are no data."""

import re
from typing import Any

from tests.reference.kinds import LABEL_KEYS, has_lists, is_plain
from tests.reference.model import Column, Rejected, Table, Where

Document = dict[str, Any]
OUTER = ("instances", "predictions", "inputs", "outputs", "dataframe_records")
OUTER_OF_OBJECTS = ("scores", "projections")
OUTER_OF_COLUMNS = ("inputs", "outputs", "instances", "predictions")
# Recognised by these keys, left out beside rows.
LEFT_OUT: list[tuple[set[str], set[str]]] = [
    ({"instances"}, {"signature_name", "configuration", "parameters", "params"}),
    ({"examples"}, {"signature_name", "configuration", "parameters", "params"}),
    ({"inputs"}, {"signature_name", "configuration", "parameters", "params", "options"}),
    ({"embeddings"}, {"id", "meta", "response_type"}),
]


def left_out(document: Document) -> set[str]:
    """Return the keys that are not data beside rows."""
    found = {key for marks, keys in LEFT_OUT if marks <= document.keys() for key in keys}
    if isinstance(document.get("schema"), dict) and isinstance(document.get("data"), list):
        found.add("schema")
    if is_split(document):
        found.add("index")
    if document.get("object") == "list" and "data" in document:
        found |= {"object", "model", "id", "created", "usage"}
    return found & document.keys()


def outer_keys(document: Document) -> list[str]:
    """Return the outer keys that hold rows."""

    def holds_objects(value: Any) -> bool:
        return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)

    found = [key for key in OUTER if isinstance(document.get(key), list) and document[key]]
    found += [key for key in OUTER_OF_OBJECTS if holds_objects(document.get(key))]
    found += [key for key in OUTER_OF_COLUMNS if column_length(document.get(key))]
    return found + (["dataframe_split"] if is_split(document.get("dataframe_split")) else [])


def column_length(value: Any) -> int:
    """Return the rows of an object of equally long lists, of a frame or of a split under an outer key, or 0."""
    if not isinstance(value, dict) or not value:
        return 0
    split = value.get("dataframe_split", value)
    if is_split(split):
        return len(split["data"])
    if all(isinstance(one, list) and one for one in value.values()):
        lengths = {len(one) for one in value.values()}
        return lengths.pop() if len(lengths) == 1 else 0
    return len(frame_rows(value) or [])


def is_split(value: Any) -> bool:
    """Tell whether a value is `{"columns", "data"}` or `{"name", "index", "data"}`."""
    match value:
        case {"columns": [_, *_], "data": list()}:
            return True
        case {"name": str() | None, "index": list(index), "data": list(data)}:
            return len(value) == 3 and len(index) == len(data) > 0
        case _:
            return False


def split_column(value: Document) -> Column:
    """Return the rows of `{"columns", "data"}` or of `{"name", "index", "data"}`."""
    if "columns" not in value:
        return Column(value["name"] if isinstance(value["name"], str) else "", value["data"])
    names, rows = [str(name) for name in value["columns"]], value["data"]
    if not all(type(name) in (str, int) for name in value["columns"]) or not all(isinstance(row, list) for row in rows):
        raise Rejected("unknown_layout", "no names or no rows")
    if len(set(names)) < len(names) or any(len(row) != len(names) for row in rows):
        raise Rejected("value_count_mismatch", "a row with more or fewer values than names")
    return Column("", [dict(zip(names, row, strict=True)) for row in rows])


def frame_rows(value: Document) -> list[Document] | None:
    """Return the rows of a pandas frame, by column or by row."""
    inner = list(value.values())
    if not inner or not all(isinstance(one, dict) and one and one.keys() == inner[0].keys() for one in inner):
        return None
    by_column = all(re.fullmatch(r"\d+", key, re.ASCII) for key in inner[0])
    if not by_column and not all(re.fullmatch(r"\d+", key, re.ASCII) for key in value):
        return None
    for keys in [list(one) for one in inner] if by_column else [list(value)]:
        if keys != sorted(keys, key=int):
            raise Rejected("ambiguous_rows", "the keys of a frame do not ascend")
    return [{name: column[at] for name, column in value.items()} for at in inner[0]] if by_column else inner


def object_table(document: Document, n: int, main: list[str], where: Where) -> Table:
    """Return the rows of an object, and the values that belong to the call."""
    table, outer, splits = Table(), outer_keys(document), main == ["data"] and is_split(document)
    if splits:
        table.columns.append(split_column(document))
    skipped = left_out(document) | ({"columns", "name", "data"} if splits else set())
    for key, value in document.items():
        if key in skipped:
            continue
        if key in main[:1] and isinstance(value, dict):
            table.columns += columns_under(value)
            for name, one in beside_split(value).items():
                place(name, one, n, table)
        elif key in where.options.call_keys or is_legend(key, document, n, main):
            table.call[key] = value
        else:
            place(key, value, n, table)
    keys = [column.name for column in table.columns if column.name]
    if len(set(keys)) < len(keys):
        raise Rejected("ambiguous_name", "two columns with one name")
    alone = len(table.columns) == 1 and isinstance(document.get(table.columns[0].name), list)
    if alone and (table.columns[0].name in outer or list(document) in (["features"], ["probabilities"])):
        table.columns = [Column("", table.columns[0].elements)]
    return without_primary_key(document, table)


def place(key: str, value: Any, n: int, table: Table) -> None:
    """Place a value beside rows: a list of n is a column, with one row every list is; a plain value is the call's."""
    if isinstance(value, list) and value:
        if len(value) != n > 1:
            raise Rejected("unknown_layout", key)
        table.columns.append(Column(key, value if len(value) == n else [value]))
    elif has_lists(value):
        if n > 1:
            raise Rejected("unknown_layout", key)
        table.columns.append(Column(key, [{key: value}]))
    else:
        table.call[key] = value


def columns_under(value: Document) -> list[Column]:
    """Return the columns of an object under an outer key."""
    split = value.get("dataframe_split", value)
    if is_split(split):
        return [split_column(split)]
    if rows := frame_rows(value):
        return [Column("", list(rows))]
    return [Column(name, column, one=True) for name, column in value.items()]


def beside_split(value: Document) -> Document:
    """Return the values beside the columns and data of a split under an outer key."""
    split = value.get("dataframe_split", value)
    if not is_split(split):
        return {}
    beside = {name: one for name, one in split.items() if name not in ("columns", "name", "data", "index")}
    return beside | (
        {name: one for name, one in value.items() if name != "dataframe_split"} if split is not value else {}
    )


def is_legend(key: str, document: Document, n: int, main: list[str]) -> bool:
    """Tell whether a list names the classes of the vectors of another column."""
    value = document[key]
    if key in main or not isinstance(value, list) or not value or not all(map(is_plain, value)):
        return False

    def is_vector(row: Any) -> bool:
        return isinstance(row, list) and len(row) == len(value)

    others = [one for name, one in document.items() if name != key and isinstance(one, list) and len(one) == n]
    if not any(all(map(is_vector, one)) for one in others):
        return False
    if len(value) != n:
        return True
    if key in LABEL_KEYS and n > 1 and "predicted_label" not in document:
        raise Rejected("ambiguous_rows", key)
    return key in LABEL_KEYS and n > 1


def without_primary_key(document: Document, table: Table) -> Table:
    """Leave out the columns that the schema of a pandas table names as its key."""
    match document:
        case {"schema": {"primaryKey": list(keys)}, "data": list()}:
            columns = [Column(one.name, [without(keys, row) for row in one.elements], one.one) for one in table.columns]
            return Table(columns, table.call)
        case _:
            return table


def without(keys: list[Any], row: Any) -> Any:
    return {name: value for name, value in row.items() if name not in keys} if isinstance(row, dict) else row
