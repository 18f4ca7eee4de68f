"""Where rules begin and end: the last value that a limit lets through, and details that only an odd record shows."""

import gzip
from typing import Any

import pytest

from capture_forwarder.destinations.arthur import wire
from capture_forwarder.domain.capture import Line
from capture_forwarder.domain.delivery import (
    Rejection,
)
from capture_forwarder.domain.inference import Inference
from capture_forwarder.domain.route import DecodingOptions
from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType
from capture_forwarder.domain.values import typed
from capture_forwarder.kinds.captures.plain import Decoded, PlainPath
from capture_forwarder.lines.reader import LineReader
from tests.support.captures import base64_side, capture, csv_side, json_side, outcome_of

ONE = csv_side("1")


def first(request_: dict[str, Any], answer: dict[str, Any] = ONE, schema: ModelSchema | None = None) -> Inference:
    """Return the first inference of a call."""
    outcome = outcome_of(capture(request_, answer), schema=schema)
    assert isinstance(outcome, Decoded)
    row = outcome.rows[0]
    assert isinstance(row, Inference)
    return row


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_each_bare_constant_alone_becomes_null(constant: str) -> None:
    """A document may hold one of them and none of the others."""
    assert first(json_side(f"[[{constant}, 1]]")).inputs == {"feature_0": None, "feature_1": 1}


def test_json_lines_may_hold_spaces() -> None:
    """Only line ends part them."""
    assert first(json_side('{"a": "x y"}', "application/jsonlines")).inputs == {"a": "x y"}


def test_line_ends_within_quotes_stay_as_they_were() -> None:
    """A cell is what the caller sent, to the byte."""
    assert first(csv_side('"a\r\nb","c\rd"')).inputs == {"feature_0": "a\r\nb", "feature_1": "c\rd"}


def test_white_space_before_json_is_no_hindrance() -> None:
    """BASE64 of a pretty-printed body without a content type."""
    assert first(base64_side(b'\n  {"a": 1}')).inputs == {"a": 1}


def test_text_with_a_null_byte_is_no_text() -> None:
    """The sentence names the charset in which it was read."""
    outcome = outcome_of(capture(base64_side(b"1\x002", "text/csv"), ONE))
    assert isinstance(outcome, Rejection)
    assert outcome.why == "the body is not utf-8 text, although its declared type says so"


@pytest.mark.parametrize(("keys", "shape", "row"), [([0], 1, [7]), ([0, 2], 3, [7, 0, 8]), ([], 0, None)])
def test_sparse_rows_begin_at_zero(keys: list[int], shape: int, row: list[int] | None) -> None:
    """Key 0 is the first value; a row of none is read, and answers nothing to name."""
    verbose = {"keys": keys, "shape": [shape], "values": [7, 8][: len(keys)]}
    found = first(json_side({"instances": [{"data": {"features": verbose}}]})).inputs
    assert list(found.values()) == (row or [])


def test_a_rejection_knows_where_its_line_began() -> None:
    """In bytes of the uncompressed stream, for the line and for each of its rows."""
    data = capture(json_side({"a": {"b": 1}, "a.b": 2}), ONE)
    for bad, index in ((b"broken", None), (data, 0)):
        outcome = PlainPath(DecodingOptions())(Line(9, 4711, 5000, bad))
        rejection = outcome.rows[0] if isinstance(outcome, Decoded) else outcome
        assert isinstance(rejection, Rejection)
        assert (rejection.line, rejection.offset, rejection.index) == (9, 4711, index)


def test_a_line_that_is_too_long_says_by_how_much() -> None:
    """Its size with its line end, the limit, and what raises it."""
    (line,) = LineReader([b"x" * 30 + b"\n"], 10)
    assert line.reason is not None
    assert line.reason.why == "31 bytes, more than max_line_bytes = 10; raise it if such lines are wanted"


def test_the_largest_exact_float_is_a_whole_number() -> None:
    """Up to 2**53 a float names one integer."""
    assert typed(2.0**53, ValueType.INTEGER) == 2**53
    assert typed(-(2.0**53), ValueType.INTEGER) == -(2**53)


def test_implicit_attributes_take_a_value_only_when_there_is_one_for_each() -> None:
    """One value is the visible attribute's, two are both's, by order of position and not of the file."""
    schema = ModelSchema(
        (
            Attribute("p1", Stage.PREDICTED_VALUE, ValueType.FLOAT, 5),
            Attribute("p0", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0, implicit=True),
            Attribute("b", Stage.PIPELINE_INPUT, ValueType.FLOAT, 1),
            Attribute("a", Stage.PIPELINE_INPUT, ValueType.FLOAT, 0),
        )
    )
    assert first(csv_side("1,2"), csv_side("9"), schema).outputs == {"p1": 9.0}
    assert first(csv_side("1,2"), csv_side("8,9"), schema).outputs == {"p0": 8.0, "p1": 9.0}
    assert first(csv_side("1,2"), csv_side("9"), schema).inputs == {"a": 1.0, "b": 2.0}
    assert first(json_side({"a": 1}), json_side({"p1": 9}), schema).outputs == {"p1": 9.0}
    assert first(json_side({"a": 1}), json_side({"p0": 9}), schema).outputs == {"p0": 9.0, "p1": None}


def test_an_attribute_may_take_a_whole_object() -> None:
    """A name that the model knows is not taken apart, whatever stands under it."""
    schema = ModelSchema(
        (
            Attribute("who", Stage.PIPELINE_INPUT, ValueType.STRING),
            Attribute("p", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0),
        )
    )
    assert first(json_side({"who": {"name": "a"}}), schema=schema).inputs == {"who": '{"name":"a"}'}


def test_model_ids_are_one_step_of_the_path() -> None:
    """Whatever stands in the configuration, no other resource is addressed."""
    assert wire.inferences_path("a/b?c") == "/api/v3/models/a%2Fb%3Fc/inferences"
    assert wire.model_path("a/b?c") == "/api/v3/models/a%2Fb%3Fc?id_type=id&expand=attributes"


@pytest.mark.parametrize("content_type", ["application/vnd.model+json", 'application/json; charset="utf-8"'])
def test_json_is_known_by_its_suffix_and_without_its_quotes(content_type: str) -> None:
    """A structured suffix says JSON, and a charset may stand in quotes."""
    assert first(base64_side('{"a": "ß"}'.encode(), content_type)).inputs == {"a": "ß"}


def test_the_encoding_wins_over_the_declared_type() -> None:
    """SageMaker chose it by what the endpoint's configuration says of the type; callers declare anything."""
    assert first(csv_side("1,x y", "application/json")).inputs == {"feature_0": 1, "feature_1": "x y"}
    assert first(json_side('{"a": 1}', "text/csv")).inputs == {"a": 1}


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_any_line_end_parts_rows_of_csv(line_end: str) -> None:
    """A row of two empty cells is a row, an empty line is none."""
    rows = outcome_of(capture(csv_side(f"1,a b{line_end}{line_end},{line_end}"), csv_side("1\n2")))
    assert isinstance(rows, Decoded)
    assert [row.inputs for row in rows.rows if isinstance(row, Inference)] == [
        {"feature_0": 1, "feature_1": "a b"},
        {"feature_0": None, "feature_1": None},
    ]


@pytest.mark.parametrize(
    ("answer", "is_error"),
    [
        ({"code": 400, "message": "x"}, True),
        ({"code": 599, "message": "x"}, True),
        ({"code": 399, "message": "x"}, False),
        ({"code": 600, "message": "x"}, False),
        ({"ErrorCode": "x", "Message": "y"}, True),
        ({"ErrorCode": "x", "Message": "y", "LogStreamArn": "z"}, True),
        ({"ErrorCode": "x"}, False),
        ({"error": "x", "score": 1}, False),
    ],
)
def test_errors_are_told_from_predictions(answer: dict[str, Any], is_error: bool) -> None:  # noqa: FBT001 - a parametrised case
    """The known forms of error documents, up to their last status."""
    assert isinstance(outcome_of(capture(ONE, json_side(answer))), Rejection) is is_error


def test_every_rejected_row_carries_its_index_and_id() -> None:
    """Whichever side does not fit, or both together."""
    model = ModelSchema(
        (
            Attribute("a", Stage.PIPELINE_INPUT, ValueType.FLOAT, 0),
            Attribute("p", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0),
        )
    )
    misfits = [
        outcome_of(capture(csv_side("1\n2"), csv_side("x\ny"), inferenceId="i"), schema=model),
        outcome_of(capture(csv_side("x\ny"), csv_side("1\n2"), inferenceId="i"), schema=model),
        outcome_of(capture(json_side([{"a": 1}, {"a": 2}]), json_side([{"a": 3}, {"a": 4}]), inferenceId="i")),
    ]
    for outcome in misfits:
        assert isinstance(outcome, Decoded)
        found = [(row.index, row.partner_inference_id) for row in outcome.rows if isinstance(row, Rejection)]
        assert found == [(0, "i_0"), (1, "i_1")]


def test_an_id_as_long_as_allowed_is_taken() -> None:
    """255 characters are no more than 255."""
    outcome = outcome_of(capture(ONE, ONE, eventId="e" * 255))
    assert isinstance(outcome, Decoded)


def test_a_stream_that_breaks_off_ends_in_a_line_of_its_own() -> None:
    """After the lines that could be read: the next number, no length, no data."""
    data = gzip.compress(b"one\ntwo\n" + bytes(range(256)) * 4096, mtime=0)[:-9]
    *whole, broken = LineReader([data], 100)
    assert [line.data for line in whole[:2]] == [b"one", b"two"]
    end = whole[-1].end
    assert (broken.number, broken.offset, broken.end, broken.data) == (len(whole) + 1, end, end, b"")
    assert broken.reason is not None


def test_the_size_of_a_line_past_the_limit_is_its_own() -> None:
    """Counted from its own beginning, not from that of the object."""
    _, line, last = LineReader([b"short\n" + b"x" * 30 + b"\nend"], 10)
    assert line.reason is not None
    assert line.reason.why.startswith("31 bytes, ")
    assert last.data == b"end"
