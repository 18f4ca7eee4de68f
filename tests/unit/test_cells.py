"""Cells of captured CSV as a route sends them: space, empty text, signs, lists in cells, and values without a place."""

from typing import Any

import pytest

from capture_forwarder.domain.converters import CellOptions
from capture_forwarder.domain.delivery import Rejection, RejectionCode
from capture_forwarder.domain.inference import Inference
from capture_forwarder.domain.route import CsvSpace, DecodingOptions, EmptyText, UnknownAttributes
from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType
from capture_forwarder.kinds.captures.plain import Decoded
from capture_forwarder.payloads.naming import generated_names
from tests.support.captures import capture, csv_side, json_side, outcome_of

SCHEMA = ModelSchema(
    (
        Attribute("city", Stage.PIPELINE_INPUT, ValueType.STRING, 0),
        Attribute("note", Stage.PIPELINE_INPUT, ValueType.UNSTRUCTURED_TEXT, 1),
        Attribute("age", Stage.PIPELINE_INPUT, ValueType.FLOAT, 2),
        Attribute("p", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0),
    )
)
DEFAULT = DecodingOptions()
KEPT = DecodingOptions(csv_space=CsvSpace.KEEP, empty_text=EmptyText.KEEP)
TRIMMED = DecodingOptions(csv_space=CsvSpace.TRIM, empty_text=EmptyText.KEEP)
DROP = DecodingOptions(unknown_attributes=UnknownAttributes.DROP)


def only_row(line: bytes, options: DecodingOptions, schema: ModelSchema | None) -> Inference | Rejection:
    """Return the one row of a line."""
    outcome = outcome_of(line, options, schema)
    assert isinstance(outcome, Decoded)
    (row,) = outcome.rows
    return row


@pytest.mark.parametrize(
    ("options", "schema", "values"),
    [
        (DEFAULT, SCHEMA, ["Oslo", " by car ", 7.0]),
        (KEPT, SCHEMA, [" Oslo", " by car ", 7.0]),
        (TRIMMED, SCHEMA, ["Oslo", "by car", 7.0]),
        (DEFAULT, None, [" Oslo", " by car ", 7]),
        (KEPT, None, [" Oslo", " by car ", 7]),
        (TRIMMED, None, ["Oslo", "by car", 7]),
    ],
)
def test_space_around_cells(options: DecodingOptions, schema: ModelSchema | None, values: list[Any]) -> None:
    """Kept but for categories and numbers, unless the route decides."""
    row = only_row(capture(csv_side(" Oslo, by car , 7\n"), csv_side("0.5")), options, schema)
    assert isinstance(row, Inference)
    assert list(row.inputs.values()) == values


@pytest.mark.parametrize(
    ("options", "schema", "values"),
    [
        (DEFAULT, SCHEMA, [None, None, None]),
        (KEPT, SCHEMA, ["", "  ", None]),
        (TRIMMED, SCHEMA, ["", "", None]),
        (DEFAULT, None, [None, None, None]),
        (KEPT, None, ["", "  ", ""]),
        (TRIMMED, None, ["", "", ""]),
    ],
)
def test_empty_cells(options: DecodingOptions, schema: ModelSchema | None, values: list[Any]) -> None:
    """Null, or empty text where the route keeps it; a number is never empty text."""
    row = only_row(capture(csv_side(",  ,"), csv_side("0.5")), options, schema)
    assert isinstance(row, Inference)
    assert list(row.inputs.values()) == values


@pytest.mark.parametrize("options", [DEFAULT, KEPT, TRIMMED])
def test_text_of_json_is_sent_as_it_is(options: DecodingOptions) -> None:
    """The options are about CSV, where the meaning of space and empty cells is open."""
    row = only_row(capture(json_side({"city": " Oslo ", "note": "", "age": 7}), csv_side("0.5")), options, SCHEMA)
    assert isinstance(row, Inference)
    assert row.inputs == {"city": " Oslo ", "note": "", "age": 7.0}


def test_a_list_in_a_cell_is_named_by_its_index() -> None:
    """Its numbers are those of JSON."""
    row = [" a", [0.8, 0.2], "+1"]
    options = CellOptions(CsvSpace.TRIM)
    found = generated_names(row, "prediction", textual=True, cells=options)  # type: ignore[arg-type]  # lists are invariant
    assert found == {"prediction_0": "a", "prediction_1_0": 0.8, "prediction_1_1": 0.2, "prediction_2": "+1"}


def test_a_side_without_any_known_value_is_rejected_where_others_are_dropped() -> None:
    """An inference without inputs would look like a call without values."""
    row = only_row(capture(json_side({"City": "Oslo", "b": {"c": 1}}), csv_side("0.5")), DROP, SCHEMA)
    assert isinstance(row, Rejection)
    assert row.code is RejectionCode.UNKNOWN_ATTRIBUTE
    assert row.why == (
        "the model has no attribute for any value of this side, such as 'City'; add attributes, or correct their names"
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"city": None, "x": 1}, {"city": None, "note": None, "age": None}),
        ({}, {"city": None, "note": None, "age": None}),
    ],
    ids=["one is known", "there was none"],
)
def test_a_side_with_a_known_value_or_none_at_all_is_forwarded(values: Any, expected: Any) -> None:
    """Only values that were there can be lost."""
    row = only_row(capture(json_side(values), csv_side("0.5")), DROP, SCHEMA)
    assert isinstance(row, Inference)
    assert row.inputs == expected
