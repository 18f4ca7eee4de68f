"""The calls of a run that are in flight, to all destinations; results are recorded on the caller's thread."""

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from math import inf
from typing import Any, TypeVar

from capture_forwarder.forward.run import Run
from capture_forwarder.forward.workers import Workers

T = TypeVar("T")

# The deadline is looked at so often: a run at a terminal has none until it is interrupted.
_LOOK_SECS = 0.5
# A run at a terminal that is interrupted waits so long for the requests that are under way.
_INTERRUPTED_SECS = 30.0


class InFlight:
    """Calls on the threads of several destinations, waited for together, so that a slow one delays no other.

    When the time for results is over they are abandoned. A result that comes later is recorded nowhere.
    """

    def __init__(self, run: Run, on_results: Callable[[], object]) -> None:
        self._run = run
        self._on_results = on_results
        self._calls: dict[Future[Any], tuple[Workers, Callable[[], None]]] = {}
        self._has_no_end = run.deadline.left_secs(0) == inf
        self._interrupted_at: float | None = None

    def begin(self, workers: Workers, call: Callable[[], T], record: Callable[[Future[T] | None], None]) -> Future[T]:
        """Begin `call`; `record` gets its future when it has ended, or `None` if it was abandoned."""
        future = workers.submit(call)
        self._calls[future] = workers, lambda: record(future if future.done() and not future.cancelled() else None)
        return future

    def wait(self, within_secs: float = _LOOK_SECS) -> bool:
        """Wait until some calls have ended, at most `within_secs`, and record them; return whether any were in flight.

        If the time for results is over, all that have not ended are recorded as abandoned.
        """
        if not self._calls:
            return False
        done, _ = wait(self._calls, max(0.0, min(within_secs, self._left_secs())), return_when=FIRST_COMPLETED)
        for future in done:
            self._calls.pop(future)[1]()
        if self._calls and self._left_secs() <= 0:
            self._abandon_all()
        return True

    def wait_while(self, condition: Callable[[], bool]) -> None:
        """Wait until `condition` does not hold; meanwhile the results of all destinations are recorded and used."""
        while condition() and self.wait():
            self._on_results()

    def abandon(self, future: Future[T]) -> None:
        """Abandon one call, if it has not ended; the calls that have begun beside it go on."""
        if future in self._calls:
            self._calls[future][0].abandon()
            # The calls that had not begun are cancelled; `wait` would not return them.
            for one in [one for one in self._calls if one is future or one.cancelled()]:
                self._calls.pop(one)[1]()

    def _abandon_all(self) -> None:
        calls, self._calls = list(self._calls.values()), {}
        for workers in {workers for workers, _ in calls}:
            workers.abandon()
        for _, record in calls:
            record()

    def _left_secs(self) -> float:
        """Return the time left for results; in a run that has no end, 30 s more after it was interrupted."""
        left_secs = self._run.deadline.left_secs(0)
        if left_secs > 0 or not self._has_no_end:
            return left_secs
        now = self._run.clock()
        self._interrupted_at = now if self._interrupted_at is None else self._interrupted_at
        return self._interrupted_at + _INTERRUPTED_SECS - now
