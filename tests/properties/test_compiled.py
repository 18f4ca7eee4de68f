"""The compiled path refuses a line, or makes exactly the bytes that the plain path makes."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from capture_forwarder.domain.route import DecodingOptions, IdSource, Layout, PayloadOptions
from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType
from tests.properties.compiled_paths import Paths, compiled_rows
from tests.properties.compiled_samples import ANSWER, COMPILED, MIXED, ROW, schema
from tests.properties.generated_sides import LETTERS, OPTIONS, sides
from tests.support.captures import Side, base64_side, capture, csv_side, json_side


@given(st.lists(st.tuples(sides(), sides()), min_size=1, max_size=4), LETTERS, LETTERS, OPTIONS)
@example([(csv_side("nan,1,a,true"), csv_side("1,2"))], "FISB", "FI", DecodingOptions())
@example([(csv_side("1,1,a,true,5"), csv_side("1,2"))], "FISB", "FI", DecodingOptions())
@example([(csv_side("-0"), csv_side("-0"))], "F", "B", DecodingOptions())
@example([(json_side([[1, 2]]), json_side({"predictions": [{"out 0": 1, "out 1": 2}]}))], "FF", "FI", DecodingOptions())
def test_both_paths_make_the_same(
    calls: list[tuple[Side, Side]], inputs: str, outputs: str, options: DecodingOptions
) -> None:
    """For any payloads, schema and options, and for any calls learned before: ids, times and every byte of every row."""
    Paths(schema(inputs, outputs), options).compare(calls)


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


def test_the_longest_id_is_compiled() -> None:
    """An id is refused if its longest suffix would not fit."""
    for chars, is_compiled in ((243, True), (244, False)):
        line = capture(csv_side("1.5,7,blue,true"), csv_side("0.25,1"), inferenceId="x" * chars)
        assert bool(compiled_rows(line, MIXED)) is is_compiled


@given(st.text("MQA=+/-_ \n", max_size=9))
def test_base64_is_decoded_strictly(data: str) -> None:
    """As strictly as by Python's decoder."""
    line = capture({"observedContentType": "text/csv", "data": data, "encoding": "BASE64"}, csv_side("1"))
    for inputs, text in (("SS", b"a,b"), ("F", b"1")):
        paths = Paths(schema(inputs, "F"))
        paths.learn(capture(base64_side(text, "text/csv"), csv_side("1")))
        paths.compiled_rows(line)


@pytest.mark.parametrize(("text", "is_compiled"), [("2026-01-15T10:00Z", True), ("2026-01-15", False)])
def test_timestamps_are_written_in_one_form(text: str, is_compiled: bool) -> None:  # noqa: FBT001 - a case
    """In the form of the plain path, which rejects one without a time zone."""
    line = capture(csv_side(f"1,{text}\n,"), csv_side("1\n2"))
    assert bool(compiled_rows(line, schema("FT", "F"))) is is_compiled


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
    for call in (COMPILED["csv"], COMPILED["base64"]):
        assert paths.compiled_rows(capture(*call))


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
    for line in lines[:8]:
        paths.learn(line)
    assert all(paths.compiled_rows(line) for line in lines[:8])
    paths.learn(lines[8])
    assert [bool(paths.compiled_rows(line)) for line in (lines[8], lines[0])] == [True, False]


def test_only_utf_8_is_compiled() -> None:
    """These bytes are text in either charset, and not the same text."""
    for charset, is_compiled in (("utf-8", True), ("utf8", True), ("latin-1", False)):
        line = capture(base64_side("é,1".encode(), f"text/csv; charset={charset}"), csv_side("1"))
        assert bool(compiled_rows(line, schema("SF", "F"))) is is_compiled


@pytest.mark.parametrize("count", [2, 3])
def test_all_rows_under_ordered_keys_are_decoded(count: int) -> None:
    """Rows that lie alike on both sides could be lost alike."""
    request_side = json_side({"instances": [{"features": ROW}] * count})
    answer_side = json_side({"predictions": [{"probabilities": [0.25 * place, place]} for place in range(count)]})
    rows = compiled_rows(capture(request_side, answer_side), MIXED)
    assert rows is not None
    assert len(rows.rows) == count
