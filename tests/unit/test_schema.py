"""Values given their attributes and types."""

from typing import Any

import pytest

from capture_forwarder.domain.converters import typed
from capture_forwarder.domain.delivery import Rejection, RejectionCode
from capture_forwarder.domain.inference import Inference
from capture_forwarder.domain.route import DecodingOptions, UnknownAttributes
from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType
from capture_forwarder.domain.values import JsonValue
from capture_forwarder.kinds.captures.plain import Decoded
from tests.support.captures import capture, csv_side, json_side, outcome_of

AGE = Attribute("age", Stage.PIPELINE_INPUT, ValueType.INTEGER, 3)
NAME = Attribute("name", Stage.PIPELINE_INPUT, ValueType.STRING, 1)
CITY = Attribute("city", Stage.NON_INPUT_DATA, ValueType.STRING, 4)
NO = Attribute("no", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0, implicit=True)
YES = Attribute("yes", Stage.PREDICTED_VALUE, ValueType.FLOAT, 1)
LABEL = Attribute("label", Stage.GROUND_TRUTH, ValueType.INTEGER, 0)
SCHEMA = ModelSchema((AGE, NAME, CITY, NO, YES, LABEL))


def row(request: dict[str, Any], answer: dict[str, Any], options: DecodingOptions | None = None) -> Any:
    """Return the one row of a call under the schema."""
    outcome = outcome_of(capture(request, answer), options, SCHEMA)
    assert isinstance(outcome, Decoded), outcome
    (only,) = outcome.rows
    return only


def test_positional_values_map_by_order_of_position() -> None:
    """Positions may have gaps, and attributes may be listed in any order."""
    found = row(csv_side("Ada,36"), csv_side("0.7"))
    assert found.inputs == {"name": "Ada", "age": 36}


@pytest.mark.parametrize(("answer", "expected"), [("0.7", {"yes": 0.7}), ("0.3,0.7", {"no": 0.3, "yes": 0.7})])
def test_a_single_probability_is_the_visible_attribute(answer: str, expected: dict[str, float]) -> None:
    """The implicit attribute at position 0 takes a value only if the model gave one for it."""
    assert row(csv_side("Ada,36"), csv_side(answer)).outputs == expected


def test_named_values_may_be_non_input_data_and_missing_values_are_null() -> None:
    """An input that the caller does not name is null."""
    found = row(json_side({"city": "Paris", "name": "Ada"}), json_side({"yes": "0.7"}))
    assert (found.inputs, found.outputs) == ({"age": None, "name": "Ada", "city": "Paris"}, {"yes": 0.7})


def test_nested_values_find_their_attribute_by_flat_name() -> None:
    """It has the same name as without a schema."""
    schema = ModelSchema((Attribute("a.b_0", Stage.PIPELINE_INPUT, ValueType.FLOAT, 0), YES))
    outcome = outcome_of(capture(json_side({"a": {"b": [1]}}), csv_side("0.5")), None, schema)
    assert isinstance(outcome, Decoded)
    assert isinstance(outcome.rows[0], Inference)
    assert outcome.rows[0].inputs == {"a.b_0": 1.0}


def test_two_values_of_one_attribute_are_rejected() -> None:
    """A nested value may have the flat name of another."""
    names = [Attribute(name, Stage.PIPELINE_INPUT, ValueType.FLOAT, at) for at, name in enumerate(("a_0", "a_1"))]
    outcome = outcome_of(capture(json_side({"a": [1, 2], "a_0": 2}), csv_side("0.5")), None, ModelSchema((*names, YES)))
    assert isinstance(outcome, Decoded)
    assert isinstance(outcome.rows[0], Rejection)
    assert outcome.rows[0].code is RejectionCode.AMBIGUOUS_NAME


@pytest.mark.parametrize(
    ("request_side", "code", "words"),
    [
        (csv_side("Ada,36,1"), RejectionCode.VALUE_COUNT_MISMATCH, "3 ordered values"),
        (csv_side("Ada,old"), RejectionCode.VALUE_TYPE_MISMATCH, "age expects INTEGER"),
        (json_side({"name": "Ada", "sex": "f"}), RejectionCode.UNKNOWN_ATTRIBUTE, "'sex'"),
        (json_side({"name": "Ada", "label": 1}), RejectionCode.UNKNOWN_ATTRIBUTE, "'label'"),
    ],
)
def test_a_row_that_does_not_fit_is_rejected_without_its_values(
    request_side: dict[str, Any], code: RejectionCode, words: str
) -> None:
    """The sentence names the attribute and its type."""
    found = row(request_side, csv_side("0.7"))
    assert isinstance(found, Rejection)
    assert found.code is code
    assert words in found.why
    assert "Ada" not in found.why
    assert "old" not in found.why


def test_a_misfit_of_the_answer_rejects_the_row() -> None:
    """Outputs are typed like inputs."""
    assert row(csv_side("Ada,36"), csv_side("maybe")).code is RejectionCode.VALUE_TYPE_MISMATCH


def test_a_route_may_drop_unknown_attributes() -> None:
    """With `unknown_attributes = "drop"` the other values are forwarded."""
    options = DecodingOptions(unknown_attributes=UnknownAttributes.DROP)
    found = row(json_side({"name": "Ada", "sex": "f", "age": 36}), csv_side("0.7"), options)
    assert found.inputs == {"age": 36, "name": "Ada"}


def test_a_schema_without_outputs_takes_no_ordered_answer() -> None:
    """There is no attribute for it."""
    schema = ModelSchema((NAME,))
    outcome = outcome_of(capture(csv_side("Ada"), csv_side("0.7")), None, schema)
    assert isinstance(outcome, Decoded)
    assert isinstance(outcome.rows[0], Rejection)
    assert "no attributes" in outcome.rows[0].why


FITS: list[tuple[ValueType, JsonValue, Any]] = [
    (ValueType.FLOAT, "1", 1.0),
    (ValueType.FLOAT, " +1.5e3 ", 1500.0),
    (ValueType.FLOAT, ".5", 0.5),
    (ValueType.FLOAT, 3, 3.0),
    (ValueType.FLOAT, "NaN", None),
    (ValueType.FLOAT, "-inf", None),
    (ValueType.FLOAT, "", None),
    (ValueType.FLOAT, None, None),
    (ValueType.INTEGER, "3", 3),
    (ValueType.INTEGER, "3.0", 3),
    (ValueType.INTEGER, "-3.", -3),
    (ValueType.INTEGER, 3.0, 3),
    (ValueType.INTEGER, 3, 3),
    (ValueType.INTEGER, "1e3", 1000),
    (ValueType.INTEGER, " ", None),
    (ValueType.INTEGER, "nan", None),
    (ValueType.INTEGER, str(2**63 - 1), 2**63 - 1),
    (ValueType.INTEGER, 2.0**53, 2**53),
    (ValueType.INTEGER, -(2.0**53), -(2**53)),
    (ValueType.BOOLEAN, "true", True),
    (ValueType.BOOLEAN, "False", False),
    (ValueType.BOOLEAN, 1, True),
    (ValueType.BOOLEAN, 0.0, False),
    (ValueType.BOOLEAN, False, False),
    (ValueType.BOOLEAN, "", None),
    (ValueType.STRING, "007", "007"),
    (ValueType.STRING, " x", " x"),
    (ValueType.STRING, 1.0, "1.0"),
    (ValueType.STRING, [1, "a"], '[1,"a"]'),
    (ValueType.TIMESTAMP, "2023-03-24T13:40:21Z", "2023-03-24T13:40:21+00:00"),
    (ValueType.TIMESTAMP, "2023-03-24 13:40:21+02:00", "2023-03-24T13:40:21+02:00"),
    (ValueType.TIMESTAMP, "", None),
    (ValueType.UNSTRUCTURED_TEXT, "x", "x"),
    (ValueType.IMAGE, "x", "x"),
]


@pytest.mark.parametrize(("value_type", "value", "expected"), FITS)
def test_a_value_that_fits_becomes_its_type(value_type: ValueType, value: JsonValue, expected: Any) -> None:
    """The Python type is exact, because JSON shows it."""
    found = typed(value, value_type)
    assert found == expected
    assert type(found) is type(expected)


NO_NUMBER, TOO_LARGE, NOT_WHOLE = "not a number", "too large for a 64-bit float", "not a whole number"
MISFITS: list[tuple[ValueType, JsonValue, str]] = [
    (ValueType.FLOAT, "x", NO_NUMBER),
    (ValueType.FLOAT, "1_0", NO_NUMBER),
    (ValueType.FLOAT, "1e999", TOO_LARGE),
    (ValueType.FLOAT, 10**400, TOO_LARGE),
    (ValueType.FLOAT, True, NO_NUMBER),
    (ValueType.FLOAT, [1], NO_NUMBER),
    (ValueType.INTEGER, "3.5", NOT_WHOLE),
    (ValueType.INTEGER, 3.5, NOT_WHOLE),
    (ValueType.INTEGER, 1e300, NOT_WHOLE),
    (ValueType.INTEGER, 2.0**53 * 2, NOT_WHOLE),
    (ValueType.INTEGER, -(2.0**53) * 2, NOT_WHOLE),
    (ValueType.INTEGER, "1e18", NOT_WHOLE),
    (ValueType.INTEGER, True, NO_NUMBER),
    (ValueType.INTEGER, 2**63, "more than 64 bits"),
    (ValueType.INTEGER, -(2**63) - 1, "more than 64 bits"),
    (ValueType.INTEGER, str(2**63), "more than 64 bits"),
    (ValueType.INTEGER, "9" * 25, NOT_WHOLE),
    (ValueType.INTEGER, "9" * 5000, TOO_LARGE),
    (ValueType.INTEGER, {}, NO_NUMBER),
    (ValueType.BOOLEAN, "yes", "neither true, false, 0 nor 1"),
    (ValueType.BOOLEAN, 2, "neither true, false, 0 nor 1"),
    (ValueType.BOOLEAN, [], "neither true, false, 0 nor 1"),
    (ValueType.TIMESTAMP, "2023-03-24T13:40:21", "a timestamp without a time zone"),
    (ValueType.TIMESTAMP, "soon", "not an ISO 8601 timestamp"),
    (ValueType.TIMESTAMP, 1679665221, "not a timestamp"),
]


@pytest.mark.parametrize(("value_type", "value", "why"), MISFITS)
def test_a_value_that_does_not_fit_raises_without_showing_it(value_type: ValueType, value: JsonValue, why: str) -> None:
    """The message names the expected type."""
    with pytest.raises(ValueError, match=f"^{why}$"):
        typed(value, value_type)


def test_an_implicit_attribute_takes_a_value_only_if_each_attribute_has_one() -> None:
    """One value belongs to the visible attribute, two belong to both, by order of position."""
    schema = ModelSchema(
        (
            Attribute("p1", Stage.PREDICTED_VALUE, ValueType.FLOAT, 5),
            Attribute("p0", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0, implicit=True),
            Attribute("b", Stage.PIPELINE_INPUT, ValueType.FLOAT, 1),
            Attribute("a", Stage.PIPELINE_INPUT, ValueType.FLOAT, 0),
        )
    )
    for request, answer, inputs, outputs in (
        (csv_side("1,2"), csv_side("9"), {"a": 1.0, "b": 2.0}, {"p1": 9.0}),
        (csv_side("1,2"), csv_side("8,9"), {"a": 1.0, "b": 2.0}, {"p0": 8.0, "p1": 9.0}),
        (json_side({"a": 1}), json_side({"p1": 9}), {"a": 1.0, "b": None}, {"p1": 9.0}),
        (json_side({"a": 1}), json_side({"p0": 9}), {"a": 1.0, "b": None}, {"p0": 9.0, "p1": None}),
    ):
        outcome = outcome_of(capture(request, answer), None, schema)
        assert isinstance(outcome, Decoded)
        assert isinstance(outcome.rows[0], Inference)
        assert (outcome.rows[0].inputs, outcome.rows[0].outputs) == (inputs, outputs)


def test_an_attribute_may_take_a_whole_object() -> None:
    """A value under a name that the model knows is not flattened."""
    schema = ModelSchema((Attribute("who", Stage.PIPELINE_INPUT, ValueType.STRING), YES))
    outcome = outcome_of(capture(json_side({"who": {"name": "a"}}), csv_side("1")), None, schema)
    assert isinstance(outcome, Decoded)
    assert isinstance(outcome.rows[0], Inference)
    assert outcome.rows[0].inputs == {"who": '{"name":"a"}'}
