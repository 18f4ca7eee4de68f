"""Two straightforward forwarders without a network for comparison: they make request bodies of a file.

`standard` uses the standard library: the whole object in memory, `json`, `csv`, dicts. `with_orjson` is written for
speed: one line at a time, orjson, converters chosen once. Both check the type of every value. They read only the six
shapes of `data`: no quarantine, no other layout, no odd number.
"""

import base64
import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import Any, Final

import orjson

from benchmarks.data import INPUTS, OUTPUTS, SCHEMA
from capture_forwarder.domain.schema import ValueType

MAX_INFERENCES: Final = 1000
_TRUTH: Final = {"true": True, "false": False}
_TYPES: Final = {attribute.name: attribute.value_type for attribute in SCHEMA.attributes}
Named = dict[str, Any]


def standard(path: Path) -> Iterator[bytes]:
    """Yield the request bodies of a capture file, by the standard library alone."""
    inferences: list[Named] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        inferences += _inferences(json.loads(line))
    for start in range(0, len(inferences), MAX_INFERENCES):
        yield json.dumps(inferences[start : start + MAX_INFERENCES]).encode()


def _inferences(record: Named) -> list[Named]:
    event, sides = record["eventMetadata"], record["captureData"]
    call_id, time = event.get("inferenceId") or event["eventId"], event["inferenceTime"]
    datetime.fromisoformat(time)
    inputs, outputs = _rows(sides["endpointInput"], INPUTS), _rows(sides["endpointOutput"], OUTPUTS)
    if len(inputs) != len(outputs):
        raise ValueError("not as many answers as requests")
    return [
        {
            "partner_inference_id": f"{call_id}_{index}" if len(inputs) > 1 else call_id,
            "inference_timestamp": time,
            "inference_data": {name: _typed(value, _TYPES[name]) for name, value in {**row, **outputs[index]}.items()},
        }
        for index, row in enumerate(inputs)
    ]


def _rows(side: Named, names: list[str]) -> list[Named]:
    data = side["data"]
    if side["encoding"] == "JSON":
        return [_named(row, names) for row in _instances(json.loads(data))]
    text = base64.b64decode(data).decode() if side["encoding"] == "BASE64" else data
    return list(csv.DictReader(io.StringIO(text), fieldnames=names))


def _instances(document: Named) -> list[Named]:
    found: list[Named] = document["instances"] if "instances" in document else document["predictions"]
    return found


def _named(row: Named, names: list[str]) -> Named:
    ordered = row.get("features") or row.get("probabilities")
    return dict(zip(names, ordered, strict=True)) if ordered else {name: row[name] for name in names}


def _typed(value: Any, value_type: ValueType) -> Any:
    if value_type == ValueType.FLOAT:
        number = float(value)
        if not isfinite(number):
            raise ValueError("not a finite number")
        return number
    if value_type == ValueType.INTEGER:
        return int(value)
    if value_type == ValueType.BOOLEAN:
        return value if isinstance(value, bool) else _TRUTH[value]
    return str(value)


def with_orjson(path: Path) -> Iterator[bytes]:
    """Yield the request bodies of a capture file, by orjson and one line at a time."""
    batch: list[Named] = []
    with path.open("rb") as file:
        for line in file:
            for inference in _fast_inferences(orjson.loads(line)):
                batch.append(inference)
                if len(batch) == MAX_INFERENCES:
                    yield orjson.dumps(batch)
                    batch = []
    if batch:
        yield orjson.dumps(batch)


def loads_alone(path: Path) -> Iterator[bytes]:
    """Load every line by orjson and yield no bodies: a measure of the machine."""
    with path.open("rb") as file:
        for line in file:
            orjson.loads(line)
    yield from ()


def _fast_inferences(record: Named) -> list[Named]:
    event, sides = record["eventMetadata"], record["captureData"]
    call_id, time = event.get("inferenceId") or event["eventId"], event["inferenceTime"]
    datetime.fromisoformat(time)
    inputs, outputs = _fast_rows(sides["endpointInput"], _INPUTS), _fast_rows(sides["endpointOutput"], _OUTPUTS)
    ids = [call_id] if len(inputs) == 1 else [f"{call_id}_{index}" for index in range(len(inputs))]
    return [
        {"partner_inference_id": row_id, "inference_timestamp": time, "inference_data": row | answer}
        for row_id, row, answer in zip(ids, inputs, outputs, strict=True)
    ]


def _boolean(text: str) -> bool:
    return _TRUTH[text]


# By attribute: what makes its value of CSV text, and what JSON gives for it.
Converters = list[tuple[str, Callable[[str], Any], type]]
_FOR_TYPE: Final[dict[ValueType, tuple[Callable[[str], Any], type]]] = {
    ValueType.FLOAT: (float, float),
    ValueType.INTEGER: (int, int),
    ValueType.BOOLEAN: (_boolean, bool),
    ValueType.STRING: (str, str),
}
_INPUTS: Final[Converters] = [(name, *_FOR_TYPE[_TYPES[name]]) for name in INPUTS]
_OUTPUTS: Final[Converters] = [(name, *_FOR_TYPE[_TYPES[name]]) for name in OUTPUTS]


def _fast_rows(side: Named, converters: Converters) -> list[Named]:
    data = side["data"]
    if side["encoding"] == "JSON":
        return [_checked(row, converters) for row in _instances(orjson.loads(data))]
    text = base64.b64decode(data).decode() if side["encoding"] == "BASE64" else data
    return [
        {name: convert(cell) for (name, convert, _), cell in zip(converters, row, strict=True)}
        for row in csv.reader(text.splitlines())
    ]


def _checked(row: Named, converters: Converters) -> Named:
    ordered = row.get("features") or row.get("probabilities")
    named = {name: value for (name, _, _), value in zip(converters, ordered, strict=True)} if ordered else row
    if len(named) != len(converters):
        raise ValueError("another number of values than the model has attributes")
    for name, _, kind in converters:
        if type(named[name]) is not kind:
            raise ValueError(f"attribute {name} is of another type")
    return named
