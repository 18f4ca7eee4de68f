"""Every sentence that says why something will never be delivered: whole, as people read it in quarantine and logs."""

from typing import Any

import pytest

from capture_forwarder.domain.delivery import Rejection, RejectionCode
from capture_forwarder.domain.route import DecodingOptions, Layout, PayloadOptions
from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType
from capture_forwarder.domain.values import typed
from capture_forwarder.kinds.captures.plain import Decoded
from tests.support.captures import base64_side, capture, csv_side, json_side, outcome_of

ONE = csv_side("1")
MODEL = ModelSchema(
    (
        Attribute("age", Stage.PIPELINE_INPUT, ValueType.INTEGER, 0),
        Attribute("who.name", Stage.PIPELINE_INPUT, ValueType.STRING, 1),
        Attribute("p0", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0, implicit=True),
        Attribute("p1", Stage.PREDICTED_VALUE, ValueType.FLOAT, 1),
    )
)


def said(data: bytes, options: DecodingOptions | None = None, schema: ModelSchema | None = None) -> tuple[str, str]:
    """Return the code and the sentence of the one rejection that `data` leads to."""
    outcome = outcome_of(data, options, schema)
    rejections = outcome.rows if isinstance(outcome, Decoded) else [outcome]
    (rejection,) = (one for one in rejections if isinstance(one, Rejection))
    return str(rejection.code), rejection.why


def pinned(document: Any, layout: Layout) -> tuple[str, str]:
    """Return what is said of a request that the route reads as `layout`."""
    return said(capture(json_side(document), ONE), DecodingOptions(input=PayloadOptions(layout=layout)))


UNSURE = "a body {}; it looks like neither JSON nor numbers in CSV; set the route's input_content_type or output_content_type"
OF_LINES = {
    "not JSON": (b"{", "line_not_json", "the line is not one JSON document in UTF-8"),
    "not UTF-8": (capture(csv_side("?"), ONE).replace(b"?", b"\xff"), "line_not_json", "the line is not one JSON document in UTF-8"),
    "no record": (b"{}", "not_a_capture", "not a capture record: captureData or eventMetadata is missing"),
    "a list": (b"[]", "not_a_capture", "not a capture record: $ is missing or of another type"),
    "no event id": (b'{"captureData": {}, "eventMetadata": {}}', "not_a_capture", "not a capture record: eventMetadata.eventId or eventMetadata.inferenceTime is missing"),
    "another type": (capture(ONE, ONE, time="noon"), "not_a_capture", "not a capture record: $.eventMetadata.inferenceTime is missing or of another type"),
    "another encoding": (capture(ONE | {"encoding": "AVRO"}, ONE), "not_a_capture", "not a capture record: an encoding is none of CSV, JSON, BASE64"),
    "no answer": (capture(ONE, None), "one_sided", 'the answer was not captured; one_sided = "forward" sends the other side alone'),
    "no request": (capture(None, ONE), "one_sided", 'the request was not captured; one_sided = "forward" sends the other side alone'),
    "an error": (capture(ONE, json_side({"error": "x"})), "error_body", "the answer is an error, not a prediction"),
    "an image": (capture(base64_side(b"x", "image/x-mine"), ONE), "binary_payload", "a binary body (image) holds no named values"),
    "arrays of NumPy": (capture(base64_side(b"x", "application/x-npy"), ONE), "binary_payload", "a binary body (application/x-npy) holds no named values"),
    "bytes": (capture(base64_side(b"\xff\xfe\xfd"), ONE), "binary_payload", "the body is not text"),
    "bytes that are text to Latin-1": (capture(base64_side(b"\0", "x/y; charset=latin-1"), ONE), "binary_payload", "the body is not text"),
    "bytes declared as CSV": (capture(base64_side(b"\xff", "text/csv"), ONE), "bad_text", "the body is not utf-8 text, although its declared type says so"),
    "a charset that may do anything": (
        capture(base64_side(b"1", "text/csv; charset=idna"), ONE),
        "bad_text",
        "the declared charset is none of ascii, iso-8859-1, latin-1, us-ascii, utf-16, utf-8, utf8, windows-1252",
    ),
    "no base64": (capture(ONE | {"encoding": "BASE64", "data": "?"}, ONE), "bad_base64", "the data is not valid base64"),
    "words": (capture(base64_side(b"hello"), ONE), "unknown_content_type", UNSURE.format("without a content type")),
    "words of a type": (capture(base64_side(b"hello", "text/plain"), ONE), "unknown_content_type", UNSURE.format("of a content type that holds no rows")),
    "bad JSON": (capture(json_side("{"), ONE), "bad_json", "the payload is neither one JSON document nor one a line"),
    "bad JSON Lines": (capture(json_side("1\n{", "application/jsonlines"), ONE), "bad_json", "the payload is neither one JSON document nor one a line"),
    "bad CSV": (capture(csv_side('"a'), ONE), "bad_csv", "a quoted cell is malformed"),
    "a lone number": (capture(json_side("1"), ONE), "unknown_layout", "no layout for json fits; set the route's layout option"),
    "lines of numbers": (capture(json_side("1\n2"), ONE), "unknown_layout", "no layout for jsonlines fits; set the route's layout option"),
    "too few answers": (
        capture(csv_side("1\n2\n3"), csv_side("1\n2")),
        "row_count_mismatch",
        "3 input rows and 2 output rows; if the payloads are laid out otherwise, set the route's layout",
    ),
    "one name, two values": (capture(json_side({"a": 1}), json_side({"a": 2})), "ambiguous_name", "input and output give one name different values"),
    "one name twice": (capture(json_side({"a": {"b": 1}, "a.b": 2}), ONE), "ambiguous_name", "two nested values come to the same name"),
    "a long name": (capture(json_side({"n" * 1025: 1}), ONE), "unknown_layout", "a name of more than 1024 characters"),
}  # fmt: skip


@pytest.mark.parametrize(("line", "code", "why"), OF_LINES.values(), ids=OF_LINES)
def test_a_line_that_is_rejected_says_why(line: bytes, code: str, why: str) -> None:
    """What is wrong, and what to do where somebody can do something."""
    assert said(line) == (code, why)


OF_MODELS = {
    "too many values": (csv_side("1,x,3"), ONE, "value_count_mismatch", "3 ordered values where the model has 2 attributes"),
    "as many as neither": (csv_side("1,x"), csv_side("1,2,3"), "value_count_mismatch", "3 ordered values where the model has 1 or 2 attributes"),
    "another type": (csv_side("old,x"), ONE, "value_type_mismatch", "attribute age expects INTEGER: not a number"),
    "another type by name": (json_side({"age": "old"}), ONE, "value_type_mismatch", "attribute age expects INTEGER: not a number"),
    "an unknown name": (
        json_side({"höhe" + "x" * 100: 1}),
        ONE,
        "unknown_attribute",
        "the model has no attribute 'h\\xf6he" + "x" * 60 + "' on this side; add it, or set the route's unknown_attributes to \"drop\"",
    ),
    "one attribute twice": (json_side({"who": {"name": "a"}, "who.name": "b"}), ONE, "ambiguous_name", "two nested values come to the same name"),
}  # fmt: skip


@pytest.mark.parametrize(("request_", "answer", "code", "why"), OF_MODELS.values(), ids=OF_MODELS)
def test_a_row_that_does_not_fit_its_model_says_where(request_: Any, answer: Any, code: str, why: str) -> None:
    """The attribute and what it expects, never the value."""
    assert said(capture(request_, answer), schema=MODEL) == (code, why)


def test_a_model_without_ordered_attributes_says_so() -> None:
    """Then no positional row can be named."""
    schema = ModelSchema((Attribute("age", Stage.PIPELINE_INPUT, ValueType.INTEGER),))
    assert said(capture(ONE, ONE), schema=schema)[1] == "1 ordered values where the model has no attributes"


@pytest.mark.parametrize(("event_id", "rows"), [("e" * 256, 1), ("e" * 254, 2)], ids=["of a call", "of its rows"])
def test_an_id_that_is_too_long_says_what_avoids_it(event_id: str, rows: int) -> None:
    """Never cut: two ids that share a beginning would be one."""
    side = csv_side("1\n" * rows)
    outcome = outcome_of(capture(side, side, eventId=event_id))
    rejections = outcome.rows if isinstance(outcome, Decoded) else [outcome]
    why = 'the partner inference id has more than 255 characters; id_source = "event-id" avoids it'
    assert [(one.code, one.why) for one in rejections if isinstance(one, Rejection)] == [
        (RejectionCode.PARTNER_ID_TOO_LONG, why)
    ] * rows


def header(text: str) -> tuple[str, str]:
    """Return what is said of CSV with a row of names."""
    return said(capture(csv_side(text), ONE), DecodingOptions(input=PayloadOptions(csv_header=True)))


@pytest.mark.parametrize("text", ["a,a\n1,2", "a,b\n1", "a,b\n1,2,3"])
def test_a_header_that_does_not_fit_its_rows_says_so(text: str) -> None:
    """Names that repeat, rows that are shorter or longer."""
    assert header(text) == ("bad_csv", "the header names a column twice, or a row is not as long as it")


def tensor(shape: Any, data: Any, name: str = "a") -> dict[str, Any]:
    """Return one tensor of KServe."""
    return {"name": name, "datatype": "FP32", "shape": shape, "data": data}


def sparse(**fields: Any) -> dict[str, Any]:
    """Return `instances` of one verbose row."""
    return {"instances": [{"data": {"features": fields}}]}


OF_LAYOUTS: dict[str, tuple[Layout, Any, str]] = {
    "no frame": (Layout.DATAFRAME_SPLIT, {"a": 1}, "dataframe_split holds no object"),
    "no columns": (Layout.DATAFRAME_SPLIT, {"dataframe_split": {"data": []}}, "dataframe_split.columns is not a list of names"),
    "columns that are no names": (Layout.DATAFRAME_SPLIT, {"dataframe_split": {"columns": [1], "data": []}}, "dataframe_split.columns is not a list of names"),
    "a column twice": (Layout.DATAFRAME_SPLIT, {"dataframe_split": {"columns": ["a", "a"], "data": [[1, 2]]}}, "dataframe_split.columns names a column twice"),
    "no data": (Layout.DATAFRAME_SPLIT, {"dataframe_split": {"columns": ["a"], "data": {"a": 1}}}, "dataframe_split.data is not a list of rows as long as dataframe_split.columns"),
    "a short row": (Layout.DATAFRAME_SPLIT, {"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], [1]]}}, "dataframe_split.data is not a list of rows as long as dataframe_split.columns"),
    "a row that is no list": (Layout.DATAFRAME_SPLIT, {"dataframe_split": {"columns": ["a"], "data": ["x"]}}, "dataframe_split.data is not a list of rows as long as dataframe_split.columns"),
    "no tensors": (Layout.KSERVE, {"inputs": [1]}, "neither inputs nor outputs holds a list of tensors"),
    "tensors of one name": (Layout.KSERVE, {"inputs": [tensor([1], [1]), tensor([1], [1])]}, "the tensors share a name or differ in the number of rows"),
    "tensors of other lengths": (Layout.KSERVE, {"inputs": [tensor([1], [1]), tensor([2], [1, 2], "b")]}, "the tensors share a name or differ in the number of rows"),
    "a shape that is no list": (Layout.KSERVE, {"inputs": [tensor(1, [1])]}, "a tensor's shape is not a list of whole numbers"),
    "an empty shape": (Layout.KSERVE, {"inputs": [tensor([], [1])]}, "a tensor's shape is not a list of whole numbers"),
    "a shape of text": (Layout.KSERVE, {"inputs": [tensor(["1"], [1])]}, "a tensor's shape is not a list of whole numbers"),
    "a shape of truth": (Layout.KSERVE, {"inputs": [tensor([True], [1])]}, "a tensor's shape is not a list of whole numbers"),
    "a negative shape": (Layout.KSERVE, {"inputs": [tensor([-1, -1], [1])]}, "a tensor's shape is not a list of whole numbers"),
    "many dimensions": (Layout.KSERVE, {"inputs": [tensor([1] * 65, [1])]}, "a tensor of more than 64 dimensions"),
    "data of another size": (Layout.KSERVE, {"inputs": [tensor([2], [1])]}, "a tensor's data does not have as many values as its shape says"),
    "data that is no list": (Layout.KSERVE, {"inputs": [tensor([1], 1)]}, "a tensor's data does not have as many values as its shape says"),
    "no columns at all": (Layout.COLUMNS, [1], "not an object of lists of scalars, all of one length"),
    "uneven columns": (Layout.COLUMNS, {"a": [1], "b": [1, 2]}, "not an object of lists of scalars, all of one length"),
    "nested columns": (Layout.COLUMNS, {"a": [[1]]}, "not an object of lists of scalars, all of one length"),
    "no vector": (Layout.VECTOR, {"a": [1]}, "not a list of values"),
    "no outer key": (
        Layout.INSTANCES,
        {"rows": [1]},
        "none of the outer keys instances, predictions, projections, scores, dataframe_records, inputs, outputs holds a list",
    ),
    "no list": (Layout.LIST, {"a": 1}, "not a list of rows"),
    "no object": (Layout.OBJECT, [1], "not an object"),
    "a huge sparse row": (Layout.INSTANCES, sparse(keys=[0], shape=[2_000_001], values=[1]), "sparse rows of more than 2000000 values in one payload"),
    "a sparse shape of two": (Layout.INSTANCES, sparse(keys=[0], shape=[1, 2], values=[1]), "a sparse row's shape is not one whole number"),
    "a sparse shape that is none": (Layout.INSTANCES, sparse(keys=[0], shape=4, values=[1]), "a sparse row's shape is not one whole number"),
    "a sparse shape of truth": (Layout.INSTANCES, sparse(keys=[0], shape=[True], values=[1]), "a sparse row's shape is not one whole number"),
    "a negative sparse shape": (Layout.INSTANCES, sparse(keys=[], shape=[-1], values=[]), "a sparse row's shape is not one whole number"),
    "more keys than values": (Layout.INSTANCES, sparse(keys=[0, 1], shape=[4], values=[1]), "a sparse row's keys and values differ in number"),
    "keys that are no list": (Layout.INSTANCES, sparse(keys="ab", shape=[4], values=[1, 2]), "a sparse row's keys and values differ in number"),
    "a key past the end": (Layout.INSTANCES, sparse(keys=[4], shape=[4], values=[1]), "a sparse row's key lies outside its shape"),
    "a negative key": (Layout.INSTANCES, sparse(keys=[-1], shape=[4], values=[1]), "a sparse row's key lies outside its shape"),
    "a key of text": (Layout.INSTANCES, sparse(keys=["0"], shape=[4], values=[1]), "a sparse row's key lies outside its shape"),
}  # fmt: skip


@pytest.mark.parametrize(("layout", "document", "why"), OF_LAYOUTS.values(), ids=OF_LAYOUTS)
def test_a_document_that_is_not_as_the_route_says_tells_how_it_was_read(
    layout: Layout, document: Any, why: str
) -> None:
    """The layout that the route named comes first: that is what can be changed."""
    assert pinned(document, layout) == ("unknown_layout", f"read as {layout}: {why}")


@pytest.mark.parametrize(
    ("document", "layout", "rows"),
    [
        ({"inputs": [tensor([1] * 64, [7])]}, Layout.KSERVE, [7]),
        ({"inputs": [tensor([1, 0], [])]}, Layout.KSERVE, None),
        (sparse(keys=[3], shape=[4], values=[9]), Layout.INSTANCES, [0, 0, 0, 9]),
        ({"instances": [1]}, Layout.COLUMNS, [1]),
        (["a"], Layout.VECTOR, ["a"]),
    ],
    ids=["64 dimensions", "no values", "the last key", "an outer key as a column", "text as a vector"],
)
def test_the_last_document_that_fits_is_read(document: Any, layout: Layout, rows: list[Any] | None) -> None:
    """Limits hold up to, and including, themselves."""
    options = DecodingOptions(input=PayloadOptions(layout=layout))
    outcome = outcome_of(capture(json_side(document), ONE), options)
    assert (list(outcome.rows[0].inputs.values()) if isinstance(outcome, Decoded) else None) == rows  # type: ignore[union-attr]  # a rejected row fails here, as it should


OF_VALUES = [
    ("abc", ValueType.FLOAT, "not a number"),
    (True, ValueType.FLOAT, "not a number"),
    ([1], ValueType.FLOAT, "not a number"),
    ("1e999", ValueType.FLOAT, "too large for a 64-bit float"),
    (10**400, ValueType.FLOAT, "too large for a 64-bit float"),
    (1.5, ValueType.INTEGER, "not a whole number"),
    (2.0**53 * 2, ValueType.INTEGER, "not a whole number"),
    (-(2.0**53) * 2, ValueType.INTEGER, "not a whole number"),
    (2**63, ValueType.INTEGER, "more than 64 bits"),
    ("9223372036854775808", ValueType.INTEGER, "more than 64 bits"),
    (-(2**63) - 1, ValueType.INTEGER, "more than 64 bits"),
    (True, ValueType.INTEGER, "not a number"),
    ("yes", ValueType.BOOLEAN, "neither true, false, 0 nor 1"),
    (2, ValueType.BOOLEAN, "neither true, false, 0 nor 1"),
    (1, ValueType.TIMESTAMP, "not a timestamp"),
    ("yesterday", ValueType.TIMESTAMP, "not an ISO 8601 timestamp"),
    ("2026-01-15T10:00:00", ValueType.TIMESTAMP, "a timestamp without a time zone"),
]


@pytest.mark.parametrize(("value", "value_type", "why"), OF_VALUES)
def test_a_value_that_does_not_fit_says_what_was_expected(value: Any, value_type: ValueType, why: str) -> None:
    """And does not repeat the value."""
    with pytest.raises(ValueError, match=f"^{why}$"):
        typed(value, value_type)
