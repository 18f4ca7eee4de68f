"""The plain path: ids, pairing, missing sides, readings, and lines that are not captures."""

import json
from typing import Any

import pytest

from capture_forwarder.domain.capture import Line, Media
from capture_forwarder.domain.delivery import Rejection, RejectionCode, Skipped, SkipReason
from capture_forwarder.domain.inference import Inference
from capture_forwarder.domain.route import DecodingOptions, IdSource, Layout, OneSided, PayloadOptions
from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType
from capture_forwarder.kinds.captures.decoder import Decoded, PlainPath
from capture_forwarder.kinds.captures.reading import Reading
from capture_forwarder.payloads.layouts import Placement, RowForm
from capture_forwarder.payloads.media import BodyForm
from capture_forwarder.payloads.rows import PayloadReading
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
    assert code(capture(csv_side("1\n2\n"), csv_side("0.1,0.2")), schema=schema) is RejectionCode.ROW_COUNT_MISMATCH


@pytest.mark.parametrize(
    ("request_side", "answer"),
    [
        (csv_side("1\n2"), csv_side("1\n2\n3")),
        (csv_side("1"), csv_side("1\n2")),
        (csv_side("1\n2"), json_side({"a": 1, "b": 2})),
        (csv_side("1\n2"), csv_side("1,2,3")),
    ],
)
def test_rows_that_do_not_pair_are_rejected_with_both_counts(request_side: Any, answer: Any) -> None:
    """Rows are paired by number only; the sentence gives both numbers."""
    outcome = outcome_of(capture(request_side, answer))
    assert isinstance(outcome, Rejection)
    assert outcome.code is RejectionCode.ROW_COUNT_MISMATCH
    assert [word for word in outcome.why.split() if word.isdigit()] == [
        str(len(request_side["data"].split())),
        str(len(answer["data"].split("\n")) if answer["encoding"] == "CSV" else 1),
    ]


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
        {"code": 400, "message": 1},
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


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", SkipReason.BLANK_LINE),
        (b" \r", SkipReason.BLANK_LINE),
        (capture(csv_side("1"), csv_side("2"), invocationSource="ShadowExperiment"), SkipReason.SHADOW),
        (b'{"groundTruthData":{"data":"1","encoding":"CSV"},"eventMetadata":{"eventId":"1"}}', SkipReason.GROUND_TRUTH),
        (
            b'{"groundTruthData":{"data":"1"},"captureData":{"batchTransformOutput":{"data":"1"}},"eventMetadata":{}}',
            SkipReason.MERGED,
        ),
    ],
)
def test_a_skipped_line_has_a_reason(line: bytes, reason: SkipReason) -> None:
    """Shadow copies, labels, merged records and blank lines are counted and not forwarded."""
    assert outcome_of(line) == Skipped(reason, 1)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"{", RejectionCode.LINE_NOT_JSON),
        (b"\xff", RejectionCode.LINE_NOT_JSON),
        (b'{"a":' * 100_000, RejectionCode.LINE_NOT_JSON),
        (b"[]", RejectionCode.NOT_A_CAPTURE),
        (b"{}", RejectionCode.NOT_A_CAPTURE),
        (b'{"captureData":{}}', RejectionCode.NOT_A_CAPTURE),
        (b'{"captureData":{},"eventMetadata":{"eventId":"1"}}', RejectionCode.NOT_A_CAPTURE),
        (capture(csv_side("1"), csv_side("2"), eventId=""), RejectionCode.NOT_A_CAPTURE),
        (capture(csv_side("1"), csv_side("2"), eventId=None), RejectionCode.NOT_A_CAPTURE),
        (capture(csv_side("1"), csv_side("2"), time="yesterday"), RejectionCode.NOT_A_CAPTURE),
        (capture(csv_side("1"), csv_side("2"), time="2023-03-24T13:40:21"), RejectionCode.NOT_A_CAPTURE),
        (capture(csv_side("1") | {"encoding": "NONE"}, csv_side("2")), RejectionCode.NOT_A_CAPTURE),
        (capture(csv_side("1") | {"data": {"a": 1}}, csv_side("2")), RejectionCode.NOT_A_CAPTURE),
        (b'{"SageMakerInferenceId":"1","SageMakerOutput":{}}', RejectionCode.NOT_A_CAPTURE),
    ],
)
def test_a_line_that_is_not_a_capture_is_rejected(line: bytes, expected: RejectionCode) -> None:
    """The sentence holds no captured value."""
    outcome = outcome_of(line)
    assert isinstance(outcome, Rejection)
    assert outcome.code is expected
    assert "yesterday" not in outcome.why


def test_unknown_keys_and_the_order_of_keys_do_not_matter() -> None:
    """Merge jobs and SDK test data add keys and write them in another order."""
    line = (
        b'{"eventVersion":"0","new":{"a":[1]},"eventMetadata":{"inferenceTime":"2023-03-24T13:40:21Z","customAttributes":'
        b'["a=b"],"eventId":"e"},"captureData":{"x":1,"endpointOutput":{"encoding":"CSV","data":"2"},"endpointInput":'
        b'{"data":"1","encoding":"CSV","observedContentType":null}}}'
    )
    (row,) = rows(line)
    assert row.partner_inference_id == "e"
    assert row.inference_timestamp.isoformat() == "2023-03-24T13:40:21+00:00"


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
        rows(capture(json_side([{"a": 1}, {"a": 2}]), json_side([{"a": 3}, {"a": 4}]), inferenceId="i")),
    ]
    for rejected in misfits:
        assert all(isinstance(row, Rejection) for row in rejected)
        assert [(row.index, row.partner_inference_id) for row in rejected] == [(0, "i_0"), (1, "i_1")]


CSV_FORM = BodyForm(Media.CSV)
ROWS_OF_CSV = PayloadReading(CSV_FORM, Placement(Layout.ROWS, RowForm.VALUES))


def reading(data: bytes, options: DecodingOptions | None = None) -> Reading:
    """Return how the plain path reads a line."""
    outcome = outcome_of(data, options)
    assert isinstance(outcome, Decoded), outcome
    assert hash(outcome.reading) == hash(outcome.reading)
    return outcome.reading


PLACEMENTS: list[tuple[Any, Placement]] = [
    ([1, 2], Placement(Layout.VECTOR, RowForm.VALUES, single=True)),
    ({"features": [1]}, Placement(Layout.VECTOR, RowForm.VALUES, single=True, values_key="features")),
    ({"a": 1}, Placement(Layout.OBJECT, RowForm.OBJECT, single=True)),
    ({"a": [1]}, Placement(Layout.COLUMNS, RowForm.TABLE)),
    ([[1, 2]], Placement(Layout.LIST, RowForm.VALUES)),
    (["a"], Placement(Layout.LIST, RowForm.VALUE)),
    ([{"a": 1}], Placement(Layout.LIST, RowForm.OBJECT)),
    ([{"features": [1]}], Placement(Layout.LIST, RowForm.VALUES, values_key="features")),
    ({"instances": [1]}, Placement(Layout.INSTANCES, RowForm.VALUE, rows_key="instances")),
    (
        {"predictions": [{"probabilities": [1]}]},
        Placement(Layout.INSTANCES, RowForm.VALUES, rows_key="predictions", values_key="probabilities"),
    ),
    (
        {"instances": [{"data": {"features": {"values": [1]}}}]},
        Placement(Layout.INSTANCES, RowForm.VERBOSE, rows_key="instances"),
    ),
    (
        {"dataframe_split": {"columns": ["a"], "data": [[1]]}},
        Placement(Layout.DATAFRAME_SPLIT, RowForm.TABLE),
    ),
    (
        {"inputs": [{"name": "a", "shape": [1], "datatype": "FP32", "data": [1]}]},
        Placement(Layout.KSERVE, RowForm.TABLE),
    ),
]


@pytest.mark.parametrize(("document", "placement"), PLACEMENTS)
def test_a_reading_tells_how_rows_lie(document: Any, placement: Placement) -> None:
    """The compiled path makes a decoder of this value, so calls of one layout share it."""
    line = capture(json_side(document), csv_side("1"))
    assert reading(line) == Reading(PayloadReading(BodyForm(Media.JSON), placement), ROWS_OF_CSV)


def test_a_reading_tells_how_bodies_were_found() -> None:
    """BASE64 with its charset, a guessed media type, JSON Lines, a header."""
    one = csv_side("1")
    assert reading(capture(base64_side(b"1", "text/csv; charset=latin-1"), one)).request == PayloadReading(
        BodyForm(Media.CSV, base64=True, charset="latin-1"), ROWS_OF_CSV.placement
    )
    assert reading(capture(base64_side(b"1"), one)).request == PayloadReading(
        BodyForm(Media.CSV, base64=True, declared=False), ROWS_OF_CSV.placement
    )
    for lines in (json_side('{"a": 1}\n{"a": 2}'), json_side('{"a": 1}\n{"a": 2}', "application/jsonlines")):
        assert reading(capture(lines, csv_side("1\n2"))).request == PayloadReading(
            BodyForm(Media.JSON_LINES), Placement(Layout.OBJECT, RowForm.OBJECT, single=True)
        )
    header = DecodingOptions(input=PayloadOptions(csv_header=True))
    assert reading(capture(csv_side("a\n1"), one), header).request == PayloadReading(
        CSV_FORM, Placement(Layout.ROWS, RowForm.TABLE)
    )


def test_a_reading_tells_how_sides_belong_together() -> None:
    """One side alone, and one line that answers several rows."""
    assert reading(capture(csv_side("1"), None), FORWARD) == Reading(ROWS_OF_CSV, None)
    assert reading(capture(None, csv_side("1")), FORWARD) == Reading(None, ROWS_OF_CSV)
    assert reading(capture(csv_side("1\n2"), csv_side("1,2"))) == Reading(ROWS_OF_CSV, ROWS_OF_CSV, is_cut=True)
