"""Commit an object: quarantine, then progress, then queue. The caller acknowledges the message last.

In this order a crash between two steps repeats work and loses none.
"""

from collections.abc import Collection, Mapping
from typing import Protocol

from msgspec.structs import replace

from capture_forwarder.domain.capture import CaptureObject, Work
from capture_forwarder.domain.conservation import ForwardReport, ObjectState
from capture_forwarder.domain.delivery import Unavailable
from capture_forwarder.domain.notices import ObjectForwarded
from capture_forwarder.domain.progress import ProgressRecord, QuarantineFile
from capture_forwarder.forward.run import Run
from capture_forwarder.forward.sending import Senders
from capture_forwarder.forward.tracking import ObjectTracker
from capture_forwarder.ports import Progress, Quarantine, Queue

_MAX_DELAY_SECS = 900


class Committer(Protocol):
    """Commits the results of objects of one kind."""

    def load(self, sources: Collection[CaptureObject]) -> Mapping[str, ProgressRecord]:
        """Return how far objects are committed, by `state_id`. Raises `Unavailable`."""
        ...

    def checkpoint(self, tracker: ObjectTracker, run: Run) -> None:
        """Commit the results so far, and keep the object for the rest of this run. Raises `Unavailable`."""
        ...

    def commit(self, tracker: ObjectTracker, run: Run) -> None:
        """Commit an object at the end of its run, and leave its final state in `tracker`."""
        ...


class OpenObjects:
    """The objects of one run that are not committed yet, and the reports of the others.

    Each object is committed as soon as it is finished. A function that is killed later repeats little.
    """

    def __init__(self, committer: Committer, run: Run) -> None:
        self.reports: dict[Work, ForwardReport] = {}
        self._committer = committer
        self._run = run
        self._open: list[ObjectTracker] = []

    def open(self, tracker: ObjectTracker) -> None:
        """Add an object."""
        self._open.append(tracker)

    def end(self, tracker: ObjectTracker, state: ObjectState, why: str | None = None) -> None:
        """Add an object that is not read."""
        tracker.end_with(state, why)
        self.open(tracker)

    def uncommitted_bytes(self) -> int:
        """Return the size of the lines that were read and are not committed."""
        return sum(tracker.read_to - tracker.progress.read_offset.offset for tracker in self._open)

    def checkpoint(self, tracker: ObjectTracker) -> None:
        """Commit the results of an object so far. Raises `Unavailable`."""
        self._committer.checkpoint(tracker, self._run)

    def commit_finished(self) -> None:
        """Commit every object that is not read any more and has no pending rows."""
        for tracker in list(self._open):
            if tracker.state is not ObjectState.READING and not tracker.inferences.pending:
                self._commit(tracker)

    def commit_all(self, senders: Senders) -> None:
        """Commit every object; rows that are still pending have the error of their sender."""
        for tracker in list(self._open):
            if tracker.inferences.pending:
                tracker.end_with(ObjectState.PENDING, str(senders.sender(tracker.route).error))
            self._commit(tracker)

    def add_report(self, work: Work, report: ForwardReport) -> None:
        """Add the report of an object that is committed, or that needs no commit."""
        self.reports[work] = report
        self._run.observer.notice(ObjectForwarded(report))

    def _commit(self, tracker: ObjectTracker) -> None:
        self._committer.commit(tracker, self._run)
        self._open.remove(tracker)
        self.add_report(tracker.work, tracker.report())


class ObjectCommitter:
    """Commits capture objects.

    Without a quarantine or a queue, objects that need one are not committed, and their messages are not acknowledged.
    """

    def __init__(
        self, progress: Progress, quarantine: Quarantine | None, queue: Queue | None, *, first_delay_secs: int = 30
    ) -> None:
        self._first_delay_secs = first_delay_secs
        self._progress = progress
        self._quarantine = quarantine
        self._queue = queue

    def load(self, sources: Collection[CaptureObject]) -> Mapping[str, ProgressRecord]:
        """Return the stored progress of objects. Raises `Unavailable`."""
        return self._progress.load(sources)

    def checkpoint(self, tracker: ObjectTracker, run: Run) -> None:
        """Save how far an object is recorded, and lease it for the rest of this run. Raises `Unavailable`.

        Without a quarantine no offset is saved once the object has a rejection: its line must be read again.
        """
        if self._can_quarantine(tracker):
            self._save(tracker, done=False, leased_until=run.now() + run.deadline.platform_left_secs())

    def commit(self, tracker: ObjectTracker, run: Run) -> None:
        """Quarantine, save progress, and requeue the object if it has to wait."""
        try:
            self._save_outcome(tracker)
        except Unavailable as unavailable:
            tracker.state, tracker.why = ObjectState.PENDING, str(unavailable)
        if tracker.state not in {ObjectState.PENDING, ObjectState.OUT_OF_TIME, ObjectState.LEASED}:
            return
        now = run.now()
        since = _pending_since(tracker, now)
        tracker.pending_secs = now - since if since else None
        if self._queue and self._can_quarantine(tracker):
            self._requeue(tracker, self._queue, run, since)

    def _save_outcome(self, tracker: ObjectTracker) -> None:
        match tracker.state:
            case ObjectState.READ if not tracker.inferences.pending:
                tracker.state = ObjectState.DONE
                if self._can_quarantine(tracker):
                    self._save(tracker, done=True, leased_until=0.0)
            case ObjectState.REJECTED:
                self._quarantine_before(tracker, None)
            case ObjectState.READ | ObjectState.PENDING | ObjectState.OUT_OF_TIME | ObjectState.FAILED:
                moved = tracker.advance() != tracker.progress.read_offset
                if self._can_quarantine(tracker) and (moved or tracker.holds_lease):
                    self._save(tracker, done=False, leased_until=0.0)
            case _:
                pass  # not read in this run

    def _can_quarantine(self, tracker: ObjectTracker) -> bool:
        return self._quarantine is not None or not tracker.rejections

    def _save(self, tracker: ObjectTracker, *, done: bool, leased_until: float) -> None:
        offset, before = tracker.advance(), tracker.progress
        accepted, rejected = tracker.unsaved_counts()
        if tracker.rejections:
            self._quarantine_before(tracker, None if done else offset.offset)
        new_lease = bool(leased_until) and not tracker.holds_lease
        progress = ProgressRecord(
            read_offset=offset,
            done=done,
            fence=before.fence + (new_lease or tracker.takes_over),
            leased_until=leased_until,
            accepted=before.accepted + accepted,
            rejected=before.rejected + rejected,
            # A run that was killed before this save may have left a quarantine file. Keep its offset, so that the next
            # file overwrites it.
            quarantined_up_to=None if done or tracker.file_entries else before.next_file_offset,
        )
        self._progress.save(tracker.work.source, progress, expected_fence=before.fence)
        tracker.saved(progress)

    def _quarantine_before(self, tracker: ObjectTracker, offset: int | None) -> None:
        entries = [*tracker.file_entries, *tracker.rejections.before(offset)]
        if len(entries) == len(tracker.file_entries) or self._quarantine is None:
            return
        self._quarantine.keep(
            QuarantineFile(
                source=tracker.work.source,
                route=tracker.route.name,
                start=tracker.progress.next_file_offset,
                modified=tracker.modified,
                entries=entries,
            )
        )
        tracker.quarantined(offset)

    def _requeue(self, tracker: ObjectTracker, queue: Queue, run: Run, since: float) -> None:
        waits = tracker.state is not ObjectState.OUT_OF_TIME
        count = tracker.work.requeue_count + 1 if waits else 0
        delay = min(_MAX_DELAY_SECS, self._first_delay_secs * 2 ** min(count - 1, 10)) if waits else 0
        if tracker.state is ObjectState.LEASED:
            delay = min(_MAX_DELAY_SECS, max(1, int(tracker.progress.leased_until - run.now()) + 1))
        offset = tracker.progress.read_offset
        work = replace(tracker.work, read_offset=offset, requeue_count=count, pending_since_secs=since)
        try:
            queue.put(work, delay_secs=delay)
        except Unavailable as unavailable:
            tracker.state, tracker.why = ObjectState.PENDING, str(unavailable)
        else:
            tracker.state = ObjectState.REQUEUED


def _pending_since(tracker: ObjectTracker, now: float) -> float:
    """Return since when an object has waited for a retry, in seconds since the epoch; 0.0 if it does not.

    An object that ran out of time and moved is not held up by an error. One that another run leases may be finished
    there, so its wait does not begin here.
    """
    since = min(tracker.work.pending_since_secs, now)  # another machine's clock may be ahead
    match tracker.state:
        case ObjectState.OUT_OF_TIME if tracker.has_moved:
            return 0.0
        case ObjectState.LEASED:
            return since
        case _:
            return since or now
