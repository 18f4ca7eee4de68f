"""Spans: the place of every row in an object, and the offset up to the first pending row."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture_forwarder.domain.capture import Line, ReadOffset
from capture_forwarder.domain.progress import LineSpan
from capture_forwarder.forward.tracking import CommittedOffset

COUNTS = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=5), max_size=5)


def spans_of(counts: list[list[int]]) -> list[LineSpan]:
    """Return spans of lines with these counts of rows, one after the other; line n has n bytes."""
    spans, number, offset = [], 1, 0
    for count in counts:
        data = [b"x" * (number + at) for at in range(len(count))]
        end = offset + sum(len(line) + 1 for line in data)
        spans.append(LineSpan(number, offset, end, data, count, pending=sum(count)))
        number, offset = number + len(count), end
    return spans


@given(COUNTS)
def test_every_row_has_its_line_and_its_index(counts: list[list[int]]) -> None:
    """The index counts from 0 in every call, whatever is before the call in the span."""
    for span in spans_of(counts):
        rows = [span.row(place) for place in range(span.pending)]
        expected = [(at, index) for at, count in enumerate(span.counts) for index in range(count)]
        assert [(line.number - span.number, index) for line, index in rows] == expected
        for line, _ in rows:
            assert line == span.line(line.number)
            assert line.data == b"x" * line.number
            assert line.offset == sum(number + 1 for number in range(1, line.number))
            assert line.end == line.offset + len(line.data) + 1
        with pytest.raises(IndexError, match=f"^{span.pending}$"):
            span.row(span.pending)


def test_a_row_keeps_its_index_if_rows_before_it_were_rejected() -> None:
    """The span lists the indices of the rows that are left."""
    span = LineSpan(1, 0, 5, [b"line"], [2], [1, 3], pending=2)
    assert [span.row(place)[1] for place in (0, 1)] == [1, 3]


def test_a_line_is_found_by_its_number() -> None:
    """Lines without rows have numbers and offsets as well."""
    span = LineSpan(7, 100, 112, [b"aaa", b"bb", b"cccc"], [1, 0, 1], pending=2)
    assert [span.line(number) for number in (7, 8, 9)] == [
        Line(7, 100, 104, b"aaa"),
        Line(8, 104, 107, b"bb"),
        Line(9, 107, 112, b"cccc"),
    ]


def test_a_span_is_recorded_up_to_the_line_of_its_first_pending_row() -> None:
    """Rows may be recorded in any order; without pending rows the whole span is recorded."""
    span = LineSpan(7, 100, 112, [b"aaa", b"bb", b"cccc"], [2, 0, 1], pending=3)
    assert span.recorded_up_to() == (100, 6)
    span.record([0])
    assert (span.recorded_up_to(), span.pending) == ((100, 6), 2)
    span.record([1])
    assert span.recorded_up_to() == (107, 8)
    span.record([2])
    assert (span.recorded_up_to(), span.pending) == ((112, 9), 0)


@given(COUNTS, st.data())
def test_the_committed_offset_is_the_first_line_with_a_pending_row(
    counts: list[list[int]], data: st.DataObject
) -> None:
    """Rows are recorded in any order, before or after the next span is added. A line without rows is never pending."""
    spans, committed = spans_of(counts), CommittedOffset(ReadOffset())
    for span in spans:
        committed.add(span)
        if data.draw(st.booleans()):
            span.record(range(span.pending))
    rows = [(at, place) for at, span in enumerate(spans) for place in range(span.pending)]
    pending = [spans[at].row(place)[0] for at, place in rows]
    last = spans[-1] if spans else LineSpan(1, 0, 0)
    end = ReadOffset(last.end, last.number + len(last.lines) - 1, compressed=bool(spans))
    for at, place in [(None, 0), *data.draw(st.permutations(rows))]:
        if at is not None:
            pending.remove(spans[at].row(place)[0])
            spans[at].record([place])
        first = min(pending, key=lambda line: line.number, default=None)
        expected = ReadOffset(first.offset, first.number - 1, compressed=first.number > 1) if first else end
        assert committed.advance(compressed=True) == expected
        assert set(committed.pending_lines()) == {span.number for span in spans if span.pending}


def test_the_committed_offset_begins_where_the_last_run_ended() -> None:
    """It stays there while the first line is pending."""
    start = ReadOffset(100, 6, compressed=True)
    committed = CommittedOffset(start)
    assert committed.advance(compressed=False) == start
    span = LineSpan(7, 100, 104, [b"aaa"], [1], pending=1)
    committed.add(span)
    assert committed.advance(compressed=False) == start
    span.record([0])
    assert committed.advance(compressed=False) == ReadOffset(104, 7, compressed=False)


@given(COUNTS, st.data())
def test_a_span_agrees_with_a_set_of_places(counts: list[list[int]], data: st.DataObject) -> None:
    """Rows are recorded one by one, in ranges and in lists with gaps, as results of a request may be."""
    for span in spans_of(counts):
        lines = [span.row(place)[0] for place in range(span.pending)]
        pending = set(range(span.pending))
        while pending:
            some = data.draw(st.sets(st.sampled_from(sorted(pending)), min_size=1))
            places = sorted(some)
            span.record(range(places[0], places[-1] + 1) if len(places) == places[-1] - places[0] + 1 else places)
            pending -= some
            assert span.pending == len(pending)
            first = lines[min(pending)] if pending else None
            end = (span.end, span.number + len(span.lines) - 1)
            assert span.recorded_up_to() == ((first.offset, first.number - 1) if first else end)


def test_recording_no_rows_changes_nothing() -> None:
    """A request may have no result for any row of a span."""
    span = LineSpan(7, 100, 104, [b"aaa"], [2], pending=2)
    span.record([])
    assert (span.pending, span.recorded_up_to()) == (2, (100, 6))


def test_a_span_of_many_rows_takes_linear_time_and_a_byte_a_row() -> None:
    """A call of 400,000 rows among lines of one row: every row is found and recorded alone, the first row last."""
    rows, lines = 400_000, 2_000
    counts = [*[1] * lines, rows]
    span = LineSpan(1, 0, 0, [b"x"] * len(counts), counts, pending=sum(counts))
    tracemalloc.start()
    for place in range(span.pending - 1, 0, -1):
        span.record([place])
        if place % 100 == 0:
            assert span.recorded_up_to() == (0, 0)
            assert span.row(place)[0].number == min(place, lines) + 1
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert span.pending == 1
    assert held < 2 * rows
