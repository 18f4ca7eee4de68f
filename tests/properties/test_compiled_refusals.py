"""The compiled path refuses the lines for which only the plain path has rules."""

from typing import Any

import pytest

from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType
from tests.properties.compiled_paths import Paths, compiled_rows
from tests.properties.compiled_samples import ANSWER, COMPILED, MIXED, NAMED, ROW, SCORED, schema
from tests.support.captures import Side, base64_side, capture, csv_side, json_side


def tensor(name: str, data: list[Any]) -> dict[str, Any]:
    """Return a tensor of KServe."""
    return {"name": name, "shape": [len(data)], "datatype": "FP64", "data": data}


REFUSED = {
    "an empty cell beside a quote": (csv_side('1.5,,"bl""ue",true'), csv_side("0.25,1")),
    "a malformed quoted cell": (csv_side('1.5,7,"blue,true'), csv_side("0.25,1")),
    "an empty cell beside null": (csv_side("1.5,,null,true"), csv_side("0.25,1")),
    "one value too many": (csv_side("1.5,7,blue,true,0"), csv_side("0.25,1")),
    "nan": (csv_side("nan,7,blue,true"), csv_side("0.25,1")),
    "infinity": (csv_side("1e999,7,blue,true"), csv_side("0.25,1")),
    "more answers than rows": (csv_side("1.5,7,blue,true"), csv_side("0.25,1\n0.25,1")),
    "more rows than answers": (csv_side("1.5,7,blue,true\n1.5,7,blue,true"), csv_side("0.25,1")),
    "names and one more": (json_side(NAMED | {"x": 1}), json_side(SCORED)),
    "a name missing": (json_side({"in 0": 1.5}), json_side(SCORED)),
    "tensors": (csv_side("1.5,7,blue,true"), json_side({"outputs": [tensor("out 0", [0.25]), tensor("out 1", [1])]})),
    "columns": (csv_side("1.5,7,blue,true"), json_side({"out 0": [0.25], "out 1": [1]})),
    "verbose": (json_side({"instances": [{"data": {"features": {"values": ROW}}}]}), csv_side("0.25,1")),
    "an answer of one line": (csv_side("1.5,7,blue,true\n" * 2), csv_side("0.25,1,0.25,1")),
    "no rows": (json_side({"instances": []}), json_side({"predictions": []})),
    "no document": (json_side("{"), json_side(SCORED)),
    "an image": (base64_side(b"\x89PNG", "image/png"), json_side(ANSWER)),
    "broken base64": (
        {"observedContentType": "application/json", "data": "!", "encoding": "BASE64"},
        json_side(ANSWER),
    ),
    "base64 with a mark": (base64_side("\ufeff1.5,7,blue,true".encode(), "text/csv"), csv_side("0.25,1")),
    "no encoding that is known": ({"data": "1", "encoding": "XML"}, json_side(ANSWER)),
    "an answer that is missing": (csv_side("1.5,7,blue,true"), None),
}


@pytest.mark.parametrize(("request_side", "answer_side"), REFUSED.values(), ids=REFUSED)
def test_special_payloads_are_refused(request_side: Side, answer_side: Side | None) -> None:
    """Only the plain path has the rules for them, also after all common layouts were learned."""
    line = capture(request_side, answer_side)
    paths = Paths(MIXED)
    for call in COMPILED.values():
        paths.learn(capture(*call))
    paths.learn(line)
    assert paths.compiled_rows(line) is None


@pytest.mark.parametrize(
    "metadata", [{"invocationSource": "ShadowExperiment"}, {"inferenceId": "x" * 250}, {"eventId": ""}]
)
def test_special_records_are_refused(metadata: dict[str, str]) -> None:
    """Shadow copies, ids that may be too long, records without an id."""
    paths = Paths(MIXED)
    paths.learn(capture(csv_side("1.5,7,blue,true"), csv_side("0.25,1")))
    assert paths.compiled_rows(capture(csv_side("1.5,7,blue,true"), csv_side("0.25,1"), **metadata)) is None


@pytest.mark.parametrize("ground_truth", [b'{"data": "1"}', b"null"])
def test_merged_records_are_refused(ground_truth: bytes) -> None:
    """The plain path skips a record with ground truth and reads one with null in its place."""
    line = capture(csv_side("1.5,7,blue,true"), csv_side("0.25,1"))
    paths = Paths(MIXED)
    paths.learn(line)
    assert paths.compiled_rows(b'{"groundTruthData":' + ground_truth + b"," + line[1:]) is None


@pytest.mark.parametrize("text", ["a\n\nb", "a\nb\nc"])
def test_one_column_of_texts_is_refused(text: str) -> None:
    """A blank row is no row, and a typed decoder would make one of it."""
    assert compiled_rows(capture(csv_side(text), csv_side("1\n2\n3")), schema("S", "F")) is None


@pytest.mark.parametrize(("text", "inputs"), [(["a", "b"], "SS"), (["a"], "S")])
def test_a_bare_list_of_texts_is_refused(text: list[str], inputs: str) -> None:
    """It is a list of rows, and a bare list of numbers is one row."""
    assert compiled_rows(capture(json_side(text), json_side([1] * len(text))), schema(inputs, "F")) is None
    paths = Paths(schema(inputs, "F"))
    paths.learn(capture(json_side([1] * len(text)), csv_side("1")))
    assert paths.compiled_rows(capture(json_side(text), csv_side("1"))) is None


def test_values_under_an_ordered_key_are_one_row() -> None:
    """`{"features": [1, [2]]}` is two rows, so values under this key are not compiled as rows."""
    paths = Paths(schema("F", "F"))
    paths.learn(capture(json_side({"features": [1, [2]]}), csv_side("1\n2")))
    assert paths.compiled_rows(capture(json_side({"features": [1, 2]}), csv_side("1\n2"))) is None


def test_rows_that_look_like_tensors_are_refused() -> None:
    """The inputs of the model have the names of a tensor's keys."""
    names = ("name", "shape", "datatype", "data")
    model = ModelSchema(
        (
            *(Attribute(name, Stage.PIPELINE_INPUT, ValueType.STRING, at) for at, name in enumerate(names)),
            Attribute("p", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0),
        )
    )
    line = capture(json_side([dict.fromkeys(names, "x")]), csv_side("1"))
    assert compiled_rows(line, model) is None


def test_a_prediction_that_may_be_an_error_is_refused() -> None:
    """`{"error": ...}` alone is an error document, also if the model has a value of this name."""
    model = ModelSchema(
        (
            Attribute("a", Stage.PIPELINE_INPUT, ValueType.FLOAT, 0),
            Attribute("error", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0),
        )
    )
    assert compiled_rows(capture(csv_side("1"), json_side([{"error": 0.5}] * 2)), model) is None
    assert compiled_rows(capture(json_side({"predictions": [1]}), csv_side("0.5")), model)


def test_a_guessed_media_type_is_refused() -> None:
    """Text without a content type is CSV only if all its cells are numbers; a typed decoder does not check that."""
    assert compiled_rows(capture(base64_side(b"1,2"), csv_side("1")), schema("SS", "F")) is None


def test_a_byte_order_mark_is_no_part_of_the_first_cell() -> None:
    """An attribute of text would take it in."""
    paths = Paths(schema("SF", "F"))
    paths.learn(capture(base64_side(b"blue,1", "text/csv"), csv_side("1")))
    assert paths.compiled_rows(capture(base64_side("\ufeffblue,1".encode(), "text/csv"), csv_side("1"))) is None


def test_json_is_never_read_as_cells() -> None:
    """Attributes of text would take in its brackets."""
    assert compiled_rows(capture(json_side("[[1,2]]"), csv_side("1")), schema("SS", "F")) is None


def test_a_call_without_rows_is_refused() -> None:
    """It is a rejection, also after calls of the same layout that had rows."""
    paths = Paths(MIXED)
    paths.learn(capture(json_side({"instances": [ROW]}), json_side({"predictions": [ANSWER]})))
    assert paths.compiled_rows(capture(json_side({"instances": []}), json_side({"predictions": []}))) is None


BESIDE = {
    "columns of the user": ({"predictions": [0.5]}, {"predictions": [1], "probabilities": [0.85]}),
    "a name beside an ordered key": (
        {"predictions": [{"probabilities": [0.5]}]},
        {"predictions": [{"probabilities": [0.5], "x": 1}]},
    ),
}


@pytest.mark.parametrize(("known", "odd"), BESIDE.values(), ids=BESIDE)
def test_values_beside_the_rows_are_not_ignored(known: dict[str, Any], odd: dict[str, Any]) -> None:
    """The decoder of the layout without them refuses a document that has them."""
    paths = Paths(schema("F", "F"))
    paths.learn(capture(csv_side("1"), json_side(known)))
    assert paths.compiled_rows(capture(csv_side("1"), json_side(known)))
    assert paths.compiled_rows(capture(csv_side("1"), json_side(odd))) is None
