"""Calls of one row are decoded together: every one has the bytes that the plain path makes of it alone."""

import base64
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from capture_forwarder.destinations.arthur.wire import Row
from capture_forwarder.domain.capture import Encoding
from capture_forwarder.domain.route import DecodingOptions, IdSource, PayloadOptions, RowForm
from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType
from capture_forwarder.kinds.captures.compiled import CompiledPath
from capture_forwarder.kinds.captures.compiled_calls import compile_reading, paired
from capture_forwarder.kinds.captures.decoder import CaptureDecoder
from capture_forwarder.kinds.captures.learned_calls import LEARNED
from capture_forwarder.kinds.captures.plain import PlainPath
from capture_forwarder.kinds.captures.together import MAX_CALLS, MIN_CALLS, Attempts
from capture_forwarder.kinds.captures.whole_lines import WholeLineDecoder
from capture_forwarder.kinds.kind import DecodedSpan
from capture_forwarder.lines.reader import LineReader
from capture_forwarder.payloads.compiled_types import PayloadDecoder, Values
from tests.support.captures import Side, base64_side, capture, csv_side, json_side
from tests.unit.test_compiled_corners import WITHOUT_SCHEMA

SCHEMA = ModelSchema(
    (
        Attribute("number", Stage.PIPELINE_INPUT, ValueType.FLOAT, 0),
        Attribute("text", Stage.PIPELINE_INPUT, ValueType.STRING, 1),
        Attribute("score", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0),
    )
)
SCHEMAS = pytest.mark.parametrize("schema", [None, SCHEMA], ids=["no schema", "schema"])
# Makes a side of the number of a call.
Write = Callable[[int], Side]
LINES = "application/jsonlines"
REQUESTS: dict[str, Write] = {
    "csv": lambda n: csv_side(f"{n},text-{n}\n"),
    "csv without line end": lambda n: csv_side(f"{n},text-{n}"),
    "other line ends": lambda n: csv_side(f"{n},text-{n}\r\n"),
    "blanks": lambda n: csv_side(f"{n}, text-{n}\n"),
    "quotes": lambda n: csv_side(f'{n},"text-{n}"\n'),
    "semicolons": lambda n: csv_side(f"{n};text-{n}\n"),
    "base64": lambda n: base64_side(f"{n},text-{n}\n".encode(), "text/csv"),
    "header": lambda n: csv_side(f"number,text\n{n},text-{n}\n", "text/csv; header=present"),
    "object": lambda n: json_side({"number": n, "text": f"a:{n}"}),
    "objects": lambda n: json_side({"instances": [{"number": n, "text": f"text-{n}"}]}),
    "values": lambda n: json_side({"instances": [{"features": [n, f"text-{n}"]}]}),
    "lists": lambda n: json_side([[n, f"text-{n}"]]),
    "lines": lambda n: json_side(json.dumps({"number": n, "text": f"text-{n}"}) + "\n", LINES),
    "columns": lambda n: json_side({"columns": ["number", "text"], "data": [[n, f"text-{n}"]]}),
}
ANSWERS: dict[str, Write] = {
    "csv": lambda n: csv_side(f"{n / 8}\n"),
    "values": lambda n: json_side({"predictions": [{"score": n / 8}]}),
    "scalars": lambda n: json_side({"predictions": [n / 8]}),
    "tensors": lambda n: json_side(
        {
            "model_name": "churn",
            "outputs": [{"name": "score", "datatype": "FP32", "shape": [1, 1], "data": [n / 8]}],
        }
    ),
}
# Texts in the place of the request of one call, whose declaration is that of CSV.
ODD_TEXTS = [
    "",
    "\n",
    "1,a\n2,b\n",
    "1,a\n\n",
    "\n1,a",
    "1,a\r",
    "1,a\r\n",
    "1\r,a",
    '1,"a\n',
    '1,"a\r\n',
    '"1,a\n',
    '1,"a',
    'c"\n',
    '1,"a\nb"\n',
    '1,"a ""b"""',
    '1, "a"',
    "1;a",
    "1|a",
    "1\ta",
    "1, a",
    "1 ,a",
    " 1,a",
    "1,a ",
    "1,[a",
    "(1,a)",
    "<1,a",
    "b'1,a'",
    "1,\\a",
    "1,é",
    "\ufeff1,a",
    "nan,a",
    "01,a",
    "1e999,a",
    ",a",
    "1,",
    ",",
    "x,a",
    "number,text",
    "1,a,2",
    "1",
    "inputs",
    "question,context",
    "9007199254740993.0,a",
    "1,Traceback (most recent call last)",
]


def read_together(calls: list[tuple[Side, Side]], schema: ModelSchema | None, **options: Any) -> int:
    """Compare both paths on an object of these calls; return how many calls the compiled path read."""
    compile_reading.cache_clear()
    LEARNED.clear()
    decoding = DecodingOptions(**options)
    chosen: list[dict[str, Any]] = [
        {"inferenceId": f"chosen-{place % 50}"} if place % 3 else {} for place in range(len(calls))
    ]
    lines = [capture(*call, eventId=f"id-{place}", **chosen[place]) for place, call in enumerate(calls)]
    alone = CaptureDecoder(PlainPath(decoding, schema), None, Row)
    together = CaptureDecoder(PlainPath(decoding, schema), CompiledPath(decoding, schema, Row), Row)
    spans = list(together.decode(reader_of(lines), 1000))
    expected = [alone.decode_line(line) for line in reader_of(lines)]
    assert [one for span in spans for one in outcomes(span)] == [one for span in expected for one in outcomes(span)]
    assert noticed_in(spans) == noticed_in(expected)
    check_whole_lines(lines, decoding, schema)
    return sum(span.noticed.compiled for span in spans if span.noticed)


def check_whole_lines(lines: list[bytes], decoding: DecodingOptions, schema: ModelSchema | None) -> None:
    """Check that lines which are sent as they are have the spans, rows and counts that the plain path gives them."""
    decoding = replace(decoding, form=RowForm.LINES, refused_encodings=(Encoding.BASE64,))
    alone, together = WholeLineDecoder(decoding, schema), WholeLineDecoder(decoding, schema)
    expected = [alone.decode_line(line) for line in reader_of(lines)]
    found = list(together.decode(reader_of(lines), 1000))
    for one, other in zip(found, expected, strict=True):
        assert one.span == other.span
        assert one.rows == other.rows
        assert (one.rejections, one.skipped) == (other.rejections, other.skipped)
    assert noticed_in(found) == noticed_in(expected)


def noticed_in(spans: list[DecodedSpan]) -> tuple[int, int]:
    """Return how many values are not data, and how many inference ids came again."""
    counts = [span.noticed for span in spans if span.noticed]
    return sum(count.left_out for count in counts), sum(count.reused_ids for count in counts)


def list_side(names: str) -> Side:
    """Return a list with as many numbers as there are names."""
    return json_side([list(range(names.count(",") + 1))])


def reader_of(lines: list[bytes]) -> LineReader:
    """Return the reader of an object of these lines."""
    return LineReader([b"".join(line + b"\n" for line in lines)], 1_000_000)


def outcomes(span: DecodedSpan) -> list[object]:
    """Return the rows of a span as elements of a request, and its rejections."""
    return [*map(msgspec.json.encode, span.rows.rows), *span.rejections]


def options_of(request: str) -> dict[str, Any]:
    """Return the options of a route with such requests."""
    return {"input": PayloadOptions(csv_delimiter=";")} if request == "semicolons" else {}


@SCHEMAS
@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("asked", REQUESTS)
def test_calls_of_every_layout(asked: str, answer: str, schema: ModelSchema | None) -> None:
    """Many calls that are alike, as an endpoint has them."""
    calls = [(REQUESTS[asked](n), ANSWERS[answer](n)) for n in range(5 * MAX_CALLS)]
    assert read_together(calls, schema, **options_of(asked)) > 4 * MAX_CALLS


@SCHEMAS
@pytest.mark.parametrize("odd", ODD_TEXTS, ids=ascii)
def test_one_odd_call_among_others(odd: str, schema: ModelSchema | None) -> None:
    """One of the other layout, or of no layout, is read as if it came alone."""
    calls = [(REQUESTS["csv"](n), ANSWERS["csv"](n)) for n in range(3 * MAX_CALLS)]
    calls[2 * MAX_CALLS] = (csv_side(odd), ANSWERS["csv"](1))
    assert read_together(calls, schema) > MAX_CALLS
    calls[2 * MAX_CALLS] = (REQUESTS["csv"](1), csv_side(odd))
    assert read_together(calls, schema) > MAX_CALLS


@pytest.mark.parametrize(("asked", "answer", "_"), WITHOUT_SCHEMA.values(), ids=WITHOUT_SCHEMA)
def test_a_corner_many_times(asked: Side, answer: Side, _: bool) -> None:  # noqa: FBT001 - of the other test
    """The cases of `test_compiled_corners`, of which many come one after the other."""
    read_together([(asked, answer)] * 3 * MAX_CALLS, None)


@pytest.mark.large
@SCHEMAS
@given(data=st.data())
def test_any_calls_among_others(data: st.DataObject, schema: ModelSchema | None) -> None:
    """Calls of several layouts and odd ones in any order, and with ids of either kind."""
    odd = st.sampled_from(
        [(csv_side(text), csv_side(other)) for text in ODD_TEXTS for other in ("0.5", "0.5\n0.25", text)]
    )
    usual = st.builds(
        lambda asked, answer, n: (asked(n), answer(n)),
        st.sampled_from(list(REQUESTS.values())),
        st.sampled_from(list(ANSWERS.values())),
        st.integers(0, 99),
    )
    calls = [
        call
        for call, count in data.draw(st.lists(st.tuples(usual | odd, st.sampled_from([1, 1, 2, 9, 40])), max_size=12))
        for _ in range(count)
    ]
    read_together(calls, schema, id_source=data.draw(st.sampled_from(IdSource)))


@pytest.mark.large
@SCHEMAS
@pytest.mark.parametrize("usual", ["{},text-{}", "text-{}", "{}"])
@pytest.mark.parametrize("answers_too", [False, True])
@given(texts=st.lists(st.sampled_from(ODD_TEXTS), min_size=MIN_CALLS, max_size=9))
@example(texts=["1,a\n2,b\n", '1,"a', 'c"\n', "1,a"])
@example(texts=["1,a", '1,"a', 'c"\n', "1,a"])
@example(texts=["a\rb", '"a', 'c"', "a"])
@example(texts=["a\tb", "a", "a", "a"])
def test_odd_texts_that_fit_together_only(
    texts: list[str], usual: str, schema: ModelSchema | None, *, answers_too: bool
) -> None:
    """Texts are never cut or joined where they meet: `1,"a` and `c"` are no row."""
    asked = [csv_side(text) for text in (*(usual.format(n, n) for n in range(9)), *texts)]
    read_together([(one, one if answers_too else csv_side("0.5")) for one in asked], schema)


@SCHEMAS
@pytest.mark.parametrize(
    "data",
    [
        base64.b64encode("\ufeff1,a".encode()).decode(),
        base64.b64encode(b"1,a\0").decode(),
        base64.b64encode(b"1,\xff").decode(),
        base64.b64encode(b"1,a\n2,b").decode(),
        'MSxh","MSxh',
        "MS\\u0078h",
        "MSxh=",
        "1,a",
        "",
    ],
)
def test_one_odd_body_in_base64_among_others(data: str, schema: ModelSchema | None) -> None:
    """A byte order mark, a binary body, and text that is no BASE64."""
    calls = [(REQUESTS["base64"](n), ANSWERS["csv"](n)) for n in range(3 * MAX_CALLS)]
    calls[2 * MAX_CALLS] = (REQUESTS["base64"](1) | {"data": data}, ANSWERS["csv"](1))
    assert read_together(calls, schema) > MAX_CALLS


def test_calls_of_other_names_or_widths() -> None:
    """Headers, and lists of values, that change in the middle of the calls."""
    names = [f"a,{'b' if n % 64 < MAX_CALLS + 5 else 'c'}" for n in range(6 * MAX_CALLS)]
    headers = [csv_side(f"{one}\n1,2", "text/csv; header=present") for one in names]
    assert read_together([(one, ANSWERS["csv"](1)) for one in headers], None) > 4 * MAX_CALLS
    lists = [list_side(one.replace("c", "c,d")) for one in names]
    assert read_together([(one, ANSWERS["csv"](1)) for one in lists], None) > 4 * MAX_CALLS


@SCHEMAS
@pytest.mark.parametrize(
    "layout",
    ["{}", '{{"instances": [{}]}}', "[{}]", '{{"instances": [{}], "caller": "web"}}'],
)
@pytest.mark.parametrize(
    "odd",
    [
        '{"number": 1, "number": 2, "text": "a"}',
        '{"number": 1, "text": "a", "te\\u0078t": "b"}',
        '{"number": 1, "text": "a"}, {"number": 2, "text": "b"}',
        '{"text": "a", "number": 1}',
        '{"number": 1}',
        '{"number": 1, "text": "\\"a\\": b"}',
        '{"number": 1, "text": "\\"}',
        '{"text": "number", "number": 1}',
        '{"number": 1, "text": "Traceback (most recent call last)"}',
        '{"number": "1", "text": "a"}',
        '{"number": null, "text": null}',
        '{"number": 1, "text": "a", "more": 1}',
        '[1, "a"]',
        "[1]",
        "1",
        "",
    ],
)
def test_one_odd_document_among_others(odd: str, layout: str, schema: ModelSchema | None) -> None:
    """A name that comes twice, other names, and another number of rows are seen in one call of many."""
    answer = ANSWERS["values"](1)
    calls = [(json_side(layout.format(f'{{"number": {n}, "text": "a"}}')), answer) for n in range(3 * MAX_CALLS)]
    calls[2 * MAX_CALLS] = (json_side(layout.format(odd)), answer)
    assert read_together(calls, schema) > MAX_CALLS
    # Texts in an answer may be errors.
    calls = [(answer, request) for request, answer in calls]
    assert read_together(calls, None) > MAX_CALLS
    calls = [(csv_side(f"{n},a"), json_side({"predictions": [{"score": n}]})) for n in range(3 * MAX_CALLS)]
    calls[2 * MAX_CALLS] = (csv_side("1,a"), json_side('{"predictions": [{"score": 1, "score": 2}]}'))
    assert read_together(calls, schema) > MAX_CALLS


@pytest.mark.parametrize(
    "odd", ['[{"text": "a", "number": 1}]', '[{"number": 1, "text": "a"}, {"number": 2, "text": "b"}]']
)
@pytest.mark.parametrize("is_alone", [False, True])
def test_other_skeletons_among_calls_that_were_learned(odd: str, *, is_alone: bool) -> None:
    """Another order of names, and several rows, which may be those of all calls from here on."""
    layout = '{{"instances": {}, "caller": "web"}}'
    usual = (json_side(layout.format('[{"number": 1, "text": "a"}]')), ANSWERS["values"](1))
    answer = json_side({"predictions": [{"score": 0.5}] * odd.count("number")})
    calls = [usual] * 20 * MAX_CALLS
    calls[9 * MAX_CALLS : 9 * MAX_CALLS + 1 if is_alone else None] = [
        (json_side(layout.format(odd)), answer) for _ in range(1 if is_alone else 11 * MAX_CALLS)
    ]
    assert read_together(calls, None) > 15 * MAX_CALLS


@pytest.mark.parametrize(("inputs", "outputs"), [([(1,), (2,)], [(1,)]), ([(1,)], [(1,)])])
def test_decoders_must_return_a_row_of_each_call(inputs: list[Values], outputs: list[Values]) -> None:
    """Else rows would belong to other calls."""
    request = PayloadDecoder(lambda _: (("in",), inputs), lambda _: (("in",), inputs))
    response = PayloadDecoder(lambda _: (("out",), outputs), lambda _: (("out",), outputs))
    with pytest.raises(ValueError, match="another number of rows"):
        paired(request, response, apart=False).decode_each(["", ""], ["", ""])


@pytest.mark.parametrize("is_shadow", [False, True])
def test_calls_that_are_left_out(*, is_shadow: bool) -> None:
    """Shadow calls, and ids that are too long, are seen among others."""
    odd: dict[str, Any] = {"invocationSource": "ShadowExperiment"} if is_shadow else {"eventId": "x" * 500}
    lines = [
        capture(csv_side(f"{n}"), csv_side("1"), **({"eventId": f"id-{n}"} | (odd if n == 50 else {})))
        for n in range(99)
    ]
    decoder = CaptureDecoder(PlainPath(DecodingOptions()), CompiledPath(DecodingOptions(), None, Row), Row)
    spans = list(decoder.decode(reader_of(lines), 1000))
    assert sum(len(span.rows.ids) for span in spans) == 98
    assert sum(len(span.rejections) + len(span.skipped) for span in spans) == 1


def test_after_failures_calls_are_read_one_by_one_for_a_while() -> None:
    """Each failure doubles the pause, to a limit; a success ends it."""
    attempts, pauses = Attempts(), []
    for _ in range(9):
        attempts.count(has_failed=True)
        pauses.append(next(pause for pause in range(1000) if attempts.is_due()))
    assert pauses == [1, 3, 7, 15, 31, 63, 64, 64, 64]
    attempts.count(has_failed=False)
    assert attempts.is_due()
