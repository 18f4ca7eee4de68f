"""Commit capture objects: their rejections to quarantine, their progress to the table, pending ones to the queue."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from capture_forwarder.domain.capture import Work
from capture_forwarder.domain.conservation import ObjectState
from capture_forwarder.domain.delivery import Reason, RejectionCode, Unavailable
from capture_forwarder.domain.progress import ProgressRecord
from capture_forwarder.domain.route import Route
from capture_forwarder.forward.claiming import Claimed, Claims, Held, RunItem
from capture_forwarder.forward.committing.filing import Filing
from capture_forwarder.forward.committing.requeueing import Requeueing
from capture_forwarder.forward.run import Run
from capture_forwarder.forward.tracking import ObjectTracker
from capture_forwarder.forward.workers import Workers
from capture_forwarder.ports import Progress, Quarantine, Queue

T = TypeVar("T")

# Writes of one run at the same time.
_WRITERS = 8
# These objects are one entry in quarantine. They are not done: a new event or `replay` lets the function read them.
_WHOLE = frozenset({ObjectState.REJECTED, ObjectState.UNROUTED, ObjectState.GIVEN_UP})
_DAMAGED = "its bytes were twice not those that were stored; upload the object again"


class ObjectCommitter:
    """Makes the commits of the runs of one process; `day` gives the date as yyyy/mm/dd.

    Without `progress` every object is read from the offset in its message, and delivery is at least once. Without a
    quarantine or a queue, objects that need one are not committed, and their messages are not acknowledged.
    """

    def __init__(
        self,
        progress: Progress | None,
        quarantine: Quarantine | None,
        queue: Queue | None,
        *,
        day: Callable[[], str],
        requeueing: Requeueing = Requeueing(),  # noqa: B008 - frozen
    ) -> None:
        self._progress = progress
        self._quarantine = quarantine
        self._queue = queue
        self._day = day
        self._requeueing = requeueing
        self._writers = Workers(_WRITERS, "writers")

    def begin(self, run: Run) -> "ObjectCommits":
        """Return the commits of `run`."""
        day = self._day()
        claims = Claims(self._progress, self._quarantine, run, day) if self._progress else None
        return ObjectCommits(
            claims, Filing(self._quarantine, run), self._requeueing, self._queue, self._writers, run, day
        )


class ObjectCommits:
    """The commits of one run. Files and saves of several objects are written at the same time."""

    def __init__(
        self,
        claims: Claims | None,
        filing: Filing,
        requeueing: Requeueing,
        queue: Queue | None,
        writers: Workers,
        run: Run,
        day: str,
    ) -> None:
        self._claims = claims
        self._filing = filing
        self._requeueing = requeueing
        self._queue = queue
        self._writers = writers
        self._run = run
        self._day = day

    def claim(self, work: Work, route: Route) -> Claimed | Held | None:
        """Claim an object for this run; `None` means that it is done. Raises `Unavailable`."""
        state = work.source.state_id
        if self._claims is None or state is None:
            return Claimed(ProgressRecord(work.read_offset), self._day)
        return self._claims.claim(work, route, state)

    def checkpoint(self, tracker: ObjectTracker) -> None:
        """Save how far an object is recorded. Raises `Unavailable`.

        Without a quarantine no offset is saved once the object has a rejection: its line must be read again.
        """
        target = tracker.reached()
        item = tracker.claimed.item
        if target == tracker.progress or not self._filing.can_file(tracker):
            return
        self._filing.file(tracker, target)
        if item and self._claims:
            item.reached[tracker.work.source.state_hash] = target
            self._claims.save(item, finished=False)
        tracker.progress = target

    def commit(self, trackers: Sequence[ObjectTracker]) -> None:
        """Commit finished objects, and leave their states in the trackers."""
        self._commit(trackers, finished=False)

    def finish(self, trackers: Sequence[ObjectTracker]) -> None:
        """Commit all other objects at the end of the run, requeue those that wait, and leave their final states."""
        if self._claims:
            self._claims.close()
        self._commit(trackers, finished=True)
        now = self._run.now()
        for tracker in trackers:
            if self._requeueing.gives_up(tracker, now) and self._filing.is_possible:
                tracker.give_up()
        whole = [each for each in trackers if each.state in _WHOLE]
        self._together(self._file_object, whole if self._filing.is_possible else [])
        self._requeueing.requeue([each for each in trackers if self._filing.can_file(each)], self._queue, self._run)

    def _commit(self, trackers: Sequence[ObjectTracker], *, finished: bool) -> None:
        """Write files, then save, then conclude. At the end of a run the last save releases its objects."""
        targets = [(tracker, target) for tracker in trackers if (target := self._target(tracker))]
        filed = [each for each, is_filed in zip(targets, self._together(self._file, targets), strict=True) if is_filed]
        if claims := self._claims:
            self._together(
                lambda item: _save(claims, item, finished=finished),
                [item for item in claims.items if item.is_changed or (finished and not item.is_done)],
            )
        for tracker, target in filed:
            _conclude(tracker, target)
        for tracker in trackers:
            if tracker.state is ObjectState.READ and not self._filing.can_file(tracker):
                tracker.state = ObjectState.DONE  # but not saved: its message keeps the rejections

    def _target(self, tracker: ObjectTracker) -> ProgressRecord | None:
        """Return the progress that the next save stores for an object that has ended; `None` if no save is needed."""
        if tracker.state is ObjectState.DAMAGED:
            return _damaged_target(tracker)
        if not self._filing.can_file(tracker):
            return None
        match tracker.state:
            case ObjectState.READ if not tracker.inferences.pending:
                return tracker.reached(done=True)
            case ObjectState.SUPERSEDED:
                return tracker.reached(done=True)
            case ObjectState.READ | ObjectState.PENDING | ObjectState.OUT_OF_TIME | ObjectState.FAILED:
                target = tracker.reached()
                return target if target != tracker.progress else None
            case _:
                return None  # not read in this run, or rejected as a whole

    def _file(self, pair: tuple[ObjectTracker, ProgressRecord]) -> bool:
        """Write the rejections of an object, note its target for the next save, and return whether that succeeded."""
        tracker, target = pair
        try:
            self._filing.file(tracker, target)
        except Unavailable as unavailable:
            tracker.fail(unavailable)
            return False
        if item := tracker.claimed.item:
            item.reached[tracker.work.source.state_hash] = target
        return True

    def _file_object(self, tracker: ObjectTracker) -> None:
        try:
            self._filing.file_object(tracker)
        except Unavailable as unavailable:
            tracker.drop_rejections()  # the next run finds the reason again
            cause = tracker.cause  # so that an object that is given up keeps its age
            tracker.fail(unavailable)
            tracker.cause = cause or unavailable.cause

    def _together(self, step: Callable[..., T], items: Sequence[object]) -> list[T]:
        """Return the result of `step` for every item; several run at the same time."""
        if len(items) == 1:
            return [step(items[0])]
        return [future.result() for future in [self._writers.submit(step, item) for item in items]]


def _damaged_target(tracker: ObjectTracker) -> ProgressRecord:
    """Return the progress of a damaged object: it is read again from its start. The second time it is rejected."""
    damaged = tracker.progress.damaged
    if tracker.was_damaged and not tracker.inferences.pending:
        tracker.reject_object(Reason(RejectionCode.OBJECT_DAMAGED, f"{tracker.work.source.uri}: {_DAMAGED}"))
        return ProgressRecord(damaged=damaged)
    tracker.drop_rejections()  # the lines are read again
    return ProgressRecord(damaged=damaged + 1)


def _save(claims: Claims, item: RunItem, *, finished: bool) -> None:
    try:
        claims.save(item, finished=finished)
    except Unavailable:
        return  # the item has ended with this error, which is the reason of each of its objects


def _conclude(tracker: ObjectTracker, target: ProgressRecord) -> None:
    """Set the state of an object in its tracker, after the save of `target`."""
    item = tracker.claimed.item
    if item and item.confirmed.get(tracker.work.source.state_hash) != target:
        tracker.fail(item.ended or Unavailable("its progress was not saved"))
        return
    tracker.progress = target
    if tracker.state is ObjectState.READ and target.done:
        tracker.state = ObjectState.DONE
