"""Captured calls of many rows, each in one line, in every layout of payloads."""

import base64
import json
from collections.abc import Callable
from typing import Any, Final

# Calls of more rows have one value of one digit on each side, so that a megabyte holds 170,000 rows.
_WIDE_ROWS: Final = 10_000
_WIDE_VALUES: Final = [0.12345] * 5

Row = list[Any]
Side = dict[str, str]


def call(shape: str, rows: int, *, answers: int | None = None) -> bytes:
    """Return a line with a call of `shape` that has `rows` rows, and by default as many answers."""
    row = [1] if rows > _WIDE_ROWS else _WIDE_VALUES
    write_request, write_answer = SHAPES[shape]
    record = {
        "captureData": {
            "endpointInput": write_request([row] * rows),
            "endpointOutput": write_answer([row] * (rows if answers is None else answers)),
        },
        "eventMetadata": {"eventId": "3cf0d8cb-803e-4ac8-9322-174612a74d1e", "inferenceTime": "2026-01-15T10:00:00Z"},
        "eventVersion": "0",
    }
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def _side(content_type: str, encoding: str, data: str) -> Side:
    return {"observedContentType": content_type, "mode": "INPUT", "data": data, "encoding": encoding}


def _csv_text(rows: list[Row], quote: str = "") -> str:
    return "".join(",".join(f"{quote}{value}{quote}" for value in row) + "\n" for row in rows)


def _csv(rows: list[Row]) -> Side:
    return _side("text/csv", "CSV", _csv_text(rows))


def _quoted(rows: list[Row]) -> Side:
    return _side("text/csv", "CSV", _csv_text(rows, '"'))


def _one_line(rows: list[Row]) -> Side:
    return _side("text/csv", "CSV", ",".join(str(row[0]) for row in rows))


def _base64(rows: list[Row]) -> Side:
    return _side("text/csv", "BASE64", base64.b64encode(_csv_text(rows).encode()).decode())


def _json(document: Any) -> Side:
    return _side("application/json", "JSON", json.dumps(document, separators=(",", ":")))


def _lines(rows: list[Row]) -> Side:
    return _side("application/jsonlines", "JSON", "".join(f"{json.dumps(row)}\n" for row in rows))


def _columns(rows: list[Row], stem: str) -> dict[str, Row]:
    return {f"{stem}{at}": list(column) for at, column in enumerate(zip(*rows, strict=True))}


def _tensors(rows: list[Row], stem: str) -> list[dict[str, Any]]:
    columns = _columns(rows, stem).items()
    shape = [len(rows), 1]  # without the second number the values could be one row
    return [{"name": name, "shape": shape, "datatype": "FP64", "data": values} for name, values in columns]


def _named(row: Row, stem: str) -> dict[str, Any]:
    return {f"{stem}{at}": value for at, value in enumerate(row)}


def _predictions(rows: list[Row]) -> Side:
    return _json({"predictions": rows})


SHAPES: Final[dict[str, tuple[Callable[[list[Row]], Side], Callable[[list[Row]], Side]]]] = {
    "csv": (_csv, _csv),
    "instances": (lambda rows: _json({"instances": rows}), _predictions),
    "csv in quotes": (_quoted, _quoted),
    "csv in base64": (_base64, _base64),
    "csv answered in one line": (_csv, _one_line),
    "json lines": (_lines, _lines),
    "bare lists": (_json, _json),
    "objects": (
        lambda rows: _json({"instances": [_named(row, "x") for row in rows]}),
        lambda rows: _json({"predictions": [_named(row, "p") for row in rows]}),
    ),
    "features": (
        lambda rows: _json({"instances": [{"features": row} for row in rows]}),
        lambda rows: _json({"predictions": [{"probabilities": row} for row in rows]}),
    ),
    "verbose": (
        lambda rows: _json({"instances": [{"data": {"features": {"values": row}}} for row in rows]}),
        _predictions,
    ),
    "sparse": (
        lambda rows: _json(
            {"instances": [{"data": {"features": {"keys": [0], "shape": [1], "values": row[:1]}}} for row in rows]}
        ),
        _predictions,
    ),
    # One column alone could be one row.
    "columns": (
        lambda rows: _json(_columns([row * 2 for row in rows], "x")),
        lambda rows: _json(_columns([row * 2 for row in rows], "p")),
    ),
    "tensors": (
        lambda rows: _json({"inputs": _tensors(rows, "x")}),
        lambda rows: _json({"outputs": _tensors(rows, "p")}),
    ),
    "dataframe_split": (
        lambda rows: _json({"dataframe_split": {"columns": list(_named(rows[0], "x")), "data": rows}}),
        _predictions,
    ),
}
