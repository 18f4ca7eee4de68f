"""Commit objects: quarantine, then progress, then queue. The caller acknowledges the message last.

In this order a crash between two steps repeats work and loses none.
"""

from collections.abc import Sequence
from math import ceil
from typing import Protocol

from capture_forwarder.domain.capture import Work
from capture_forwarder.domain.conservation import ForwardReport, ObjectState
from capture_forwarder.domain.delivery import DestinationUnavailable, PendingCause
from capture_forwarder.domain.notices import ObjectForwarded
from capture_forwarder.domain.route import Route
from capture_forwarder.forward.claiming import Claimed, Held
from capture_forwarder.forward.run import Run
from capture_forwarder.forward.sending import Senders
from capture_forwarder.forward.tracking import ObjectTracker

# Small objects share a save: a run saves about once a second.
_SAVE_SECS = 1.0
_FINISHED = frozenset({ObjectState.READ, ObjectState.SUPERSEDED})
_FINAL = frozenset({ObjectState.DONE, ObjectState.SUPERSEDED})

_NO_ANSWER = DestinationUnavailable("no answer before the invocation's time was over")


class Commits(Protocol):
    """Commits the objects of one run."""

    def claim(self, work: Work, route: Route) -> Claimed | Held | None:
        """Claim an object for this run; `None` means that it is done. Called from any thread. Raises `Unavailable`."""
        ...

    def checkpoint(self, tracker: ObjectTracker) -> None:
        """Commit the results of an object so far. Raises `Unavailable`."""
        ...

    def commit(self, trackers: Sequence[ObjectTracker]) -> None:
        """Commit finished objects, and leave their states in the trackers."""
        ...

    def finish(self, trackers: Sequence[ObjectTracker]) -> None:
        """Commit all other objects at the end of the run, requeue those that wait, and leave their final states."""
        ...


class Committer(Protocol):
    """Makes the commits of a run."""

    def begin(self, run: Run) -> Commits:
        """Return the commits of `run`."""
        ...


class OpenObjects:
    """The objects of one run that are not committed yet, and the reports of the others.

    Finished objects are committed together, about once a second. A function that is killed later repeats little.
    """

    def __init__(self, commits: Commits, run: Run, objects: int) -> None:
        self.reports: dict[Work, ForwardReport] = {}
        self._commits = commits
        self._run = run
        self._open: list[ObjectTracker] = []
        self._commit_at = run.clock() + _SAVE_SECS
        # The calls of stores that the end of the run makes one after the other, for so many objects: 40 messages, 80
        # claims and 8 files are written at the same time.
        run.deadline.reserve(2 + ceil(objects / 40) + 2 * ceil(objects / 80))

    def add(self, tracker: ObjectTracker) -> None:
        """Add an object."""
        self._open.append(tracker)

    def uncommitted_bytes(self) -> int:
        """Return the size of the lines that were read and are not committed."""
        return sum(tracker.read_to - tracker.progress.read_offset.offset for tracker in self._open)

    def checkpoint(self, tracker: ObjectTracker) -> None:
        """Commit the results of an object so far. Raises `Unavailable`."""
        self._commits.checkpoint(tracker)

    def commit_finished(self, *, now: bool = False) -> None:
        """Commit every object that is read and has no pending rows, if the last commit is a second old or `now`."""
        if not now and self._run.clock() < self._commit_at:
            return
        finished = [each for each in self._open if each.state in _FINISHED and not each.inferences.pending]
        if finished:
            self._commits.commit(finished)
            self._report([each for each in finished if each.state in _FINAL])
        self._commit_at = self._run.clock() + _SAVE_SECS

    def commit_all(self, senders: Senders) -> None:
        """Commit every object; rows that are still pending have the error of their sender."""
        for tracker in self._open:
            if tracker.inferences.pending:
                tracker.end_with_error(senders.sender(tracker.route).error or _NO_ANSWER)
            if tracker.cause is PendingCause.DESTINATION_UNAVAILABLE:
                tracker.retry_after_secs = senders.sender(tracker.route).retry_after_secs
        self._commits.finish(self._open)
        self._report(list(self._open))

    def add_report(self, work: Work, report: ForwardReport) -> None:
        """Add the report of an object that is committed, or that needs no commit."""
        self.reports[work] = report
        self._run.observer.notice(ObjectForwarded(report))

    def _report(self, trackers: Sequence[ObjectTracker]) -> None:
        for tracker in trackers:
            self._open.remove(tracker)
            self.add_report(tracker.work, tracker.report())
