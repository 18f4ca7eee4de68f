"""Two tuned forwarders without a network for comparison: they make request bodies of a file.

`standard` uses the standard library alone, `with_orjson` has orjson for JSON. Both read one line at a time, split CSV
where it has no quote, call built-in functions for a whole row, and check the type of every value. They read only the
six shapes of `data`: no quarantine, no other layout, no odd number.
"""

import base64
import csv
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from operator import call, itemgetter
from pathlib import Path
from typing import Any, Final

import orjson
from msgspec import Struct

from benchmarks.data import INPUTS, OUTPUTS, SCHEMA
from capture_forwarder.domain.schema import ValueType

MAX_INFERENCES: Final = 1000
Named = dict[str, Any]
Loads = Callable[[bytes | str], Any]


def standard(path: Path) -> Iterator[bytes]:
    """Yield the request bodies of a capture file, by the standard library alone."""
    encode = json.JSONEncoder(separators=(",", ":"), check_circular=False, allow_nan=False).encode
    return _bodies(path, json.loads, lambda batch: encode(batch).encode())


def with_orjson(path: Path) -> Iterator[bytes]:
    """Yield the request bodies of a capture file, by orjson."""
    return _bodies(path, orjson.loads, orjson.dumps)


def loads_alone(path: Path) -> Iterator[bytes]:
    """Load every line by orjson and yield no bodies: a measure of the machine."""
    with path.open("rb") as file:
        for line in file:
            orjson.loads(line)
    yield from ()


def _bodies(path: Path, loads: Loads, dumps: Callable[[list[Named]], bytes]) -> Iterator[bytes]:
    batch: list[Named] = []
    with path.open("rb") as file:
        for line in file:
            batch += _inferences(loads(line), loads)
            while len(batch) >= MAX_INFERENCES:
                yield dumps(batch[:MAX_INFERENCES])
                del batch[:MAX_INFERENCES]
    if batch:
        yield dumps(batch)


def _inferences(record: Named, loads: Loads) -> list[Named]:
    event, sides = record["eventMetadata"], record["captureData"]
    call_id, time = event.get("inferenceId") or event["eventId"], event["inferenceTime"]
    datetime.fromisoformat(time)
    inputs, outputs = _rows(sides["endpointInput"], _INPUTS, loads), _rows(sides["endpointOutput"], _OUTPUTS, loads)
    ids = [call_id] if len(inputs) == 1 else [f"{call_id}_{index}" for index in range(len(inputs))]
    return [
        {"partner_inference_id": row_id, "inference_timestamp": time, "inference_data": row | answer}
        for row_id, row, answer in zip(ids, inputs, outputs, strict=True)
    ]


class _Columns(Struct, frozen=True):
    """The columns of one side: their names, what makes a value of CSV text, and the type that JSON gives."""

    names: list[str]
    converters: list[Callable[[str], Any]]
    types: list[type]
    named: Callable[[Named], tuple[Any, ...]]

    @classmethod
    def of(cls, names: list[str]) -> "_Columns":
        """Return the columns of the schema with `names`."""
        value_types = {attribute.name: attribute.value_type for attribute in SCHEMA.attributes}
        converters, types = zip(*(_FOR_TYPE[value_types[name]] for name in names), strict=True)
        return cls(names, list(converters), list(types), itemgetter(*names))

    def converted(self, cells: list[str]) -> Named:
        """Return a row of CSV with typed values. Raises `ValueError` and `KeyError`."""
        if len(cells) != len(self.names):
            raise ValueError("another number of values than the model has attributes")
        return dict(zip(self.names, map(call, self.converters, cells), strict=True))

    def checked(self, row: Named) -> Named:
        """Return a row of JSON by name. Raises `ValueError` if a value is of another type."""
        values = row.get("features") or row.get("probabilities") or self.named(row)
        if list(map(type, values)) != self.types:
            raise ValueError("a value is of another type, or there are more or fewer of them")
        return dict(zip(self.names, values, strict=True))


_FOR_TYPE: Final[dict[ValueType, tuple[Callable[[str], Any], type]]] = {
    ValueType.FLOAT: (float, float),
    ValueType.INTEGER: (int, int),
    ValueType.BOOLEAN: ({"true": True, "false": False}.__getitem__, bool),
    ValueType.STRING: (str, str),
}
_INPUTS: Final = _Columns.of(INPUTS)
_OUTPUTS: Final = _Columns.of(OUTPUTS)


def _rows(side: Named, columns: _Columns, loads: Loads) -> list[Named]:
    data = side["data"]
    if side["encoding"] == "JSON":
        document = loads(data)
        return list(map(columns.checked, document["instances"] if "instances" in document else document["predictions"]))
    text = base64.b64decode(data).decode() if side["encoding"] == "BASE64" else data
    lines = text.splitlines()
    return list(map(columns.converted, csv.reader(lines) if '"' in text else [line.split(",") for line in lines]))
