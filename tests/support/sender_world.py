"""One sender with a destination in memory."""

from concurrent.futures import Executor
from datetime import UTC, datetime

from capture_forwarder.destinations.arthur.wire import Row
from capture_forwarder.domain.batch import BatchLimits
from capture_forwarder.domain.capture import CaptureObject, Work
from capture_forwarder.domain.notices import BatchSent
from capture_forwarder.domain.progress import LineSpan, ProgressRecord
from capture_forwarder.forward.sending import Sender
from capture_forwarder.forward.tracking import ObjectTracker
from capture_forwarder.kinds.kind import DecodedSpan, EncodedRows
from tests.support.fakes import (
    Clock,
    RecordingDestination,
    RecordingObserver,
    make_run,
    make_target,
)
from tests.support.memory_world import ROUTE

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class SenderWorld:
    """One sender, and the tracker of an object whose line n is one row with the id `id-n`."""

    def __init__(
        self,
        executor: Executor,
        *,
        limits: BatchLimits | None = None,
        max_in_flight: int = 8,
        clock: Clock | None = None,
    ) -> None:
        self.destination = RecordingDestination(limits)
        self.clock = clock or Clock()
        self.tracker = ObjectTracker(Work(CaptureObject("captures", "a", etag="e")), ROUTE, ProgressRecord())
        self.observer = RecordingObserver()
        run = make_run(self.clock, self.observer)
        self.deadline = run.deadline
        target = make_target(self.destination, max_in_flight=max_in_flight, executor=executor)
        self.sender = Sender("m", target, run)
        self._lines = 0

    def add(self, rows: int = 1) -> bool:
        """Add a line of so many rows, and return whether a request was begun."""
        number = self._lines
        self._lines += 1
        ids = [f"id-{number}"] if rows == 1 else [f"id-{number}_{row}" for row in range(rows)]
        span = LineSpan(number + 1, number, number + 1, [b""], [rows], pending=rows)
        decoded = DecodedSpan(span, EncodedRows(ids, [Row(one, MOMENT, {}) for one in ids], MOMENT))
        self.tracker.add(decoded)
        return self.sender.add(self.tracker, decoded)

    def drain(self) -> None:
        """Send the batch that was begun, and wait for all results."""
        self.sender.flush()
        while self.sender.wait_for_results():
            pass

    def notices(self) -> list[BatchSent]:
        """Return what was reported of every request."""
        return [notice for notice in self.observer.notices if isinstance(notice, BatchSent)]

    def send(self, lines: int) -> None:
        """Add so many lines of one row, and wait for all results."""
        for _ in range(lines):
            self.add()
        self.drain()
