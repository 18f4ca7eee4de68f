"""One object during a run: its counts, its rejections, and how far it is recorded."""

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import datetime

from capture_forwarder.domain.capture import Line, ReadOffset, Work
from capture_forwarder.domain.conservation import ForwardReport, InferenceCounts, LineCounts, ObjectState
from capture_forwarder.domain.delivery import ACCEPTED, Reason, RowResult, RowStatus
from capture_forwarder.domain.progress import LineSpan, ProgressRecord, QuarantineEntry
from capture_forwarder.domain.route import Route
from capture_forwarder.forward.rejections import RejectedRow, Rejections
from capture_forwarder.kinds.kind import DecodedSpan


class ObjectTracker:
    """Counts lines and rows of one object, records their results, and holds rejections until they are in quarantine.

    `progress` is the object's progress as it was loaded or saved last, `file_entries` are the entries of the quarantine
    file that was written since then. A tracker is the `ResultRecorder` of its rows.
    """

    def __init__(self, work: Work, route: Route, progress: ProgressRecord) -> None:
        self.work = work
        self.route = route
        self.progress = progress
        self.holds_lease = False
        # An expired lease was found. Its holder may still be alive, so the next save raises the fence.
        self.takes_over = progress.leased_until > 0
        self.state = ObjectState.READING
        self.why: str | None = None
        self.pending_secs: float | None = None
        self.modified: datetime | None = None
        self.compressed = progress.read_offset.compressed
        # Gzip is read from its start, any other object from the committed offset.
        self.start = 0 if self.compressed else progress.read_offset.offset
        self.lines = LineCounts()
        self.inferences = InferenceCounts()
        self.read_to = progress.read_offset.offset
        self.last_line = progress.read_offset.lines
        self.rejections = Rejections(work.source, route)
        self.file_entries: list[QuarantineEntry] = []
        self._saved = (0, 0)
        self._newest: datetime | None = None
        self._committed = CommittedOffset(progress.read_offset)
        self._loaded = progress.read_offset

    def add(self, decoded: DecodedSpan) -> None:
        """Count the lines and rows of a span; its rows are pending from now on."""
        span, rejected_lines = decoded.span, 0
        for rejection in decoded.rejections:
            if rejection.index is None:
                rejected_lines += 1
                self.lines.rejected[rejection.code] += 1
            else:
                self.inferences.made += 1
                self.inferences.rejected[rejection.code] += 1
        self.rejections.add_decoded(decoded)
        for reason in decoded.skipped:
            self.lines.skipped[reason] += 1
        self.lines.read += len(span.lines)
        self.lines.decoded += len(span.lines) - rejected_lines - len(decoded.skipped)
        self.inferences.made += span.pending
        self.inferences.pending += span.pending
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

    def reject_object(self, reason: Reason) -> None:
        """Reject the object as a whole: it can never be read."""
        self.end_with(ObjectState.REJECTED, reason.why)
        self.rejections.add_line(Line(0, 0, 0, b""), reason)

    def end_with(self, state: ObjectState, why: str | None = None) -> None:
        """End reading in `state`; the first reason for not being done is kept."""
        if self.state in {ObjectState.READING, ObjectState.READ}:
            self.state, self.why = state, why

    def advance(self) -> ReadOffset:
        """Return the offset before which no row is pending, and drop the lines before it."""
        return self._committed.advance(compressed=self.compressed)

    @property
    def has_moved(self) -> bool:
        """Whether this run saved progress in the object."""
        return self.progress.read_offset != self._loaded

    def pending_lines(self) -> set[int]:
        """Return the number of the first line of every span with pending rows."""
        return set(self._committed.pending_lines())

    def unsaved_counts(self) -> tuple[int, int]:
        """Return how many rows were accepted (or known as duplicates), and rejected, since the last save."""
        (accepted, rejected), (saved_accepted, saved_rejected) = self._counts(), self._saved
        return accepted - saved_accepted, rejected - saved_rejected

    def quarantined(self, offset: int | None) -> None:
        """Note that the rejections before `offset` are in quarantine.

        Until the next save they belong to the file of this position.
        """
        self.file_entries += self.rejections.before(offset)
        self.rejections.drop_before(offset)

    def saved(self, progress: ProgressRecord) -> None:
        """Note that `progress` is stored; later rejections go into a new quarantine file."""
        self._saved = self._counts()
        self.progress, self.file_entries = progress, []
        self.takes_over, self.holds_lease = False, bool(progress.leased_until)

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
            unquarantined=len(self.rejections),
            pending_secs=self.pending_secs,
            # An event has no more than the source: backfills and earlier runs add to it.
            arrived=self.work == Work(self.work.source),
            why=self.why,
        )

    def _counts(self) -> tuple[int, int]:
        return self.inferences.accepted + self.inferences.duplicate, self.inferences.rejected.total()


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
