"""Calls whose lists grow with their rows: which ones a decoder that was learned from an example reads."""

from typing import Any

import pytest

from tests.properties.compiled_paths import Paths
from tests.support.captures import Side, capture, csv_side, json_side

_WIDTH = 3
Document = dict[str, Any]


def frame(count: int, **more: Any) -> Document:
    """Return a data frame of so many rows, as MLflow takes it."""
    rows = [[place + 0.5, f"text {place}", place * 2] for place in range(count)]
    return {"dataframe_split": {"columns": ["a", "b", "c"], "data": rows, **more}}


def columns(count: int) -> Document:
    """Return columns of so many rows."""
    return {"x": [place + 0.5 for place in range(count)], "y": [f"text {place}" for place in range(count)]}


def tensors(count: int) -> Document:
    """Return a tensor of so many rows, as KServe and Triton take it."""
    data = [place / 4 for place in range(count * _WIDTH)]
    return {"inputs": [{"name": "x", "shape": [count, _WIDTH], "datatype": "FP32", "data": data}]}


def predictions(count: int) -> Side:
    """Return an answer of so many rows."""
    return json_side({"predictions": [[place / 8] for place in range(count)]})


def learned(make: Any, *, answer: Any = predictions) -> Paths:
    """Return both paths of a route after two calls."""
    paths = Paths(None)
    for count in (4, 5):
        paths.learn(capture(json_side(make(count)), answer(count)))
    return paths


@pytest.mark.parametrize("make", [frame, columns, tensors])
@pytest.mark.parametrize("count", [2, 6, 50, 2000])
def test_calls_of_any_number_of_rows_are_compiled(make: Any, count: int) -> None:
    """Two calls are enough to learn them, each of another number of rows."""
    assert learned(make).compiled_rows(capture(json_side(make(count)), predictions(count)))


@pytest.mark.parametrize("make", [frame, columns, tensors])
def test_large_calls_are_learned_from_their_first_rows(make: Any) -> None:
    """A route whose calls are all large, each of another size."""
    paths = Paths(None)
    lines = [capture(json_side(make(count)), predictions(count)) for count in (4000, 4001, 4002)]
    for line in lines[:2]:
        paths.learn(line)
    assert paths.compiled_rows(lines[2])


def test_lines_of_csv_grow_with_the_rows_of_the_other_side() -> None:
    """A frame that is answered in CSV, one line a row."""
    paths = learned(frame, answer=lambda count: csv_side("".join(f"{place / 8}\n" for place in range(count))))
    line = capture(json_side(frame(7)), csv_side("".join(f"{place / 8}\n" for place in range(7))))
    assert paths.compiled_rows(line)


def test_an_index_that_counts_the_rows_is_left_out_and_counted() -> None:
    """The comparison of both paths includes the number of values that are left out."""
    paths = learned(lambda count: frame(count, index=[*range(count)]))
    assert paths.compiled_rows(capture(json_side(frame(9, index=[*range(9)])), predictions(9)))


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(frame(3), id="as many rows as columns"),
        pytest.param(frame(1), id="one row"),
        pytest.param(frame(9, index=[*range(1, 10)]), id="another index"),
        pytest.param(frame(9, name="more"), id="one more value"),
        pytest.param({"dataframe_split": dict(reversed(frame(9)["dataframe_split"].items()))}, id="another order"),
        pytest.param({"dataframe_split": {"columns": ["a", "c", "b"], "data": frame(9)}}, id="other columns"),
    ],
)
def test_other_calls_are_left_to_the_plain_path(request_: Document) -> None:
    """Each could be read otherwise than the example."""
    paths = learned(lambda count: frame(count, index=[*range(count)]))
    assert (
        paths.compiled_rows(capture(json_side(request_), predictions(len(frame(9)["dataframe_split"]["data"])))) is None
    )


@pytest.mark.parametrize(("place", "is_compiled"), [(0, False), (5, True)])
def test_a_null_is_compiled_below_a_row_that_says_the_types(place: int, is_compiled: bool) -> None:  # noqa: FBT001
    """A column of nulls alone could be read otherwise."""
    document = frame(9)
    document["dataframe_split"]["data"][place][1] = None
    assert bool(learned(frame).compiled_rows(capture(json_side(document), predictions(9)))) is is_compiled


def test_columns_of_different_lengths_are_no_rows() -> None:
    """They are one call, and the plain path says so."""
    document = columns(9) | {"y": ["text"] * 8}
    assert learned(columns).compiled_rows(capture(json_side(document), predictions(9))) is None


def test_values_beside_rows_of_any_number_are_repeated() -> None:
    """A value of the whole call is in every row."""
    paths = learned(lambda count: {"instances": [{"x": place + 0.5} for place in range(count)], "caller": "web"})
    document = {"instances": [{"x": place + 0.5} for place in range(30)], "caller": "batch"}
    assert paths.compiled_rows(capture(json_side(document), predictions(30)))


def test_a_null_beside_rows_is_in_every_row() -> None:
    """Only a null in the first row would hide the type of a column."""
    paths = learned(lambda count: {"instances": [{"x": place + 0.5} for place in range(count)], "trace": None})
    document = {"instances": [{"x": place + 0.5} for place in range(30)], "trace": None}
    assert paths.compiled_rows(capture(json_side(document), predictions(30)))


def test_many_rows_are_left_to_the_plain_path_which_makes_them_when_they_are_read() -> None:
    """All rows of narrow columns together would take many times their text."""
    count = 40_000
    assert learned(columns).compiled_rows(capture(json_side(columns(count)), predictions(count))) is None


def test_calls_that_would_not_fit_into_memory_are_no_examples() -> None:
    """The rows of a large call are made when they are read, so it is not held for an example either."""
    paths, count = Paths(None), 40_000
    rows = [{"data": {"features": {"values": [1]}}}] * count
    line = capture(json_side({"instances": rows}), predictions(count))
    paths.learn(line)
    paths.learn(line)
    small = capture(json_side({"instances": rows[:9]}), predictions(9))
    assert paths.compiled_rows(small) is None
    paths.learn(small)
    assert paths.compiled_rows(small) is None  # it is the first example


@pytest.mark.parametrize(
    ("make", "answer"),
    [
        pytest.param(
            lambda count: [{"x": place + 0.5, "even": place % 2 == 0, "y": True} for place in range(count)],
            lambda count: json_side({"dataframe_split": {"columns": ["y"], "data": [[True]] * count}}),
            id="a name of both sides",
        ),
        pytest.param(lambda count: columns(count) | {"x": [None, *[0.5] * (count - 1)]}, predictions, id="a null"),
        pytest.param(
            lambda count: columns(count) | {"x": ["a", *[0.5] * (count - 1)]}, predictions, id="several kinds"
        ),
        pytest.param(lambda count: columns(count) | {"x": [*range(count)]}, predictions, id="a column like an index"),
        pytest.param(
            columns, lambda count: json_side([{"index": place} for place in range(count)]), id="an index in the answer"
        ),
    ],
)
def test_examples_that_do_not_show_how_rows_are_read(make: Any, answer: Any) -> None:
    """The plain path reads a call with another number of rows."""
    paths = Paths(None)
    for _ in range(3):
        paths.learn(capture(json_side(make(4)), answer(4)))
    assert paths.compiled_rows(capture(json_side(make(9)), answer(9))) is None


def test_a_number_of_more_than_64_bits_that_decides_is_no_error() -> None:
    """No type is only this number."""
    paths = Paths(None)
    line = capture(json_side({"x": [0.5, 1.5], "error": 2**63}), predictions(2))
    for _ in range(3):
        paths.learn(line)
    assert paths.compiled_rows(line) is None


@pytest.mark.parametrize(
    "text",
    [
        '{"x":[0.5,1.5,2.5],"y":["a","b","c"],"y":["d","e","f"]}',
        '{"x":[9.5,1.5,2.5],"x":[0.5,1.5,2.5],"y":["a","b","c"]}',
        '{"y":["a","b","c"],"x":[0.5,1.5,2.5]}',
        '{"x":[0.5,1.5,2.5],"y":["a",null,"x"],"x":[1.5,2.5,3.5]}',
    ],
)
def test_names_that_come_twice_or_in_another_order_are_left_to_the_plain_path(text: str) -> None:
    """A typed decoder would take the last value of a name, and lose the others."""
    assert learned(columns).compiled_rows(capture(json_side(text), predictions(3))) is None


def test_texts_that_look_like_names_are_texts() -> None:
    """A name stands before a colon."""
    document = {"x": [0.5, 1.5, 2.5, 3.5], "y": ["x", "y", '":', None]}
    assert learned(columns).compiled_rows(capture(json_side(document), predictions(4)))


def test_nulls_among_many_texts_take_no_time_for_each_text() -> None:
    """The pattern of all strings is read once, however many texts may be null."""

    def rows(count: int, cell: str | None) -> Document:
        first: Document = {"id": 1, "v": ["a"] * 300}
        return {"rows": [first, *[{"id": 2, "v": [cell] * 300}] * (count - 1)], "m": {"q": 1}}

    assert learned(lambda count: rows(count, "b")).compiled_rows(capture(json_side(rows(9, None)), predictions(9)))
