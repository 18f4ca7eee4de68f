"""The compiled path at the edges of what it reads: every accepted line has the bytes of the plain path."""

import json

import pytest

from capture_forwarder.domain.capture import Line
from capture_forwarder.domain.route import DecodingOptions, EmptyText, Layout, OneSided, PayloadOptions
from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType
from capture_forwarder.kinds.captures.compiled_rows import RowMakers
from capture_forwarder.kinds.captures.plain import Decoded
from tests.properties.compiled_paths import Paths
from tests.properties.compiled_samples import schema
from tests.support.captures import Side, base64_side, capture, csv_side, json_side

ONE, HEADER, LINES = csv_side("1"), "text/csv; header=present", "application/jsonlines"


def lines_of(*documents: object) -> Side:
    """Return JSON Lines."""
    return json_side("".join(f"{json.dumps(one)}\n" for one in documents), LINES)


def compiled(paths: Paths, request: Side, answer: Side, learned: tuple[Side, Side] | None = None) -> bool:
    """Tell whether a call is compiled after the calls `learned`, and itself, came before."""
    for call in (learned, learned, (request, answer)):
        if call:
            paths.learn(capture(*call))
            paths.compiled_rows(capture(*call))
    return paths.compiled_rows(capture(request, answer)) is not None


# Without a schema: the request, the answer, and whether the call is compiled after it came before.
WITHOUT_SCHEMA: dict[str, tuple[Side, Side, bool]] = {
    "words": (csv_side("red,blue"), ONE, True),
    "odd numbers": (csv_side("1,01,nan,,text,1e400,2026-01-15"), ONE, True),
    "a header that toolkits demand": (csv_side("question,context"), ONE, False),
    "the same in quotes": (csv_side('"question","context"'), ONE, False),
    "lines that may begin with names": (csv_side("a,b\n1,2"), csv_side("1\n2"), False),
    "lines of texts": (csv_side("a,1\nb,2"), csv_side("x,1\ny,2"), True),
    "answers that begin differently": (csv_side("1\n2"), csv_side("x,1\n2,2"), False),
    "an answer that begins with an empty cell": (csv_side("1\n2"), csv_side(",1\n2,2"), False),
    "a traceback": (csv_side("1"), csv_side('"Traceback (most recent call last)",1'), False),
    "a quote after a blank": (csv_side('1, "a"'), ONE, False),
    "a quote within a cell": (csv_side('1,a"b'), ONE, True),
    "quotes within quotes": (csv_side('1,"a""b"'), ONE, True),
    "quotes that touch": (csv_side('1,"a"b'), ONE, False),
    "texts in quotes": (csv_side('"a","b"'), ONE, True),
    "numbers in quotes": (csv_side('"1","2"\n"3","4"'), csv_side('"1"\n"2"'), True),
    "some cells in quotes": (csv_side('"1",2,"a, b"\n3,"4",c'), csv_side("1\n2"), True),
    "a header in quotes": (csv_side('"a","b"\n1,"2"', HEADER), ONE, True),
    "a header and lines": (csv_side("a,b\n1,2\n3,4", HEADER), csv_side("1\n2"), True),
    "a header with an odd name": (csv_side("a(,b\n1,2", HEADER), ONE, False),
    "a header with a meaning": (ONE, csv_side("index,b\n1,2", HEADER), False),
    "a header with a long name": (csv_side(f"{'a' * 1025},b\n1,2", HEADER), ONE, False),
    "rows of several widths": (csv_side("1,2\n3"), csv_side("1\n2"), False),
    "rows in quotes of several widths": (csv_side('1,"2"\n3'), csv_side("1\n2"), False),
    "bytes that Python printed": (csv_side("b'a'"), ONE, False),
    "objects of other names": (json_side([{"a": 1}, {"b": 1}]), csv_side("1\n2"), False),
    "objects without names": (json_side([{}]), ONE, False),
    "a name with a meaning": (ONE, json_side([{"index": 1}]), False),
    "a long name": (json_side({"a" * 1025: 1}), ONE, False),
    "long texts": (json_side({"a": "b" * 500}), json_side({"c": "d" * 500}), True),
    "many names": (json_side({f"n{at}": at for at in range(201)}), ONE, True),
    "names that are escaped": (json_side('{"\\u0061": 1, "é": "a: b"}'), ONE, True),
    "lists of several widths": (json_side([[1, 2], [3]]), csv_side("1\n2"), False),
    "columns": (csv_side("1\n2"), json_side([["a", "b"], [0.5, 0.5]]), False),
    "no lists": (json_side({"instances": []}), json_side({"predictions": []}), False),
    "values of two kinds": (json_side({"instances": ["a", "b"]}), json_side({"predictions": [1, 2.5]}), True),
    "json lines": (lines_of([1, "a"], [2, "b"]), lines_of({"p": 1}, {"p": 2}), True),
    "json lines of values": (lines_of(1, 2), lines_of([1], [2]), False),
    "a stream": (lines_of({"a": 1}), lines_of({"token": 1}), False),
    "a name on both sides": (json_side({"a": 1}), json_side({"a": 2}), True),
    "a name that is taken": (json_side({"a": 1, "output.a": 1}), json_side({"a": 2}), False),
    "an answer in one line": (csv_side("1,2\n3,4"), csv_side("1,2"), True),
    "the same in base64": (csv_side("1,2\n3,4"), base64_side(b"1,2", "text/csv"), True),
    "a text": (csv_side("a b", "text/plain"), json_side({"p": 1}), False),
    "an image": (base64_side(b"\x89PNG", "image/png"), ONE, False),
}


@pytest.mark.parametrize(("request_side", "answer", "expected"), WITHOUT_SCHEMA.values(), ids=WITHOUT_SCHEMA)
def test_calls_without_a_schema(request_side: Side, answer: Side, expected: bool) -> None:  # noqa: FBT001 - a case
    """Whatever is not compiled is read by the plain path, also after a call of the same kind was learned."""
    assert compiled(Paths(None), request_side, answer) is expected


# With a schema: types of both sides, a call that was learned, the call, and whether it is compiled.
SCORED = {"out 0": 1.5}
WITH_SCHEMA: dict[str, tuple[str, str, tuple[Side, Side] | None, Side, Side, bool]] = {
    "no attributes": ("F", "", None, ONE, ONE, False),
    "a truncated row": ("FF", "F", None, csv_side('"1"'), ONE, False),
    "one row of two widths": ("FF", "F", None, csv_side('1,"2"\n"3"'), csv_side("1\n2"), False),
    "texts that may be names": ("SS", "F", None, csv_side("question,context"), ONE, False),
    "the names of the schema": ("SS", "F", None, csv_side("in 0,in 1\na,b"), csv_side("1\n2"), False),
    "an answer in one line": ("F", "F", None, csv_side("1\n2"), csv_side("1,2"), True),
    "an answer of texts in one line": ("F", "S", None, csv_side("1\n2"), csv_side("a,b"), False),
    "times": ("FT", "F", None, json_side({"instances": [[1, "2026-01-15T10:00Z"]]}), ONE, True),
    "a null time": ("FT", "F", None, json_side({"in 0": 1, "in 1": None}), ONE, True),
    "no time": ("FT", "F", None, json_side({"instances": [[1, "2026"]]}), ONE, False),
    "a colon": ("FS", "F", None, json_side({"in 0": 1, "in 1": "a: b"}), json_side({"predictions": [SCORED]}), True),
    "a name twice": ("F", "F", (json_side([{"in 0": 1}]), ONE), json_side('[{"in 0": 1, "in 0": 2}]'), ONE, False),
    "a space before a colon": ("FS", "F", None, json_side('[{"in 0" : 1, "in 1": ":"}]'), ONE, False),
    "colons in rows": ("FS", "F", None, json_side({"instances": [[1, ":"]]}), ONE, False),
}


@pytest.mark.parametrize(
    ("inputs", "outputs", "learned", "request_side", "answer", "expected"), WITH_SCHEMA.values(), ids=WITH_SCHEMA
)
def test_calls_with_a_schema(
    inputs: str, outputs: str, learned: tuple[Side, Side] | None, request_side: Side, answer: Side, expected: bool  # noqa: FBT001 - a case
) -> None:  # fmt: skip
    """As without one."""
    assert compiled(Paths(schema(inputs, outputs)), request_side, answer, learned) is expected


# Calls that are refused after another call was learned.
AFTER_ANOTHER: dict[str, tuple[tuple[Side, Side], tuple[Side, Side]]] = {
    "no lists": (
        (json_side({"instances": [[1]]}), json_side({"predictions": [[1]]})),
        (json_side({"instances": []}), json_side({"predictions": []})),
    ),
    "rows in quotes of several widths": (
        (csv_side("1,2\n3,4"), csv_side("1\n2")),
        (csv_side('1,"2"\n3'), csv_side("1\n2")),
    ),
    "an answer of texts": ((csv_side("1\n2"), csv_side("1,2")), (csv_side("1\n2"), csv_side("a,b"))),
}


@pytest.mark.parametrize(("learned", "call"), AFTER_ANOTHER.values(), ids=AFTER_ANOTHER)
def test_calls_after_another(learned: tuple[Side, Side], call: tuple[Side, Side]) -> None:
    """The decoder of the first call refuses the second."""
    paths = Paths(None)
    assert compiled(paths, *learned)
    assert paths.compiled_rows(capture(*call)) is None


def test_names_in_another_order_are_sent_in_that_order() -> None:
    """As on the plain path, after one order was learned."""
    paths = Paths(None)
    assert compiled(paths, json_side({"a": 1, "b": 2}), ONE)
    rows = paths.compiled_rows(capture(json_side({"b": 1, "a": 2}), ONE))
    assert rows is not None
    assert json.dumps(rows.rows[0].inference_data) == '{"b": 1, "a": 2, "prediction_0": 1}'


def test_structures_are_left_to_the_plain_path() -> None:
    """Their lists have forms of their own."""
    model = ModelSchema(
        (
            Attribute("a", Stage.PIPELINE_INPUT, ValueType.TOKENS, 0),
            Attribute("p", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0),
        )
    )
    for request in (csv_side('"[""a""]"'), json_side({"a": ["x"]})):
        assert not compiled(Paths(model), request, ONE)


def test_columns_of_numbers_widen() -> None:
    """A few odd cells do not change a column, more of them do; the rows are those of the plain path."""
    paths = Paths(None)
    for cell in ("1", "1.5", "a", "2", "b", "c", "d", "3", "e", "", "nan"):
        assert paths.compiled_rows(capture(csv_side(f"{cell},7"), ONE))


def test_too_many_widths_are_left_to_the_plain_path() -> None:
    """Callers choose how many cells a row has."""
    paths = Paths(None)
    found = [paths.compiled_rows(capture(csv_side(",".join("1" * width)), ONE)) for width in range(1, 35)]
    assert [bool(rows) for rows in found] == [True] * 32 + [False] * 2


def test_names_of_callers_do_not_fill_the_memory() -> None:
    """Shapes are learned for names that come again, and only so many."""
    paths = Paths(None)
    for number in range(400):
        assert compiled(paths, json_side({f"a{number % 300}": 1}), ONE)
    paths = Paths(None)
    paths.learn(capture(json_side({"a": 1}), ONE))
    for number in range(70):
        assert paths.compiled_rows(capture(json_side({f"b{number}": 1}), ONE))
    makers = RowMakers()
    for number in range(300):
        assert makers.maker((str(number),), ("p",), 1)(1, 2) == {str(number): 1, "p": 2}


def test_empty_cells_may_be_kept() -> None:
    """Then they are text, also in a column of numbers."""
    paths = Paths(None, DecodingOptions(empty_text=EmptyText.KEEP))
    for text in ("1,2", "1,", "1,a"):
        assert paths.compiled_rows(capture(csv_side(text), ONE))


@pytest.mark.parametrize("count", [10, pytest.param(30_000, marks=pytest.mark.large)])
def test_large_payloads_without_a_schema(count: int) -> None:
    """Many rows are made when they are read."""
    texts = csv_side("1,a,2.5\n" * count)
    many = json_side({"predictions": [{"p": 1}] * count})
    paths = Paths(None)
    assert paths.compiled_rows(capture(texts, csv_side("1\n" * count)))
    below_header = csv_side("a,b\n" + "1,2\n" * count, HEADER), csv_side("1\n" * count)
    assert compiled(paths, *below_header, learned=(csv_side("a,b\n1,2", HEADER), ONE))
    assert compiled(paths, texts, many)
    for model in (None, schema("F", "F")):
        request = lines_of(*[[1]] * count)
        assert compiled(Paths(model), request, csv_side("1\n" * count))


@pytest.mark.parametrize("layout", [Layout.WHOLE, Layout.ARRAYS])
def test_lines_of_csv_that_are_no_rows_are_left_to_the_plain_path(layout: Layout) -> None:
    """They are read like rows of CSV, so their reading is not compiled."""
    options = DecodingOptions(input=PayloadOptions(layout=layout), output=PayloadOptions(layout=layout))
    assert not compiled(Paths(None, options), csv_side("1,2\n3,4"), csv_side("1,2\n3,4"))


def test_one_line_of_json_may_have_another_layout_than_several() -> None:
    """Where the route names a layout, one line has it and several are rows."""
    options = DecodingOptions(input=PayloadOptions(layout=Layout.VECTOR))
    paths = Paths(None, options)
    assert not compiled(paths, lines_of([1, 2], [3, 4]), csv_side("1\n2"))
    assert not compiled(paths, lines_of([1, 2]), ONE)
    assert not compiled(Paths(None), json_side("[[1]]\n[[2]]"), csv_side("1\n2"))


def test_one_side_alone_is_left_to_the_plain_path() -> None:
    """Where a route forwards the answer without an image."""
    paths = Paths(None, DecodingOptions(one_sided=OneSided.FORWARD))
    line = capture(base64_side(b"\x89PNG", "image/png"), ONE)
    assert isinstance(paths.plain(Line(1, 0, len(line), line)), Decoded)
    assert not compiled(paths, base64_side(b"\x89PNG", "image/png"), ONE)
