"""Which calls are learned by their skeleton, which of them a decoder takes, and the limits of learning."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from capture_forwarder.domain.capture import CaptureRecord, Line
from capture_forwarder.domain.inference import Inference
from capture_forwarder.domain.route import DecodingOptions, PayloadOptions
from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType
from capture_forwarder.kinds.captures.examples import Example
from capture_forwarder.kinds.captures.places import find_places
from capture_forwarder.kinds.captures.plain import Decoded, Outcome
from tests.properties.compiled_paths import Paths
from tests.support.captures import base64_side, capture, csv_side, json_side

ANSWER = {"predictions": [0.1, 0.2]}
# By name: a request and its answer, and others with the same skeleton.
CALLS: dict[str, tuple[Any, Any, Any, Any]] = {
    "columns": ({"a": [1, 2], "b": ["x", "y"]}, ANSWER, {"a": [0.5, 7], "b": ["", "z"]}, {"predictions": [1, 0]}),
    "a frame": (
        {"columns": ["a", "b"], "data": [[1, "x"], [2, "y"]]},
        ANSWER,
        {"columns": ["a", "b"], "data": [[3, "v"], [4, "w"]]},
        {"predictions": [1, 0]},
    ),
    "a frame with an index": (
        {"dataframe_split": {"columns": ["a", "b"], "index": [0, 1], "data": [[1, 2], [2, 3]]}},
        ANSWER,
        {"dataframe_split": {"columns": ["a", "b"], "index": [0, 1], "data": [[7, 8], [9, 0]]}},
        ANSWER,
    ),
    "tensors": (
        {"id": "1", "inputs": [{"name": "x", "shape": [2, 2], "datatype": "FP32", "data": [1, 2, 3, 4]}]},
        {"model_name": "m", "outputs": [{"name": "y", "shape": [2, 1], "datatype": "FP32", "data": [0.1, 0.2]}]},
        {"id": "2", "inputs": [{"name": "x", "shape": [2, 2], "datatype": "FP32", "data": [5, 6, 7, 8]}]},
        {"model_name": "m", "outputs": [{"name": "y", "shape": [2, 1], "datatype": "FP32", "data": [1, 0]}]},
    ),
    "values beside rows": (
        {"instances": [[1, 2], [3, 4]]},
        {"predictions": [0, 1], "scores": [[0.1, 0.9], [0.8, 0.2]], "model": "v3"},
        {"instances": [[5, 6], [7, 8]]},
        {"predictions": [1, 1], "scores": [[0.3, 0.7], [0.2, 0.8]], "model": "v4"},
    ),
    "nested documents": (
        {"user": {"age": 3, "name": "z", "new": True}, "amount": 5.5},
        {"score": 0.4, "detail": {"low": 0.1, "seen": None}},
        {"user": {"age": 4, "name": "Traceback", "new": False}, "amount": -1},
        {"score": 1, "detail": {"low": 0.2, "seen": None}},
    ),
    "chat": (
        {"messages": [{"role": "user", "content": "hello"}], "temperature": 0.5},
        {"object": "chat.completion", "choices": [{"index": 0, "message": {"content": "hi"}}], "usage": {"total": 5}},
        {"messages": [{"role": "user", "content": "and, so on: {"}], "temperature": 1},
        {"object": "chat.completion", "choices": [{"index": 0, "message": {"content": '"'}}], "usage": {"total": 6}},
    ),
    "labels with scores": (
        {"inputs": "a text"},
        [[{"label": "POS", "score": 0.9}, {"label": "NEG", "score": 0.1}]],
        {"inputs": "another"},
        [[{"label": "NEG", "score": 0.6}, {"label": "POS", "score": 0.4}]],
    ),
}
NESTED = {"user": {"age": 3, "name": "z"}}
SCORE = {"score": 0.5, "more": {"text": "x"}}


def learned(request: Any, answer: Any, **options: Any) -> Paths:
    """Return both paths after two calls with one skeleton."""
    paths = Paths(options.pop("schema", None), DecodingOptions(**options) if options else None)
    for _ in range(2):
        paths.learn(capture(as_side(request), as_side(answer)))
    return paths


def as_side(document: Any) -> dict[str, Any]:
    """Return a document as a side of a capture; a text is CSV."""
    return csv_side(document) if isinstance(document, str) else json_side(document)


def is_compiled(paths: Paths, request: Any, answer: Any) -> bool:
    """Tell whether the compiled path reads a call; then it makes the bytes of the plain path."""
    return paths.compiled_rows(capture(as_side(request), as_side(answer))) is not None


@pytest.mark.parametrize("name", CALLS)
def test_the_second_call_of_a_skeleton_is_learned(name: str) -> None:
    """The decoder takes the values of any other call with it."""
    request, answer, other_request, other_answer = CALLS[name]
    paths = Paths(None)
    line = capture(json_side(request), json_side(answer))
    paths.learn(line)
    assert paths.compiled_rows(line) is None
    paths.learn(line)
    assert paths.compiled_rows(line)
    assert is_compiled(paths, other_request, other_answer)


@pytest.mark.parametrize(
    "request_text",
    [
        '{"user":{"name":"z","age":3}}',
        '{"user":{"age":3,"name":"z"},"more":1}',
        '{"user":{"age":3}}',
        '{"user":{"age":3,"name":"z","name":"z"}}',
        '{"user":{"age":3,"name":null}}',
        '{"user":{"age":"3","name":"z"}}',
        '{"user":{"age":true,"name":"z"}}',
        '{"user":{"age":36893488147419103232,"name":"z"}}',
        '{"user":[3,"z"]}',
        '{"user":{"age":3,"n\\u0061me":"z"}}',
        '{"user":{"name":"age","age":3}}',
    ],
    ids=[
        "order",
        "name added",
        "name missing",
        "name twice",
        "null",
        "text",
        "bool",
        "65 bits",
        "list",
        "name with an escape",
        "order, and a name as a value",
    ],
)
def test_another_skeleton_is_left_to_the_plain_path(request_text: str) -> None:
    """Names, their order, lengths and kinds belong to the skeleton."""
    paths = learned(NESTED, SCORE)
    assert is_compiled(paths, NESTED, SCORE)
    assert not paths.compiled_rows(capture(json_side(NESTED) | {"data": request_text}, json_side(SCORE)))


@pytest.mark.parametrize(
    "request_text",
    [
        ' {\n"user" : {"age" :3, "name": "z"} }\n',
        '{"user":{"age":3,"name":"\\"name\\":\\\\"}}',
        '{"user":{"age":3,"name":"{\\"user\\":{\\"age\\":4"}}',
        '{"user":{"age":3,"name":""}}',
    ],
    ids=["spaces", "a quoted name and a backslash", "the document itself", "empty"],
)
def test_other_texts_with_the_skeleton_are_compiled(request_text: str) -> None:
    """Blanks between values mean nothing, and a value may hold what looks like names."""
    paths = learned(NESTED, SCORE)
    assert paths.compiled_rows(capture(json_side(NESTED) | {"data": request_text}, json_side(SCORE)))


@pytest.mark.parametrize(
    ("request_document", "answer"),
    [
        ({"x": {"n": None, "m": 1}}, {"score": 0.5, "d": {"t": "x", "e": []}}),
        ({"x": {"n": None}}, {"e": {"a": []}, "d": {"t": "x"}}),
        ({"x": {"n": [], "m": 1}}, {"score": 0.5, "d": {"t": None}}),
        ({"x": {"n": [], "m": None}}, {"score": 0.5, "d": {"t": None, "u": []}}),
        ({}, {"score": 0.5, "d": {"t": None, "u": []}}),
    ],
)
def test_the_null_of_an_empty_list_is_no_null_of_the_other_side(request_document: Any, answer: Any) -> None:
    """The plain path makes null of an empty list, which is in no leaf."""
    paths, line = Paths(None), capture(json_side(request_document), json_side(answer))
    for _ in range(4):
        paths.learn(line)
        paths.compiled_rows(line)


@pytest.mark.parametrize("name", ["", ":", ",", "}", "a b", "(.*", "größe", "\u2028"])
@pytest.mark.parametrize("ensure_ascii", [True, False], ids=["in ASCII", "as it is"])
def test_names_may_have_odd_characters(name: str, *, ensure_ascii: bool) -> None:
    """They may be written in both ways that libraries know."""
    paths = Paths(None)
    for _ in range(2):
        line = _line_with_name(name, ensure_ascii=ensure_ascii)
        paths.learn(line)
    assert paths.compiled_rows(line)
    assert paths.compiled_rows(_line_with_name(name, ensure_ascii=not ensure_ascii))
    assert not paths.compiled_rows(_line_with_name(f"{name}x"))


@pytest.mark.parametrize("name", ["a\tb", 'a"b', "a\\"])
def test_names_that_need_an_escape_are_left_to_the_plain_path(name: str) -> None:
    """Structs cannot have them."""
    paths = Paths(None)
    for _ in range(2):
        line = _line_with_name(name)
        paths.learn(line)
        assert not paths.compiled_rows(line)


def _line_with_name(name: str, *, ensure_ascii: bool = True) -> bytes:
    document = {"user": {name: 1, "b": "x"}}
    return capture(json_side({}) | {"data": json.dumps(document, ensure_ascii=ensure_ascii)}, json_side(SCORE))


@pytest.mark.parametrize(
    "answer",
    [
        {"score": 0.5, "more": {"text": "Traceback (most recent call last):\n x"}},
        {"score": 0.5, "more": {"text": 5}},
    ],
    ids=["a traceback", "a number"],
)
def test_answers_that_may_be_errors_are_left_to_the_plain_path(answer: Any) -> None:
    """Only the plain path knows errors."""
    assert not is_compiled(learned(NESTED, SCORE), NESTED, answer)


def test_values_that_can_mean_an_error_keep_the_value_of_the_example() -> None:
    """A status of 200 is data, and one of 500 is an error."""
    paths = learned(NESTED, {"status": 200, "message": "fine", "more": {"a": 1}})
    assert is_compiled(paths, NESTED, {"status": 200, "message": "good", "more": {"a": 2}})
    assert not is_compiled(paths, NESTED, {"status": 500, "message": "good", "more": {"a": 2}})


def test_names_of_columns_keep_the_value_of_the_example() -> None:
    """They are names of values, so other ones are another layout."""
    paths = learned({"columns": ["a", "b"], "data": [[1, 2], [3, 4]]}, ANSWER)
    assert not is_compiled(paths, {"columns": ["a", "c"], "data": [[1, 2], [3, 4]]}, ANSWER)


def test_values_that_are_left_out_are_counted() -> None:
    """The check of both paths compares the counts."""
    request, answer, *others = CALLS["tensors"]
    assert is_compiled(learned(request, answer), *others)


@pytest.mark.parametrize("rows", [1, 2])
def test_the_other_side_may_be_csv_or_base64(rows: int) -> None:
    """A side without a skeleton has its own decoder."""
    answer = {"predictions": [0.5] * rows, "scores": [[0.1, 0.9]] * rows}
    paths = Paths(None)
    line = capture(csv_side("1,2\n" * rows), base64_side(json.dumps(answer).encode(), "application/json"))
    for _ in range(2):
        paths.learn(line)
    assert paths.compiled_rows(line)


def test_a_side_without_a_decoder_prevents_learning() -> None:
    """Cells between blanks have none."""
    paths = learned("1 2\n", SCORE, input=PayloadOptions(csv_delimiter=" "))
    assert not is_compiled(paths, "1 2\n", SCORE)


def test_values_that_only_change_together_are_not_learned() -> None:
    """Each of these values may change alone."""
    paths = Paths(None)

    def read(record: CaptureRecord) -> Outcome:
        outcome = paths.plain.read(record, Line(1, 0, 0, b""))
        assert isinstance(outcome, Decoded)
        row = outcome.rows[0]
        assert isinstance(row, Inference)
        are_both_changed = row.inputs["user.age"] != 3 and row.inputs["user.name"] != "z"
        return replace(outcome, rows=[*outcome.rows, row]) if are_both_changed else outcome

    line = capture(json_side(NESTED), json_side({"score": {"x": None}}))
    decoded = paths.plain(Line(1, 0, len(line), line))
    assert isinstance(decoded, Decoded)
    with pytest.raises(ValueError, match="decide how a call is read"):
        find_places(Example(decoded, read))


def schema(*types: ValueType) -> ModelSchema:
    """Return a schema of one input a type, `a`, `b`, ..., and of the output `score`."""
    inputs = [Attribute(chr(97 + place), Stage.PIPELINE_INPUT, one, place) for place, one in enumerate(types)]
    return ModelSchema((*inputs, Attribute("score", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0)))


@pytest.mark.parametrize(
    ("types", "other", "taken"),
    [
        ((ValueType.FLOAT, ValueType.STRING), {"a": [2, 3], "b": ["v", "w"]}, True),
        ((ValueType.FLOAT, ValueType.STRING), {"a": ["2", 3], "b": ["v", "w"]}, False),
        ((ValueType.INTEGER, ValueType.STRING), {"a": [2.5, 3], "b": ["v", "w"]}, False),
    ],
)
def test_a_schema_gives_the_types(types: tuple[ValueType, ...], other: Any, taken: bool) -> None:  # noqa: FBT001 - a case
    """A whole number becomes a float where the schema says so."""
    paths = learned({"a": [1, 2], "b": ["x", "y"]}, {"score": [0.5, 1]}, schema=schema(*types))
    assert is_compiled(paths, other, {"score": [1, 0]}) is taken


@pytest.mark.parametrize(
    ("types", "columns"),
    [
        (
            (ValueType.TIMESTAMP, ValueType.FLOAT),
            {"a": ["2026-01-01T00:00:00+00:00", "2026-02-01T00:00:00+00:00"], "b": [1, 2]},
        ),
        ((ValueType.STRING, ValueType.FLOAT), {"a": [True, False], "b": [1, 2]}),
        ((ValueType.STRING, ValueType.FLOAT), {"a": [5, 6], "b": [1, 2]}),
        ((ValueType.INTEGER, ValueType.FLOAT), {"a": [5.0, 6.0], "b": [1, 2]}),
        ((ValueType.STRING_ARRAY, ValueType.FLOAT), {"a": [["x"], ["y"]], "b": [1, 2]}),
    ],
    ids=["a timestamp", "a truth value as text", "a number as text", "a whole number", "lists"],
)
def test_values_that_are_rewritten_are_left_to_the_plain_path(types: tuple[ValueType, ...], columns: Any) -> None:
    """A decoder puts values into their places, and changes none of them."""
    other = {name: [*reversed(values)] for name, values in columns.items()}
    paths = learned(columns, {"score": [0.5, 1]}, schema=schema(*types))
    assert not is_compiled(paths, other, {"score": [1, 0]})


@pytest.mark.parametrize(
    ("request_document", "answer"),
    [
        ({"instances": [[1], [2]]}, {"predictions": [{"index": 0, "a": {"b": 1}}, {"index": 1, "a": {"b": 2}}]}),
        ({"instances": [[1], [2]]}, {"id": ["x", "y"], "predictions": ["u", "v"], "a": [["s"], ["t"]]}),
        ("1,2\n3,4\n", {"predictions": [[1, 2], [3, 4]], "x": {"y": []}}),
        ({"a,": {"b": 1}}, SCORE),
        ({" a": {"b": 1}}, SCORE),
        ({"a": {"b": ["x"] * 2001}}, SCORE),
        ({"a": {"b": "x" * 64_001}}, SCORE),
        ({"columns": [f"n{n}" for n in range(99)], "data": [["x" * 600] * 99]}, {"scores": [0.5], "more": [1]}),
        ("1,2\n3,4\n", {"0": "a", "1": "b"}),
        ("1,2\n3,4\n", [["a", "b"], [0.9, 0.1]]),
        ({}, SCORE),
        ({"a": {"b": True, "c": None}}, SCORE),
        ({"instances": [{"a": 1}, {"b": 2}]}, {"predictions": [0.5, 1], "scores": [1, 2]}),
        ({"instances": [{"a": 1}, {"a": 2}]}, {"predictions": [{"a": {"b": 1}}, {"error": "no"}]}),
        (NESTED, 5),
    ],
    ids=[
        *("an index", "texts", "an empty list", "a comma", "a blank", "many values", "a long text", "many names"),
        *("texts of rows", "arrays", "no values", "truth", "other names", "an error", "one number"),
    ],
)
def test_other_calls_are_read_as_the_plain_path_reads_them(request_document: Any, answer: Any) -> None:
    """Some of them are learned, others are not."""
    is_compiled(learned(request_document, answer), request_document, answer)


def test_documents_that_are_nested_deeply_are_not_learned() -> None:
    """Names grow with the depth."""
    deep: Any = 1
    for _ in range(30):
        deep = {"a": deep}
    assert not is_compiled(learned(deep, SCORE), deep, SCORE)


def test_documents_whose_form_was_guessed_are_not_learned() -> None:
    """The next payload without a type may be another format."""
    paths = Paths(None)
    line = capture(base64_side(json.dumps(NESTED).encode()), json_side(SCORE))
    for _ in range(2):
        paths.learn(line)
    assert paths.compiled_rows(line) is None
