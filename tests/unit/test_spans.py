"""Spans of lines: the line of every row, and the first pending line, in whatever order results are recorded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture_forwarder.domain.capture import ReadOffset
from capture_forwarder.domain.progress import LineSpan
from capture_forwarder.forward.tracking import CommittedOffset

COUNTS = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=5), max_size=5)


def spans(counts: list[list[int]]) -> list[LineSpan]:
    """Return spans of lines with these counts, one after the other; every line is as long as its number says."""
    made, number, offset = [], 1, 0
    for count in counts:
        data = [b"x" * (number + at) for at in range(len(count))]
        end = offset + sum(len(one) + 1 for one in data)
        made.append(LineSpan(number, offset, end, data, count, pending=sum(count)))
        number, offset = number + len(count), end
    return made


@given(COUNTS)
def test_every_inference_knows_its_line_and_its_row(counts: list[list[int]]) -> None:
    """Rows count up from 0 in every call, whatever stands before it in the span."""
    for span in spans(counts):
        found = [span.row(place) for place in range(span.pending)]
        expected = [(at, index) for at, count in enumerate(span.counts) for index in range(count)]
        assert [(line.number - span.number, index) for line, index in found] == expected
        for line, _ in found:
            assert line.data == b"x" * line.number
            assert line.offset == sum(number + 1 for number in range(1, line.number))
            assert line.end == line.offset + len(line.data) + 1
        with pytest.raises(IndexError):
            span.row(span.pending)


def test_rows_that_were_rejected_before_leave_gaps() -> None:
    """The plain path says which rows are left."""
    span = LineSpan(1, 0, 5, [b"line"], [2], [1, 3], pending=2)
    assert [span.row(place)[1] for place in (0, 1)] == [1, 3]


@given(COUNTS, st.data())
def test_the_watermark_stands_at_the_first_line_that_is_owed(counts: list[list[int]], data: st.DataObject) -> None:
    """Whatever is settled first, before the next is entered or after; lines that owe nothing are behind at once."""
    made, watermark = spans(counts), CommittedOffset(ReadOffset())
    for span in made:
        watermark.add(span)
        if data.draw(st.booleans()):
            span.record(range(span.pending))
    everything = [(at, place) for at, span in enumerate(made) for place in range(span.pending)]
    owed = [made[at].row(place)[0] for at, place in everything]
    last = made[-1] if made else LineSpan(1, 0, 0)
    end = ReadOffset(last.end, last.number + len(last.lines) - 1, compressed=bool(made))
    for at, place in [(None, 0), *data.draw(st.permutations(everything))]:
        if at is not None:
            owed.remove(made[at].row(place)[0])
            made[at].record([place])
        first = min(owed, key=lambda line: line.number, default=None)
        expected = ReadOffset(first.offset, first.number - 1, compressed=first.number > 1) if first else end
        assert watermark.advance(compressed=True) == expected
