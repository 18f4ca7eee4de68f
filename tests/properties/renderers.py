"""Rows written as payloads, in every layout of containers and their clients."""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from capture_forwarder.domain.route import Layout

Row = list[Any] | dict[str, Any]
Renderer = Callable[[Any], Any]

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)
# A leading x keeps names apart from the words that layouts are made of: a row of {"instances": [1]} is no row but rows.
# Nested names are joined with dots and underscores, so names without them never come to the same name.
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="._"), max_size=8).map(
    lambda text: f"x{text}"
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=6
)
VECTORS = st.lists(SCALARS, min_size=1, max_size=4)
NAMED = st.dictionaries(NAMES, VALUES, min_size=1, max_size=4)


def tables(cells: st.SearchStrategy[Any], columns: int = 1) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Return rows that share their names, as columns do; there are at least `columns`."""
    names = st.lists(NAMES, min_size=columns, max_size=4, unique=True)
    return names.flatmap(
        lambda found: st.lists(st.fixed_dictionaries(dict.fromkeys(found, cells)), min_size=1, max_size=4)
    )


def _columns(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: [row[name] for row in rows] for name in rows[0]}


def _dataframe_split(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"dataframe_split": {"columns": list(rows[0]), "data": [[row[name] for name in rows[0]] for row in rows]}}


def _kserve(rows: list[dict[str, Any]]) -> dict[str, Any]:
    tensors = [
        {"name": name, "datatype": "BYTES", "shape": [len(rows)], "data": [row[name] for row in rows]}
        for name in rows[0]
    ]
    return {"model_name": "m", "outputs": tensors}


def _wide_kserve(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "inputs": [
            {"name": name, "datatype": "FP64", "shape": [len(rows), 2], "data": [row[name] for row in rows]}
            for name in rows[0]
        ]
    }


def _sparse(row: list[Any]) -> dict[str, Any]:
    keys = [at for at, value in enumerate(row) if repr(value) != "0"]
    return {"data": {"features": {"keys": keys, "shape": [len(row)], "values": [row[at] for at in keys]}}}


def _arrays(rows: list[list[Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _alike(cells: st.SearchStrategy[Any]) -> st.SearchStrategy[list[list[Any]]]:
    """Return rows of one value each."""
    return st.lists(cells, min_size=1, max_size=4).map(lambda values: [[value] for value in values])


NUMBERS = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
UNIFORM = _alike(TEXT) | _alike(NUMBERS)
PAIRS = st.lists(st.lists(SCALARS, min_size=2, max_size=2), min_size=1, max_size=4)
# A list of texts and nulls is rows.
MIXED = VECTORS.filter(lambda row: str not in map(type, row) or any(isinstance(value, int | float) for value in row))
LISTED = st.lists(VECTORS, min_size=1, max_size=4) | st.lists(NAMED, min_size=1, max_size=4)

# What a renderer writes, from which rows, and the layout that it is.
RENDERERS: dict[str, tuple[Layout, st.SearchStrategy[Any], Renderer]] = {
    "list of lists or objects": (Layout.LIST, LISTED, lambda rows: rows),
    "list of texts": (Layout.LIST, _alike(TEXT), lambda rows: [row[0] for row in rows]),
    "bare vector": (Layout.VECTOR, MIXED.map(lambda row: [row]), lambda rows: rows[0]),
    "features": (Layout.VECTOR, MIXED.map(lambda row: [row]), lambda rows: {"features": rows[0]}),
    "probabilities": (Layout.VECTOR, MIXED.map(lambda row: [row]), lambda rows: {"probabilities": rows[0]}),
    "rows of features": (Layout.INSTANCES, st.lists(VECTORS, min_size=1, max_size=4), lambda rows: {"features": rows}),
    "instances": (Layout.INSTANCES, LISTED, lambda rows: {"signature_name": "serving_default", "instances": rows}),
    "predictions": (Layout.INSTANCES, LISTED, lambda rows: {"predictions": rows}),
    "dataframe_records": (Layout.INSTANCES, st.lists(NAMED, min_size=1, max_size=4), lambda rows: {"dataframe_records": rows}),
    "instances of features": (Layout.INSTANCES, st.lists(VECTORS, min_size=1, max_size=4), lambda rows: {"instances": [{"features": row} for row in rows]}),
    "instances of scalars": (Layout.INSTANCES, UNIFORM, lambda rows: {"instances": [row[0] for row in rows]}),
    "dense": (Layout.INSTANCES, st.lists(VECTORS, min_size=1, max_size=4), lambda rows: {"instances": [{"data": {"features": {"values": row}}} for row in rows]}),
    "sparse": (Layout.INSTANCES, st.lists(VECTORS, min_size=1, max_size=4), lambda rows: {"instances": list(map(_sparse, rows))}),
    "columns": (Layout.COLUMNS, tables(SCALARS, 2), _columns),
    "one column": (Layout.COLUMNS, UNIFORM.map(lambda rows: [{"x": row[0]} for row in rows]), _columns),
    "dataframe_split": (Layout.DATAFRAME_SPLIT, tables(VALUES), _dataframe_split),
    "kserve": (Layout.KSERVE, tables(SCALARS), _kserve),
    "wide kserve": (Layout.KSERVE, tables(st.lists(SCALARS, min_size=2, max_size=2)), _wide_kserve),
    "object": (Layout.OBJECT, NAMED.filter(lambda row: not any(isinstance(v, list) for v in row.values())).map(lambda row: [row]), lambda rows: rows[0]),
    "arrays": (Layout.ARRAYS, PAIRS, _arrays),
    "whole": (Layout.WHOLE, VECTORS.map(lambda row: [row]), lambda rows: rows[0]),
}  # fmt: skip
# No rule finds these: a route names them.
NAMED_BY_ROUTES = frozenset({"arrays", "whole"})
# Layouts of one row.
SINGLE = frozenset({"bare vector", "features", "probabilities", "object", "whole"})

CELLS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from(list("\",\n\r ;'")), max_size=6)
# A row of one blank cell is a blank line, which is no row.
CSV_ROWS = st.lists(
    st.lists(CELLS, min_size=1, max_size=4).filter(lambda row: len(row) > 1 or row[0].strip()), min_size=1, max_size=4
)


def render_csv(rows: list[list[str]], line_end: str = "\n", *, quote_all: bool = False) -> str:
    """Write rows as RFC 4180 says."""

    def cell(text: str) -> str:
        return f'"{text.replace(chr(34), chr(34) * 2)}"' if quote_all or set(text) & set('",\r\n') else text

    return "".join(",".join(map(cell, row)) + line_end for row in rows)


def render_json(document: Any, style: str = "compact") -> str:
    """Write a document as one client or another would."""
    match style:
        case "pretty":
            return json.dumps(document, indent=2)
        case "raw":
            return json.dumps(document, ensure_ascii=False)
        case _:
            return json.dumps(document, separators=(",", ":"))
