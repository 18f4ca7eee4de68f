"""The fast path takes a record or leaves it; what it takes it makes the very bytes of that the plain path makes."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from capture_forwarder.destinations.arthur.wire import Row
from capture_forwarder.domain.capture import Line
from capture_forwarder.domain.inference import Inference
from capture_forwarder.domain.route import DecodingOptions, IdSource, Layout, PayloadOptions
from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType
from capture_forwarder.kinds.captures.compiled import FastPath, fast_path
from capture_forwarder.kinds.captures.plain import Decoded, Transform
from capture_forwarder.kinds.kind import EncodedRows
from capture_forwarder.payloads.compiled.shapes import csv_shape, json_shape
from capture_forwarder.payloads.compiled.values import row_struct
from tests.support.captures import base64_side, capture, csv_side, encode_inference, json_side


def schema(inputs: str, outputs: str) -> ModelSchema:
    """Return a schema of a letter an attribute: F, I, B, S or T."""
    types = {value_type.value[0]: value_type for value_type in ValueType if value_type is not ValueType.IMAGE}
    sides = ((inputs, Stage.PIPELINE_INPUT, "in"), (outputs, Stage.PREDICTED_VALUE, "out"))
    return ModelSchema(
        tuple(
            Attribute(f"{name} {place}", stage, types[letter], place)
            for letters, stage, name in sides
            for place, letter in enumerate(letters)
        )
    )


MIXED = schema("FISB", "FI")


def route_of(model: ModelSchema, options: DecodingOptions | None = None) -> FastPath:
    """Return the fast path of a route to Arthur."""
    fast = fast_path(options or DecodingOptions(), model, Row)
    assert fast is not None
    return fast


def taken_by(fast: FastPath, line: bytes) -> EncodedRows | None:
    """Return what a line becomes, or nothing; then nothing was added either."""
    ready = EncodedRows()
    count = fast(line, ready)
    assert len(ready.ids) == len(ready.rows) == (count or 0)
    return None if count is None else ready


def both(line: bytes, model: ModelSchema, options: DecodingOptions | None = None) -> EncodedRows | None:
    """Return what the fast path makes of a line, which is what the plain path makes of it, or nothing."""
    options = options or DecodingOptions()
    fast = route_of(model, options)
    first, second = taken_by(fast, line), taken_by(fast, line)
    assert (first is None) == (second is None), "what was learned of a record changes what becomes of it"
    if first is None:
        return None
    outcome = Transform(options, model)(Line(1, 0, len(line), line))
    assert isinstance(outcome, Decoded)
    rows = [row for row in outcome.rows if isinstance(row, Inference)]
    assert len(rows) == len(outcome.rows)
    assert [row.partner_inference_id for row in rows] == first.ids
    assert [encode_inference(row) for row in rows] == bodies(first)
    assert {row.inference_timestamp for row in rows} <= {first.time}
    return first


def bodies(ready: EncodedRows) -> list[bytes]:
    """Return what stands in a request."""
    return [msgspec.json.encode(row) for row in ready.rows]


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
    """Draw CSV in which nearly everything may be odd."""
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


@given(sides(), sides(), LETTERS, LETTERS)
@example(csv_side("nan,1,a,true"), csv_side("1,2"), "FISB", "FI")
@example(csv_side("1,1,a,true,5"), csv_side("1,2"), "FISB", "FI")
@example(json_side([[1, 2]]), json_side({"predictions": [{"out 0": 1, "out 1": 2}]}), "FF", "FI")
def test_whatever_the_fast_path_takes_is_what_the_plain_path_makes(
    request_side: dict[str, Any], answer_side: dict[str, Any], inputs: str, outputs: str
) -> None:
    """For any payloads and any schema; ids, times and every byte of every row."""
    both(capture(request_side, answer_side), schema(inputs, outputs))


@given(st.lists(st.tuples(sides(), sides()), min_size=2, max_size=5), LETTERS, LETTERS)
def test_what_it_learned_of_others_does_not_matter(
    calls: list[tuple[dict[str, Any], dict[str, Any]]], inputs: str, outputs: str
) -> None:
    """One fast path for a whole object makes of each record what a new one makes, where it takes it."""
    model = schema(inputs, outputs)
    used = route_of(model)
    for request_side, answer_side in calls:
        line = capture(request_side, answer_side)
        taken, alone = taken_by(used, line), both(line, model)
        assert taken is None or alone is None or bodies(taken) == bodies(alone)
        if taken and alone is None:
            outcome = Transform(DecodingOptions(), model)(Line(1, 0, len(line), line))
            assert isinstance(outcome, Decoded)
            assert bodies(taken) == [encode_inference(row) for row in outcome.rows if isinstance(row, Inference)]


ROW, ANSWER = [1.5, 7, "blue", True], [0.25, 1]
NAMED = {"in 0": 1.5, "in 1": 7, "in 2": "blue", "in 3": True}
SCORED = {"out 0": 0.25, "out 1": 1}
TAKEN = {
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
}


@pytest.mark.parametrize(("request_side", "answer_side"), TAKEN.values(), ids=TAKEN)
def test_what_endpoints_mostly_send_is_taken(request_side: dict[str, Any], answer_side: dict[str, Any]) -> None:
    """Otherwise it would be right, and of no use."""
    assert both(capture(request_side, answer_side), MIXED)


def test_layouts_that_take_turns_are_taken() -> None:
    """A call of one layout between two of another: what was learned of the first still holds for the third."""
    fast = route_of(MIXED)
    for name in ("bare lists", "names", "bare lists", "names"):
        line = capture(*TAKEN[name])
        taken, alone = taken_by(fast, line), both(line, MIXED)
        assert taken is not None
        assert alone is not None
        assert bodies(taken) == bodies(alone)


def test_scalars_under_an_outer_key_are_rows() -> None:
    """TensorFlow Serving answers so."""
    assert both(capture(csv_side("1\n2"), json_side({"predictions": [0.5, 0.75]})), schema("F", "F"))


LEFT = {
    "a quoted cell": (csv_side('1.5,7,"blue",true'), csv_side("0.25,1")),
    "an empty cell": (csv_side("1.5,,blue,true"), csv_side("0.25,1")),
    "one value too many": (csv_side("1.5,7,blue,true,0"), csv_side("0.25,1")),
    "nan": (csv_side("nan,7,blue,true"), csv_side("0.25,1")),
    "infinity": (csv_side("1e999,7,blue,true"), csv_side("0.25,1")),
    "more answers than rows": (csv_side("1.5,7,blue,true"), csv_side("0.25,1\n0.25,1")),
    "more rows than answers": (csv_side("1.5,7,blue,true\n1.5,7,blue,true"), csv_side("0.25,1")),
    "names and one more": (json_side(NAMED | {"x": 1}), json_side(SCORED)),
    "a name missing": (json_side({"in 0": 1.5}), json_side(SCORED)),
    "tensors": (json_side({"inputs": [ROW]}), json_side({"outputs": [ANSWER]})),
    "no rows": (json_side({"instances": []}), json_side({"predictions": []})),
    "no document": (json_side("{"), json_side(SCORED)),
    "json lines": (json_side(json.dumps(ROW), "application/jsonlines"), json_side(ANSWER)),
    "an image": (base64_side(b"\x89PNG", "image/png"), json_side(ANSWER)),
    "broken base64": (
        {"observedContentType": "application/json", "data": "!", "encoding": "BASE64"},
        json_side(ANSWER),
    ),
    "base64 with a mark": (base64_side("\ufeff1.5,7,blue,true".encode(), "text/csv"), csv_side("0.25,1")),
    "no encoding that is known": ({"data": "1", "encoding": "XML"}, json_side(ANSWER)),
    "an answer that is missing": (csv_side("1.5,7,blue,true"), None),
}


@pytest.mark.parametrize(("request_side", "answer_side"), LEFT.values(), ids=LEFT)
def test_whatever_is_special_is_left_to_the_plain_path(
    request_side: dict[str, Any], answer_side: dict[str, Any] | None
) -> None:
    """There are rules for it, and they stand there."""
    assert both(capture(request_side, answer_side), MIXED) is None


@pytest.mark.parametrize(
    "metadata", [{"invocationSource": "ShadowExperiment"}, {"inferenceId": "x" * 250}, {"eventId": ""}]
)
def test_records_that_are_special_are_left(metadata: dict[str, str]) -> None:
    """Shadow copies, ids that may be too long, records without an id."""
    assert both(capture(csv_side("1.5,7,blue,true"), csv_side("0.25,1"), **metadata), MIXED) is None


def test_blank_text_in_the_only_column_is_left() -> None:
    """A blank row is none, and a typed decoder could not tell."""
    assert both(capture(csv_side("a\n\nb"), csv_side("1\n2\n3")), schema("S", "F")) is None


@given(st.text("MQA=+/-_ \n", max_size=9))
def test_base64_is_taken_as_strictly_as_on_the_plain_path(data: str) -> None:
    """What Python's strict decoder refuses, or reads otherwise, is left."""
    side = {"observedContentType": "text/csv", "data": data, "encoding": "BASE64"}
    both(capture(side, csv_side("1")), schema("S" * 2, "F"))
    both(capture(side, csv_side("1")), schema("F", "F"))


def test_a_bare_list_of_text_is_left() -> None:
    """It is a list of rows, not one row."""
    assert both(capture(json_side(["a", "b"]), csv_side("1")), schema("SS", "F")) is None


def test_timestamps_are_left() -> None:
    """They are written in another way than they came."""
    line = capture(csv_side("2026-01-15T10:00:00+00:00"), csv_side("1"))
    assert both(line, schema("T", "F")) is None


def test_a_prediction_that_could_be_an_error_is_left() -> None:
    """`{"error": ...}` alone is an error document, whatever the model calls its values."""
    model = ModelSchema(
        (
            Attribute("a", Stage.PIPELINE_INPUT, ValueType.FLOAT, 0),
            Attribute("error", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0),
        )
    )
    assert both(capture(csv_side("1"), json_side({"error": 0.5})), model) is None
    assert both(capture(csv_side("1"), csv_side("0.5")), model)


def test_the_event_id_names_a_call_where_the_route_says_so() -> None:
    """As on the plain path."""
    line = capture(csv_side("1.5,7,blue,true"), csv_side("0.25,1"), inferenceId="mine", eventId="theirs")
    found = both(line, MIXED, DecodingOptions(id_source=IdSource.EVENT_ID))
    assert found is not None
    assert found.ids == ["theirs"]


@pytest.mark.parametrize("special", [PayloadOptions(layout=Layout.LIST), PayloadOptions(csv_header=True)])
def test_a_route_with_a_layout_of_its_own_has_no_fast_path(special: PayloadOptions) -> None:
    """There detection is switched off, or the first row is none."""
    assert fast_path(DecodingOptions(input=special), MIXED, Row) is None
    assert fast_path(DecodingOptions(output=special), MIXED, Row) is None


def test_a_content_type_that_the_route_names_is_minded() -> None:
    """CSV that is declared to be JSON is read as CSV."""
    line = capture(csv_side("[1.5, 7]"), csv_side("0.25,1"))
    options = DecodingOptions(input=PayloadOptions(content_type="application/json"))
    found = both(line, schema("FI", "FI"), options)
    assert found is not None


def test_names_that_both_sides_have_leave_no_fast_path() -> None:
    """Whether their values agree is looked at row by row."""
    model = ModelSchema(
        (
            Attribute("a", Stage.PIPELINE_INPUT, ValueType.FLOAT, 0),
            Attribute("a", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0),
        )
    )
    assert fast_path(DecodingOptions(), model, Row) is None


def test_hostile_content_types_do_not_fill_the_memory() -> None:
    """Only so many are remembered; others are understood all the same."""
    fast = route_of(MIXED)
    for number in range(200):
        request_side = csv_side("1.5,7,blue,true", f"text/csv; n={number}")
        assert taken_by(fast, capture(request_side, csv_side("0.25,1")))


@pytest.fixture(autouse=True)
def _shapes_are_made_anew() -> None:
    """Forget what other tests left in the caches of the process: here the shapes themselves are tested."""
    for cached in (csv_shape, json_shape, row_struct):
        cached.cache_clear()


def test_a_charset_that_the_caller_declares_is_minded() -> None:
    """These bytes are text in either charset, and not the same text."""
    answer_side = csv_side("1")
    for charset, taken in (("utf-8", True), ("latin-1", False)):
        request_side = base64_side("é,1".encode(), f"text/csv; charset={charset}")
        assert bool(both(capture(request_side, answer_side), schema("SF", "F"))) is taken


def test_a_mark_is_no_part_of_the_first_cell() -> None:
    """Text would take it in, where a number would not."""
    assert both(capture(base64_side("\ufeffblue,1".encode(), "text/csv"), csv_side("1")), schema("SF", "F")) is None


def test_json_is_never_read_as_cells() -> None:
    """Attributes of text would take in its brackets."""
    assert both(capture(json_side("[[1,2]]"), csv_side("1")), schema("SS", "F")) is None


BESIDE = {
    "columns of the user": ({"predictions": [0.5]}, {"predictions": [1], "probabilities": [0.85]}),
    "a name beside an ordered key": (
        {"predictions": [{"probabilities": [0.5]}]},
        {"predictions": [{"probabilities": [0.5], "x": 1}]},
    ),
}


@pytest.mark.parametrize(("known", "odd"), BESIDE.values(), ids=BESIDE)
def test_what_stands_beside_the_rows_is_not_passed_over(known: dict[str, Any], odd: dict[str, Any]) -> None:
    """Once the shape without it is known, the one with it is still another."""
    fast = route_of(schema("F", "F"))
    assert taken_by(fast, capture(csv_side("1"), json_side(known)))
    assert taken_by(fast, capture(csv_side("1"), json_side(odd))) is None


@pytest.mark.parametrize("count", [2, 3])
def test_several_rows_under_ordered_keys_are_all_taken(count: int) -> None:
    """Rows that lie alike on both sides could be lost alike."""
    request_side = json_side({"instances": [{"features": ROW}] * count})
    answer_side = json_side({"predictions": [{"probabilities": [0.25 * place, place]} for place in range(count)]})
    found = both(capture(request_side, answer_side), MIXED)
    assert found is not None
    assert len(found.rows) == count
