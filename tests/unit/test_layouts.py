"""Payloads in every layout, each beside a payload that says one or two rows."""

from typing import Any

import pytest

from capture_forwarder.domain.delivery import Rejection, RejectionCode
from capture_forwarder.domain.inference import Inference
from capture_forwarder.domain.route import DecodingOptions, Layout, PayloadOptions
from capture_forwarder.kinds.captures.plain import Decoded
from tests.support.captures import Side, base64_side, capture, csv_side, json_side, outcome_of


def inferences(request: Side, answer: Side, options: DecodingOptions | None = None) -> list[Inference]:
    """Return the inferences of one call; no row may be rejected."""
    outcome = outcome_of(capture(request, answer), options)
    assert isinstance(outcome, Decoded), outcome
    assert all(isinstance(row, Inference) for row in outcome.rows), outcome
    return [row for row in outcome.rows if isinstance(row, Inference)]


def refusal(request: Side | None, answer: Side | None, options: DecodingOptions | None = None) -> Rejection:
    """Return why a call as a whole was rejected."""
    outcome = outcome_of(capture(request, answer), options)
    assert isinstance(outcome, Rejection), outcome
    return outcome


ONE = json_side({"predictions": [{"score": 1}]})
TWO = json_side({"predictions": [{"score": 1}, {"score": 2}]})

REQUESTS: list[tuple[str, Side, Side, list[dict[str, Any]]]] = [
    ("Arthur, ordered", json_side({"instances": [{"features": [1, "a"]}]}), ONE, [{"feature_0": 1, "feature_1": "a"}]),
    ("Arthur, named", json_side({"instances": [{"a": 1}, {"a": 2}]}), TWO, [{"a": 1}, {"a": 2}]),
    ("list of lists", json_side([[1, 2], [3, 4]]), TWO, [{"feature_0": 1, "feature_1": 2}, {"feature_0": 3, "feature_1": 4}]),
    ("bare list of scalars is one row", json_side([1.5, -0.5]), ONE, [{"feature_0": 1.5, "feature_1": -0.5}]),
    ("bare list of texts is one row a text", json_side(["x", "y"]), TWO, [{"feature_0": "x"}, {"feature_0": "y"}]),
    ("bare object", json_side({"island": "Dream", "mass": 3.5}), ONE, [{"island": "Dream", "mass": 3.5}]),
    ("list of objects", json_side([{"a": 1}, {"a": 2}]), TWO, [{"a": 1}, {"a": 2}]),
    ("columns", json_side({"lon": [1, 2], "lat": [3, 4]}), TWO, [{"lon": 1, "lat": 3}, {"lon": 2, "lat": 4}]),
    ("one column", json_side({"lon": [1, 2]}), TWO, [{"lon": 1}, {"lon": 2}]),
    ("dense verbose", json_side({"instances": [{"data": {"features": {"values": [7, 8]}}}]}), ONE, [{"feature_0": 7, "feature_1": 8}]),
    (
        "sparse",
        json_side({"instances": [{"data": {"features": {"keys": [2], "shape": [3], "values": [5]}}}]}),
        ONE,
        [{"feature_0": 0, "feature_1": 0, "feature_2": 5}],
    ),
    (
        "dense and ordered in one request",
        json_side({"instances": [{"data": {"features": {"values": [7]}}}, {"features": [8]}]}),
        TWO,
        [{"feature_0": 7}, {"feature_0": 8}],
    ),
    ("TensorFlow Serving, scalars", json_side({"instances": [1.0, 2.0]}), TWO, [{"feature_0": 1.0}, {"feature_0": 2.0}]),
    (
        "TensorFlow Serving, neighbours of the outer key belong to the call",
        json_side({"signature_name": "s", "instances": [[1], [2]]}),
        TWO,
        [{"feature_0": 1}, {"feature_0": 2}],
    ),
    (
        "MLflow dataframe_split",
        json_side({"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], [3, 4]]}}),
        TWO,
        [{"a": 1, "b": 2}, {"a": 3, "b": 4}],
    ),
    ("MLflow dataframe_records", json_side({"dataframe_records": [{"a": 1}]}), ONE, [{"a": 1}]),
    ("MLflow inputs", json_side({"inputs": [[1, 2]]}), ONE, [{"feature_0": 1, "feature_1": 2}]),
    (
        "KServe v2",
        json_side(
            {
                "inputs": [
                    {"name": "age", "shape": [2], "datatype": "INT64", "data": [1, 2]},
                    {"name": "x", "shape": [2, 2], "datatype": "FP32", "data": [[1, 2], [3, 4]]},
                ]
            }
        ),
        TWO,
        [{"age": 1, "x_0": 1, "x_1": 2}, {"age": 2, "x_0": 3, "x_1": 4}],
    ),
    (
        "body of a language model",
        json_side({"inputs": "why?", "parameters": {"top_p": 0.9, "stop": ["a", "b"]}}),
        ONE,
        [{"inputs": "why?", "parameters.top_p": 0.9, "parameters.stop_0": "a", "parameters.stop_1": "b"}],
    ),
    ("JSON Lines", json_side('{"features":[1]}\n{"features":[2]}\n', "application/jsonlines"), TWO, [{"feature_0": 1}, {"feature_0": 2}]),
    ("JSON Lines with spaces", json_side('{"a": "x y"}', "application/jsonlines"), ONE, [{"a": "x y"}]),
    ("JSON Lines without a declaration", json_side('{"a":1}\n\n{"a":2}'), TWO, [{"a": 1}, {"a": 2}]),
    ("pretty-printed", json_side('\n{\n  "instances": [\n [1]\n ]\n}\n'), ONE, [{"feature_0": 1}]),
    ("a lone scalar", json_side("3"), ONE, [{"feature_0": 3}]),
    ("a number beyond every float is null", json_side("[1e999]"), ONE, [{"feature_0": None}]),
    (
        "KServe v2, tensors of one dimension and unequal length",
        json_side({"inputs": [{"name": n, "shape": [s], "datatype": "FP32", "data": [1] * s} for n, s in (("a", 1), ("b", 2))]}),
        ONE,
        [{"a": 1, "b_0": 1, "b_1": 1}],
    ),
    ("empty containers are null", json_side({"a": [], "b": {}}), ONE, [{"a": None, "b": None}]),
    ("CSV", csv_side("1,2.5,Dream,,007\n"), ONE, [{"feature_0": 1, "feature_1": 2.5, "feature_2": "Dream", "feature_3": None, "feature_4": "007"}]),
    ("CSV with blank lines and CRLF", csv_side("\n1,2\r\n\r\n3,4\r\n"), TWO, [{"feature_0": 1, "feature_1": 2}, {"feature_0": 3, "feature_1": 4}]),
    ("line ends in quotes", csv_side('"a\r\nb","c\rd"'), ONE, [{"feature_0": "a\r\nb", "feature_1": "c\rd"}]),
    ("a row of two empty cells", csv_side("1,a b\r\r,\r"), TWO, [{"feature_0": 1, "feature_1": "a b"}, {"feature_0": None, "feature_1": None}]),
    ("quoted CSV", csv_side('"a, ""b""",1\n"c\nd",2'), TWO, [{"feature_0": 'a, "b"', "feature_1": 1}, {"feature_0": "c\nd", "feature_1": 2}]),
    ("BASE64 of CSV", base64_side(b"1,2\n", "text/csv; charset=utf-8"), ONE, [{"feature_0": 1, "feature_1": 2}]),
    ("BASE64 of JSON", base64_side(b'{"a": 1}', "application/json"), ONE, [{"a": 1}]),
    ("BASE64 of a vendor's JSON", base64_side(b'{"a": 1}', "application/vnd.acme+json"), ONE, [{"a": 1}]),
    ("BASE64 of undeclared JSON", base64_side(b"[[1]]"), ONE, [{"feature_0": 1}]),
    ("BASE64 of indented JSON", base64_side(b'\n  {"a": 1}'), ONE, [{"a": 1}]),
    ("BASE64 of JSON with a quoted charset", base64_side('{"a": "ß"}'.encode(), 'application/json; charset="utf-8"'), ONE, [{"a": "ß"}]),
    ("CSV of a type without a format", csv_side("1,x y", "application/octets"), ONE, [{"feature_0": 1, "feature_1": "x y"}]),
    ("JSON that is declared to be CSV", json_side('{"a": 1}', "text/csv"), ONE, [{"a": 1}]),
    ("BASE64 of undeclared numbers", base64_side(b"1,2.5\n"), ONE, [{"feature_0": 1, "feature_1": 2.5}]),
    ("BASE64 of JSON that says it is HTML", base64_side(b'{"a": 1}', "text/html; charset=utf-8"), ONE, [{"a": 1}]),
    ("BASE64 of Latin-1", base64_side("é,1".encode("latin-1"), "text/csv; charset=ISO-8859-1"), ONE, [{"feature_0": "é", "feature_1": 1}]),
    ("BASE64 with a byte-order mark", base64_side("\ufeff1,2".encode(), "text/csv"), ONE, [{"feature_0": 1, "feature_1": 2}]),
]  # fmt: skip


@pytest.mark.parametrize(("request_side", "answer", "expected"), [row[1:] for row in REQUESTS], ids=[row[0] for row in REQUESTS])  # fmt: skip
def test_a_request_gives_its_rows(request_side: Side, answer: Side, expected: list[dict[str, Any]]) -> None:
    """As a person would read it."""
    assert [inference.inputs for inference in inferences(request_side, answer)] == expected


ANSWERS: list[tuple[str, Side, list[dict[str, Any]]]] = [
    ("Arthur, ordered", json_side({"predictions": [{"probabilities": [0.1, 0.9]}]}), [{"prediction_0": 0.1, "prediction_1": 0.9}]),
    ("scores", json_side({"scores": [{"score": 0.02}]}), [{"score": 0.02}]),
    ("projections", json_side({"projections": [{"projection": [1.5, 2.5]}]}), [{"projection_0": 1.5, "projection_1": 2.5}]),
    ("flat probabilities", json_side([0.99, 0.01]), [{"prediction_0": 0.99, "prediction_1": 0.01}]),
    ("probabilities at the top", json_side({"probabilities": [0.2, 0.8]}), [{"prediction_0": 0.2, "prediction_1": 0.8}]),
    ("probabilities of several rows at the top", json_side({"probabilities": [[0.2, 0.8]]}), [{"prediction_0": 0.2, "prediction_1": 0.8}]),
    ("named at the top", json_side({"prediction": "Adelie", "confidence": "0.46"}), [{"prediction": "Adelie", "confidence": "0.46"}]),
    ("multiclass score", json_side({"predictions": [{"score": [0.1, 0.9], "predicted_label": 1}]}), [{"score_0": 0.1, "score_1": 0.9, "predicted_label": 1}]),
    ("user's columns beside an outer key", json_side({"predictions": [1], "probabilities": [0.85]}), [{"predictions": 1, "probabilities": 0.85}]),
    ("generated text", json_side({"generated_text": "because"}), [{"generated_text": "because"}]),
    ("BlazingText's line", json_side('{"label":["a","b"],"prob":[0.6,0.4]}\n', "application/jsonlines"), [{"label_0": "a", "label_1": "b", "prob_0": 0.6, "prob_1": 0.4}]),
    *((f"{constant} alone is null", json_side(f'{{"a": {constant}, "b": 1}}'), [{"a": None, "b": 1}]) for constant in ("NaN", "Infinity", "-Infinity")),
    ("bare NaN is null, the text is not", json_side('{"score": NaN, "low": -Infinity, "text": "NaN \\" Infinity"}'), [{"score": None, "low": None, "text": 'NaN " Infinity'}]),
    ("more than 64 bits", json_side('{"id": 123456789012345678901234567890}'), [{"id": "123456789012345678901234567890"}]),
    ("CSV label and score", csv_side("Adelie,0.977\n"), [{"prediction_0": "Adelie", "prediction_1": 0.977}]),
    ("CSV with a quoted list of numbers", csv_side('1,"[0.4, 0.6]"'), [{"prediction_0": 1, "prediction_1_0": 0.4, "prediction_1_1": 0.6}]),
    ("a lone scalar", json_side("0.4"), [{"prediction_0": 0.4}]),
    ("CSV that is not finite", csv_side("nan,-inf"), [{"prediction_0": None, "prediction_1": None}]),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "expected"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS])
def test_an_answer_gives_its_row(answer: Side, expected: list[dict[str, Any]]) -> None:
    """As a person would read it."""
    assert [inference.outputs for inference in inferences(csv_side("1"), answer)] == expected


MALFORMED: list[tuple[str, Side, RejectionCode]] = [
    ("no JSON", json_side("{"), RejectionCode.BAD_JSON),
    ("too deep", json_side("[" * 100_000), RejectionCode.BAD_JSON),
    ("NaN in what is no JSON", json_side("[NaN"), RejectionCode.BAD_JSON),
    ("a name twice", json_side('{"a": 1, "a": 1}'), RejectionCode.BAD_JSON),
    ("CSV that is declared to be JSON", csv_side("1,x y", "application/json"), RejectionCode.BAD_JSON),
    ("columns of dataframe_split", json_side({"dataframe_split": {"columns": "a", "data": []}}), RejectionCode.UNKNOWN_LAYOUT),
    ("columns of dataframe_split twice", json_side({"dataframe_split": {"columns": ["a", "a"], "data": [[1, 2]]}}), RejectionCode.UNKNOWN_LAYOUT),
    ("rows of dataframe_split", json_side({"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}), RejectionCode.UNKNOWN_LAYOUT),
    ("KServe shape", json_side({"inputs": [{"name": "a", "shape": [], "datatype": "FP32", "data": [1]}]}), RejectionCode.UNKNOWN_LAYOUT),
    ("KServe data", json_side({"inputs": [{"name": "a", "shape": [2], "datatype": "FP32", "data": [1]}]}), RejectionCode.UNKNOWN_LAYOUT),
    ("KServe rows of no width", json_side({"inputs": [{"name": "a", "shape": [2, 0], "datatype": "FP32", "data": []}]}), RejectionCode.ROW_COUNT_MISMATCH),
    ("sparse shape", json_side({"instances": [{"data": {"features": {"keys": [0], "shape": [1, 2], "values": [1]}}}]}), RejectionCode.UNKNOWN_LAYOUT),
    ("sparse keys", json_side({"instances": [{"data": {"features": {"keys": [0, 1], "shape": [2], "values": [1]}}}]}), RejectionCode.UNKNOWN_LAYOUT),
    ("sparse key outside", json_side({"instances": [{"data": {"features": {"keys": [2], "shape": [2], "values": [1]}}}]}), RejectionCode.UNKNOWN_LAYOUT),
    ("sparse beyond memory", json_side({"instances": [{"data": {"features": {"keys": [], "shape": [10**12], "values": []}}}]}), RejectionCode.UNKNOWN_LAYOUT),
    ("empty CSV", csv_side("\n \n"), RejectionCode.ROW_COUNT_MISMATCH),
    ("broken quotes", csv_side('"a"b,1'), RejectionCode.BAD_CSV),
    ("broken base64", {"data": "%%%", "encoding": "BASE64"}, RejectionCode.BAD_BASE64),
    ("image", base64_side(b"\x89PNG", "image/png"), RejectionCode.BINARY_PAYLOAD),
    ("numpy", base64_side(b"\x93NUMPY", "application/x-npy"), RejectionCode.BINARY_PAYLOAD),
    ("undeclared bytes", base64_side(b"\xff\xfe\x00"), RejectionCode.BINARY_PAYLOAD),
    ("zero bytes", base64_side(b"a\x00b", "text/csv"), RejectionCode.BAD_TEXT),
    ("not the declared charset", base64_side(b"\xff", "text/csv"), RejectionCode.BAD_TEXT),
    ("a charset of no text", base64_side(b"1", "text/csv; charset=zip"), RejectionCode.BAD_TEXT),
    ("a web page", base64_side(b"<html>", "text/html"), RejectionCode.UNKNOWN_CONTENT_TYPE),
    ("prose", base64_side(b"Internal Server Error"), RejectionCode.UNKNOWN_CONTENT_TYPE),
    ("nothing", base64_side(b""), RejectionCode.UNKNOWN_CONTENT_TYPE),
    ("half JSON, undeclared", base64_side(b'{"a"'), RejectionCode.UNKNOWN_CONTENT_TYPE),
    ("half quotes, undeclared", base64_side(b'"1"2'), RejectionCode.UNKNOWN_CONTENT_TYPE),
]  # fmt: skip


@pytest.mark.parametrize(("side", "code"), [row[1:] for row in MALFORMED], ids=[row[0] for row in MALFORMED])
def test_an_unreadable_payload_is_rejected_with_its_code(side: Side, code: RejectionCode) -> None:
    """Each kind of failure has a code of its own."""
    assert refusal(side, ONE).code is code


def test_an_image_that_declares_json_is_binary() -> None:
    """The family of the content type decides before its suffix."""
    assert refusal(base64_side(b"{}", "image/svg+json"), ONE).code is RejectionCode.BINARY_PAYLOAD


def test_a_name_that_is_too_long_is_rejected() -> None:
    """A long name would be repeated in each of its nested values."""
    assert refusal_of_row({"x" * 2000: [1, 2, 3], "b": 1}).code is RejectionCode.UNKNOWN_LAYOUT


@pytest.mark.parametrize("request_", [{"a": [1, 2], "a_0": 2}, {"a": {"b": 1}, "a.b": 2}])
def test_nested_values_that_come_to_one_name_are_rejected(request_: dict[str, Any]) -> None:
    """`{"a": [1, 2], "a_0": 2}` has two values for `a_0`."""
    assert refusal_of_row(request_).code is RejectionCode.AMBIGUOUS_NAME


def test_a_name_may_be_on_both_sides() -> None:
    """It stays on both, whether the values are equal or not."""
    for value in (1, 5):
        (inference,) = inferences(json_side({"score": value}), ONE)
        assert (inference.inputs, inference.outputs) == ({"score": value}, {"score": 1})


def refusal_of_row(request: dict[str, Any]) -> Rejection:
    """Return why a call of one row, or its row, was rejected."""
    outcome = outcome_of(capture(json_side(request), ONE))
    (row,) = outcome.rows if isinstance(outcome, Decoded) else [outcome]
    assert isinstance(row, Rejection)
    return row


PINNED: list[tuple[str, Side, PayloadOptions, list[dict[str, Any]]]] = [
    ("content type", csv_side('{"a":1}'), PayloadOptions(content_type="application/json"), [{"a": 1}]),
    ("content type of BASE64", base64_side(b"x,1", "text/html"), PayloadOptions(content_type="text/csv"), [{"feature_0": "x", "feature_1": 1}]),
    ("layout", json_side(["a", "b"]), PayloadOptions(layout=Layout.VECTOR), [{"feature_0": "a", "feature_1": "b"}]),
    ("object", json_side({"a": [1, 2]}), PayloadOptions(layout=Layout.OBJECT), [{"a_0": 1, "a_1": 2}]),
    ("an outer key as a column", json_side({"instances": [1]}), PayloadOptions(layout=Layout.COLUMNS), [{"instances": 1}]),
    ("instances", json_side({"instances": [[1]]}), PayloadOptions(layout=Layout.INSTANCES), [{"feature_0": 1}]),
    ("64 dimensions", json_side({"inputs": [{"name": "a", "datatype": "FP32", "shape": [1] * 64, "data": [7]}]}), PayloadOptions(layout=Layout.KSERVE), [{"a": 7}]),
    ("header", csv_side("a,b\n1,x\n"), PayloadOptions(csv_header=True), [{"a": 1, "b": "x"}]),
]  # fmt: skip


@pytest.mark.parametrize(("side", "options", "expected"), [row[1:] for row in PINNED], ids=[row[0] for row in PINNED])
def test_a_route_overrides_detection(side: Side, options: PayloadOptions, expected: list[dict[str, Any]]) -> None:
    """The options of a route win over the record."""
    found = inferences(side, ONE, DecodingOptions(input=options))
    assert [inference.inputs for inference in found] == expected


@pytest.mark.parametrize("layout", [Layout.VECTOR, Layout.INSTANCES, Layout.LIST])
def test_a_document_of_another_layout_than_the_route_names_is_rejected(layout: Layout) -> None:
    """Other layouts are not tried."""
    options = DecodingOptions(input=PayloadOptions(layout=layout))
    assert refusal(json_side({"a": 1}), ONE, options).code is RejectionCode.UNKNOWN_LAYOUT


def test_a_list_is_no_object() -> None:
    """Not even where the route names this layout."""
    options = DecodingOptions(input=PayloadOptions(layout=Layout.OBJECT))
    assert refusal(json_side([1]), ONE, options).code is RejectionCode.UNKNOWN_LAYOUT


@pytest.mark.parametrize("text", ["a,a\n1,2\n", "a,b\n1\n"])
def test_a_header_that_does_not_fit_is_rejected(text: str) -> None:
    """It names a column twice, or is not as long as its rows."""
    options = DecodingOptions(input=PayloadOptions(csv_header=True))
    assert refusal(csv_side(text), ONE, options).code is RejectionCode.BAD_CSV


def test_a_name_may_have_1024_characters() -> None:
    """For any value."""
    for value, expected in ((1, 1), ({}, None)):
        assert inferences(json_side({"x" * 1024: value}), ONE)[0].inputs == {"x" * 1024: expected}


def test_a_suffix_of_json_decides_without_a_look_at_the_text() -> None:
    """A content type that ends in `+json` declares JSON."""
    assert refusal(base64_side(b"1,2", "application/vnd.acme+json"), ONE).code is RejectionCode.BAD_JSON
