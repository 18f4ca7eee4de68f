"""Every rejection has a code and a sentence: what is wrong, and what to do where a person can decide something."""

import re
from typing import Any

import pytest

from capture_forwarder.domain.delivery import Rejection, RejectionCode
from capture_forwarder.domain.route import DecodingOptions, Layout, PayloadOptions
from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType
from capture_forwarder.kinds.captures.plain import Decoded
from tests.support.captures import base64_side, capture, csv_side, json_side, outcome_of
from tests.support.sentinels import PAYLOAD

ONE = csv_side("1")
MODEL = ModelSchema(
    (
        Attribute("age", Stage.PIPELINE_INPUT, ValueType.INTEGER, 0),
        Attribute("who.name", Stage.PIPELINE_INPUT, ValueType.STRING, 1),
        Attribute("p0", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0, implicit=True),
        Attribute("p1", Stage.PREDICTED_VALUE, ValueType.FLOAT, 1),
    )
)
NO_ORDER = ModelSchema((Attribute("age", Stage.PIPELINE_INPUT, ValueType.INTEGER),))
# Codes of whole objects, of overlong lines and of destinations; their sentences are tested where they are made.
ELSEWHERE = {
    RejectionCode.OBJECT_GONE,
    RejectionCode.OBJECT_ARCHIVED,
    RejectionCode.OBJECT_TRUNCATED,
    RejectionCode.OBJECT_DAMAGED,
    RejectionCode.NO_ROUTE,
    RejectionCode.GIVEN_UP,
    RejectionCode.LINE_TOO_LONG,
    RejectionCode.INFERENCE_TOO_LARGE,
    RejectionCode.REFUSED_BY_DESTINATION,
}

SET_TYPE = "set the route's input_content_type or output_content_type"
OF_LINES: list[tuple[bytes, str, str]] = [
    (b"{", "line_not_json", "the line is not one JSON document in UTF-8"),
    (capture(csv_side("?"), ONE).replace(b"?", b"\xff"), "line_not_json", "the line is not one JSON document in UTF-8"),
    (b"{}", "not_a_capture", "not a capture record: captureData or eventMetadata is missing"),
    (b"[]", "not_a_capture", "not a capture record: $ is missing or of another type"),
    (b'{"captureData": {}, "eventMetadata": {}}', "not_a_capture", "eventMetadata.eventId or eventMetadata.inferenceTime is missing"),
    (capture(ONE, ONE, time=PAYLOAD), "not_a_capture", "$.eventMetadata.inferenceTime is missing or of another type"),
    (capture(ONE | {"encoding": PAYLOAD}, ONE), "not_a_capture", "an encoding is none of CSV, JSON, BASE64"),
    (capture(ONE, None), "one_sided", 'the answer was not captured; one_sided = "forward"'),
    (capture(None, ONE), "one_sided", 'the request was not captured; one_sided = "forward" sends the other side alone'),
    (capture(ONE, json_side({"error": PAYLOAD})), "error_body", "the answer is an error, not a prediction"),
    (capture(base64_side(b"x", f"image/{PAYLOAD}"), ONE), "binary_payload", "a binary body (image) holds no named values"),
    (capture(base64_side(b"x", "application/x-npy"), ONE), "binary_payload", "a binary body (application/x-npy) holds no named values"),
    (capture(base64_side(b"\xff\xfe\xfd"), ONE), "binary_payload", "the body is not text"),
    (capture(base64_side(b"\0", "x/y; charset=latin-1"), ONE), "binary_payload", "the body is not text"),
    (capture(base64_side(b"\xff", "text/csv"), ONE), "bad_text", "the body is not utf-8 text, although its declared type says so"),
    (capture(base64_side(b"1\x002", "text/csv"), ONE), "bad_text", "the body is not utf-8 text, although its declared type says so"),
    (capture(base64_side(b"1", "text/csv; charset=idna"), ONE), "bad_text", "the declared charset is none of ascii, iso-8859-1, latin-1, us-ascii, utf-16, utf-8, utf8, windows-1252"),
    (capture(ONE | {"encoding": "BASE64", "data": "?"}, ONE), "bad_base64", "the data is not valid base64"),
    (capture(base64_side(PAYLOAD.encode()), ONE), "unknown_content_type", f"a body without a content type; it looks like neither JSON nor numbers in CSV; {SET_TYPE}"),
    (capture(base64_side(PAYLOAD.encode(), "text/plain"), ONE), "unknown_content_type", f"a body of a content type that holds no rows; it looks like neither JSON nor numbers in CSV; {SET_TYPE}"),
    (capture(json_side(f'{{"{PAYLOAD}'), ONE), "bad_json", "the payload is neither one JSON document nor one a line"),
    (capture(json_side("1\n{", "application/jsonlines"), ONE), "bad_json", "the payload is neither one JSON document nor one a line"),
    (capture(csv_side(f'"{PAYLOAD}'), ONE), "bad_csv", "a quoted cell is malformed"),
    (capture(json_side("1"), ONE), "unknown_layout", "no layout for json fits; set the route's layout option"),
    (capture(json_side("1\n2"), ONE), "unknown_layout", "no layout for jsonlines fits; set the route's layout option"),
    (capture(csv_side("1\n2\n3"), csv_side("1\n2")), "row_count_mismatch", "3 input rows and 2 output rows; if the payloads are laid out otherwise, set the route's layout"),
    (capture(json_side({"a": 1}), json_side({"a": PAYLOAD})), "ambiguous_name", "input and output give one name different values"),
    (capture(json_side({"a": {"b": 1}, "a.b": PAYLOAD}), ONE), "ambiguous_name", "two nested values come to the same name"),
    (capture(json_side({PAYLOAD * 60: [1]}), ONE), "unknown_layout", "a name of more than 1024 characters"),
    (capture(ONE, ONE, eventId=PAYLOAD * 20), "partner_id_too_long", 'the partner inference id has more than 255 characters; id_source = "event-id" avoids it'),
    (capture(csv_side("1\n2"), csv_side("1\n2"), eventId="e" * 254), "partner_id_too_long", 'the partner inference id has more than 255 characters; id_source = "event-id" avoids it'),
]  # fmt: skip
OF_MODELS: list[tuple[dict[str, Any], dict[str, Any], ModelSchema, str, str]] = [
    (csv_side(f"1,{PAYLOAD},3"), ONE, MODEL, "value_count_mismatch", "3 ordered values where the model has 2 attributes"),
    (csv_side("1,x"), csv_side("1,2,3"), MODEL, "value_count_mismatch", "3 ordered values where the model has 1 or 2 attributes"),
    (ONE, ONE, NO_ORDER, "value_count_mismatch", "1 ordered values where the model has no attributes"),
    (csv_side(f"{PAYLOAD},x"), ONE, MODEL, "value_type_mismatch", "attribute age expects INTEGER: not a number"),
    (json_side({"age": PAYLOAD}), ONE, MODEL, "value_type_mismatch", "attribute age expects INTEGER: not a number"),
    (json_side({"höhe" + "x" * 100: PAYLOAD}), ONE, MODEL, "unknown_attribute", "the model has no attribute 'h\\xf6he" + "x" * 60 + "' on this side; add it, or set the route's unknown_attributes to \"drop\""),
    (json_side({"who": {"name": "a"}, "who.name": PAYLOAD}), ONE, MODEL, "ambiguous_name", "two nested values come to the same name"),
]  # fmt: skip


def tensor(shape: Any, data: Any, name: str = "a") -> dict[str, Any]:
    """Return one tensor of KServe."""
    return {"name": name, "datatype": "FP32", "shape": shape, "data": data}


def frame(**fields: Any) -> dict[str, Any]:
    """Return a pandas frame as MLflow writes it."""
    return {"dataframe_split": fields}


def sparse(**fields: Any) -> dict[str, Any]:
    """Return `instances` of one verbose row."""
    return {"instances": [{"data": {"features": fields}}]}


OF_LAYOUTS: list[tuple[Layout, Any, str]] = [
    (Layout.DATAFRAME_SPLIT, {"a": 1}, "dataframe_split holds no object"),
    (Layout.DATAFRAME_SPLIT, frame(data=[]), "dataframe_split.columns is not a list of names"),
    (Layout.DATAFRAME_SPLIT, frame(columns=[1], data=[]), "dataframe_split.columns is not a list of names"),
    (Layout.DATAFRAME_SPLIT, frame(columns=["a", "a"], data=[[1, 2]]), "dataframe_split.columns names a column twice"),
    (Layout.DATAFRAME_SPLIT, frame(columns=["a"], data={"a": 1}), "dataframe_split.data is not a list of rows as long as dataframe_split.columns"),
    (Layout.DATAFRAME_SPLIT, frame(columns=["a", "b"], data=[[1, 2], [1]]), "dataframe_split.data is not a list of rows as long as dataframe_split.columns"),
    (Layout.DATAFRAME_SPLIT, frame(columns=["a"], data=["x"]), "dataframe_split.data is not a list of rows as long as dataframe_split.columns"),
    (Layout.KSERVE, {"inputs": [1]}, "neither inputs nor outputs holds a list of tensors"),
    (Layout.KSERVE, {"inputs": [tensor([1], [1])] * 2}, "the tensors share a name or differ in the number of rows"),
    (Layout.KSERVE, {"inputs": [tensor([1], [1]), tensor([2], [1, 2], "b")]}, "the tensors share a name or differ in the number of rows"),
    *((Layout.KSERVE, {"inputs": [tensor(shape, [1])]}, "a tensor's shape is not a list of whole numbers") for shape in (1, [], ["1"], [True], [-1, -1])),
    (Layout.KSERVE, {"inputs": [tensor([1] * 65, [1])]}, "a tensor of more than 64 dimensions"),
    (Layout.KSERVE, {"inputs": [tensor([2], [1])]}, "a tensor's data does not have as many values as its shape says"),
    (Layout.KSERVE, {"inputs": [tensor([1], 1)]}, "a tensor's data does not have as many values as its shape says"),
    *((Layout.COLUMNS, document, "not an object of lists of scalars, all of one length") for document in ([1], {"a": [1], "b": [1, 2]}, {"a": [[1]]})),
    (Layout.VECTOR, {"a": [1]}, "not a list of values"),
    (Layout.INSTANCES, {"rows": [1]}, "none of the outer keys instances, predictions, projections, scores, dataframe_records, inputs, outputs holds a list"),
    (Layout.LIST, {"a": 1}, "not a list of rows"),
    (Layout.OBJECT, [1], "not an object"),
    (Layout.INSTANCES, sparse(keys=[0], shape=[2_000_001], values=[1]), "sparse rows of more than 2000000 values in one payload"),
    *((Layout.INSTANCES, sparse(keys=[], shape=shape, values=[]), "a sparse row's shape is not one whole number") for shape in ([1, 2], 4, [True], [-1])),
    (Layout.INSTANCES, sparse(keys=[0, 1], shape=[4], values=[1]), "a sparse row's keys and values differ in number"),
    (Layout.INSTANCES, sparse(keys="ab", shape=[4], values=[1, 2]), "a sparse row's keys and values differ in number"),
    *((Layout.INSTANCES, sparse(keys=[key], shape=[4], values=[1]), "a sparse row's key lies outside its shape") for key in (4, -1, "0")),
]  # fmt: skip

HEADER = DecodingOptions(input=PayloadOptions(csv_header=True))
Case = tuple[bytes, DecodingOptions | None, ModelSchema | None, str, str]
CASES: list[Case] = [
    *((line, None, None, code, words) for line, code, words in OF_LINES),
    *((capture(*sides), None, model, code, words) for *sides, model, code, words in OF_MODELS),
    *(
        (capture(json_side(document), ONE), DecodingOptions(input=PayloadOptions(layout=layout)), None, "unknown_layout", f"read as {layout}: {words}")
        for layout, document, words in OF_LAYOUTS
    ),
    *(
        (capture(csv_side(text), ONE), HEADER, None, "bad_csv", "the header names a column twice, or a row is not as long as it")
        for text in ("a,a\n1,2", "a,b\n1", "a,b\n1,2,3")
    ),
]  # fmt: skip


@pytest.mark.parametrize(("line", "options", "schema", "code", "words"), CASES, ids=[f"{case[3]}-{at}" for at, case in enumerate(CASES)])  # fmt: skip
def test_every_rejection_says_why(
    line: bytes, options: DecodingOptions | None, schema: ModelSchema | None, code: str, words: str
) -> None:
    """A code, a plain sentence that says what to do where a person can decide something, and no captured data."""
    outcome = outcome_of(line, options, schema)
    rejections = outcome.rows if isinstance(outcome, Decoded) else [outcome]
    assert rejections
    for rejection in rejections:
        assert isinstance(rejection, Rejection)
        assert rejection.code == code
        assert words in rejection.why
        assert re.fullmatch(r"[a-z0-9][^\n]*[a-z0-9\"]|not a capture record: .*", rejection.why)
        assert PAYLOAD not in rejection.why
        assert "XX" not in rejection.why


def test_every_code_of_a_line_has_a_sentence() -> None:
    """A code that is added needs a case above."""
    assert {RejectionCode(case[3]) for case in CASES} == set(RejectionCode) - ELSEWHERE
