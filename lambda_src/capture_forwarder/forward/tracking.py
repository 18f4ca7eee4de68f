"""One object during a run: its counts, its rejections, and how far it is recorded."""

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import datetime

from capture_forwarder.domain.capture import Line, ReadOffset, Work
from capture_forwarder.domain.conservation import ForwardReport, InferenceCounts, LineCounts, ObjectState, ReadingCounts
from capture_forwarder.domain.delivery import (
    ACCEPTED,
    PendingCause,
    Reason,
    RejectionCode,
    RowResult,
    RowStatus,
    SkipReason,
    Unavailable,
)
from capture_forwarder.domain.progress import LineSpan, ProgressRecord
from capture_forwarder.domain.route import Route
from capture_forwarder.forward.capture_counts import NOT_CAPTURES, CaptureCounts
from capture_forwarder.forward.claiming import Claimed
from capture_forwarder.forward.rejections import RejectedRow, Rejections
from capture_forwarder.kinds.kind import DecodedSpan


class ObjectTracker:
    """Counts lines and rows of one object, records their results, and holds rejections until they are in quarantine.

    `progress` is the object's progress as it was claimed or saved last. A tracker is the `ResultRecorder` of its rows.
    """

    def __init__(self, work: Work, route: Route, claimed: Claimed) -> None:
        progress = claimed.progress
        self.work = work
        self.route = route
        self.claimed = claimed
        self.progress = progress
        self.state = ObjectState.READING
        self.why: str | None = None
        self.cause: PendingCause | None = None
        self.retry_after_secs = 0.0
        self.held_until_secs = 0.0
        self.pending_secs: float | None = None
        self.blocked_secs: float | None = None
        self.modified: datetime | None = None
        self.content_type: str | None = None
        self.compressed = progress.read_offset.compressed
        self.lines = LineCounts()
        self.inferences = InferenceCounts()
        self.reading = ReadingCounts()
        self.read_to = progress.read_offset.offset
        self.last_line = progress.read_offset.lines
        self.rejections = Rejections(work.source, route)
        self._newest: datetime | None = None
        self._committed = CommittedOffset(progress.read_offset)
        self._captures = CaptureCounts(progress.read_offset.lines)
        self._loaded = progress.read_offset

    def add(self, decoded: DecodedSpan) -> None:
        """Count the lines and rows of a span; its rows are pending from now on."""
        span, rejected_lines = decoded.span, 0
        for rejection in decoded.rejections:
            if rejection.index is None:
                rejected_lines += 1
                self.lines.rejected[rejection.code] += 1
                if rejection.code in NOT_CAPTURES:
                    self._captures.leave_out(rejection.line)
            else:
                self.inferences.made += 1
                self.inferences.rejected[rejection.code] += 1
        self.rejections.add_decoded(decoded)
        for reason in decoded.skipped:
            self.lines.skipped[reason] += 1
            if reason is not SkipReason.SHADOW:
                self._captures.leave_out(span.number)
        self.lines.read += len(span.lines)
        self.lines.decoded += len(span.lines) - rejected_lines - len(decoded.skipped)
        self.inferences.made += span.pending
        self.inferences.pending += span.pending
        if decoded.noticed:
            self.reading += decoded.noticed
        self._newest = decoded.rows.time or self._newest
        self.read_to, self.last_line = span.end, span.number + len(span.lines) - 1
        self._committed.add(span)

    def record(self, span: LineSpan, start: int, ids: Sequence[str], results: Sequence[RowResult]) -> None:
        """Record the results of the rows of `span` from place `start` on; retryable rows stay pending."""
        if results.count(ACCEPTED) == len(results):  # nearly always
            span.record(range(start, start + len(results)))
            self.inferences.pending -= len(results)
            self.inferences.accepted += len(results)
            return
        rejected = []
        for place, (partner_inference_id, result) in enumerate(zip(ids, results, strict=True), start):
            if result.status is not RowStatus.RETRYABLE:
                span.record([place])
                self._count_one(result)
            if result.reason:
                rejected.append(RejectedRow(place, partner_inference_id, result.reason))
        if rejected:
            self.rejections.add_rows(span, rejected)

    def _count_one(self, result: RowResult) -> None:
        self.inferences.pending -= 1
        if result.reason:
            self.inferences.rejected[result.reason.code] += 1
        elif result.status is RowStatus.DUPLICATE:
            self.inferences.duplicate += 1
        else:
            self.inferences.accepted += 1

    @property
    def leased_until_secs(self) -> float:
        """Until when no run can claim the object, in seconds since the epoch; 0.0 if it can be claimed at once."""
        item = self.claimed.item
        if item is None or item.finished:
            return self.held_until_secs
        return item.leased_until_secs

    def fail(self, error: Unavailable) -> None:
        """Make the object pending, whatever its state was: its results could not be committed."""
        self.state, self.why, self.cause = ObjectState.PENDING, str(error), error.cause

    def give_up(self) -> None:
        """Reject the object as a whole, from its committed offset on; rejections behind that offset are dropped."""
        self.state = ObjectState.GIVEN_UP
        self.drop_rejections()
        offset = self.progress.read_offset
        line = Line(0, offset.offset, offset.offset, b"")
        self.rejections.add_line(line, Reason(RejectionCode.GIVEN_UP, self.why or ""))

    def reject_object(self, reason: Reason) -> None:
        """Reject the object as a whole: it cannot be read. The entry stands for all its lines."""
        self.state, self.why, self.cause = ObjectState.REJECTED, reason.why, None
        self.drop_rejections()
        self.rejections.add_line(Line(0, 0, 0, b""), reason)

    def end_with(self, state: ObjectState, why: str | None = None, cause: PendingCause | None = None) -> None:
        """End reading in `state`; the first reason for not being done is kept."""
        if self.state in {ObjectState.READING, ObjectState.READ}:
            self.state, self.why, self.cause = state, why, cause

    def end_with_error(self, error: Unavailable) -> None:
        """End reading because of a temporary failure."""
        if self.state in {ObjectState.READING, ObjectState.READ}:
            self.retry_after_secs = error.retry_after_secs or 0.0
        self.end_with(ObjectState.PENDING, str(error), error.cause)

    def advance(self) -> ReadOffset:
        """Return the offset before which no row is pending, and drop the lines before it."""
        offset = self._committed.advance(compressed=self.compressed)
        self._captures.advance(offset.lines)
        return offset

    def reached(self, *, done: bool = False) -> ProgressRecord:
        """Return how far the object is recorded, and drop the lines before that."""
        before, counts = self.claimed.progress, self.inferences
        offset = self.advance()
        self._captures.save(offset.lines)
        return ProgressRecord(
            offset,
            done,
            before.damaged,
            before.accepted + counts.accepted + counts.duplicate,
            before.rejected + counts.rejected.total(),
        )

    @property
    def has_moved(self) -> bool:
        """Whether this run saved progress in the object."""
        return self.progress.read_offset != self._loaded

    @property
    def was_damaged(self) -> bool:
        """Whether an earlier run found the object damaged; without stored progress, whether one requeued it."""
        return bool(self.progress.damaged or (self.claimed.item is None and self.work.requeue_count))

    def pending_lines(self) -> set[int]:
        """Return the number of the first line of every span with pending rows."""
        return set(self._committed.pending_lines())

    def drop_rejections(self) -> None:
        """Drop the rejections that are not in quarantine: their lines will be read again."""
        self.rejections.drop_before(None)

    def quarantined(self, offset: int | None) -> None:
        """Note that the rejections before byte `offset` are in quarantine; all of them if it is `None`."""
        self.rejections.drop_before(offset)

    def report(self) -> ForwardReport:
        """Return the counts and the state."""
        return ForwardReport(
            source=self.work.source,
            state=self.state,
            route=self.route.name,
            destination=self.route.destination,
            newest_inference=self._newest,
            lines=self.lines,
            inferences=self.inferences,
            reading=self.reading,
            captures=self._captures.committed(self.progress.read_offset.lines),
            unquarantined=len(self.rejections),
            pending_secs=self.pending_secs,
            cause=self.cause,
            blocked_secs=self.blocked_secs,
            # An event has no more than the source: backfills and earlier runs add to it.
            arrived=self.work == Work(self.work.source),
            why=self.why,
        )


class CommittedOffset:
    """Finds the first pending line. Spans are added in order; their rows are recorded in any order."""

    def __init__(self, start: ReadOffset) -> None:
        self._offset = start
        self._spans: deque[LineSpan] = deque()

    def add(self, span: LineSpan) -> None:
        """Add the span that follows the last one; a last one without pending rows is not needed any more."""
        if self._spans and not self._spans[-1].pending:
            self._spans.pop()
        self._spans.append(span)

    def advance(self, *, compressed: bool) -> ReadOffset:
        """Return the offset before which no row is pending, and drop the spans before it."""
        while self._spans:
            offset, lines = self._spans[0].recorded_up_to()
            if lines > self._offset.lines:
                self._offset = ReadOffset(offset, lines, compressed)
            if self._spans[0].pending:
                break
            self._spans.popleft()
        return self._offset

    def pending_lines(self) -> Iterator[int]:
        """Yield the numbers of the first lines of all spans that have pending rows."""
        return (span.number for span in self._spans if span.pending)
