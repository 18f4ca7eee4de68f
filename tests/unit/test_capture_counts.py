"""Captured calls in committed lines: each line counts once, in the run that commits it."""

from datetime import UTC, datetime

import pytest

from capture_forwarder.domain.capture import CaptureObject, ReadOffset, Work, capture_hour
from capture_forwarder.domain.delivery import ACCEPTED, Reason, Rejection, RejectionCode, SkipReason
from capture_forwarder.domain.progress import LineSpan, ProgressRecord
from capture_forwarder.forward.capture_counts import CaptureCounts
from capture_forwarder.forward.claiming import Claimed
from capture_forwarder.forward.tracking import ObjectTracker
from capture_forwarder.kinds.kind import DecodedSpan, EncodedRows
from tests.support.memory_world import ROUTE


def tracker_from(line: int = 0) -> ObjectTracker:
    """Return the tracker of an object that is committed up to `line`; each of its lines has ten bytes."""
    progress = ProgressRecord(ReadOffset(10 * line, line))
    return ObjectTracker(Work(CaptureObject("captures", "churn/a", etag="e")), ROUTE, Claimed(progress, ""))


def span(number: int, lines: int = 1, rows: int = 0) -> LineSpan:
    """Return a span of `lines` with `rows` each."""
    start = 10 * (number - 1)
    return LineSpan(number, start, start + 10 * lines, [b"123456789"] * lines, [rows] * lines, None, rows * lines)


def calls(number: int, lines: int) -> DecodedSpan:
    """Return so many calls of one row."""
    return DecodedSpan(span(number, lines, 1), EncodedRows([f"{number + place}" for place in range(lines)]))


def skipped(number: int, reason: SkipReason) -> DecodedSpan:
    """Return a line that is not forwarded."""
    return DecodedSpan(span(number), EncodedRows(), skipped=[reason])


def rejected(number: int, code: RejectionCode) -> DecodedSpan:
    """Return a line that is rejected as a whole."""
    rejection = Rejection(Reason(code, "why"), number, 10 * (number - 1))
    return DecodedSpan(span(number), EncodedRows(), rejections=[rejection])


def committed(tracker: ObjectTracker) -> int:
    """Commit the object as far as it has results, and return its captured calls."""
    tracker.progress = tracker.reached()
    return tracker.report().captures


@pytest.mark.parametrize(
    ("decoded", "captures"),
    [
        (calls(1, 3), 3),
        (skipped(1, SkipReason.SHADOW), 1),
        (skipped(1, SkipReason.BLANK_LINE), 0),
        (skipped(1, SkipReason.GROUND_TRUTH), 0),
        (skipped(1, SkipReason.MERGED), 0),
        (rejected(1, RejectionCode.BAD_CSV), 1),
        (rejected(1, RejectionCode.ONE_SIDED), 1),
        (rejected(1, RejectionCode.LINE_NOT_JSON), 0),
        (rejected(1, RejectionCode.NOT_A_CAPTURE), 0),
        (rejected(1, RejectionCode.LINE_TOO_LONG), 0),
        (rejected(1, RejectionCode.OBJECT_TRUNCATED), 0),
    ],
)
def test_a_line_counts_if_it_holds_a_captured_call(decoded: DecodedSpan, captures: int) -> None:
    """Whether it is forwarded, rejected or a shadow copy: the endpoint was invoked, and captured it."""
    tracker = tracker_from()
    tracker.add(decoded)
    tracker.record(decoded.span, 0, decoded.rows.ids, [ACCEPTED] * len(decoded.rows.ids))
    assert committed(tracker) == captures


def test_a_call_of_many_rows_is_one_capture() -> None:
    """An invocation of the endpoint is one call, however many rows it has."""
    tracker = tracker_from()
    call = DecodedSpan(span(1, 1, 7), EncodedRows([str(number) for number in range(7)]))
    tracker.add(call)
    tracker.record(call.span, 0, call.rows.ids, [ACCEPTED] * 7)
    assert committed(tracker) == 1


def test_a_line_that_is_read_again_counts_in_the_run_that_commits_it() -> None:
    """The first run commits up to the first pending line, and the next one begins there."""
    first, some = tracker_from(), calls(1, 4)
    for decoded in (some, skipped(5, SkipReason.BLANK_LINE), calls(6, 2)):
        first.add(decoded)
    assert committed(first) == 0
    first.record(some.span, 0, ["1", "2"], [ACCEPTED] * 2)
    assert committed(first) == 2
    second, rest = tracker_from(2), calls(3, 2)
    last = calls(6, 2)
    for decoded in (rest, skipped(5, SkipReason.BLANK_LINE), last):
        second.add(decoded)
    second.record(rest.span, 0, ["3", "4"], [ACCEPTED] * 2)
    assert committed(second) == 2
    second.record(last.span, 0, ["6", "7"], [ACCEPTED] * 2)
    assert committed(second) == 4


def test_lines_whose_commit_failed_count_later() -> None:
    """The progress stays where it was, so the next run reads the lines again."""
    tracker, some = tracker_from(), calls(1, 3)
    tracker.add(some)
    tracker.record(some.span, 0, ["1", "2", "3"], [ACCEPTED] * 3)
    tracker.reached()
    assert tracker.report().captures == 0


def test_an_object_that_is_read_again_from_its_start_counts_nothing_yet() -> None:
    """A damaged one: its progress goes back before the line at which this run began."""
    tracker = tracker_from(5)
    tracker.add(calls(6, 2))
    tracker.progress = ProgressRecord(damaged=1)
    assert tracker.report().captures == 0


def test_counts_of_every_saved_line_are_kept() -> None:
    """A later save may fail, and then an earlier one is the committed line."""
    counts = CaptureCounts(10)
    for line in (11, 13, 20):
        counts.leave_out(line)
    for line in (12, 15, 30):
        counts.advance(line)
        counts.save(line)
    assert [counts.committed(line) for line in (10, 12, 15, 30, 29)] == [0, 1, 3, 17, 0]


@pytest.mark.parametrize(
    ("key", "hour"),
    [
        ("datacapture/churn/AllTraffic/2026/01/15/10/a.jsonl", datetime(2026, 1, 15, 10, tzinfo=UTC)),
        ("churn/AllTraffic/2026/01/15/10/a.jsonl", datetime(2026, 1, 15, 10, tzinfo=UTC)),
        ("churn/AllTraffic/2026/13/15/10/a.jsonl", None),
        ("churn/AllTraffic/2026/01/15/24/a.jsonl", None),
        ("churn/AllTraffic/0000/01/15/10/a.jsonl", None),
        ("churn/2026/01/15/a.jsonl", None),
        ("a.jsonl", None),
    ],
)
def test_the_hour_is_that_of_the_key(key: str, hour: datetime | None) -> None:
    """Keys of other programs have none."""
    assert capture_hour(CaptureObject("captures", key)) == hour
