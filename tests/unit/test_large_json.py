"""Large lists of JSON without a schema are compiled, and their rows are made when they are read."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from capture_forwarder.payloads.lazy import Lazy
from tests.properties.compiled_paths import Paths
from tests.support.captures import Side, capture, json_side

_COUNT = 30_000
Rows = list[Any]


def lines(rows: Rows) -> Side:
    """Return rows as JSON Lines."""
    return json_side("".join(f"{json.dumps(row)}\n" for row in rows), "application/jsonlines")


LAYOUTS: dict[str, tuple[Callable[[Rows], Side], Callable[[int], Any]]] = {
    "lists": (lambda rows: json_side({"instances": rows}), lambda place: [place, 0.5]),
    "bare lists": (json_side, lambda place: [place, "text"]),
    "objects": (lambda rows: json_side({"instances": rows}), lambda place: {"x": place, "y": None}),
    "features": (lambda rows: json_side({"instances": rows}), lambda place: {"features": [place]}),
    "values": (lambda rows: json_side({"instances": rows}), lambda place: place),
    "texts": (lambda rows: json_side({"instances": rows}), lambda place: f"text {place}"),
    "lines of objects": (lines, lambda place: {"x": place}),
    "lines of lists": (lines, lambda place: [place, place]),
}


def predictions(rows: Rows) -> Side:
    """Return an answer."""
    return json_side({"predictions": rows})


def paths_of(name: str) -> Paths:
    """Return both paths of a route after a small call of a layout."""
    write, row = LAYOUTS[name]
    paths = Paths(None)
    paths.learn(capture(write([row(place) for place in range(3)]), predictions([[0.5]] * 3)))
    return paths


@pytest.mark.parametrize("name", LAYOUTS)
def test_rows_of_a_large_list_are_compiled(name: str) -> None:
    """They are those of the plain path, and never held together."""
    write, row = LAYOUTS[name]
    line = capture(
        write([row(place) for place in range(_COUNT)]), predictions([[place / 8] for place in range(_COUNT)])
    )
    rows = paths_of(name).compiled_rows(line)
    assert rows
    assert type(rows.rows) is Lazy


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("odd", [[1, 2, 3], {"z": 1}, [[1]], {"x": {"a": 1}}, True], ids=str)
def test_an_odd_row_of_a_large_list_is_that_of_the_plain_path(name: str, odd: Any) -> None:
    """Where the compiled path reads such a row, it reads it as the plain path does."""
    write, row = LAYOUTS[name]
    rows = [row(place) for place in range(_COUNT)]
    rows[_COUNT // 2] = odd
    paths_of(name).compiled_rows(capture(write(rows), predictions([[0.5]] * _COUNT)))


@pytest.mark.parametrize("odd", [["text"], [None], ["Traceback (most recent call last):"], [0.5, 1], [[1]]], ids=str)
def test_an_odd_row_of_a_large_answer_is_left_to_the_plain_path(odd: Any) -> None:
    """Lists that begin with several kinds may be columns."""
    write, row = LAYOUTS["lists"]
    answers: Rows = [[0.5]] * _COUNT
    answers = [*answers[: _COUNT // 2], odd, *answers[_COUNT // 2 + 1 :]]
    line = capture(write([row(place) for place in range(_COUNT)]), predictions(answers))
    assert paths_of("lists").compiled_rows(line) is None


def test_texts_of_a_piece_of_an_answer_and_numbers_of_another_may_be_columns() -> None:
    """Each piece alone would be of one kind: the first one ends behind 32,000 characters, or 4,572 rows."""
    write, row = LAYOUTS["lists"]
    answers: Rows = [[0.5]] * 4572 + [["text"]] * (_COUNT - 4572)
    line = capture(write([row(place) for place in range(_COUNT)]), predictions(answers))
    assert paths_of("lists").compiled_rows(line) is None


def test_one_large_row_is_left_to_the_plain_path() -> None:
    """Its values are made when they are read."""
    paths = Paths(None)
    paths.learn(capture(json_side({"features": [1, 2]}), json_side({"probabilities": [0.5]})))
    line = capture(json_side({"features": [1] * 200_000}), json_side({"probabilities": [0.5]}))
    assert paths.compiled_rows(line) is None


def test_texts_and_numbers_among_the_values_of_a_large_list() -> None:
    """Each piece alone would be of one kind."""
    rows: Rows = [*range(_COUNT)]
    paths = paths_of("values")
    for odd in ("text", "Traceback (most recent call last):"):
        mixed = [*rows[: _COUNT // 2], odd, *rows[_COUNT // 2 + 1 :]]
        assert paths.compiled_rows(capture(json_side({"instances": mixed}), predictions([[0.5]] * _COUNT))) is None
    halves = [*rows[: _COUNT // 2], *map(str, rows[_COUNT // 2 :])]
    assert paths.compiled_rows(capture(json_side({"instances": halves}), predictions([[0.5]] * _COUNT))) is None


def test_a_large_list_under_another_key_is_left_to_the_plain_path() -> None:
    """Also with a value beside it."""
    for document in ({"inputs": [[1]] * _COUNT}, {"instances": [[1]] * _COUNT, "caller": "web"}):
        line = capture(json_side(document), predictions([[0.5]] * _COUNT))
        assert paths_of("lists").compiled_rows(line) is None
