"""Metadata of calls: keys of `eventMetadata` become inputs, other values than texts are left out."""

from typing import Any

import pytest

from capture_forwarder.configuration.reader import SettingsError, parse_settings
from capture_forwarder.domain.delivery import Rejection, RejectionCode
from capture_forwarder.domain.inference import Inference
from capture_forwarder.domain.route import DecodingOptions, OneSided, Route
from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType
from capture_forwarder.kinds.captures.decoder import CaptureKind
from capture_forwarder.kinds.captures.plain import Decoded
from capture_forwarder.lines.reader import LineReader
from capture_forwarder.payloads.lazy import Lazy
from tests.support.captures import capture, csv_side, json_side, outcome_of
from tests.unit.test_route_options import ROUTE

SENT = DecodingOptions(metadata=("targetModel", "customAttributes"))


def attribute(name: str, value_type: ValueType = ValueType.STRING, stage: Stage = Stage.NON_INPUT_DATA) -> Attribute:
    """Return one attribute."""
    return Attribute(name, stage, value_type)


def inputs(schema: ModelSchema | None = None, options: DecodingOptions = SENT, **metadata: Any) -> dict[str, Any]:
    """Return the inputs of a call with metadata."""
    outcome = outcome_of(capture(json_side({"age": 31}), json_side({"p": 0.5}), **metadata), options, schema)
    assert isinstance(outcome, Decoded)
    (row,) = outcome.rows
    assert isinstance(row, Inference)
    return row.inputs


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"targetModel": "m.tar.gz"}, {"metadata.targetModel": "m.tar.gz"}),
        ({"targetModel": ""}, {"metadata.targetModel": ""}),
        ({"customAttributes": ["a=1", "b"]}, {"metadata.customAttributes_0": "a=1", "metadata.customAttributes_1": "b"}),
        ({"customAttributes": [7, "b", None, ["c"]]}, {"metadata.customAttributes_1": "b"}),
        ({"customAttributes": "a=1"}, {"metadata.customAttributes": "a=1"}),
        *(({"targetModel": value}, {}) for value in (7, None, True, {"name": "m"}, [], [1])),
        ({"targetVariant": "v", "something": {"new": 1}}, {}),
    ],
)  # fmt: skip
def test_texts_are_inputs_and_other_values_are_left_out(metadata: dict[str, Any], expected: dict[str, Any]) -> None:
    """A header is text. Whatever else is there, the call is forwarded."""
    assert inputs(**{"customAttributes": None} | metadata) == {"age": 31} | expected


@pytest.mark.parametrize("key", ["targetVariant", "targetContainerHostname", "something new"])
def test_any_key_can_be_sent(key: str) -> None:
    """SageMaker documents no list of them."""
    options = DecodingOptions(metadata=(key,))
    assert inputs(None, options, **{key: "x"}) == {"age": 31, f"metadata.{key}": "x"}


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        (b'"targetModel": "\xff", "targetVariant": "v"', {"metadata.targetVariant": "v"}),
        (b'"targetModel": 1e999, "targetVariant": "v"', {"metadata.targetVariant": "v"}),
        (b'"\xff": "x", "targetVariant": "v"', {}),
    ],
    ids=["no UTF-8", "a number that is too large", "a key that is no UTF-8"],
)
def test_metadata_that_cannot_be_read_are_left_out(metadata: bytes, expected: dict[str, Any]) -> None:
    """The payloads can be read all the same."""
    line = capture(json_side({"age": 31}), json_side({"p": 0.5}))
    line = line.replace(b'"eventMetadata": {', b'"eventMetadata": {' + metadata + b", ")
    outcome = outcome_of(line, DecodingOptions(metadata=("targetModel", "targetVariant")))
    assert isinstance(outcome, Decoded)
    (row,) = outcome.rows
    assert isinstance(row, Inference)
    assert row.inputs == {"age": 31} | expected


def test_metadata_stay_out_by_default() -> None:
    """They are about the call, and many are the same for each."""
    assert inputs(options=DecodingOptions(), targetModel="m") == {"age": 31}


def test_every_row_of_a_call_has_its_metadata() -> None:
    """Those that are made when they are read, too; a rejected row stays as it is."""
    text = "\n".join(map(str, range(3000)))
    outcome = outcome_of(capture(csv_side(text), csv_side(text), targetModel="m", customAttributes=None), SENT)
    assert isinstance(outcome, Decoded)
    assert isinstance(outcome.rows, Lazy)
    for row in (*outcome.rows, outcome.rows[7]):
        assert isinstance(row, Inference)
        assert row.inputs == {"feature_0": row.outputs["prediction_0"], "metadata.targetModel": "m"}


def test_a_call_without_a_request_has_its_metadata() -> None:
    """They are known all the same."""
    options = DecodingOptions(metadata=("targetModel",), one_sided=OneSided.FORWARD)
    outcome = outcome_of(capture(None, csv_side("0.5"), targetModel="m"), options)
    assert isinstance(outcome, Decoded)
    (row,) = outcome.rows
    assert isinstance(row, Inference)
    assert row.inputs == {"metadata.targetModel": "m"}


PAYLOAD = (
    attribute("age", ValueType.FLOAT, Stage.PIPELINE_INPUT),
    attribute("p", ValueType.FLOAT, Stage.PREDICTED_VALUE),
)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ((), {}),
        ((attribute("metadata.targetModel"),), {"metadata.targetModel": "7"}),
        ((attribute("metadata.targetModel", ValueType.INTEGER),), {"metadata.targetModel": 7}),
        ((attribute("metadata.customAttributes_1"),), {"metadata.customAttributes_1": "b"}),
        ((attribute("metadata.customAttributes", ValueType.TOKENS),), {"metadata.customAttributes": ["a", "b"]}),
        ((attribute("metadata.customAttributes"),), {"metadata.customAttributes": '["a","b"]'}),
    ],
)
def test_a_schema_decides_which_metadata_are_sent(attributes: tuple[Attribute, ...], expected: dict[str, Any]) -> None:
    """Others would be refused by the destination; an attribute may take a whole list."""
    found = inputs(ModelSchema(PAYLOAD + attributes), targetModel="7", customAttributes=["a", "b"])
    assert found == {"age": 31.0} | expected


def test_metadata_of_another_type_reject_the_call() -> None:
    """The attribute's type is a promise to the destination."""
    schema = ModelSchema((*PAYLOAD, attribute("metadata.targetModel", ValueType.INTEGER)))
    line = capture(json_side({"age": 31}), json_side({"p": 0.5}), targetModel="m")
    outcome = outcome_of(line, SENT, schema)
    assert isinstance(outcome, Rejection)
    assert (outcome.code, outcome.why) == (
        RejectionCode.VALUE_TYPE_MISMATCH,
        "attribute metadata.targetModel expects INTEGER: not a number",
    )


@pytest.mark.parametrize(("model", "is_sent"), [("m", True), ("n", False)])
def test_a_request_may_have_the_same_name_with_the_same_value_only(model: str, *, is_sent: bool) -> None:
    """One of two values would be lost."""
    line = capture(json_side({"metadata": {"targetModel": model}}), json_side({"p": 1}), targetModel="m")
    outcome = outcome_of(line, DecodingOptions(metadata=("targetModel",)))
    assert isinstance(outcome, Decoded)
    (row,) = outcome.rows
    assert isinstance(row, Inference) is is_sent
    assert is_sent or (isinstance(row, Rejection) and row.code is RejectionCode.AMBIGUOUS_NAME)


def test_lines_of_a_route_with_metadata_take_the_plain_path() -> None:
    """The compiled path would leave the metadata out."""
    schema = ModelSchema((*PAYLOAD, attribute("metadata.targetModel")))
    route = Route(name="r", bucket="b", prefix="", destination="d", model_id="m", decoding=SENT)
    line = capture(json_side({"age": 31}), json_side({"p": 0.5}), targetModel="m")
    reader = LineReader(iter([line + b"\n" + line + b"\n"]), 10_000)
    spans = list(CaptureKind().decoder(route, schema, lambda _id, _time, data: data).decode(reader, 100))
    assert [list(span.rows.rows) for span in spans] == [[{"age": 31.0, "p": 0.5, "metadata.targetModel": "m"}]] * 2


ATTRIBUTE = '\n[[route.attribute]]\nname = "{}"\nstage = "{}"\nvalue_type = "STRING"\n'


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ('metadata = "targetModel"', 'write a list of keys, such as ["targetModel", "customAttributes"]'),
        ('metadata = [""]', "write a list of keys"),
        ('metadata = ["a", "b", "a"]', "remove one 'a'; it is there twice"),
        ('metadata = ["a"]' + ATTRIBUTE.format("age", "PIPELINE_INPUT"), "remove 'a', or list a NON_INPUT_DATA attribute \"metadata.a\""),
        ('metadata = ["a"]' + ATTRIBUTE.format("metadata.a", "PIPELINE_INPUT"), "remove 'a', or list a NON_INPUT_DATA attribute"),
        ('metadata = ["a"]' + ATTRIBUTE.format("metadata.ab", "NON_INPUT_DATA"), "remove 'a', or list a NON_INPUT_DATA attribute"),
    ],
)  # fmt: skip
def test_a_wrong_option_has_its_remedy(lines: str, problem: str) -> None:
    """A key without an attribute would never be sent."""
    with pytest.raises(SettingsError) as caught:
        parse_settings(ROUTE + lines)
    (found,) = caught.value.problems
    assert found.startswith(f"route[0].metadata: {problem}")


@pytest.mark.parametrize("name", ["metadata.a", "metadata.a_0", "metadata.a_12"])
def test_a_key_with_an_attribute_is_right(name: str) -> None:
    """An element of a list has its index at the end."""
    settings = parse_settings(ROUTE + 'metadata = ["a"]' + ATTRIBUTE.format(name, "NON_INPUT_DATA"))
    assert settings.routes[0].decoding.metadata == ("a",)
    assert parse_settings(ROUTE + 'metadata = ["a"]').routes[0].decoding.metadata == ("a",)
