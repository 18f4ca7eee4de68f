"""Spans: which lines travel together, and which of them is behind, whatever is settled first."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture_forwarder.destinations.arthur.wire import Row
from capture_forwarder.domain.capture import Line
from capture_forwarder.domain.delivery import SourceUnavailable
from capture_forwarder.domain.route import DecodingOptions
from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType
from capture_forwarder.kinds.captures.compiled import FastPath, fast_path
from capture_forwarder.kinds.captures.spans import GatheredSpan, decode_spans
from capture_forwarder.lines.reader import LineReader
from tests.support.captures import capture, csv_side

SCHEMA = ModelSchema(
    (
        Attribute("in", Stage.PIPELINE_INPUT, ValueType.FLOAT, 0),
        Attribute("out", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0),
    )
)


def call(number: int, rows: int = 1, **metadata: str) -> bytes:
    """Return a capture line of so many rows."""
    return capture(csv_side("1\n" * rows), csv_side("2\n" * rows), inferenceId=f"id-{number}", **metadata)


@pytest.fixture
def fast() -> FastPath:
    """Give the fast path of a model of one value in and one out."""
    found = fast_path(DecodingOptions(), SCHEMA, Row)
    assert found is not None
    return found


def lines(*data: bytes) -> LineReader:
    """Return a reader of an object of these lines, in one chunk."""
    return LineReader([b"".join(one + b"\n" for one in data)], 1_000_000)


def numbers(found: GatheredSpan | Line) -> list[int]:
    """Return the numbers of the lines of what was gathered; of one for the plain path its number less than nothing."""
    if isinstance(found, Line):
        return [-found.number]
    return [found.span.row(place)[0].number for place in range(found.span.pending)]


def test_lines_travel_together_until_one_is_for_the_plain_path(fast: FastPath) -> None:
    """The order is that of the object, and a span knows where it ends."""
    data = call(1), call(2), b"broken", b"", call(3), call(4, rows=2)
    found = list(decode_spans(lines(*data), fast, 1000))
    assert [numbers(one) for one in found] == [[1], [2], [-3], [-4], [5, 6, 6]]
    ends = [line.end for line in lines(*data)]
    assert [one.end for one in found] == [ends[at] for at in (0, 1, 2, 3, 5)]
    last = found[-1]
    assert isinstance(last, GatheredSpan)
    assert last.ready.ids == ["id-3", "id-4_0", "id-4_1"]
    assert (last.span.counts, last.span.lines) == ([1, 2], [call(3), call(4, rows=2)])


@pytest.mark.parametrize(
    ("rows", "max_rows", "expected"),
    [(1, 1, [1, 1, 1, 1]), (1, 2, [1, 2, 1]), (1, 1000, [1, 3]), (3, 4, [3, 3, 3, 3]), (3, 7, [3, 6, 3])],
)
def test_a_stretch_has_no_more_rows_than_a_request_takes(
    fast: FastPath, rows: int, max_rows: int, expected: list[int]
) -> None:
    """What is more would have to be cut; the first call shows how many rows to expect of the others."""
    found = decode_spans(lines(*(call(number, rows) for number in range(4))), fast, max_rows)
    assert [len(numbers(one)) for one in found] == expected


def test_stretches_are_short(fast: FastPath) -> None:
    """What waits to be encoded takes memory."""
    found = decode_spans(lines(*(call(number) for number in range(300))), fast, 1000)
    assert [len(numbers(one)) for one in found] == [1, 128, 128, 43]


def test_a_call_of_many_rows_is_not_cut(fast: FastPath) -> None:
    """Its line is one, however many rows it has."""
    (found,) = decode_spans(lines(call(1, rows=300)), fast, 1000)
    assert numbers(found) == [1] * 300


def test_without_a_fast_path_every_line_stands_alone() -> None:
    """As it came."""
    data = call(1), b"", call(2)
    assert list(decode_spans(lines(*data), None, 1000)) == list(lines(*data))


def test_what_was_read_before_reading_broke_off_is_not_lost(fast: FastPath) -> None:
    """Where it always breaks off at the same place, the beginning gets ahead all the same."""

    def broken() -> Iterator[bytes]:
        yield call(1) + b"\n" + call(2) + b"\n" + call(3)
        raise SourceUnavailable("reset")

    found = decode_spans(LineReader(broken(), 1_000_000), fast, 1000)
    assert [numbers(next(found)) for _ in range(2)] == [[1], [2]]
    with pytest.raises(SourceUnavailable, match=r"^reset$"):
        next(found)


PARTS = st.lists(st.sampled_from([call(1), call(2, rows=2), b"", b"broken", b"x" * 2000]), max_size=8)


@given(PARTS, st.integers(1, 3000), st.integers(1, 4), st.booleans())
def test_no_line_is_lost_and_none_comes_twice(
    data: list[bytes],
    chunk_bytes: int,
    max_rows: int,
    ended: bool,  # noqa: FBT001 - drawn by hypothesis
) -> None:
    """However an object is cut into chunks: the lines are those that come one by one, in order, and so are the ends."""
    whole = b"\n".join(data) + (b"\n" if ended else b"")
    chunks = [whole[at : at + chunk_bytes] for at in range(0, len(whole), chunk_bytes)]
    expected = list(LineReader(chunks, 1000))
    fast = fast_path(DecodingOptions(), SCHEMA, Row)
    found = list(decode_spans(LineReader(chunks, 1000), fast, max_rows))
    ends = {line.number: line.end for line in expected}
    told = []
    for one in found:
        if isinstance(one, Line):
            told.append(one)
        else:
            span = one.span
            assert span.recorded_up_to()[1] == span.number - 1
            span.record(range(span.pending))
            assert span.recorded_up_to() == (one.end, span.number + len(span.lines) - 1)
            assert one.end == ends[span.number + len(span.lines) - 1]
            told += [line for line in expected if span.number <= line.number < span.number + len(span.lines)]
            assert [line.data for line in told[-len(span.lines) :]] == span.lines
    assert told == expected
