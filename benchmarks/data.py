"""Captures of a model with 20 features in six shapes, of any size; the same seed writes the same bytes.

| shape | one record holds |
|---|---|
| a | one inference, CSV in, JSON out |
| b | 50 inferences, CSV in and out |
| c | one inference, JSON in and out, values in order |
| d | one inference, JSON in and out, values by name |
| e | one inference, CSV in and out, each BASE64 |
| f | as many inferences as make one record of 5 MB, CSV in and out |
"""

import base64
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType

MB: Final = 1_000_000
SHAPES: Final = "abcdef"
MODEL_ID: Final = "benchmark"
LARGE_RECORD_BYTES: Final = 5 * MB
_SEED: Final = 20
# F and R are floats, of as many digits as they have (up to 17) and rounded to six places.
_TYPES: Final = {
    "F": ValueType.FLOAT,
    "R": ValueType.FLOAT,
    "I": ValueType.INTEGER,
    "S": ValueType.STRING,
    "B": ValueType.BOOLEAN,
}
_FEATURES: Final = "FRFISRFRIBFRFISRFRIB"
_ROWS_OF_B: Final = 50

SCHEMA: Final = ModelSchema(
    (
        *(
            Attribute(f"f{place}", Stage.PIPELINE_INPUT, _TYPES[letter], place)
            for place, letter in enumerate(_FEATURES)
        ),
        Attribute("score", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0),
        Attribute("label", Stage.PREDICTED_VALUE, ValueType.INTEGER, 1),
    )
)
INPUTS: Final = [attribute.name for attribute in SCHEMA.attributes if attribute.stage is Stage.PIPELINE_INPUT]
OUTPUTS: Final = [attribute.name for attribute in SCHEMA.attributes if attribute.stage is Stage.PREDICTED_VALUE]

Row = list[Any]
Side = dict[str, str]


def write_captures(path: Path, shape: str, size_bytes: int) -> int:
    """Write records of `shape` until `path` holds at least `size_bytes`; return how many inferences they are.

    Of shape f it is one record, of at most `LARGE_RECORD_BYTES`.
    """
    inferences = 0
    with path.open("wb") as file:
        for line, count in _records(shape, min(size_bytes, LARGE_RECORD_BYTES) if shape == "f" else size_bytes):
            file.write(line)
            inferences += count
    return inferences


def _records(shape: str, size_bytes: int) -> Iterator[tuple[bytes, int]]:
    chance = random.Random(f"{_SEED}{shape}")  # noqa: S311 - chance that repeats itself
    written = 0
    while written < size_bytes:
        count = _rows_of_f(size_bytes) if shape == "f" else _ROWS_OF_B if shape == "b" else 1
        rows = [draw_row(chance) for _ in range(count)]
        answers = [[chance.random(), chance.randrange(2)] for _ in range(count)]
        line = record(chance, *_SIDES[shape](rows, answers))
        yield line, count
        written += len(line)


def _rows_of_f(size_bytes: int) -> int:
    """Return how many rows make one record of about `size_bytes`."""
    chance = random.Random(_SEED)  # noqa: S311 - chance that repeats itself
    row_bytes = len(_csv(draw_row(chance) for _ in range(100)) + _csv([[chance.random(), 1]] * 100)) / 100
    return max(1, round(size_bytes / row_bytes))


def draw_row(chance: random.Random) -> Row:
    """Return the features of one inference."""
    return [_DRAW[letter](chance) for letter in _FEATURES]


_DRAW: Final[dict[str, Callable[[random.Random], Any]]] = {
    "F": lambda chance: chance.gauss(0, 100),
    "R": lambda chance: round(chance.gauss(0, 100), 6),
    "I": lambda chance: chance.randrange(-1000, 100_000),
    "S": lambda chance: f"segment-{chance.randrange(1000)}",
    "B": lambda chance: chance.random() < 0.5,  # noqa: PLR2004 - as often true as false
}


def _csv(rows: Iterator[Row] | list[Row]) -> str:
    return "".join(",".join(map(_cell, row)) + "\n" for row in rows)


def _cell(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _csv_side(rows: list[Row]) -> Side:
    return {"observedContentType": "text/csv", "data": _csv(rows), "encoding": "CSV"}


def _base64_side(rows: list[Row]) -> Side:
    data = base64.b64encode(_csv(rows).encode()).decode()
    return {"observedContentType": "text/csv", "data": data, "encoding": "BASE64"}


def _json_side(name: str, instances: list[Any]) -> Side:
    data = json.dumps({name: instances}, separators=(",", ":"))
    return {"observedContentType": "application/json", "data": data, "encoding": "JSON"}


def _by_name(names: list[str], rows: list[Row]) -> list[dict[str, Any]]:
    return [dict(zip(names, row, strict=True)) for row in rows]


_SIDES: Final[dict[str, Callable[[list[Row], list[Row]], tuple[Side, Side]]]] = {
    "a": lambda rows, answers: (_csv_side(rows), _json_side("predictions", _by_name(OUTPUTS, answers))),
    "b": lambda rows, answers: (_csv_side(rows), _csv_side(answers)),
    "c": lambda rows, answers: (
        _json_side("instances", [{"features": row} for row in rows]),
        _json_side("predictions", [{"probabilities": answer} for answer in answers]),
    ),
    "d": lambda rows, answers: (
        _json_side("instances", _by_name(INPUTS, rows)),
        _json_side("predictions", _by_name(OUTPUTS, answers)),
    ),
    "e": lambda rows, answers: (_base64_side(rows), _base64_side(answers)),
    "f": lambda rows, answers: (_csv_side(rows), _csv_side(answers)),
}


def record(chance: random.Random, request: Side, answer: Side) -> bytes:
    """Return one line with its keys in SageMaker's order."""
    record = {
        "captureData": {
            "endpointInput": _in_order(request, "INPUT"),
            "endpointOutput": _in_order(answer, "OUTPUT"),
        },
        "eventMetadata": {
            "eventId": str(UUID(int=chance.getrandbits(128), version=4)),
            "inferenceTime": f"2026-01-15T10:{chance.randrange(60):02}:{chance.randrange(60):02}Z",
        },
        "eventVersion": "0",
    }
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def _in_order(side: Side, mode: str) -> Side:
    return {
        "observedContentType": side["observedContentType"],
        "mode": mode,
        "data": side["data"],
        "encoding": side["encoding"],
    }
