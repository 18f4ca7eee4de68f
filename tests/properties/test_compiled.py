"""The compiled path refuses a line, or makes exactly the bytes that the plain path makes."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from capture_forwarder.domain.route import DecodingOptions, IdSource, Layout, PayloadOptions
from capture_forwarder.domain.schema import STRUCTURES, Attribute, ModelSchema, Stage, ValueType
from capture_forwarder.kinds.kind import EncodedRows
from tests.properties.compiled_paths import Paths
from tests.support.captures import base64_side, capture, csv_side, json_side

Side = dict[str, Any]


def schema(inputs: str, outputs: str) -> ModelSchema:
    """Return a schema of a letter an attribute: F, I, B, S, T or U."""
    types = {one.value[0]: one for one in ValueType if one not in STRUCTURES and one is not ValueType.IMAGE}
    sides = ((inputs, Stage.PIPELINE_INPUT, "in"), (outputs, Stage.PREDICTED_VALUE, "out"))
    return ModelSchema(
        tuple(
            Attribute(f"{name} {place}", stage, types[letter], place)
            for letters, stage, name in sides
            for place, letter in enumerate(letters)
        )
    )


MIXED = schema("FISB", "FI")


def compiled_rows(line: bytes, model: ModelSchema, options: DecodingOptions | None = None) -> EncodedRows | None:
    """Return the rows that the compiled path makes of a line after it has learned how this line is read."""
    paths = Paths(model, options)
    paths.learn(line)
    return paths.compiled_rows(line)


CELLS = st.sampled_from(
    [
        "1",
        "0",
        "-1",
        "1.5",
        "-0.0",
        "1e3",
        "1E-7",
        "1e400",
        "-1e999",
        ".5",
        "5.",
        "+1",
        "01",
        "00",
        "1_0",
        "16.0",
        "2.5e0",
        "9007199254740993",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "123456789012345678901234567890",
        "0.1234567890123456789",
        "nan",
        "NaN",
        "inf",
        "-Infinity",
        "true",
        "false",
        "True",
        "FALSE",
        "yes",
        "null",
        "None",
        "text",
        "é",
        "٣",
        "1.0",
        "0.0",
        "-0",
        "0x10",
        '"a"',
        '"b,c"',
        "2026-01-15T10:00:00Z",
        "\\n",
        "\\u0041",
        "\ufeff1",
    ]
) | st.sampled_from(["", " ", " 1", "1 ", "\t2", 'a"b', "\x00", "\x1f", "a\\", "1\r"])
LETTERS = st.text("FISBTU", min_size=1, max_size=4)
LINE_END = st.sampled_from(["\n", "\n", "\n", "\r\n", "\n\n"])


@st.composite
def csv_texts(draw: st.DrawFn) -> str:
    """Draw CSV with odd cells and line ends."""
    width = draw(st.integers(1, 4))
    rows = draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=3))
    return draw(LINE_END).join(",".join(row) for row in rows) + draw(st.sampled_from(["", "\n", "\n\n", " "]))


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3)
    | st.sampled_from(["1", "1.5", "true", 2**63, -(2**63), 1e22, 10**30, -0.0])
)
NAMES = st.sampled_from(["in 0", "in 1", "out 0", "out 1", "features", "error", "code", "x"])
ROWS = (
    st.lists(SCALARS, max_size=3)
    | SCALARS
    | st.dictionaries(NAMES, SCALARS, max_size=3)
    | st.builds(
        lambda key, row: {key: row}, st.sampled_from(["features", "probabilities"]), st.lists(SCALARS, max_size=3)
    )
)
OUTER = st.sampled_from(["instances", "predictions", "scores", "inputs", "outputs", "dataframe_records", "data"])


@st.composite
def json_texts(draw: st.DrawFn) -> str:
    """Draw a document of some layout, now and then written oddly."""
    rows = draw(st.lists(ROWS, min_size=0, max_size=3))
    document: Any = draw(st.sampled_from([rows, rows[0] if rows else {}]) | st.builds(lambda key: {key: rows}, OUTER))
    text = json.dumps(document)
    return draw(st.sampled_from([text, text, text, f" {text}\n", text.replace("1", "1e0"), text + text]))


@st.composite
def sides(draw: st.DrawFn) -> dict[str, Any]:
    """Draw one side of a call."""
    textual = draw(st.booleans())
    text, content_type = (draw(csv_texts()), "text/csv") if textual else (draw(json_texts()), "application/json")
    if draw(st.integers(0, 4)):
        return csv_side(text) if textual else json_side(text)
    declared = st.sampled_from([content_type, None, "text/csv; charset=latin-1", "image/x"])
    return base64_side(text.encode(), draw(declared))


PAYLOAD_OPTIONS = st.builds(
    PayloadOptions,
    content_type=st.sampled_from([None, None, None, "application/json", "text/csv"]),
    layout=st.sampled_from([None, None, *Layout]),
    csv_header=st.sampled_from([False, False, False, True]),
)
OPTIONS = st.just(DecodingOptions()) | st.builds(DecodingOptions, input=PAYLOAD_OPTIONS, output=PAYLOAD_OPTIONS)


@given(st.lists(st.tuples(sides(), sides()), min_size=1, max_size=4), LETTERS, LETTERS, OPTIONS)
@example([(csv_side("nan,1,a,true"), csv_side("1,2"))], "FISB", "FI", DecodingOptions())
@example([(csv_side("1,1,a,true,5"), csv_side("1,2"))], "FISB", "FI", DecodingOptions())
@example([(csv_side("-0"), csv_side("-0"))], "F", "B", DecodingOptions())
@example([(json_side([[1, 2]]), json_side({"predictions": [{"out 0": 1, "out 1": 2}]}))], "FF", "FI", DecodingOptions())
def test_both_paths_make_the_same(
    calls: list[tuple[Side, Side]], inputs: str, outputs: str, options: DecodingOptions
) -> None:
    """For any payloads, schema and options, and for any calls learned before: ids, times and every byte of every row."""
    paths = Paths(schema(inputs, outputs), options)
    lines = [capture(*call) for call in calls]
    for line in lines:
        paths.learn(line)
        paths.compiled_rows(line)
    for line in lines:
        paths.compiled_rows(line)


ROW, ANSWER = [1.5, 7, "blue", True], [0.25, 1]
NAMED = {"in 0": 1.5, "in 1": 7, "in 2": "blue", "in 3": True}
SCORED = {"out 0": 0.25, "out 1": 1}
LINES, HEADER = "application/jsonlines", "text/csv; header=present"
COMPILED = {
    "csv": (csv_side("1.5,7,blue,true\n"), csv_side("0.25,1\n")),
    "csv of many rows": (csv_side("1.5,7,blue,true\n" * 20_000), csv_side("0.25,1\n" * 20_000)),
    "base64": (base64_side(b"1.5,7,blue,true", "text/csv"), base64_side(b"0.25,1", "text/csv; charset=UTF-8")),
    "instances of lists": (json_side({"instances": [ROW, ROW]}), json_side({"predictions": [ANSWER, ANSWER]})),
    "features": (
        json_side({"instances": [{"features": ROW}]}),
        json_side({"predictions": [{"probabilities": ANSWER}]}),
    ),
    "names": (json_side({"instances": [NAMED]}), json_side({"predictions": [SCORED]})),
    "one object": (json_side(NAMED), json_side(SCORED)),
    "one ordered key": (json_side({"features": ROW}), json_side({"probabilities": ANSWER})),
    "bare lists": (json_side([ROW, ROW]), json_side([ANSWER, ANSWER])),
    "one bare list": (json_side(ROW), json_side(ANSWER)),
    "bare objects": (json_side([NAMED]), json_side([SCORED])),
    "base64 of json": (base64_side(json.dumps([ROW]).encode(), "application/json"), json_side([ANSWER])),
    "inputs and outputs": (json_side({"inputs": [ROW]}), json_side({"outputs": [SCORED]})),
    "json lines": (json_side(f"{json.dumps(ROW)}\n" * 2, LINES), json_side(f"{json.dumps(SCORED)}\n\n" * 2, LINES)),
    "one json line": (json_side(json.dumps(ROW), LINES), json_side([ANSWER])),
    "null": (json_side({"instances": [NAMED | {"in 2": None}]}), json_side({"predictions": [SCORED]})),
    "a header": (csv_side("in 0,in 1,in 2,in 3\n1.5,7,blue,true\n1.5,,blue,true", HEADER), csv_side("0.25,1\n0.25,1")),
    "a header in quotes": (csv_side('"in 0","in 1","in 2","in 3"\n1.5,7,"blue",true', HEADER), csv_side("0.25,1")),
    "a quoted cell": (csv_side('1.5,7,"blue, (or ""red"")",true'), csv_side('"0.25",1')),
    "space around cells": (csv_side(" 1.5, 7, blue,true "), csv_side("0.25, 1")),
    "empty cells": (csv_side(",,,\n1.5,,blue,"), csv_side("0.25,\n0.25,1")),
    "other line ends": (csv_side("1.5,7,blue,true\r\n1.5,7,blue,true\r\n"), csv_side("0.25,1\r0.25,1")),
    "rows under an ordered key": (json_side({"features": [ROW, ROW]}), json_side({"probabilities": [ANSWER, ANSWER]})),
}


@pytest.mark.parametrize(("request_side", "answer_side"), COMPILED.values(), ids=COMPILED)
def test_common_layouts_are_compiled(request_side: Side, answer_side: Side) -> None:
    """A path that refuses these would be right, and of no use."""
    assert compiled_rows(capture(request_side, answer_side), MIXED)


def test_layouts_may_alternate() -> None:
    """Decoders of layouts that were learned before are tried again."""
    paths = Paths(MIXED)
    lines = [capture(*COMPILED[name]) for name in ("bare lists", "names", "instances of lists")]
    for line in lines:
        paths.learn(line)
    for line in lines * 2:
        assert paths.compiled_rows(line)


def test_scalars_under_an_outer_key_are_rows() -> None:
    """TensorFlow Serving answers in this form."""
    line = capture(csv_side("1\n2"), json_side({"predictions": [0.5, 0.75]}))
    assert compiled_rows(line, schema("F", "F"))


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


def test_the_longest_id_is_compiled() -> None:
    """An id is refused if its longest suffix would not fit."""
    for chars, is_compiled in ((243, True), (244, False)):
        line = capture(csv_side("1.5,7,blue,true"), csv_side("0.25,1"), inferenceId="x" * chars)
        assert bool(compiled_rows(line, MIXED)) is is_compiled


@pytest.mark.parametrize("text", ["a\n\nb", "a\nb\nc"])
def test_one_column_of_texts_is_refused(text: str) -> None:
    """A blank row is no row, and a typed decoder would make one of it."""
    assert compiled_rows(capture(csv_side(text), csv_side("1\n2\n3")), schema("S", "F")) is None


@given(st.text("MQA=+/-_ \n", max_size=9))
def test_base64_is_decoded_strictly(data: str) -> None:
    """As strictly as by Python's decoder."""
    line = capture({"observedContentType": "text/csv", "data": data, "encoding": "BASE64"}, csv_side("1"))
    for inputs, text in (("SS", b"a,b"), ("F", b"1")):
        paths = Paths(schema(inputs, "F"))
        paths.learn(capture(base64_side(text, "text/csv"), csv_side("1")))
        paths.compiled_rows(line)


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


@pytest.mark.parametrize(("text", "is_compiled"), [("2026-01-15T10:00Z", True), ("2026-01-15", False)])
def test_timestamps_are_written_in_one_form(text: str, is_compiled: bool) -> None:  # noqa: FBT001 - a case
    """In the form of the plain path, which rejects one without a time zone."""
    line = capture(csv_side(f"1,{text}\n,"), csv_side("1\n2"))
    assert bool(compiled_rows(line, schema("FT", "F"))) is is_compiled


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


def test_a_model_may_have_attributes_that_calls_do_not_hold() -> None:
    """Such as ground truth."""
    label = Attribute("label", Stage.GROUND_TRUTH, ValueType.FLOAT, 0)
    line = capture(csv_side("1.5,7,blue,true"), csv_side("0.25,1"))
    assert compiled_rows(line, ModelSchema((*MIXED.attributes, label)))


def test_a_route_may_take_the_event_id() -> None:
    """As on the plain path."""
    line = capture(csv_side("1.5,7,blue,true"), csv_side("0.25,1"), inferenceId="mine", eventId="theirs")
    rows = compiled_rows(line, MIXED, DecodingOptions(id_source=IdSource.EVENT_ID))
    assert rows is not None
    assert rows.ids == ["theirs"]


@pytest.mark.parametrize(
    ("header", "is_compiled"),
    [
        ("in 0,in 1,in 2,in 3", True),
        ("in 1,in 0,in 2,in 3", False),
        ("in 0,in 1,in 2", False),
        ("in 0,in 1,in 2,in 2", False),
    ],
)
def test_a_header_of_all_names_in_order_is_compiled(header: str, is_compiled: bool) -> None:  # noqa: FBT001 - a case
    """The plain path finds the attributes of other headers."""
    options = DecodingOptions(input=PayloadOptions(csv_header=True))
    paths = Paths(MIXED, options)
    for names in ("in 0,in 1,in 2,in 3", header):
        line = capture(csv_side(f"{names}\n1.5,7,3,1"), csv_side("0.25,1"))
        paths.learn(line)
        assert bool(paths.compiled_rows(line)) is (is_compiled or names != header)
    assert paths.compiled_rows(capture(csv_side(header), csv_side("0.25,1"))) is None


@pytest.mark.parametrize(
    ("refused", "compiled", "letter"),
    [
        ("9007199254740993.0", "9007199254740991.0", "I"),
        ("-9007199254740993.0", "-9007199254740991.0", "I"),
        ("9007199254740992", "9007199254740991", "I"),
    ],
)
@pytest.mark.parametrize("pattern", ["{}", "{},1", "1,{}", "1\n{}\n", "{}\n1"])
def test_cells_that_msgspec_reads_otherwise_are_refused(refused: str, compiled: str, letter: str, pattern: str) -> None:
    """`9007199254740993.0` is more exact than a float."""
    for cell, is_compiled in ((refused, False), (compiled, True)):
        text = pattern.format(cell)
        width = len(text.split("\n")[0].split(","))
        line = capture(csv_side(text), csv_side("1\n" * len(text.split())))
        assert bool(compiled_rows(line, schema(letter * width, "F"))) is is_compiled


def test_minus_zero_is_compiled() -> None:
    """Both paths read `-0` as an integer, and `-0.0` as a float."""
    assert compiled_rows(capture(csv_side("-0,-0.0,-0,-0,segment-0"), csv_side("-0")), schema("FFIBS", "F"))


def test_csv_on_both_sides_needs_no_learning() -> None:
    """CSV has one layout, so the declarations tell how such calls are read."""
    paths = Paths(MIXED)
    for sides in (COMPILED["csv"], COMPILED["base64"]):
        assert paths.compiled_rows(capture(*sides))


def test_a_named_layout_is_compiled() -> None:
    """Where the route names the layout, documents of this layout are compiled like any other."""
    options = DecodingOptions(input=PayloadOptions(layout=Layout.LIST))
    assert compiled_rows(capture(json_side([ROW]), csv_side("0.25,1")), MIXED, options)


def test_the_routes_content_type_wins() -> None:
    """CSV that the route declares to be JSON is read as JSON."""
    line = capture(csv_side("[1.5, 7]"), csv_side("0.25,1"))
    options = DecodingOptions(input=PayloadOptions(content_type="application/json"))
    assert compiled_rows(line, schema("FI", "FI"), options)


def test_names_that_both_sides_have_are_compiled_in_one_row() -> None:
    """The plain path compares their values row by row."""
    model = ModelSchema(
        (
            Attribute("a", Stage.PIPELINE_INPUT, ValueType.FLOAT, 0),
            Attribute("a", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0),
        )
    )
    paths = Paths(model)
    for _ in range(2):
        assert paths.compiled_rows(capture(csv_side("1"), csv_side("1")))
        assert paths.compiled_rows(capture(csv_side("1\n2"), csv_side("1\n2"))) is None


def test_hostile_content_types_do_not_fill_the_memory() -> None:
    """Decoders are kept for 64 declarations; then all are forgotten and learned again."""
    paths = Paths(MIXED)
    lines = [capture(json_side([ROW], f"application/json; n={n}"), json_side([ANSWER])) for n in range(65)]
    for line in lines[:64]:
        paths.learn(line)
    assert all(paths.compiled_rows(line) for line in lines[:64])
    paths.learn(lines[64])
    assert [bool(paths.compiled_rows(line)) for line in (lines[64], lines[0])] == [True, False]


def test_layouts_of_one_declaration_are_bounded() -> None:
    """Decoders are kept for 8 readings; then all are forgotten and learned again."""
    keys = [
        None,
        "instances",
        "predictions",
        "dataframe_records",
        "inputs",
        "outputs",
        "features",
        "probabilities",
    ]
    lines = [capture(json_side({key: [ROW] * 2} if key else [ROW] * 2), json_side([ANSWER] * 2)) for key in keys]
    lines.append(capture(json_side([{"features": ROW}] * 2), json_side([ANSWER] * 2)))
    paths = Paths(MIXED)
    for line in lines[:8] * 2:
        paths.learn(line)
    assert all(paths.compiled_rows(line) for line in lines[:8])
    paths.learn(lines[8])
    assert [bool(paths.compiled_rows(line)) for line in (lines[8], lines[0])] == [True, False]


def test_only_utf_8_is_compiled() -> None:
    """These bytes are text in either charset, and not the same text."""
    for charset, is_compiled in (("utf-8", True), ("utf8", True), ("latin-1", False)):
        line = capture(base64_side("é,1".encode(), f"text/csv; charset={charset}"), csv_side("1"))
        assert bool(compiled_rows(line, schema("SF", "F"))) is is_compiled


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


@pytest.mark.parametrize("count", [2, 3])
def test_all_rows_under_ordered_keys_are_decoded(count: int) -> None:
    """Rows that lie alike on both sides could be lost alike."""
    request_side = json_side({"instances": [{"features": ROW}] * count})
    answer_side = json_side({"predictions": [{"probabilities": [0.25 * place, place]} for place in range(count)]})
    rows = compiled_rows(capture(request_side, answer_side), MIXED)
    assert rows is not None
    assert len(rows.rows) == count
