"""Requeue pending objects: the delay of each message, since when its object waits, and when the object is given up."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from capture_forwarder.domain.capture import Work
from capture_forwarder.domain.conservation import ObjectState
from capture_forwarder.domain.delivery import PendingCause
from capture_forwarder.forward.run import Run
from capture_forwarder.forward.tracking import ObjectTracker
from capture_forwarder.ports import Queue

_MAX_DELAY_SECS = 900  # SQS allows no longer one
_REQUEUED = frozenset({ObjectState.PENDING, ObjectState.OUT_OF_TIME, ObjectState.LEASED, ObjectState.DAMAGED})


class Requeueing(Struct, frozen=True, kw_only=True):
    """The rules of requeueing.

    The delay begins with `first_delay_secs` and doubles each time; it begins anew when the object made progress. An
    object that needs a person is given up after `give_up_secs`.
    """

    first_delay_secs: int = 30
    give_up_secs: float = 7 * 86_400.0

    def gives_up(self, tracker: ObjectTracker, now: float) -> bool:
        """Return whether an object has needed a person for too long."""
        if tracker.state is not ObjectState.PENDING or not _needs_person(tracker.cause):
            return False
        since = _blocked_since(tracker, now)
        return now - since >= self.give_up_secs

    def requeue(self, trackers: Sequence[ObjectTracker], queue: Queue | None, run: Run) -> None:
        """Send a message for each object that has to wait; leave its state, and how long it has waited, in its tracker.

        An object whose message may not have been sent stays pending, so its own message is not acknowledged.
        """
        now = run.now()
        waiting = [tracker for tracker in trackers if tracker.state in _REQUEUED]
        for tracker in waiting:
            since = _pending_since(tracker, now)
            tracker.pending_secs = now - since if since else None
            tracker.blocked_secs = now - _blocked_since(tracker, now) if _needs_person(tracker.cause) else None
        if queue is None or not waiting:
            return
        items = [(_work(tracker, now), self._delay_secs(tracker, now)) for tracker in waiting]
        for tracker, failure in zip(waiting, queue.put(items, within_secs=run.deadline.commit_secs()), strict=True):
            if failure is None:
                tracker.state = ObjectState.REQUEUED
                tracker.drop_rejections()  # with the new message their lines are read again
            else:
                tracker.state, tracker.why, tracker.cause = ObjectState.PENDING, failure, PendingCause.OWN_RESOURCES

    def _delay_secs(self, tracker: ObjectTracker, now: float) -> int:
        count = _requeue_count(tracker)
        delays = count and tracker.state is not ObjectState.LEASED
        own = self.first_delay_secs * 2 ** min(count - 1, 10) if delays else 0
        delay = max(float(own), tracker.retry_after_secs, tracker.leased_until_secs - now)
        return min(_MAX_DELAY_SECS, int(delay) + (delay > int(delay)))


def _work(tracker: ObjectTracker, now: float) -> Work:
    return replace(
        tracker.work,
        read_offset=tracker.progress.read_offset,
        requeue_count=_requeue_count(tracker),
        pending_since_secs=_pending_since(tracker, now),
        blocked_since_secs=_carried_blocked_since(tracker, now),
    )


def _carried_blocked_since(tracker: ObjectTracker, now: float) -> float:
    """Return since when an object has needed a person, for its next message.

    A run that did not reach the object, because of its lease or its time, leaves it as it was.
    """
    if _needs_person(tracker.cause):
        return _blocked_since(tracker, now)
    knows_nothing = tracker.cause in {PendingCause.LEASE, PendingCause.OUT_OF_TIME}
    return tracker.work.blocked_since_secs if knows_nothing else 0.0


def _requeue_count(tracker: ObjectTracker) -> int:
    """Return how often the object was requeued since it made progress; waiting for another run does not count."""
    match tracker.state:
        case ObjectState.LEASED:
            return tracker.work.requeue_count
        case ObjectState.PENDING:
            return 1 if tracker.has_moved else tracker.work.requeue_count + 1
        case ObjectState.DAMAGED if tracker.claimed.item is None or tracker.inferences.pending:
            return tracker.work.requeue_count + 1  # the count says that it was damaged, or the destination needs time
        case _:
            return 0


def _pending_since(tracker: ObjectTracker, now: float) -> float:
    """Return since when an object has waited for a retry, in seconds since the epoch; 0.0 if it does not.

    An object that ran out of time and made progress waits for no error. One that another run holds may be finished
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


def _needs_person(cause: PendingCause | None) -> bool:
    return cause is not None and cause.needs_person


def _blocked_since(tracker: ObjectTracker, now: float) -> float:
    """Return since when an object has needed a person, in seconds since the epoch."""
    return min(tracker.work.blocked_since_secs, now) or now
