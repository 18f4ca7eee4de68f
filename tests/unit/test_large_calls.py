"""Calls of many rows: the rows are made when they are read, and they are those that calls of one row have."""

import json
from typing import Any

import msgspec
import pytest

from benchmarks.trace import Tracer
from capture_forwarder.destinations.arthur.wire import Row
from capture_forwarder.domain.batch import Batch, BatchLimits
from capture_forwarder.domain.conservation import ReadingCounts
from capture_forwarder.domain.delivery import RejectionCode
from capture_forwarder.domain.route import DecodingOptions, OneSided, Route
from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType
from capture_forwarder.forward.sending.batching import Batcher
from capture_forwarder.kinds.captures.decoder import CaptureKind
from capture_forwarder.kinds.kind import DecodedSpan
from capture_forwarder.lines.reader import LineReader
from capture_forwarder.payloads.lazy import LISTED_ROWS, Lazy
from tests.support.captures import base64_side, capture, csv_side, json_side
from tests.support.fakes import DiscardResults

# So many rows take enough memory to be made when they are read, on every path.
MANY = 20_000
SCHEMA = ModelSchema(
    (
        Attribute("in", Stage.PIPELINE_INPUT, ValueType.FLOAT, 0),
        Attribute("out", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0),
    )
)
WIDE = ModelSchema(
    (
        *(Attribute(f"in{place}", Stage.PIPELINE_INPUT, ValueType.FLOAT, place) for place in range(1_200)),
        Attribute("out", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0),
    )
)
SMALL = capture(csv_side("1"), csv_side("2"), inferenceId="small")


def decode(
    *data: bytes, schema: ModelSchema | None = SCHEMA, options: DecodingOptions | None = None
) -> list[DecodedSpan]:
    """Return the spans of an object of these lines."""
    route = Route(
        name="r", bucket="b", prefix="p/", destination="d", model_id="m", decoding=options or DecodingOptions()
    )
    reader = LineReader([b"".join(one + b"\n" for one in data)], 100_000_000)
    return list(CaptureKind().decoder(route, schema, Row).decode(reader, 1000))


def sent(*spans: DecodedSpan) -> list[Any]:
    """Return the elements of all requests; each request has as many rows as ids."""
    batches: list[Batch] = []
    batcher = Batcher("m", BatchLimits(), lambda batch, _: batches.append(batch))
    for one in spans:
        assert one.span.pending == sum(one.span.counts) == len(one.rows.ids) == len(one.rows.rows)
        batcher.add(DiscardResults(), one.span, one.rows.ids, one.rows.rows)
    batcher.flush()
    rows = [json.loads(row) for batch in batches for row in batch.rows()]
    assert [row["partner_inference_id"] for row in rows] == [one for batch in batches for one in batch.ids]
    return rows


def by_place(one: DecodedSpan) -> None:
    """Check that rows, ids and rejections are the same by place as in order."""
    rows = list(one.rows.rows)
    for place in (0, 1, len(rows) // 2, -1):
        row = json.loads(msgspec.json.encode(one.rows.rows[place]))
        assert row["partner_inference_id"] == one.rows.ids[place]
        assert row == json.loads(msgspec.json.encode(rows[place]))


BOTH = pytest.mark.parametrize("schema", [SCHEMA, None], ids=["schema", "no schema"])
NAMES = {True: ("in", "out"), False: ("feature_0", "prediction_0")}
SIDES = {
    "csv": (csv_side("".join(f"{n}\n" for n in range(MANY))), csv_side("".join(f"{-n}\n" for n in range(MANY)))),
    "base64": (
        base64_side("".join(f"{n}\n" for n in range(MANY)).encode(), "text/csv"),
        csv_side("".join(f"{-n}\n" for n in range(MANY))),
    ),
    "quoted csv": (
        csv_side("".join(f'"{n}"\n' for n in range(MANY))),
        csv_side("".join(f"{-n}\n" for n in range(MANY))),
    ),
    "instances": (
        json_side({"instances": [[n] for n in range(MANY)]}),
        json_side({"predictions": [-n for n in range(MANY)]}),
    ),
    "features": (
        json_side({"instances": [{"features": [n]} for n in range(MANY)]}),
        json_side({"predictions": [{"probabilities": [-n]} for n in range(MANY)]}),
    ),
    "lists": (json_side([[n] for n in range(MANY)]), json_side([[-n] for n in range(MANY)])),
    "csv and one line": (
        csv_side("".join(f"{n}\n" for n in range(MANY))),
        csv_side(",".join(str(-n) for n in range(MANY))),
    ),
}


@BOTH
@pytest.mark.parametrize("name", SIDES)
def test_all_rows_of_a_large_call_are_sent(name: str, schema: ModelSchema | None) -> None:
    """In order, each with its own id; the second call is decoded by the compiled path if there is a schema."""
    request, answer = SIDES[name]
    spans = decode(*(capture(request, answer, inferenceId=f"call-{number}") for number in range(2)), schema=schema)
    given, answered = NAMES[schema is not None]
    expected = [(f"call-{number}_{row}", {given: row, answered: -row}) for number in range(2) for row in range(MANY)]
    assert [(row["partner_inference_id"], row["inference_data"]) for row in sent(*spans)] == expected
    for one in spans:
        assert isinstance(one.rows.rows, Lazy)
        assert one.rejections == [] or len(one.rejections) == 0
        assert one.rows.time is not None
        by_place(one)


@BOTH
@pytest.mark.parametrize("name", ["instances", "features", "lists"])
def test_the_first_large_call_of_a_run_is_compiled(name: str, schema: ModelSchema | None) -> None:
    """The plain path reads how the call is laid out; it makes no row."""
    trace = Tracer().trace(lambda: sent(*decode(capture(*SIDES[name]), schema=schema)))
    assert (trace.count("PlainPath.read"), trace.count("PlainPath._row")) == (1, 0)


@pytest.mark.parametrize("odd", [None, "text"])
def test_the_first_call_of_a_few_thousand_rows_is_compiled_if_all_of_them_fit(odd: str | None) -> None:
    """They are few enough to be listed. One row of a wrong type leaves the call to the plain path, which rejects it."""
    rows = [*range(2_000), *([odd] if odd else [])]
    line = capture(json_side({"instances": [[one] for one in rows]}), json_side({"predictions": [0.5] * len(rows)}))
    (one,) = decode(line)
    assert [row["inference_data"] for row in sent(one)] == [{"in": n, "out": 0.5} for n in range(2_000)]
    assert [rejection.index for rejection in one.rejections] == ([2_000] if odd else [])
    assert isinstance(one.rows.rows, Lazy) == bool(odd)


def test_notes_about_the_first_large_call_count_once() -> None:
    """Both paths look at it."""
    spans = decode(*(capture(*SIDES[name], inferenceId="x") for name in ("instances", "lists", "lists")), schema=None)
    notes = [one.noticed or ReadingCounts() for one in spans]
    assert [(one.reused_ids, one.changed_layouts, one.compiled) for one in notes] == [(0, 0, 0), (1, 1, 0), (1, 0, 1)]


@BOTH
def test_a_large_call_among_small_ones_is_a_span_of_its_own(schema: ModelSchema | None) -> None:
    """The lines around it keep their places."""
    large = capture(*SIDES["csv"], inferenceId="large")
    lines = [SMALL, SMALL, SMALL, large, SMALL, large, large, SMALL, SMALL]
    spans = decode(*lines, schema=schema)
    numbers = [list(range(one.span.number, one.span.number + len(one.span.lines))) for one in spans]
    assert [number for some in numbers for number in some] == list(range(1, 10))
    assert [some for some in numbers if some[0] in (4, 6, 7)] == [[4], [6], [7]]
    ends = [sum(len(line) + 1 for line in lines[: number + 1]) for number in range(9)]
    assert [one.span.end for one in spans] == [ends[some[-1] - 1] for some in numbers]
    assert [one.span.lines for one in spans if one.span.number in (4, 6, 7)] == [[large]] * 3
    assert len(sent(*spans)) == 6 + 3 * MANY


def test_rejected_rows_of_a_large_call_leave_gaps() -> None:
    """Every rejection has its index and its id; the other rows keep theirs."""
    request = csv_side("".join("x\n" if n % 3 == 1 else f"{n}\n" for n in range(MANY)))
    (one,) = decode(capture(request, SIDES["csv"][1], inferenceId="i"))
    wrong = [n for n in range(MANY) if n % 3 == 1]
    right = [n for n in range(MANY) if n % 3 != 1]
    assert [(row["partner_inference_id"], row["inference_data"]) for row in sent(one)] == [
        (f"i_{n}", {"in": n, "out": -n}) for n in right
    ]
    assert [(rejection.index, rejection.partner_inference_id) for rejection in one.rejections] == [
        (n, f"i_{n}") for n in wrong
    ]
    assert one.rejections[7].index == wrong[7]
    assert {rejection.code for rejection in one.rejections} == {RejectionCode.VALUE_TYPE_MISMATCH}
    assert [one.span.row(place)[1] for place in range(len(right))] == right
    by_place(one)


def test_all_rows_of_a_large_call_may_be_rejected() -> None:
    """No row is sent, and the span has no time."""
    (one,) = decode(capture(csv_side("x\n" * MANY), SIDES["csv"][1]))
    assert (len(one.rows.ids), list(one.rows.rows), one.rows.time, one.span.pending) == (0, [], None, 0)
    assert [rejection.index for rejection in one.rejections] == list(range(MANY))


def test_the_suffix_of_a_large_call_is_part_of_the_length() -> None:
    """Rows with an id that is too long are rejected. The rejection leaves out the id, because it would be too long as well."""
    options = DecodingOptions(max_partner_id_chars=12)
    (one,) = decode(capture(*SIDES["csv"], inferenceId="x" * 7), options=options)
    assert len(one.rows.ids) == 10_000
    assert {(rejection.code, rejection.partner_inference_id) for rejection in one.rejections} == {
        (RejectionCode.PARTNER_ID_TOO_LONG, None)
    }


@pytest.mark.parametrize("is_request", [True, False])
def test_one_side_of_a_large_call_may_be_sent_alone(is_request: bool) -> None:  # noqa: FBT001 - a parametrised case
    """Where the route forwards it."""
    sides = (SIDES["csv"][0], None) if is_request else (None, SIDES["csv"][0])
    (one,) = decode(capture(*sides), schema=None, options=DecodingOptions(one_sided=OneSided.FORWARD))
    name = "feature_0" if is_request else "prediction_0"
    assert [row["inference_data"] for row in sent(one)] == [{name: n} for n in range(MANY)]
    by_place(one)


@pytest.mark.parametrize("change", [-1, 1])
@pytest.mark.parametrize("name", ["csv", "instances"])
@BOTH
def test_a_large_call_with_a_row_too_many_is_rejected(name: str, change: int, schema: ModelSchema | None) -> None:
    """The number of rows of both sides is known before a row is sent."""
    count = MANY + change
    answer = csv_side("1\n" * count) if name == "csv" else json_side({"predictions": [1] * count})
    first, one = decode(capture(*SIDES[name]), capture(SIDES[name][0], answer), schema=schema)
    assert (len(first.rows.ids), len(one.rows.ids)) == (MANY, 0)
    assert [rejection.code for rejection in one.rejections] == [RejectionCode.ROW_COUNT_MISMATCH]


ODD: dict[str, tuple[Any, Any]] = {
    "text": ("x", RejectionCode.VALUE_TYPE_MISMATCH),
    "null": (None, None),
    "a list": ([1], RejectionCode.VALUE_TYPE_MISMATCH),
}


@pytest.mark.large
@pytest.mark.parametrize("place", [0, MANY // 2, MANY - 1])
@pytest.mark.parametrize("odd", ODD)
def test_one_odd_row_of_a_large_call(odd: str, place: int) -> None:
    """Anywhere: the plain path reads the call, and this row alone is rejected, or sent as it is."""
    value, code = ODD[odd]
    rows: list[Any] = [[n] for n in range(MANY)]
    answers: list[Any] = [float(n) for n in range(MANY)]
    rows[place] = [value]
    lines = (json_side({"instances": rows}), json_side({"predictions": answers}))
    _, one = decode(capture(*SIDES["instances"]), capture(*lines))
    assert [rejection.index for rejection in one.rejections] == ([place] if code else [])
    assert len(sent(one)) == MANY - (1 if code else 0)


@pytest.mark.parametrize("place", [0, MANY // 2, MANY - 1])
def test_an_object_among_the_lists_of_a_large_call(place: int) -> None:
    """Elements that are not of one kind are no rows, so the request is one call and its many answers do not fit."""
    rows: list[Any] = [[n] for n in range(MANY)]
    rows[place] = {"in": 1}
    lines = (json_side({"instances": rows}), json_side({"predictions": [0.5] * MANY}))
    _, one = decode(capture(*SIDES["instances"]), capture(*lines))
    assert [rejection.code for rejection in one.rejections] == [RejectionCode.ROW_COUNT_MISMATCH]


@pytest.mark.parametrize("schema", [WIDE, None], ids=["schema", "no schema"])
def test_long_rows_are_encoded_one_by_one(schema: ModelSchema | None) -> None:
    """Their requests are the same."""
    row = ",".join(str(n % 10) for n in range(1_200))
    line = capture(csv_side(f"{row}\n" * 300), csv_side("1\n" * 300), inferenceId="i")
    (one,) = decode(line, schema=schema)
    stem = "in" if schema else "feature_"
    name = "out" if schema else "prediction_0"
    expected = {f"{stem}{n}": n % 10 for n in range(1_200)} | {name: 1}
    assert isinstance(one.rows.rows[0], msgspec.Raw)
    assert [row["inference_data"] for row in sent(one)] == [expected] * 300


@pytest.mark.parametrize("count", [LISTED_ROWS, LISTED_ROWS + 1])
def test_calls_of_few_rows_have_lists(count: int) -> None:
    """Calls just above the limit have the same rows. Only the plain path reads a byte order mark."""
    line = capture(csv_side("\ufeff" + "1\n" * count), csv_side("2\n" * count), inferenceId="i")
    (one,) = decode(line, schema=None)
    assert isinstance(one.rows.rows, list if count == LISTED_ROWS else Lazy)
    assert [row["partner_inference_id"] for row in sent(one)] == [f"i_{n}" for n in range(count)]


def test_a_large_text_of_few_wide_rows_is_read_in_pieces() -> None:
    """Its rows are listed: they take little more memory than the text."""
    request = csv_side("".join(",".join([str(n)] * 1_200) + "\n" for n in range(100)))
    answer = csv_side("".join(f"{-n}\n" for n in range(100)))
    spans = decode(*(capture(request, answer, inferenceId=f"call-{number}") for number in range(2)), schema=WIDE)
    rows = [(row["inference_data"]["in7"], row["inference_data"]["out"]) for row in sent(*spans)]
    assert rows == [(n, -n) for n in range(100)] * 2


def test_a_large_list_under_another_key_than_before_is_read_by_the_plain_path() -> None:
    """The compiled path knows the key of the call before."""
    requests = [json_side({key: [[n] for n in range(MANY)]}) for key in ("instances", "inputs")]
    lines = [capture(request, SIDES["instances"][1], inferenceId="call") for request in requests]
    assert [row["inference_data"]["in"] for row in sent(*decode(*lines))] == list(range(MANY)) * 2
