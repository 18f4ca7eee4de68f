"""The tracker of one object by itself: its counts and rejections between two commits."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from capture_forwarder.domain.capture import CaptureObject, ReadOffset, Work
from capture_forwarder.domain.conservation import InferenceCounts, LineCounts, ObjectState
from capture_forwarder.domain.delivery import (
    ACCEPTED,
    DUPLICATE,
    RETRYABLE,
    Reason,
    Rejection,
    RejectionCode,
    SkipReason,
)
from capture_forwarder.domain.progress import LineSpan, ProgressRecord
from capture_forwarder.forward.claiming import Claimed
from capture_forwarder.forward.tracking import ObjectTracker
from capture_forwarder.kinds.kind import DecodedSpan, EncodedRows
from tests.support.memory_world import ROUTE
from tests.support.quarantine import one_by_one

MOMENT = datetime(2023, 3, 24, 13, 40, 21, tzinfo=UTC)
BROKEN = Reason(RejectionCode.LINE_NOT_JSON, "it is broken")


def new_tracker(progress: ProgressRecord | None = None) -> ObjectTracker:
    """Return the tracker of an object."""
    source = CaptureObject("captures", "churn/a", etag="e")
    return ObjectTracker(Work(source), ROUTE, Claimed(progress or ProgressRecord(), ""))


def span_of(number: int, offset: int, *lines: bytes, rows: int = 0) -> LineSpan:
    """Return a span of lines that begins at `offset`; its last line has so many rows."""
    end = offset + sum(len(line) + 1 for line in lines)
    return LineSpan(number, offset, end, list(lines), [0] * (len(lines) - 1) + [rows], None, rows)


@pytest.mark.parametrize(
    ("progress", "start"),
    [
        (ProgressRecord(), 0),
        (ProgressRecord(read_offset=ReadOffset(70, 3)), 70),
        (ProgressRecord(read_offset=ReadOffset(70, 3, compressed=True)), 0),
    ],
)
def test_gzip_is_read_from_its_start(progress: ProgressRecord, start: int) -> None:
    """All other objects are read from the committed offset."""
    assert progress.read_offset.first_byte == start


def test_a_tracker_begins_at_the_committed_offset() -> None:
    """Before anything is read no byte and no row is pending."""
    tracker = new_tracker(ProgressRecord(read_offset=ReadOffset(70, 3, compressed=True)))
    assert (tracker.read_to, tracker.last_line, tracker.compressed) == (70, 3, True)
    assert tracker.advance() == ReadOffset(70, 3, compressed=True)


def test_lines_are_pending_from_the_first_pending_row_on() -> None:
    """The bytes of later lines count as well, even if their rows have results."""
    tracker = new_tracker()
    first, second = span_of(1, 0, b"aaaa", rows=2), span_of(2, 5, b"bb", b"cc", rows=1)
    for span in (first, second):
        ids = [f"{span.number}_{row}" for row in range(span.pending)]
        tracker.add(DecodedSpan(span, EncodedRows(ids, [None] * span.pending, MOMENT)))
    assert (tracker.advance().offset, tracker.pending_lines()) == (0, {1, 2})
    assert (tracker.read_to, tracker.last_line) == (11, 3)
    tracker.record(second, 0, ["2_0"], [ACCEPTED])
    assert (tracker.advance().offset, tracker.pending_lines()) == (0, {1})
    tracker.record(first, 0, ["1_0", "1_1"], [RETRYABLE, DUPLICATE])
    assert (tracker.advance().offset, tracker.inferences.pending) == (0, 1)
    tracker.record(first, 0, ["1_0"], [ACCEPTED])
    assert (tracker.advance().offset, tracker.pending_lines()) == (11, set())


def test_only_the_first_end_of_reading_counts() -> None:
    """`READ` is no error, so a later error takes its place."""
    tracker = new_tracker()
    tracker.end_with(ObjectState.READ)
    tracker.end_with(ObjectState.PENDING, "first")
    tracker.end_with(ObjectState.OUT_OF_TIME, "second")
    assert (tracker.state, tracker.why) == (ObjectState.PENDING, "first")


def held(tracker: ObjectTracker) -> list[tuple[int, int | None]]:
    """Return the line and row of every rejection that is held."""
    return [(one.line, one.index) for one in one_by_one(tracker.rejections.before(None))]


def test_rejections_are_held_until_they_are_in_quarantine() -> None:
    """Until the next save they belong to the file of this position."""
    tracker = new_tracker()
    tracker.add(
        DecodedSpan(
            span_of(1, 0, b"four", b"seventy"),
            EncodedRows(),
            [Rejection(BROKEN, 1, 0), Rejection(BROKEN, 2, 5, 0, "id_0"), Rejection(BROKEN, 2, 5, 1, "id_1")],
        )
    )
    assert (held(tracker), len(tracker.rejections)) == ([(1, None), (2, 0), (2, 1)], 3)
    tracker.quarantined(5)
    assert (held(tracker), len(tracker.rejections)) == ([(2, 0), (2, 1)], 2)
    tracker.quarantined(None)
    assert (held(tracker), len(tracker.rejections), tracker.rejections.held_bytes) == ([], 0, 0)


def test_a_span_may_have_several_rejected_and_skipped_lines() -> None:
    """All its other lines are decoded, and it is finished with its last line."""
    tracker = new_tracker()
    span = span_of(1, 0, b"a", b"b", b"c", b"d", b"e", b"f")
    rejections = [Rejection(BROKEN, 1, 0), Rejection(BROKEN, 3, 4), Rejection(BROKEN, 6, 10, 0, "id_0")]
    skipped = [SkipReason.SHADOW, SkipReason.BLANK_LINE]
    tracker.add(DecodedSpan(span, EncodedRows(), rejections, skipped))
    assert tracker.lines == LineCounts(6, 2, Counter({BROKEN.code: 2}), Counter(skipped))
    assert tracker.inferences == InferenceCounts(made=1, rejected=Counter({BROKEN.code: 1}))
    assert [(one.line, one.offset, one.data) for one in tracker.rejections.before(None)] == [
        (1, 0, b"a"),
        (3, 4, b"c"),
        (6, 10, b"f"),
    ]
    assert tracker.advance() == ReadOffset(12, 6)


def test_an_object_is_rejected_as_a_whole() -> None:
    """Its entry has line 0 and no data."""
    tracker = new_tracker()
    tracker.reject_object(Reason(RejectionCode.OBJECT_GONE, "it is gone"))
    assert (tracker.state, tracker.why) == (ObjectState.REJECTED, "it is gone")
    (rejected,) = tracker.rejections.before(None)
    assert (rejected.line, rejected.offset, rejected.data, rejected.is_whole) == (0, 0, None, True)
