"""Captures as a kind of record: every line ends in exactly one span, with its rows, rejections or skip reason."""

import gzip
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture_forwarder.destinations.arthur.wire import Row
from capture_forwarder.domain.delivery import RejectionCode, SkipReason, SourceUnavailable
from capture_forwarder.domain.route import DecodingOptions, OneSided, Route
from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType
from capture_forwarder.kinds.captures.decoder import CaptureDecoder, CaptureKind
from capture_forwarder.kinds.captures.plain import PlainPath
from capture_forwarder.kinds.kind import DecodedSpan, Kind
from capture_forwarder.lines.reader import LineReader
from tests.support.captures import capture, csv_side, json_side

SCHEMA = ModelSchema(
    (
        Attribute("in", Stage.PIPELINE_INPUT, ValueType.FLOAT, 0),
        Attribute("out", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0),
    )
)
ROUTE = Route(name="route", bucket="b", prefix="p/", destination="d", model_id="m")
FORWARD = DecodingOptions(one_sided=OneSided.FORWARD)
KIND: Kind = CaptureKind()


def call(number: int, rows: int = 1) -> bytes:
    """Return a capture line of so many rows."""
    return capture(csv_side("1\n" * rows), csv_side("2\n" * rows), inferenceId=f"id-{number}")


def marked(number: int) -> bytes:
    """Return a line that only the plain path reads: its text has a byte order mark."""
    return capture(csv_side("\ufeff1"), csv_side("2"), inferenceId=f"id-{number}")


def misfit(number: int) -> bytes:
    """Return a line of three rows. The second does not fit the schema."""
    return capture(csv_side("1\nx\n3"), csv_side("1\n2\n3"), inferenceId=f"id-{number}")


def reader(*data: bytes) -> LineReader:
    """Return a reader of an object of these lines, in one chunk."""
    return LineReader([b"".join(one + b"\n" for one in data)], 1_000_000)


def decode(
    *data: bytes, schema: ModelSchema | None = SCHEMA, max_rows: int = 1000, route: Route = ROUTE
) -> list[DecodedSpan]:
    """Return the spans of an object of these lines."""
    return list(KIND.decoder(route, schema, Row).decode(reader(*data), max_rows))


def line_numbers(decoded: DecodedSpan) -> list[int]:
    """Return the numbers of the lines of a span."""
    return list(range(decoded.span.number, decoded.span.number + len(decoded.span.lines)))


def test_lines_of_the_compiled_path_share_a_span() -> None:
    """A line that it refuses is a span by itself, and the order is that of the object."""
    data = call(1), call(2), marked(3), b"", call(5), call(6, rows=2)
    spans = decode(*data)
    assert [line_numbers(one) for one in spans] == [[1], [2], [3], [4], [5, 6]]
    assert [one.span.counts for one in spans] == [[1], [1], [1], [0], [1, 2]]
    assert [one.span.pending for one in spans] == [1, 1, 1, 0, 3]
    assert [one.rows.ids for one in spans] == [["id-1"], ["id-2"], ["id-3"], [], ["id-5", "id-6_0", "id-6_1"]]
    assert [data for one in spans for data in one.span.lines] == list(data)
    lines = list(reader(*data))
    assert [one.span.offset for one in spans] == [lines[at].offset for at in (0, 1, 2, 3, 4)]
    assert [one.span.end for one in spans] == [lines[at].end for at in (0, 1, 2, 3, 5)]
    assert [row.inference_data for row in spans[2].rows.rows] == [{"in": 1.0, "out": 2.0}]


def test_the_layout_of_the_first_line_is_learned() -> None:
    """The plain path reads the first line of a layout; the compiled path decodes those that follow."""
    line = capture(json_side({"instances": [[1]]}), json_side({"predictions": [2]}))
    other = capture(json_side([[1]]), json_side({"predictions": [2]}))
    assert [line_numbers(one) for one in decode(*[line] * 4, *[other] * 3)] == [[1], [2, 3, 4], [5], [6, 7]]


@pytest.mark.parametrize(
    ("rows", "max_rows", "expected"),
    [(1, 1, [1, 1, 1, 1]), (1, 2, [1, 2, 1]), (1, 1000, [1, 3]), (3, 4, [3, 3, 3, 3]), (3, 7, [3, 6, 3])],
)
def test_a_span_has_about_as_many_rows_as_a_request(rows: int, max_rows: int, expected: list[int]) -> None:
    """The calls before tell how many rows to expect."""
    spans = decode(*(call(number, rows) for number in range(4)), max_rows=max_rows)
    assert [len(one.rows.ids) for one in spans] == expected


def test_the_next_chunk_begins_with_as_many_lines_as_the_last_ended_with() -> None:
    """Chunks of an object change only where spans end."""
    chunks = [b"".join(call(number) + b"\n" for number in range(3)) for _ in range(2)]
    spans = KIND.decoder(ROUTE, SCHEMA, Row).decode(LineReader(chunks, 1_000_000), 1000)
    assert [len(one.rows.ids) for one in spans] == [1, 2, 3]


def test_rows_of_plain_lines_count_too() -> None:
    """After a call of many rows the next span has few lines."""
    many = capture(csv_side('"1"\n' * 64), csv_side("2\n" * 64))
    assert [len(one.span.lines) for one in decode(many, *[call(1)] * 5)] == [1, 2, 3]


def test_a_span_has_at_most_128_rows() -> None:
    """Rows wait in memory until they are encoded."""
    spans = decode(*(call(number) for number in range(300)))
    assert [len(one.rows.ids) for one in spans] == [1, 128, 128, 43]


def test_a_call_of_many_rows_is_not_cut() -> None:
    """All rows of a line are in one span."""
    (one,) = decode(call(1, rows=300))
    assert len(one.rows.ids) == 300


def test_a_line_of_the_plain_path_is_a_span() -> None:
    """The destination's row builder gets the values by name."""
    spans = decode(marked(1), marked(2), schema=None)
    assert [line_numbers(one) for one in spans] == [[1], [2]]
    assert [one.span.counts for one in spans] == [[1], [1]]
    rows: Sequence[Any] = spans[1].rows.rows
    assert [row.partner_inference_id for row in rows] == spans[1].rows.ids == ["id-2"]
    assert [row.inference_data for row in rows] == [{"feature_0": 1, "prediction_0": 2}]
    assert {row.inference_timestamp for row in rows} == {spans[1].rows.time}


@pytest.mark.parametrize("schema", [SCHEMA, None], ids=["schema", "no schema"])
def test_a_rejected_or_skipped_line_is_a_span_without_rows(schema: ModelSchema | None) -> None:
    """Its rejection or skip reason travels with the span."""
    rejected, blank = decode(b"broken", b"", schema=schema)
    (rejection,) = rejected.rejections
    assert (rejection.code, rejection.line, rejection.index) == (RejectionCode.LINE_NOT_JSON, 1, None)
    assert (blank.skipped, blank.rejections, rejected.skipped) == ([SkipReason.BLANK_LINE], [], [])
    for one in (rejected, blank):
        assert (one.rows.ids, one.rows.time, one.span.pending, one.span.counts) == ([], None, 0, [0])


def test_a_rejected_row_leaves_a_gap() -> None:
    """`indices` has the indices of the others in the call."""
    (one,) = decode(misfit(1))
    (rejection,) = one.rejections
    assert (rejection.code, rejection.index) == (RejectionCode.VALUE_TYPE_MISMATCH, 1)
    assert one.rows.ids == ["id-1_0", "id-1_2"]
    assert one.span.counts == [2]
    assert [one.span.row(place)[1] for place in (0, 1)] == [0, 2]


def test_one_side_alone_is_read_by_the_plain_path() -> None:
    """Where the route forwards it; calls with both sides are compiled before and after."""
    route = Route(name="r", bucket="b", prefix="p/", destination="d", model_id="m", decoding=FORWARD)
    spans = decode(call(1), capture(csv_side("1"), None), call(3), call(4), route=route)
    assert [line_numbers(one) for one in spans] == [[1], [2], [3, 4]]
    assert [row.inference_data for row in spans[1].rows.rows] == [{"in": 1.0}]


def test_a_line_that_is_too_long_is_a_rejection() -> None:
    """The lines around it are decoded."""
    lines = LineReader([call(1) + b"\n" + b"x" * 2000 + b"\n" + call(3)], 1000)
    spans = list(KIND.decoder(ROUTE, SCHEMA, Row).decode(lines, 1000))
    assert [line_numbers(one) for one in spans] == [[1], [2], [3]]
    assert [rejection.code for rejection in spans[1].rejections] == [RejectionCode.LINE_TOO_LONG]


def test_lines_before_a_broken_stream_are_decoded() -> None:
    """Where reading always breaks at the same place, the lines before it are forwarded all the same."""

    def broken() -> Iterator[bytes]:
        yield call(1) + b"\n" + call(2) + b"\n" + call(3)
        raise SourceUnavailable("reset")

    spans = KIND.decoder(ROUTE, SCHEMA, Row).decode(LineReader(broken(), 1_000_000), 1000)
    assert [line_numbers(next(spans)) for _ in range(2)] == [[1], [2]]
    with pytest.raises(SourceUnavailable, match=r"^reset$"):
        next(spans)


LINES = st.lists(
    st.sampled_from([call(1), call(2, rows=2), marked(3), misfit(4), b"", b"broken", b"x" * 2000]), max_size=8
)


@given(LINES, st.integers(1, 3000), st.integers(1, 4), st.booleans(), st.booleans())
def test_every_line_ends_in_exactly_one_span(
    data: list[bytes],
    chunk_bytes: int,
    max_rows: int,
    ended: bool,  # noqa: FBT001 - drawn by hypothesis
    compress: bool,  # noqa: FBT001 - drawn by hypothesis
) -> None:
    """However an object is cut into chunks: all lines in order, with the same results as on the plain path alone."""
    whole = b"\n".join(data) + (b"\n" if ended else b"")
    stored = gzip.compress(whole) if compress else whole
    chunks = [stored[at : at + chunk_bytes] for at in range(0, len(stored), chunk_bytes)]
    lines = list(LineReader(chunks, 1000))
    spans = list(KIND.decoder(ROUTE, SCHEMA, Row).decode(LineReader(chunks, 1000), max_rows))
    assert [number for one in spans for number in line_numbers(one)] == [line.number for line in lines]
    ends = {line.number: line.end for line in lines}
    for one in spans:
        span = one.span
        assert span.end == ends[span.number + len(span.lines) - 1]
        assert span.offset == ends.get(span.number - 1, 0)
        assert sum(span.counts) == span.pending == len(one.rows.ids) == len(one.rows.rows)
        is_rejected = any(rejection.index is None for rejection in one.rejections)
        assert len(span.lines) == len(span.counts) == 1 or not (is_rejected or one.skipped or one.rejections)
    plain = CaptureDecoder(PlainPath(ROUTE.decoding, SCHEMA), None, Row)
    assert _results(spans) == _results(list(plain.decode(LineReader(chunks, 1000), max_rows)))


def _results(spans: list[DecodedSpan]) -> list[Any]:
    """Return all rows as they stand in a request, all rejections and all skip reasons, in order."""
    return [
        [msgspec.json.encode(row) for one in spans for row in one.rows.rows],
        [rejection for one in spans for rejection in one.rejections],
        [reason for one in spans for reason in one.skipped],
    ]
