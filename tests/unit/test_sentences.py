"""Every rejection has a code and a sentence: the problem, and the next step if a person can decide something."""

import json
import re
from typing import Any

import pytest

from capture_forwarder.domain.delivery import Rejection, RejectionCode
from capture_forwarder.domain.route import DecodingOptions, Layout, OneSided, PayloadOptions
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
    RejectionCode.ENCODING_REFUSED,
    RejectionCode.NAME_REFUSED,
    RejectionCode.PARTNER_ID_REFUSED,
}

OTHER_SIDE = 'one_sided = "forward" sends the other side alone'
ONE_WAY = '"whole" says that they are one row'
WAYS = f'{ONE_WAY}, "arrays" says that they are columns'
NO_TYPE = "a body of a content type that holds no rows, or without one; it looks like neither JSON nor numbers in CSV; set the route's"
WAS_BINARY = "the text was binary: it holds U+0000 or begins with U+FFFD"
OF_LINES: list[tuple[bytes, str, str]] = [
    (b"{", "line_not_json", "the line is not one JSON document in UTF-8"),
    (capture(csv_side("?"), ONE).replace(b"?", b"\xff"), "line_not_json", "the line is not one JSON document in UTF-8"),
    (b"{}", "not_a_capture", "not a capture record: captureData or eventMetadata is missing"),
    (b"[]", "not_a_capture", "not a capture record: the line is a list, not a JSON object"),
    (b'{"captureData": {}, "eventMetadata": {}}', "not_a_capture", "eventMetadata.eventId or eventMetadata.inferenceTime is missing"),
    (capture(ONE, ONE, time=PAYLOAD), "not_a_capture", "not a capture record: eventMetadata.inferenceTime is not a time with a time zone"),
    (capture(ONE | {"encoding": PAYLOAD}, ONE), "not_a_capture", "an encoding is none of CSV, JSON, BASE64"),
    (capture(ONE, None), "one_sided", 'the answer was not captured; one_sided = "forward"'),
    (capture(None, ONE), "one_sided", 'the request was not captured; one_sided = "forward" sends the other side alone'),
    (capture(ONE, json_side({"error": PAYLOAD})), "error_body", "the answer is an error, not a prediction"),
    (capture(base64_side(b"x", f"image/{PAYLOAD}"), ONE), "binary_payload", "a binary body (image) holds no named values"),
    (capture(base64_side(b"x", "application/x-npy"), ONE), "binary_payload", f"the body is no array of NumPy in a version that is read (1 to 3); {OTHER_SIDE}"),
    (capture(csv_side(PAYLOAD, "application/x-npy"), ONE), "binary_payload", f"an array that was captured as text is damaged; only BASE64 keeps it whole; {OTHER_SIDE}"),
    (capture(base64_side(b"{}", "image/svg+json"), ONE), "binary_payload", f"a binary body (image) holds no named values; {OTHER_SIDE}"),
    (capture(json_side({"inputs": [{"name": PAYLOAD, "datatype": "FP32", "shape": [1]}]}), ONE), "binary_payload", f"a tensor without data: its values are binary and follow elsewhere; {OTHER_SIDE}"),
    (capture(base64_side(b"\xff\xfe\xfd"), ONE), "binary_payload", "the body is not text"),
    (capture(base64_side(b"\0", "x/y; charset=latin-1"), ONE), "binary_payload", "the body is not text"),
    (capture(base64_side(b"\xff", "text/csv"), ONE), "bad_text", "the body is not utf-8 text, although its declared type says so"),
    (capture(base64_side(b"1\x002", "text/csv"), ONE), "bad_text", WAS_BINARY),
    (capture(csv_side(f"\ufffd{PAYLOAD}"), ONE), "bad_text", WAS_BINARY),
    (capture(base64_side(b"1", "text/csv; charset=idna"), ONE), "bad_text", "the declared charset is not known; the caller must send UTF-8"),
    (capture(ONE | {"encoding": "BASE64", "data": "?"}, ONE), "bad_base64", "the data is not valid base64"),
    (capture(base64_side(PAYLOAD.encode()), ONE), "unknown_content_type", f"{NO_TYPE} input_content_type"),
    (capture(ONE, base64_side(PAYLOAD.encode(), "text/html")), "unknown_content_type", f"{NO_TYPE} output_content_type"),
    (capture(csv_side("1\t2", "text/tsv"), ONE), "unknown_content_type", "tab-separated values are no CSV; set the route's input_csv_delimiter = \"\\t\""),
    (capture(ONE, csv_side("1 1:2", "text/libsvm")), "unknown_content_type", "the declared type says libsvm, which is not read; set output_content_type if it is another format"),
    (capture(json_side(f'{{"{PAYLOAD}'), ONE), "bad_json", "the payload is neither one JSON document nor one a line; if it is no JSON, set input_content_type"),
    (capture(ONE, json_side(f'{{"{PAYLOAD}": 1, "{PAYLOAD}": 2}}')), "bad_json", "an object has a name twice, so that a value is lost; the script must write each name once"),
    (capture(json_side("1\n{", "application/jsonlines"), ONE), "bad_json", "the payload is neither one JSON document nor one a line"),
    (capture(csv_side(f'"{PAYLOAD}'), ONE), "bad_csv", "a quoted cell is malformed"),
    (capture(ONE, csv_side('{"a": 1, "a": 2}')), "bad_json", "an object has a name twice"),
    (capture(ONE, json_side(json.dumps('{"a": 1, "a": 2}'))), "bad_json", "an object has a name twice"),
    (capture(ONE, json_side('{"a": 1, "a": 2}\n{"b": 1}', "application/jsonlines")), "bad_json", "an object has a name twice"),
    (capture(json_side("[NaN," + "[" * 100_000), ONE), "bad_json", "the payload is neither one JSON document nor one a line"),
    (capture(base64_side(b"1", f"text/csv; charset={'x' * 50}"), ONE), "bad_text", "the declared charset is not known"),
    (capture(ONE, json_side({"predictions": [{"error": PAYLOAD}]})), "error_body", "the answer is an error, not a prediction"),
    (capture(json_side({"q": "x"}), json_side([{"a": 1}, {"error": PAYLOAD}])), "error_body", "the answer is an error, not a prediction"),
    (capture(ONE, csv_side("[0.2 0.8]")), "bad_csv", "the text is a printed Python value and no CSV; the script must write JSON"),
    (capture(csv_side(f'1, "{PAYLOAD}"'), ONE), "bad_csv", "a quote after a blank quotes no cell; the client or script must write no blank before it"),
    (capture(csv_side("1;2"), ONE), "bad_csv", "the values stand between semicolons, not between commas; set the route's input_csv_delimiter to \";\", or to \",\" if the text is meant like this"),
    (capture(csv_side(f"a,{PAYLOAD}\nx,y"), csv_side("c\nd")), "bad_csv", "the CSV may begin with a line of names; set input_csv_header and output_csv_header to true if it does, to false if not"),
    (capture(ONE, json_side(f'"{PAYLOAD} {PAYLOAD}"')), "error_body", 'the answer is one text of several words, as errors are; output_layout = "whole" says that it is a prediction'),
    (capture(json_side({"a": {"b": 1}, "a.b": PAYLOAD}), ONE), "ambiguous_name", "two nested values come to the same name"),
    (capture(json_side({PAYLOAD * 60: [1]}), ONE), "unknown_layout", "a name of more than 1024 characters"),
    (capture(ONE, ONE, eventId=PAYLOAD * 20), "partner_id_too_long", 'the partner inference id has more than 255 characters; id_source = "event-id" avoids it'),
    (capture(csv_side("1\n2"), csv_side("1\n2"), eventId="e" * 254), "partner_id_too_long", 'the partner inference id has more than 255 characters; id_source = "event-id" avoids it'),
]  # fmt: skip
LEGEND = {"probabilities": [[0.2, 0.8], [0.7, 0.3]], "labels": [PAYLOAD, "b"]}
BESIDE = {"predictions": [[1, 2], [3, 4]]}
# How the two sides fit: the request, the answer, the code, and what the sentence ends with.
TOGETHER: list[tuple[Any, Any, str, str]] = [
    ("1\n2\n3", "1\n2", "row_count_mismatch", f"the request says 3 rows (CSV lines), the answer says 2 rows (CSV lines); input_layout = {WAYS}; output_layout = {WAYS}"),
    ("1\n2", "1,2,3,4", "row_count_mismatch", f'the answer says 4 values (one CSV line); input_layout = {WAYS}; output_layout = "arrays" says that each value is a row, {ONE_WAY}; a schema says how many values a row of the answer has'),
    ("1\n2", {"0": 1, "1": 2, "2": 3}, "row_count_mismatch", f"the request says 2 rows (CSV lines), the answer says 3 values (a Series); input_layout = {WAYS}"),
    ("a,b\n1,2", "3", "row_count_mismatch", "; a first line may be names: input_csv_header says so"),
    ("1", "1\n2", "row_count_mismatch", f'the request says one call (one CSV line), the answer says 2 rows (CSV lines); input_layout = "arrays" says that each value is a row; output_layout = {WAYS}'),
    ("1\n2", {"a": PAYLOAD}, "row_count_mismatch", f"the answer says one call (an object without a list of rows); input_layout = {WAYS}"),
    ("1\n2", {"a": {"b": [1]}}, "row_count_mismatch", f"the answer says one call (an object without a list of rows); input_layout = {WAYS}; output_rows names the list of rows"),
    ({"inputs": PAYLOAD, "texts": [[1], [2]]}, "1\n2\n3", "row_count_mismatch", f"the request says 2 rows (the list under 'texts'), the answer says 3 rows (CSV lines); input_layout = {ONE_WAY}; output_layout = {WAYS}"),
    ("1\n2\n3", [[PAYLOAD, "b"], [0.1, 0.9]], "row_count_mismatch", f'the answer says one call (a list of values of several kinds); input_layout = {WAYS}; output_layout = "arrays" says that the lists are columns'),
    *((asked, answered, "row_count_mismatch", "the request says") for asked, answered in (("1\n\n2", "1\n2\n3\n4"), ("1\n2\n3\n4", "1\n\n2"))),
    ("", "", "row_count_mismatch", "the request says 0 rows (CSV lines), the answer says 0 rows (CSV lines)"),
    ("1\n2", {"predictions": {"data": "1\n2\n3"}, "explanations": {"k": [1, 2]}}, "row_count_mismatch", "3 predictions and 2 explanations in one answer"),
    ("1\n2", {"predictions": {"data": "1\n2"}, "explanations": {"k": [1, 2], "j": [1]}}, "unknown_layout", "the explanations differ in the number of rows"),
    ([1, 2], [[1], [2]], "ambiguous_rows", f'the request says one call (a list of numbers), the answer says 2 rows (a list of lists): values of one row, or one value a row; input_layout = "list" says that each value is a row, {ONE_WAY}; output_layout = "list" says that they are rows, {ONE_WAY}'),
    ({"s": [1, 2]}, {"t": [3, 4]}, "ambiguous_rows", f'the answer says 2 values (the list under \'t\'): values of one row, or one value a row; input_layout = "columns" says that each value is a row, {ONE_WAY}; output_layout = "columns" says that each value is a row, {ONE_WAY}'),
    ({"s": [1, 2], "id": PAYLOAD}, [[1], [2]], "ambiguous_rows", f': values of one row, or one value a row; input_layout = "columns" says that each value is a row, {ONE_WAY}; output_layout = "list" says that they are rows, {ONE_WAY}'),
    ({"s": ["x", PAYLOAD], "id": 7}, [1, 2], "ambiguous_rows", f': rows with a value of the whole call, or one record; input_layout = "columns" says that they are rows, {ONE_WAY}; output_layout = "list" says that each value is a row, {ONE_WAY}'),
    ({"body": {"instances": [[1], [2]]}}, [1, 2], "ambiguous_rows", ": a table lies deeper inside one payload; input_rows = 'body.instances' says that it holds the rows, input_layout = \"whole\" that the payload is one row"),
    ("1\n2", {"result": {"predictions": [1, 2]}}, "ambiguous_rows", ": a table lies deeper inside one payload; output_rows = 'result.predictions' says that it holds the rows, output_layout = \"whole\" that the payload is one row"),
    ("1\n2", [{"index": 1}, {"index": 0}], "ambiguous_rows", "the answer's index is not 0, 1, 2, ...; the script must keep the order of the request's rows"),
    ([{"a": 1}, {"a": 2}], [{"a": 2}, {"a": 1}], "ambiguous_rows", "'a' has the same values on both sides, in another order; the script must keep the order of the request's rows"),
    ({"a": {"1": 1, "0": 2}}, "1\n2", "ambiguous_rows", "the keys of a data frame do not ascend, so its rows may have another order; reset its index"),
    ("1\n2", LEGEND, "ambiguous_rows", "the list under 'labels' has one value a row, and one for each value of a row; input_call_keys or output_call_keys = [\"labels\"] says that it names the classes"),
    *(("1\n2", BESIDE | {"x": beside}, "unknown_layout", "the values under 'x' are no list as long as the rows, so they have no place; input_call_keys or output_call_keys says that they belong to the whole call") for beside in ([1, 2, 3], {"y": [1]})),
    ({"a": [1, 2], "b": [1, 2, 3]}, [[1], [2]], "unknown_layout", 'lists of the request differ in length, and one is as long as the answer\'s 2 rows; input_rows names the list of rows, and input_layout = "whole" says that it is one row'),
    ({"a": 1}, [{"prediction_1": 1}, {"a": 2}], "ambiguous_name", "two nested values come to the same name"),
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


NO_ARRAYS: list[Any] = [1, [], {"a": [1]}]
OF_LAYOUTS: list[tuple[Layout, Any, str]] = [
    (Layout.DATAFRAME_SPLIT, {"a": 1}, "no columns and data of a data frame"),
    (Layout.DATAFRAME_SPLIT, frame(data=[]), "the columns of a data frame are not a list of names"),
    (Layout.DATAFRAME_SPLIT, frame(columns=["a", "a"], data=[[1, 2]]), "a data frame names a column twice"),
    (Layout.DATAFRAME_SPLIT, frame(columns=["a"], data={"a": 1}), "the data of a data frame is not a list of rows as long as its columns"),
    (Layout.DATAFRAME_SPLIT, frame(columns=["a", "b"], data=[[1, 2], [1]]), "the data of a data frame is not a list of rows as long as its columns"),
    (Layout.DATAFRAME_SPLIT, frame(columns=["a"], data=["x"]), "the data of a data frame is not a list of rows as long as its columns"),
    (Layout.KSERVE, {"inputs": [1]}, "neither inputs nor outputs holds a list of tensors"),
    (Layout.KSERVE, {"inputs": [tensor([1], [1])] * 2}, "two tensors share a name"),
    (Layout.KSERVE, {"inputs": [tensor([1], [1]), tensor([2], [1, 2], "b")]}, "the tensors differ in the number of rows"),
    *((Layout.KSERVE, {"inputs": [tensor(shape, [1])]}, "a tensor's shape is not a list of whole numbers") for shape in (1, [], ["1"], [True], [-1, -1])),
    (Layout.KSERVE, {"inputs": [tensor([1, 1], [1]), tensor([2, 1], [1, 2], "b")]}, "the tensors differ in the number of rows"),
    (Layout.KSERVE, {"inputs": [tensor([1] * 65, [1])]}, "a tensor of more than 64 dimensions"),
    (Layout.KSERVE, {"inputs": [tensor([2], [1])]}, "a tensor's data does not have as many values as its shape says"),
    (Layout.KSERVE, {"inputs": [tensor([1], 1)]}, "a tensor's data does not have as many values as its shape says"),
    (Layout.COLUMNS, [1], "not an object"),
    *((Layout.COLUMNS, document, "not an object of lists, all of one length") for document in ({"a": 1}, {"a": [1], "b": [1, 2]})),
    (Layout.VECTOR, {"a": [1]}, "not a list of values"),
    (Layout.INSTANCES, {"rows": [1]}, "no outer key, as instances or predictions, holds a list"),
    (Layout.LIST, {"a": 1}, "not a list of rows"),
    (Layout.OBJECT, [1], "not an object"),
    *((Layout.ARRAYS, document, "not a list of arrays") for document in NO_ARRAYS),
    *((Layout.ARRAYS, document, "an array is no list, or two arrays share a name") for document in ([1], [{"a": [1]}, {"a": [2]}])),
    (Layout.ARRAYS, [[1, 2], [1]], "the arrays differ in length"),
]  # fmt: skip

OF_SPARSE: list[tuple[Any, str]] = [
    (sparse(keys=[0], shape=[2_000_001], values=[1]), "sparse rows of more than 2000000 values in one payload"),
    *((sparse(keys=[], shape=shape, values=[]), "a sparse row's shape is not one whole number") for shape in ([1, 2], 4, [True], [-1])),
    (sparse(keys=[0, 1], shape=[4], values=[1]), "a sparse row's keys and values differ in number"),
    (sparse(keys="ab", shape=[4], values=[1, 2]), "a sparse row's keys and values differ in number"),
    *((sparse(keys=[key], shape=[4], values=[1]), "a sparse row's key lies outside its shape") for key in (4, -1, "0")),
]  # fmt: skip
PATHS: list[tuple[Any, PayloadOptions, str, str]] = [
    *((json_side(document), PayloadOptions(rows="b.c"), "unknown_layout", "no list lies at 'b.c', which the route names as the rows") for document in ({"a": PAYLOAD}, {"b": {"c": 1}}, [1])),
    (json_side({"b": {"c": [1], "x": 1}, "x": 2}), PayloadOptions(rows="b.c"), "ambiguous_name", "two values beside the list at 'b.c' have one name"),
    (json_side({"b": {"d": {"c": [1]}, "x": 1}, "b.x": 2}), PayloadOptions(rows="b.d.c"), "ambiguous_name", "two values beside the list at 'b.d.c' have one name"),
    (json_side({"inputs": [tensor([2], [1])]}), PayloadOptions(layout=Layout.WHOLE), "unknown_layout", "a tensor's data does not have as many values as its shape says"),
    (csv_side(""), PayloadOptions(csv_header=True), "row_count_mismatch", "the request says 0 rows (CSV lines)"),
    (json_side("[1]\n[2]"), PayloadOptions(layout=Layout.KSERVE), "unknown_layout", "the payload is JSON Lines, whose lines are the rows; unset the route's layout and rows"),
]  # fmt: skip


def side(content: Any) -> dict[str, Any]:
    """Return one side of a call: text is CSV, anything else is JSON."""
    return csv_side(content) if isinstance(content, str) else json_side(content)


FORWARD = DecodingOptions(one_sided=OneSided.FORWARD)
HEADER = DecodingOptions(input=PayloadOptions(csv_header=True))
Case = tuple[bytes, DecodingOptions | None, ModelSchema | None, str, str]
CASES: list[Case] = [
    *((line, None, None, code, words) for line, code, words in OF_LINES),
    *((capture(*sides), None, model, code, words) for *sides, model, code, words in OF_MODELS),
    *((capture(side(asked), side(answered)), None, None, code, words) for asked, answered, code, words in TOGETHER),
    *((capture(json_side(document), ONE), None, None, "unknown_layout", words) for document, words in OF_SPARSE),
    *((capture(request, ONE), DecodingOptions(input=options), None, code, words) for request, options, code, words in PATHS),
    (capture(base64_side(b"1", "image/png"), csv_side("1\n2")), FORWARD, None, "row_count_mismatch", 'an image, audio or video is one call, and the other side says 2 rows (CSV lines); input_layout or output_layout = "whole" says that they are one row'),
    (capture(None, json_side({"a": {"1": 1, "0": 2}})), FORWARD, None, "ambiguous_rows", "the keys of a data frame do not ascend"),
    (capture(None, json_side(BESIDE | {"x": [1, 2, 3]})), FORWARD, None, "unknown_layout", "the values under 'x' are no list as long as the rows"),
    (capture(None, csv_side("\n")), FORWARD, None, "one_sided", "one side is missing, binary or an error, and the other side has no lines"),
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
    """A code, a plain sentence with the next step if a person can decide something, and no captured data."""
    outcome = outcome_of(line, options, schema)
    rejections = outcome.rows if isinstance(outcome, Decoded) else [outcome]
    assert rejections
    for rejection in rejections:
        assert isinstance(rejection, Rejection)
        assert rejection.code == code
        assert words in rejection.why
        assert re.fullmatch(r"['a-z0-9][^\n]*[A-Za-z0-9\")]|not a capture record: .*", rejection.why)
        assert PAYLOAD not in rejection.why
        assert "XX" not in rejection.why


def test_every_code_of_a_line_has_a_sentence() -> None:
    """A code that is added needs a case above."""
    assert {RejectionCode(case[3]) for case in CASES} == set(RejectionCode) - ELSEWHERE
