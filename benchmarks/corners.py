"""CPU of the transform for routes without a schema, and for payloads with an odd detail against the same without it.

Without a schema the shapes of `data` are compared with the plain path. Every detail is in all lines of its file; its
clean twin has the same values. Calls have one row, and in `BATCHES` 45 to 55 rows or 2,000. Every sample is a fresh
process on one core, and a figure is a median of neighbours.
"""

import base64
import csv
import io
import json
import random
from argparse import Namespace
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.data import INPUTS, MB, OUTPUTS, Row, Side, draw_row, record, write_captures
from benchmarks.processes import cores, finish, median_ratio, start
from benchmarks.report import Benchmark, Figure

_SHAPES: Final = "abcd"
_AGAINST_PLAIN: Final = 7.0
_AGAINST_TWIN: Final = 0.6
_SEED: Final = 29

Details = tuple[Callable[[Row], Side], Callable[[Row], Side]]
Batches = tuple[Callable[[list[Row]], Side], Callable[[list[Row]], Side], range]


def _side(content_type: str, encoding: str, data: str) -> Side:
    return {"observedContentType": content_type, "data": data, "encoding": encoding}


def _line(row: Row, **options: Any) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n", **options).writerow(
        [str(cell).lower() if isinstance(cell, bool) else cell for cell in row]
    )
    return file.getvalue()


def _csv(row: Row) -> Side:
    return _side("text/csv", "CSV", _line(row))


def _json(document: Any) -> Side:
    return _side("application/json", "JSON", json.dumps(document, separators=(",", ":")))


def _named(row: Row) -> dict[str, Any]:
    return dict(zip(INPUTS, row, strict=True))


def _base64(content_type: str, text: str) -> Side:
    return _side(content_type, "BASE64", base64.b64encode(text.encode()).decode())


def _with_text(row: Row, text: str) -> Row:
    return [*row[:4], text, *row[5:]]


# By name: the request with the detail, and its clean twin.
DETAILS: Final[dict[str, Details]] = {
    "a quoted cell": (lambda row: _csv(_with_text(row, f"a, {row[4]}")), _csv),
    "all cells quoted": (lambda row: _side("text/csv", "CSV", _line(row, quoting=csv.QUOTE_ALL)), _csv),
    "a text with a blank": (lambda row: _csv(_with_text(row, f"a {row[4]}")), _csv),
    "an empty cell": (lambda row: _csv([None, *row[1:]]), _csv),
    "space around cells": (lambda row: _side("text/csv", "CSV", _line(row).replace(",", ", ")), _csv),
    "other line ends": (lambda row: _side("text/csv", "CSV", _line(row).replace("\n", "\r\n")), _csv),
    "a timestamp": (lambda row: _csv(_with_text(row, "2026-01-15T10:00:00Z")), _csv),
    "a header": (lambda row: _side("text/csv; header=present", "CSV", _line(INPUTS) + _line(row)), _csv),
    "csv in base64": (lambda row: _base64("text/csv", _line(row)), _csv),
    "json lines": (
        lambda row: _side("application/jsonlines", "JSON", json.dumps(_named(row), separators=(",", ":")) + "\n"),
        lambda row: _json({"instances": [_named(row)]}),
    ),
    "columns": (
        lambda row: _json({name: [value] for name, value in _named(row).items()}),
        lambda row: _json({"instances": [_named(row)]}),
    ),
    "a data frame": (
        lambda row: _json({"dataframe_split": {"columns": INPUTS, "index": [0], "data": [row]}}),
        lambda row: _json({"instances": [_named(row)]}),
    ),
    "null": (
        lambda row: _json({"instances": [_named([None, *row[1:]])]}),
        lambda row: _json({"instances": [_named(row)]}),
    ),
}
# Values that have names of their own, so that a schema of the benchmark does not fit them.
DETAILS_WITHOUT_SCHEMA: Final[dict[str, Details]] = {
    "tensors": (
        lambda row: _json(
            {"inputs": [{"name": "x", "shape": [1, len(row)], "datatype": "FP32", "data": _numbers(row)}]}
        ),
        lambda row: _json({"instances": [_numbers(row)]}),
    ),
    "a nested document": (
        lambda row: _json({"row": _named(row), "more": {"id": 1}}),
        lambda row: _json({"instances": [_named(row)]}),
    ),
    "a value beside the rows": (
        lambda row: _json({"instances": [_named(row)], "caller": "web"}),
        lambda row: _json({"instances": [_named(row)]}),
    ),
    "a chat": (
        lambda row: _json({"messages": [{"role": "user", "content": f"text {row[0]}"}], "temperature": 0.5}),
        lambda row: _json({"role": "user", "content": f"text {row[0]}", "temperature": 0.5}),
    ),
}


def _numbers(row: Row) -> list[float]:
    return [value + 0 if isinstance(value, int | float) else 0.5 for value in row]  # a truth value is 0 or 1


def _lines_of(rows: list[Row]) -> Side:
    return _side("text/csv", "CSV", "".join(map(_line, rows)))


def _instances(rows: list[Row]) -> Side:
    return _json({"instances": [_named(row) for row in rows]})


def _with_first(rows: list[Row], text: str) -> list[Row]:
    return [_with_text(rows[0], text), *rows[1:]]


_SOME, _MANY = range(45, 56), range(2000, 2001)
# By name: the request with the detail, its clean twin, and the numbers of rows of a call.
BATCHES: Final[dict[str, Batches]] = {
    "a quoted cell among 2,000 rows": (lambda rows: _lines_of(_with_first(rows, "a, b")), _lines_of, _MANY),
    "all cells quoted, 2,000 rows": (
        lambda rows: _side("text/csv", "CSV", "".join(_line(row, quoting=csv.QUOTE_ALL) for row in rows)),
        _lines_of,
        _MANY,
    ),
    "texts with a blank, 2,000 rows": (
        lambda rows: _lines_of([_with_text(row, f"a {row[4]}") for row in rows]),
        _lines_of,
        _MANY,
    ),
    "a header, 2,000 rows": (
        lambda rows: _side("text/csv; header=present", "CSV", _line(INPUTS) + "".join(map(_line, rows))),
        _lines_of,
        _MANY,
    ),
    "columns, 45 to 55 rows": (
        lambda rows: _json({name: list(column) for name, column in zip(INPUTS, zip(*rows, strict=True), strict=True)}),
        _instances,
        _SOME,
    ),
    "a data frame, 45 to 55 rows": (
        lambda rows: _json({"dataframe_split": {"columns": INPUTS, "index": [*range(len(rows))], "data": rows}}),
        _instances,
        _SOME,
    ),
    "a tensor, 45 to 55 rows": (
        lambda rows: _json(
            {
                "inputs": [
                    {
                        "name": "x",
                        "shape": [len(rows), len(INPUTS)],
                        "datatype": "FP32",
                        "data": [value for row in rows for value in _numbers(row)],
                    }
                ]
            }
        ),
        lambda rows: _json({"instances": list(map(_numbers, rows))}),
        _SOME,
    ),
    "a value beside 45 to 55 rows": (
        lambda rows: _json({"instances": [_named(row) for row in rows], "caller": "web"}),
        _instances,
        _SOME,
    ),
}


def measure(options: Namespace) -> list[Figure]:
    """Return the figures of shapes and details."""
    size_bytes = int(options.size_mb * MB)
    figures = [_shape(shape, size_bytes, options.reps) for shape in _SHAPES[: 1 if options.smoke else None]]
    names = [*DETAILS][: 1 if options.smoke else None]
    figures += [_detail(name, kind, size_bytes, options.reps) for name in names for kind in _PIPELINES]
    names = [*DETAILS_WITHOUT_SCHEMA, *BATCHES][: 0 if options.smoke else None]
    return figures + [_detail(name, "no schema", size_bytes, options.reps) for name in names]


_PIPELINES: Final = {"schema": "ours", "no schema": "without_schema"}


def _shape(shape: str, size_bytes: int, reps: int) -> Figure:
    with TemporaryDirectory() as folder:
        path = Path(folder, "captures.jsonl")
        write_captures(path, shape, size_bytes)
        ratio, spread = _ratio([("plain_without_schema", path), ("without_schema", path)], reps)
    return Figure(
        what=f"{shape}, no schema, against the plain path", measured=ratio, at_least=_AGAINST_PLAIN, note=spread
    )


def _detail(name: str, kind: str, size_bytes: int, reps: int) -> Figure:
    pipeline = _PIPELINES[kind]
    with TemporaryDirectory() as folder:
        paths = [Path(folder, f"{place}.jsonl") for place in range(2)]
        lines = _both(name, size_bytes)
        for path, found in zip(paths, lines, strict=True):
            path.write_bytes(b"".join(found[: min(map(len, lines))]))
        ratio, spread = _ratio([(pipeline, paths[1]), (pipeline, paths[0])], reps)
    return Figure(what=f"{name}, {kind}, against its clean twin", measured=ratio, at_least=_AGAINST_TWIN, note=spread)


def _both(name: str, size_bytes: int) -> list[list[bytes]]:
    """Return the lines with a detail, and those of its clean twin."""
    if name in BATCHES:
        *writes, counts = BATCHES[name]
        return [_lines(write, size_bytes, counts) for write in writes]
    of_one = (DETAILS | DETAILS_WITHOUT_SCHEMA)[name]
    return [_lines(partial(_of_one, write), size_bytes, range(1, 2)) for write in of_one]


def _of_one(write: Callable[[Row], Side], rows: list[Row]) -> Side:
    return write(rows[0])


def _lines(write: Callable[[list[Row]], Side], size_bytes: int, counts: range) -> list[bytes]:
    """Return lines with calls of as many rows as `counts` has, in turns."""
    chance = random.Random(_SEED)  # noqa: S311 - chance that repeats itself
    lines, written = list[bytes](), 0
    while written < size_bytes:
        count = counts[len(lines) % len(counts)]
        answers = [dict(zip(OUTPUTS, [chance.random(), chance.randrange(2)], strict=True)) for _ in range(count)]
        rows = [draw_row(chance) for _ in range(count)]
        lines.append(record(chance, write(rows), _json({"predictions": answers})))
        written += len(lines[-1])
    return lines


def _ratio(pairs: list[tuple[str, Path]], reps: int) -> tuple[float, str]:
    """Return how much faster the second pipeline is than the first, on its file."""
    took: list[list[float]] = [[], []]
    for _ in range(reps):
        for found, (pipeline, path) in zip(took, pairs, strict=True):
            found.append(finish(start("benchmarks.sample", pipeline, str(path), core=cores()[0]))["cpu_secs"])
    return median_ratio(*took)


BENCHMARK = Benchmark(name="corners", about=__doc__ or "", measure=measure, size_mb=12, reps=5)

if __name__ == "__main__":
    BENCHMARK.run()
