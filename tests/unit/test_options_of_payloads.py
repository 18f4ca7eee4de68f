"""Options of a route and declarations: each leaves one reading of a payload, whatever its medium."""

from typing import Any

import pytest

from capture_forwarder.domain.delivery import Rejection, RejectionCode
from capture_forwarder.domain.inference import Inference
from capture_forwarder.domain.route import DecodingOptions, Layout, PayloadOptions
from capture_forwarder.kinds.captures.plain import Decoded
from capture_forwarder.payloads.not_data import ALL
from tests.support.captures import Side, base64_side, capture, csv_side, json_side, outcome_of

LINES = "application/jsonlines"
WHOLE = PayloadOptions(layout=Layout.WHOLE)
ARRAYS = PayloadOptions(layout=Layout.ARRAYS)
HEADER = PayloadOptions(csv_header=True)
NO_HEADER = PayloadOptions(csv_header=False)
ROWS = PayloadOptions(rows="rows")
TWO = csv_side("1\n2")
INPUTS = [{"feature_0": 1}, {"feature_0": 2}]


def outputs(request: Side, answer: Side, options: PayloadOptions) -> list[dict[str, Any]]:
    """Return the outputs of a call whose answer is read with `options`."""
    outcome = outcome_of(capture(request, answer), DecodingOptions(output=options))
    assert isinstance(outcome, Decoded), outcome
    return [row.outputs for row in outcome.rows if isinstance(row, Inference)]


ANSWERS: list[tuple[str, Side, Side, PayloadOptions, list[dict[str, Any]]]] = [
    ("CSV lines are one row", csv_side("1"), csv_side("3\n4"), WHOLE, [{"prediction_0_0": 3, "prediction_1_0": 4}]),
    ("one CSV line is one row", csv_side("1"), csv_side("3,4"), WHOLE, [{"prediction_0": 3, "prediction_1": 4}]),
    ("CSV lines are columns", TWO, csv_side("a,b\n0.3,0.4"), ARRAYS, [{"prediction_0": "a", "prediction_1": 0.3}, {"prediction_0": "b", "prediction_1": 0.4}]),
    ("JSON Lines are columns", TWO, json_side("[3, 4]\n[5, 6]", LINES), ARRAYS, [{"prediction_0": 3, "prediction_1": 5}, {"prediction_0": 4, "prediction_1": 6}]),
    ("named arrays are columns", TWO, json_side([{"a": [3, 4]}, {"b": [5, 6]}]), ARRAYS, [{"a": 3, "b": 5}, {"a": 4, "b": 6}]),
    ("arrays under an outer key", TWO, json_side({"predictions": [[3, 4], [5, 6]], "v": 1}), ARRAYS, [{"prediction_0": 3, "prediction_1": 5, "v": 1}, {"prediction_0": 4, "prediction_1": 6, "v": 1}]),
    ("JSON Lines are one row", csv_side("1"), json_side("[3]\n[4]", LINES), WHOLE, [{"prediction_0_0": 3, "prediction_1_0": 4}]),
    ("rows under a key of one line", TWO, json_side('{"rows": [3, 4], "v": 1}', LINES), ROWS, [{"rows": 3, "v": 1}, {"rows": 4, "v": 1}]),
    ("one line is a list of rows", TWO, json_side("[3, 4]", LINES), PayloadOptions(layout=Layout.LIST), [{"prediction_0": 3}, {"prediction_0": 4}]),
    ("one line is tensors as rows", TWO, json_side({"outputs": [{"name": "p", "datatype": "FP32", "shape": [2], "data": [3, 4]}]}), PayloadOptions(layout=Layout.KSERVE), [{"p": 3}, {"p": 4}]),
    ("tensors are one row", csv_side("1"), json_side({"outputs": [{"name": "p", "datatype": "FP32", "shape": [2], "data": [3, 4]}]}), WHOLE, [{"p_0": 3, "p_1": 4}]),
    ("a header of the answer", csv_side("1"), csv_side("p,q\n3,4"), HEADER, [{"p": 3, "q": 4}]),
    ("a header of one row is one row", csv_side("1"), csv_side("p,q\n3,4"), PayloadOptions(layout=Layout.WHOLE, csv_header=True), [{"p": 3, "q": 4}]),
    ("no header", TWO, csv_side("p,1\nq,2"), NO_HEADER, [{"prediction_0": "p", "prediction_1": 1}, {"prediction_0": "q", "prediction_1": 2}]),
    ("a declared header", TWO, csv_side("p\n3\n4", "text/csv; header=present"), PayloadOptions(), [{"p": 3}, {"p": 4}]),
    ("a key that belongs to the call", TWO, json_side({"p": [[3, 4], [5, 6]], "labels": ["a", "b"]}), PayloadOptions(call_keys=("labels",)), [{"p_0": 3, "p_1": 4, "labels_0": "a", "labels_1": "b"}, {"p_0": 5, "p_1": 6, "labels_0": "a", "labels_1": "b"}]),
    ("another delimiter", csv_side("1"), csv_side("3;4"), PayloadOptions(csv_delimiter=";"), [{"prediction_0": 3, "prediction_1": 4}]),
    ("blanks delimit", csv_side("1"), csv_side(' 3   "4 5" '), PayloadOptions(csv_delimiter=" "), [{"prediction_0": 3, "prediction_1": "4 5"}]),
    ("tabs delimit", csv_side("1"), csv_side("3\t4", "text/tab-separated-values"), PayloadOptions(csv_delimiter="\t"), [{"prediction_0": 3, "prediction_1": 4}]),
    ("JSON in quotes", TWO, json_side('"[3, 4]"'), PayloadOptions(), [{"prediction_0": 3}, {"prediction_0": 4}]),
    ("text in quotes that begins like JSON", json_side({"q": "x"}), json_side('"[3, 4"'), PayloadOptions(), [{"prediction_0": "[3, 4"}]),
    ("lines of JSON in quotes", TWO, json_side('"[3]"\n"[4]"', LINES), PayloadOptions(), [{"prediction_0": 3}, {"prediction_0": 4}]),
    ("a list in a cell that is no JSON", TWO, csv_side('3,"[a]"\n4,"[b]"'), PayloadOptions(), [{"prediction_0": 3, "prediction_1": "[a]"}, {"prediction_0": 4, "prediction_1": "[b]"}]),
    ("texts in a list in a cell", csv_side("1"), csv_side('3,"[""a""]"'), PayloadOptions(), [{"prediction_0": 3, "prediction_1": '["a"]'}]),
    ("JSON over lines that is declared as JSON Lines", TWO, json_side("[3,\n4]", LINES), PayloadOptions(), [{"prediction_0": 3}, {"prediction_0": 4}]),
    ("a byte order mark of UTF-16", csv_side("1"), base64_side("\ufeff3,4".encode("utf-16-le"), "text/csv"), PayloadOptions(), [{"prediction_0": 3, "prediction_1": 4}]),
    ("plain text that is one value", json_side({"q": "x"}), json_side("two words", "text/plain"), PayloadOptions(), [{"prediction_0": "two words"}]),
    ("plain text of numbers", TWO, json_side("3\n4", "text/plain"), PayloadOptions(), [{"prediction_0": 3}, {"prediction_0": 4}]),
    ("plain text that is JSON", TWO, json_side("[3, 4]", "text/plain"), PayloadOptions(), [{"prediction_0": 3}, {"prediction_0": 4}]),
    ("rows by rule", TWO, json_side([3, 4]), PayloadOptions(layout=Layout.ROWS), [{"prediction_0": 3}, {"prediction_0": 4}]),
    ("an object that resembles a Series", csv_side("1"), json_side({"name": "x", "index": [0], "data": ["a", "b"]}), PayloadOptions(), [{"name": "x", "index": 0, "data_0": "a", "data_1": "b"}]),
    ("brackets that close in other lines", csv_side("1\n2\n3"), csv_side("[a,b\n[c,d\ne,]"), NO_HEADER, [{"prediction_0": "[a", "prediction_1": "b"}, {"prediction_0": "[c", "prediction_1": "d"}, {"prediction_0": "e", "prediction_1": "]"}]),
    ("plain text that is a literal", csv_side("1"), json_side("true", "text/plain"), PayloadOptions(), [{"prediction_0": True}]),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "answer", "options", "expected"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS])  # fmt: skip
def test_an_answer_is_read_as_its_options_and_declaration_say(
    request_: Side, answer: Side, options: PayloadOptions, expected: list[dict[str, Any]]
) -> None:
    """The request follows."""
    assert outputs(request_, answer, options) == expected


def test_keys_that_are_no_data_have_signs_of_their_server() -> None:
    """The page on formats names them."""
    assert all(one.recognised_by and one.keys for one in ALL)
    assert len({one.recognised_by for one in ALL}) == len(ALL)


EXPLAINED = {"kernel_shap": [[0.1], [0.2]]}
OF_CLARIFY: list[tuple[str, Any, list[Any]]] = [
    ("CSV lines", {"data": "3\n4"}, [3, 4]),
    ("one line of CSV", {"content_type": "text/csv", "data": "3,4"}, [3, 4]),
    ("JSON Lines", {"content_type": LINES, "data": '{"p": 3}\n{"p": 4}'}, [3, 4]),
    ("a JSON list", {"content_type": "application/json", "data": '{"predictions": [3, 4]}'}, [3, 4]),
]


@pytest.mark.parametrize(("predictions", "expected"), [row[1:] for row in OF_CLARIFY], ids=[row[0] for row in OF_CLARIFY])  # fmt: skip
def test_explained_predictions_join_their_explanations(predictions: Any, expected: list[Any]) -> None:
    """Row by row; whatever else is in the explanations belongs to the call."""
    answer = json_side({"version": "1", "predictions": predictions, "explanations": EXPLAINED | {"base": 7}})
    found = outputs(TWO, answer, PayloadOptions())
    assert [next(iter(row.values())) for row in found] == expected
    assert [row["explanations.kernel_shap_0"] for row in found] == [0.1, 0.2]
    assert {row["explanations.base"] for row in found} == {7}


@pytest.mark.parametrize(
    ("predictions", "code"),
    [
        ({"content_type": "application/json", "data": "{"}, RejectionCode.BAD_JSON),
        ({"content_type": "application/json", "data": '{"a": {"1": 3, "0": 4}}'}, RejectionCode.AMBIGUOUS_ROWS),
        ({"content_type": "application/json", "data": "3"}, RejectionCode.ROW_COUNT_MISMATCH),
    ],
)
def test_explained_predictions_that_cannot_be_read_reject_the_call(predictions: Any, code: RejectionCode) -> None:
    """With the code that they would have alone."""
    answer = json_side({"predictions": predictions, "explanations": EXPLAINED})
    outcome = outcome_of(capture(TWO, answer))
    assert isinstance(outcome, Rejection)
    assert outcome.code is code


@pytest.mark.parametrize("document", [{"predictions": [3, 4]}, {"predictions": {"data": 3}}, {"predictions": 3}])
def test_other_answers_with_explanations_are_read_like_any_other(document: Any) -> None:
    """Only predictions as text are those of the explainer."""
    request = TWO if isinstance(document["predictions"], list) else csv_side("1")
    found = outputs(request, json_side(document | {"explanations": {"a": 1}}), PayloadOptions())
    assert all(row["explanations.a"] == 1 for row in found)
