"""The plain path: ids, pairing, errors, and missing sides."""

import json
import re
from typing import Any

import pytest

from capture_forwarder.domain.capture import Line
from capture_forwarder.domain.delivery import Rejection, RejectionCode
from capture_forwarder.domain.inference import Inference
from capture_forwarder.domain.route import DecodingOptions, IdSource, OneSided
from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType
from capture_forwarder.kinds.captures.plain import Decoded, PlainPath
from tests.support.captures import EVENT_ID, TIME, base64_side, capture, csv_side, json_side, outcome_of

FORWARD = DecodingOptions(one_sided=OneSided.FORWARD)
IMAGE = base64_side(b"\x89PNG", "image/png")


def rows(data: bytes, options: DecodingOptions | None = None, schema: ModelSchema | None = None) -> list[Any]:
    """Return the rows of a line that must be decodable."""
    outcome = outcome_of(data, options, schema)
    assert isinstance(outcome, Decoded), outcome
    return list(outcome.rows)


def code(data: bytes, options: DecodingOptions | None = None, schema: ModelSchema | None = None) -> RejectionCode:
    """Return the rejection code of a whole line."""
    outcome = outcome_of(data, options, schema)
    assert isinstance(outcome, Rejection), outcome
    return outcome.code


def ids(data: bytes, options: DecodingOptions | None = None) -> list[str]:
    """Return the partner inference ids of a line."""
    return [row.partner_inference_id for row in rows(data, options)]


def test_arthurs_own_example_of_ids() -> None:
    """`abcdefg-12345` with two rows gives `abcdefg-12345_0` and `abcdefg-12345_1`, as Arthur's guide says."""
    line = capture(csv_side("1,2,3,4\n5,6,7,8\n"), csv_side("1\n2\n"), inferenceId="abcdefg-12345")
    assert ids(line) == ["abcdefg-12345_0", "abcdefg-12345_1"]


def test_a_single_inference_has_no_suffix() -> None:
    """The id of a call with one row is the caller's inference id as it stands."""
    assert ids(capture(csv_side("1"), csv_side("2"), inferenceId="0")) == ["0"]


@pytest.mark.parametrize("metadata", [{}, {"inferenceId": None}, {"inferenceId": ""}])
def test_a_call_without_an_inference_id_has_the_event_id(metadata: dict[str, Any]) -> None:
    """A call without an id from the caller has SageMaker's event id."""
    assert ids(capture(csv_side("1"), csv_side("2"), **metadata)) == [EVENT_ID]


def test_a_route_may_take_the_event_id_always() -> None:
    """Callers re-use inference ids; event ids are never re-used."""
    options = DecodingOptions(id_source=IdSource.EVENT_ID)
    assert ids(capture(csv_side("1"), csv_side("2"), inferenceId="0"), options) == [EVENT_ID]


def test_an_id_that_is_too_long_is_rejected_not_cut() -> None:
    """A cut id could be another call's."""
    options = DecodingOptions(max_partner_id_chars=10)
    assert ids(capture(csv_side("1"), csv_side("2"), inferenceId="x" * 10), options) == ["x" * 10]
    assert (
        code(capture(csv_side("1"), csv_side("2"), inferenceId="x" * 11), options) is RejectionCode.PARTNER_ID_TOO_LONG
    )


def test_the_suffix_is_part_of_the_length() -> None:
    """Only rows with an id that is too long are rejected."""
    options = DecodingOptions(max_partner_id_chars=12)
    line = capture(csv_side("1\n" * 11), csv_side("1\n" * 11), inferenceId="x" * 10)
    found = rows(line, options)
    assert [type(row) for row in found] == [Inference] * 10 + [Rejection]
    assert found[10].code is RejectionCode.PARTNER_ID_TOO_LONG
    assert found[10].index == 10


def test_xgboost_answers_many_rows_with_one_line() -> None:
    """N request rows and one line of n values are paired in order."""
    found = rows(capture(csv_side("1\n2\n3\n"), csv_side("0.1,0.2,0.3")))
    assert [(row.inputs["feature_0"], row.outputs["prediction_0"]) for row in found] == [(1, 0.1), (2, 0.2), (3, 0.3)]


def test_xgboost_with_several_values_a_row_needs_the_schema() -> None:
    """N * k values are n rows only where the schema has k predicted values."""
    line = capture(csv_side("1\n2\n"), csv_side("0.1,0.9,0.2,0.8"))
    schema = ModelSchema(
        (
            Attribute("x", Stage.PIPELINE_INPUT, ValueType.INTEGER, 0),
            Attribute("no", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0),
            Attribute("yes", Stage.PREDICTED_VALUE, ValueType.FLOAT, 1),
        )
    )
    assert [row.outputs for row in rows(line, schema=schema)] == [{"no": 0.1, "yes": 0.9}, {"no": 0.2, "yes": 0.8}]
    assert code(line) is RejectionCode.ROW_COUNT_MISMATCH


def test_a_line_of_n_values_is_not_cut_where_the_schema_has_two() -> None:
    """The schema decides how many values a row has."""
    schema = ModelSchema(
        (
            Attribute("x", Stage.PIPELINE_INPUT, ValueType.INTEGER, 0),
            Attribute("no", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0),
            Attribute("yes", Stage.PREDICTED_VALUE, ValueType.FLOAT, 1),
        )
    )
    outcome = outcome_of(capture(csv_side("1\n2\n"), csv_side("0.1,0.2")), schema=schema)
    rejected = outcome.rows if isinstance(outcome, Decoded) else [outcome]
    assert all(isinstance(row, Rejection) for row in rejected)


@pytest.mark.parametrize(
    ("request_side", "answer", "counts"),
    [
        (csv_side("1\n2"), csv_side("1\n2\n3"), ["2", "3"]),
        (csv_side("1"), csv_side("1\n2"), ["2"]),
        (csv_side("1\n2"), json_side({"a": 1, "b": 2}), ["2"]),
        (csv_side("1\n2"), csv_side("1,2,3"), ["2", "3"]),
    ],
)
def test_rows_that_do_not_pair_are_rejected_with_both_counts(request_side: Any, answer: Any, counts: list[str]) -> None:
    """The sentence gives the number of rows of each side that is no single call."""
    outcome = outcome_of(capture(request_side, answer))
    assert isinstance(outcome, Rejection)
    assert outcome.code is RejectionCode.ROW_COUNT_MISMATCH
    assert [count for count in counts if count not in re.findall(r"\d+", outcome.why)] == []


ERRORS = [
    {"code": 400, "type": "InternalServerException", "message": "no"},
    {"code": 599, "message": "no"},
    {"error": "no such model"},
    {"ErrorCode": "CLIENT_ERROR_FROM_MODEL", "Message": "no", "OriginalStatusCode": 400},
]


@pytest.mark.parametrize("body", ERRORS)
def test_an_error_body_is_rejected(body: dict[str, Any]) -> None:
    """Error documents of model servers have a code of their own."""
    assert code(capture(csv_side("1"), base64_side(json.dumps(body).encode()))) is RejectionCode.ERROR_BODY


@pytest.mark.parametrize(
    "body",
    [
        {"code": 399, "message": "ok"},
        {"code": 600, "message": "ok"},
        {"code": 400},
        {"error": 0.1, "score": 2},
        {"ErrorCode": "x"},
    ],
)
def test_a_prediction_that_resembles_an_error_is_a_prediction(body: dict[str, Any]) -> None:
    """Only the known forms of errors are errors."""
    assert rows(capture(csv_side("1"), json_side(body)))[0].outputs == body


@pytest.mark.parametrize(
    ("request_side", "answer", "expected"),
    [
        (None, csv_side("1"), RejectionCode.ONE_SIDED),
        (csv_side("1"), None, RejectionCode.ONE_SIDED),
        (IMAGE, csv_side("1"), RejectionCode.BINARY_PAYLOAD),
        (csv_side("1"), json_side(ERRORS[0]), RejectionCode.ERROR_BODY),
    ],
)
def test_one_side_alone_is_rejected_or_forwarded_as_the_route_says(
    request_side: Any, answer: Any, expected: RejectionCode
) -> None:
    """A call with a missing, binary or failed side is rejected, unless the route forwards the other side."""
    line = capture(request_side, answer)
    assert code(line) is expected
    (row,) = rows(line, FORWARD)
    assert {**row.inputs, **row.outputs} in ({"feature_0": 1}, {"prediction_0": 1})


@pytest.mark.parametrize(
    ("request_side", "answer", "expected"),
    [
        (None, None, RejectionCode.ONE_SIDED),
        (IMAGE, csv_side('"'), RejectionCode.BINARY_PAYLOAD),
        (json_side("{"), csv_side("1"), RejectionCode.BAD_JSON),
        (csv_side(""), None, RejectionCode.ONE_SIDED),
        (None, csv_side(""), RejectionCode.ONE_SIDED),
    ],
)
def test_a_broken_side_rejects_the_call_also_where_one_side_may_go_alone(
    request_side: Any, answer: Any, expected: RejectionCode
) -> None:
    """Only a missing, binary or failed side may be left out, and the other side must have rows."""
    assert code(capture(request_side, answer), FORWARD) is expected


def test_encodings_of_both_sides_may_differ() -> None:
    """CSV in and JSON out is one call like any other."""
    (row,) = rows(capture(csv_side("0.5,0.25"), json_side({"predictions": [{"score": 0.0126, "predicted_label": 0}]})))
    assert (row.inputs, row.outputs) == ({"feature_0": 0.5, "feature_1": 0.25}, {"score": 0.0126, "predicted_label": 0})


def test_a_missing_encoding_is_base64() -> None:
    """SageMaker encodes bodies by default, so a side without an encoding is read as BASE64."""
    side = base64_side(b"7", "text/csv")
    del side["encoding"]
    assert rows(capture(side, csv_side("1")))[0].inputs == {"feature_0": 7}


def test_an_inference_has_its_line_row_and_time() -> None:
    """Lines count from 1, rows from 0."""
    found = rows(capture(csv_side("1\n2"), csv_side("1\n2")))
    assert [(row.line, row.index, row.inference_timestamp.strftime("%Y-%m-%dT%H:%M:%SZ")) for row in found] == [
        (1, 0, TIME),
        (1, 1, TIME),
    ]


def test_a_rejection_tells_where_its_line_begins() -> None:
    """In bytes of the uncompressed stream, for the line and for each of its rows."""
    data = capture(json_side({"a": {"b": 1}, "a.b": 2}), csv_side("1"))
    for line, index in ((b"broken", None), (data, 0)):
        outcome = PlainPath(DecodingOptions())(Line(9, 4711, 5000, line))
        rejection = outcome.rows[0] if isinstance(outcome, Decoded) else outcome
        assert isinstance(rejection, Rejection)
        assert (rejection.line, rejection.offset, rejection.index) == (9, 4711, index)


def test_every_rejected_row_has_its_index_and_id() -> None:
    """Whether the request, the answer, or both together do not fit."""
    model = ModelSchema(
        (
            Attribute("a", Stage.PIPELINE_INPUT, ValueType.FLOAT, 0),
            Attribute("p", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0),
        )
    )
    misfits = [
        rows(capture(csv_side("1\n2"), csv_side("x\ny"), inferenceId="i"), schema=model),
        rows(capture(csv_side("x\ny"), csv_side("1\n2"), inferenceId="i"), schema=model),
        rows(capture(json_side([{"a": {"b": 1}, "a.b": 2}] * 2), csv_side("1\n2"), inferenceId="i")),
    ]
    for rejected in misfits:
        assert all(isinstance(row, Rejection) for row in rejected)
        assert [(row.index, row.partner_inference_id) for row in rejected] == [(0, "i_0"), (1, "i_1")]


def test_a_row_in_which_two_values_would_share_a_name_is_rejected() -> None:
    """A destination with one flat row renames the answer's `a` to `output.a`, and the request has this name, too."""
    line = capture(json_side({"a": 1, "output.a": 2}), json_side({"a": 3}))
    assert [row.code for row in rows(line)] == [RejectionCode.AMBIGUOUS_NAME]
