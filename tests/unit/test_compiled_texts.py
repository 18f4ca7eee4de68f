"""Texts that the compiled path reads after a closer look, and those that it leaves to the plain path."""

import pytest

from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType
from tests.properties.compiled_paths import Paths, compiled_rows
from tests.support.captures import Side, capture, csv_side, json_side

_SCHEMA = ModelSchema(
    (
        Attribute("x", Stage.PIPELINE_INPUT, ValueType.FLOAT, 0),
        Attribute("t", Stage.PIPELINE_INPUT, ValueType.STRING, 1),
        Attribute("y", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0),
    )
)
_ROW, _TWICE = '{"x": 1, "t": "a"}', '{"x": 1, "x": 1, "t": "a"}'


def after(known: tuple[Side, Side], line: tuple[Side, Side]) -> bool:
    """Return whether the compiled path reads a call after it has learned another; then it makes the same rows."""
    paths = Paths(_SCHEMA)
    paths.learn(capture(*known))
    assert paths.compiled_rows(capture(*known)) is not None
    return paths.compiled_rows(capture(*line)) is not None


@pytest.mark.parametrize(
    ("cell", "is_read"),
    [
        ("new york", True),
        ("caf\u00e9", True),
        ("a;b", True),
        ("blue", True),
        (" york", True),
        ("york ", True),
        ("1;2", False),
        ("[a", False),
        ("\ufeffa", False),
        ("", True),
    ],
)
@pytest.mark.parametrize("row_count", [1, 2])
def test_cells_of_text(cell: str, is_read: bool, row_count: int) -> None:  # noqa: FBT001 - what the path does
    """Space and empty cells are common; brackets and other delimiters need the plain path."""
    known = (csv_side("1,red"), csv_side("1"))
    answer = csv_side("1\n" * row_count)
    assert after(known, (csv_side(f"1,{cell}\n" * row_count), answer)) is is_read


def test_rows_with_empty_cells_are_read_alike_whatever_came_before() -> None:
    """The decoder expects empty cells after a row that had some."""
    schema = ModelSchema(
        (
            Attribute("x", Stage.PIPELINE_INPUT, ValueType.FLOAT, 0),
            Attribute("t", Stage.PIPELINE_INPUT, ValueType.STRING, 1),
            Attribute("y", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0),
        )
    )
    paths = Paths(schema)
    lines = [capture(csv_side(row), csv_side("1")) for row in (",a", ",b", "1,", "1,a", ",c", "x,", "2,b")]
    assert [paths.compiled_rows(line) is not None for line in lines] == [True, True, True, True, True, False, True]


@pytest.mark.parametrize("around", ["{}", '{{"instances": [{}]}}', '{{"instances": [{0}, {0}]}}'])
def test_a_name_twice_in_json_is_refused(around: str) -> None:
    """A colon in a text is none after a name."""
    answer = json_side({"predictions": [{"y": 1}] * around.count("{0}") or [{"y": 1}]})
    known = (json_side(around.format(_ROW)), answer)
    assert after(known, (json_side(around.format('{"x": 1, "t": "a:b"}')), answer))
    assert not after(known, (json_side(around.format(_TWICE)), answer))
    assert not after(known, (json_side(around.format('{"x": 1, "x" : 1, "t": "a"}')), answer))


def test_a_request_that_could_be_several_rows_is_refused() -> None:
    """As many values under `probabilities` as the answer has rows are rows."""
    schema = ModelSchema(
        (
            Attribute("x", Stage.PIPELINE_INPUT, ValueType.FLOAT, 0),
            Attribute("z", Stage.PIPELINE_INPUT, ValueType.FLOAT, 1),
            Attribute("y", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0),
        )
    )
    assert compiled_rows(capture(json_side({"probabilities": [1, 2]}), json_side({"y": 3})), schema) is None
    assert compiled_rows(capture(json_side({"features": [1, 2]}), json_side({"y": 3})), schema) is not None


@pytest.mark.parametrize(("text", "is_read"), [("a,b", True), ("a,b\nc,d", False), ("question,context", False)])
def test_lines_of_texts_only(text: str, is_read: bool) -> None:  # noqa: FBT001 - what the path does
    """A first line of texts above others may be names."""
    schema = ModelSchema(
        (
            Attribute("t", Stage.PIPELINE_INPUT, ValueType.STRING, 0),
            Attribute("u", Stage.PIPELINE_INPUT, ValueType.STRING, 1),
            Attribute("y", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0),
        )
    )
    answer = csv_side("1\n" * (text.count("\n") + 1))
    assert (compiled_rows(capture(csv_side(text), answer), schema) is not None) is is_read
