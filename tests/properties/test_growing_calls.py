"""Calls of any number of rows whose lists grow: the compiled path makes exactly the bytes of the plain path."""

import json
import os
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from capture_forwarder.domain.inference import Inference
from capture_forwarder.domain.route import DecodingOptions, RowForm
from capture_forwarder.domain.schema import ModelSchema
from capture_forwarder.kinds.captures.plain import Decoded
from tests.properties.changed_values import changed
from tests.properties.compiled_paths import Paths
from tests.properties.generated_options import decoding_options, generated_options
from tests.properties.generated_schemas import schema_of
from tests.support.captures import Side, base64_side, capture, csv_side, json_side, outcome_of

# The long form of these tests reads as many routes as this variable says.
_ROUTES = int(os.environ.get("GROWING_CALLS", "200"))
_PARTS = 4
_APART = DecodingOptions(form=RowForm.APART)
_NAMES = (
    "x",
    "y",
    "age",
    "label",
    "index",
    "data",
    "shape",
    "columns",
    "name",
    "error",
    "0",
    "1",
    "features",
    "values",
)
_KEYS = ("predictions", "outputs", "instances", "inputs", "rows", "data")
_COUNTS = (1, 2, 3, 4, 5, 6, 7, 10, 13, 30)
_ODD = (None, True, 0, "Traceback (most recent call last):", "error", "", -1, 2**63, "é", "nan", [1], {"a": 1})
_KINDS: dict[str, Callable[[Random], Any]] = {
    "float": lambda chance: round(chance.uniform(-5, 5), 3),
    "share": lambda chance: round(chance.random(), 3),
    "int": lambda chance: chance.randrange(10),
    "bool": lambda chance: chance.random() < 0.5,
    "text": lambda chance: chance.choice(("red", "x y", "1", "a,b")),
}
_LAYOUTS = (
    "split",
    "columns",
    "columns under a key",
    "tensor",
    "tensors",
    "verbose",
    "objects",
    "nested",
    "by column",
    "vectors",
    "csv",
    "json lines",
)


class Layout:
    """One side of the calls of a route: its layout, the names and kinds of its values, and what lies beside them."""

    def __init__(self, chance: Random) -> None:
        self.name = chance.choice(_LAYOUTS)
        self.names = chance.sample(_NAMES, chance.choice((1, 1, 2, 3, 4)))
        self.kinds = chance.choices([*_KINDS], k=len(self.names))
        self.key = chance.choice(_KEYS)
        self.has_index, self.is_flat, self.is_base64 = (chance.random() < share for share in (0.4, 0.6, 0.15))
        self.beside = chance.choice((None, None, None, "scalar", "a row", "classes", "object"))

    def side(self, chance: Random, count: int, odd: float) -> Side:
        """Return this side of a call of `count` rows; a value is odd with the chance `odd`."""
        rows = [
            [chance.choice(_ODD) if chance.random() < odd else _KINDS[kind](chance) for kind in self.kinds]
            for _ in range(count)
        ]
        if self.name == "csv":
            return csv_side("".join(",".join("" if cell is None else str(cell) for cell in row) + "\n" for row in rows))
        named = [dict(zip(self.names, row, strict=True)) for row in rows]
        if self.name == "json lines":
            return json_side("".join(f"{json.dumps(row)}\n" for row in named), "application/jsonlines")
        text = json.dumps(self._document(rows, named), separators=chance.choice([(",", ":"), (", ", ": ")]))
        return base64_side(text.encode(), "application/json") if self.is_base64 else json_side(text)

    def _document(self, rows: list[list[Any]], named: list[dict[str, Any]]) -> dict[str, Any]:
        count, columns = len(rows), {name: [row[name] for row in named] for name in self.names}
        numbers = [[cell if isinstance(cell, int | float) else 0.5 for cell in row] for row in rows]
        frame = {"columns": self.names, "data": rows} | ({"index": [*range(count)]} if self.has_index else {})
        documents: dict[str, dict[str, Any]] = {
            "split": {"dataframe_split": frame} if self.is_flat else frame,
            "columns": dict(columns),
            "columns under a key": {self.key: columns},
            "tensor": {
                "inputs": [
                    _tensor(
                        "x",
                        [count, len(self.names)],
                        [cell for row in numbers for cell in row] if self.is_flat else numbers,
                    )
                ]
            },
            "tensors": {
                "outputs": [
                    _tensor(name, [count, 1][: 1 + self.is_flat], list(column))
                    for name, column in zip(self.names, zip(*numbers, strict=True), strict=True)
                ]
            },
            "verbose": {self.key: [{"data": {"features": {"values": row}}} for row in rows]},
            "objects": {self.key: named},
            "nested": {"a": {"rows": [{"v": row, "id": place} for place, row in enumerate(named)]}},
            "by column": {
                name: {str(place): value for place, value in enumerate(column)} for name, column in columns.items()
            },
            "vectors": {self.key: [{name: [value] * 2 for name, value in row.items()} for row in named]},
        }
        beside = {"scalar": 0.5, "a row": [*range(1, count + 1)], "classes": ["a", "b", "c"], "object": {"id": 1}}
        return documents[self.name] | ({"more": beside[self.beside]} if self.beside else {})


def _tensor(name: str, shape: list[int], data: list[Any]) -> dict[str, Any]:
    return {"name": name, "shape": shape, "datatype": "FP32", "data": data}


def compiled_of(chance: Random, options: DecodingOptions, *, with_schema: bool = False) -> int:
    """Return how many calls of several rows the compiled path reads, each as the plain path reads it."""
    request, answer = Layout(chance), Layout(chance)
    if chance.random() < 0.5:
        answer.name, answer.key, answer.beside = "objects", "predictions", None
    schema = _schema(capture(request.side(chance, 6, 0), answer.side(chance, 6, 0)), options) if with_schema else None
    paths, compiled, odd = Paths(schema, options), 0, chance.choice((0.0, 0.0, 0.02, 0.1))
    for place in range(10):
        count = chance.choice(_COUNTS)
        answers = count if chance.random() < 0.95 else count + 1
        share = odd if place > 2 else 0
        sides = (request.side(chance, count, share), answer.side(chance, answers, share))
        if place > 5 and chance.random() < 0.3:
            sides = (changed(chance, sides[0], skeleton=True), sides[1])
        line = capture(*sides)
        paths.learn(line)
        compiled += paths.compiled_rows(line) is not None and count > 1
    return compiled


def _schema(line: bytes, options: DecodingOptions) -> ModelSchema | None:
    outcome = outcome_of(line, options)
    rows = [row for row in outcome.rows if isinstance(row, Inference)] if isinstance(outcome, Decoded) else []
    return schema_of([(row.inputs, row.outputs) for row in rows])


@pytest.mark.large
@pytest.mark.parametrize("part", range(_PARTS))
@pytest.mark.parametrize("options", [DecodingOptions(), _APART], ids=["flat", "apart"])
def test_rows_of_any_number_are_those_of_the_plain_path(part: int, options: DecodingOptions) -> None:
    """Also odd values, values beside the rows, and lists that are as long as others by chance."""
    compiled = sum(compiled_of(Random(seed), options) for seed in range(part, _ROUTES, _PARTS))
    assert compiled > _ROUTES // _PARTS


@pytest.mark.large
@pytest.mark.parametrize("part", range(_PARTS))
def test_a_schema_types_the_values_of_any_number_of_rows(part: int) -> None:
    """A value of another type is left to the plain path."""
    compiled = sum(
        compiled_of(Random(seed), DecodingOptions(), with_schema=True) for seed in range(part, _ROUTES, _PARTS)
    )
    assert compiled > _ROUTES // _PARTS // 2


@pytest.mark.large
@pytest.mark.parametrize("part", range(_PARTS))
def test_options_of_the_route_decide_about_rows_of_any_number(part: int) -> None:
    """Layouts that a route names, rows at a path, values of the whole call."""
    for seed in range(part, _ROUTES, _PARTS):
        compiled_of(Random(seed), decoding_options(generated_options(Random(seed))))
