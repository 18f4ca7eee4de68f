"""The decoder of captures: every line is in exactly one span, in order, on either path."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture_forwarder.destinations.arthur.wire import Row
from capture_forwarder.domain.delivery import RejectionCode, SkipReason, SourceUnavailable
from capture_forwarder.domain.route import Route
from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType
from capture_forwarder.kinds.captures.decoder import CaptureDecoder, CaptureKind
from capture_forwarder.kinds.kind import DecodedSpan
from capture_forwarder.lines.reader import LineReader
from tests.support.captures import capture, csv_side

ROUTE = Route(name="churn", bucket="captures", prefix="", destination="arthur", model_id="m")
SCHEMA = ModelSchema(
    (
        Attribute("in", Stage.PIPELINE_INPUT, ValueType.FLOAT, 0),
        Attribute("out", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0),
    )
)


def call(number: int, rows: int = 1, **metadata: str) -> bytes:
    """Return a capture line with so many rows."""
    return capture(csv_side("1\n" * rows), csv_side("2\n" * rows), inferenceId=f"id-{number}", **metadata)


@pytest.fixture
def decoder() -> CaptureDecoder:
    """Return a decoder that has compiled a reading, so that the next call takes the compiled path."""
    found = CaptureKind().decoder(ROUTE, SCHEMA, Row)
    list(found.decode(lines(call(0)), 1000))
    return found


def lines(*data: bytes) -> LineReader:
    """Return a reader of an object of these lines, in one chunk."""
    return LineReader([b"".join(one + b"\n" for one in data)], 1_000_000)


def numbers(decoded: DecodedSpan) -> list[int]:
    """Return the numbers of the lines of a span, one a row; of a span without rows those of its lines."""
    span = decoded.span
    if not span.pending:
        return list(range(span.number, span.number + len(span.lines)))
    return [span.row(place)[0].number for place in range(span.pending)]


def test_lines_of_the_compiled_path_share_a_span(decoder: CaptureDecoder) -> None:
    """A line that this path refuses is a span by itself, in its place; a span ends where its last line ends."""
    data = call(1), call(2), b"broken", b"", call(3), call(4, rows=2)
    found = list(decoder.decode(lines(*data), 1000))
    assert [numbers(one) for one in found] == [[1], [2], [3], [4], [5, 6, 6]]
    ends = [line.end for line in lines(*data)]
    assert [one.span.end for one in found] == [ends[at] for at in (0, 1, 2, 3, 5)]
    assert [one.code for span in found for one in span.rejections] == [RejectionCode.LINE_NOT_JSON]
    assert [reason for span in found for reason in span.skipped] == [SkipReason.BLANK_LINE]
    last = found[-1]
    assert last.rows.ids == ["id-3", "id-4_0", "id-4_1"]
    assert (last.span.counts, last.span.lines) == ([1, 2], [call(3), call(4, rows=2)])


@pytest.mark.parametrize(
    ("rows", "max_rows", "expected"),
    [(1, 1, [1, 1, 1, 1]), (1, 2, [1, 2, 1]), (1, 1000, [1, 3]), (3, 4, [3, 3, 3, 3]), (3, 7, [3, 6, 3])],
)
def test_a_span_has_no_more_rows_than_a_request_takes(
    decoder: CaptureDecoder, rows: int, max_rows: int, expected: list[int]
) -> None:
    """The first call shows how many rows to expect of the next ones."""
    found = decoder.decode(lines(*(call(number, rows) for number in range(4))), max_rows)
    assert [len(numbers(one)) for one in found] == expected


def test_a_span_has_at_most_128_rows(decoder: CaptureDecoder) -> None:
    """Rows that wait to be encoded take memory."""
    found = decoder.decode(lines(*(call(number) for number in range(300))), 1000)
    assert [len(numbers(one)) for one in found] == [1, 128, 128, 43]


def test_a_call_with_many_rows_is_one_span(decoder: CaptureDecoder) -> None:
    """A line is never cut, however many rows it has."""
    (found,) = decoder.decode(lines(call(1, rows=300)), 1000)
    assert numbers(found) == [1] * 300


def test_without_a_schema_every_line_is_a_span() -> None:
    """The plain path reads line by line."""
    data = call(1), b"", call(2, rows=2)
    found = list(CaptureKind().decoder(ROUTE, None, Row).decode(lines(*data), 1000))
    assert [(one.span.number, one.span.lines, one.rows.ids) for one in found] == [
        (1, [data[0]], ["id-1"]),
        (2, [b""], []),
        (3, [data[2]], ["id-2_0", "id-2_1"]),
    ]


def test_lines_before_a_read_error_are_decoded(decoder: CaptureDecoder) -> None:
    """An object that always breaks off at one place makes progress up to there."""

    def broken() -> Iterator[bytes]:
        yield call(1) + b"\n" + call(2) + b"\n" + call(3)
        raise SourceUnavailable("reset")

    found = decoder.decode(LineReader(broken(), 1_000_000), 1000)
    assert [numbers(next(found)) for _ in range(2)] == [[1], [2]]
    with pytest.raises(SourceUnavailable, match=r"^reset$"):
        next(found)


PARTS = st.lists(st.sampled_from([call(1), call(2, rows=2), b"", b"broken", b"x" * 2000]), max_size=8)


@given(PARTS, st.integers(1, 3000), st.integers(1, 4), st.booleans(), st.booleans())
def test_no_line_is_lost_and_none_is_decoded_twice(
    data: list[bytes],
    chunk_bytes: int,
    max_rows: int,
    ended: bool,  # noqa: FBT001 - drawn by hypothesis
    with_schema: bool,  # noqa: FBT001 - drawn by hypothesis
) -> None:
    """However an object is cut into chunks, the spans hold its lines one by one, in order, with their ends."""
    whole = b"\n".join(data) + (b"\n" if ended else b"")
    chunks = [whole[at : at + chunk_bytes] for at in range(0, len(whole), chunk_bytes)]
    expected = list(LineReader(chunks, 1000))
    decoder = CaptureKind().decoder(ROUTE, SCHEMA if with_schema else None, Row)
    next_line = 1
    for decoded in decoder.decode(LineReader(chunks, 1000), max_rows):
        span = decoded.span
        assert span.number == next_line
        next_line += len(span.lines)
        assert [line.data for line in expected[span.number - 1 : next_line - 1]] == span.lines
        assert (span.offset, span.end) == (expected[span.number - 1].offset, expected[next_line - 2].end)
        assert span.pending == len(decoded.rows.ids) == sum(span.counts)
        if span.pending:
            assert span.recorded_up_to()[1] == span.number - 1
            span.record(range(span.pending))
        assert span.recorded_up_to() == (span.end, next_line - 1)
    assert next_line == len(expected) + 1
