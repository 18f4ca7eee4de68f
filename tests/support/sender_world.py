"""Senders of one run, with destinations in memory."""

from collections.abc import Callable
from concurrent.futures import Executor
from datetime import UTC, datetime

from msgspec.structs import replace

from capture_forwarder.destinations.arthur.wire import Row
from capture_forwarder.domain.batch import Batch, BatchLimits
from capture_forwarder.domain.capture import CaptureObject, Work
from capture_forwarder.domain.delivery import Receipt
from capture_forwarder.domain.notices import BatchSent
from capture_forwarder.domain.progress import LineSpan, ProgressRecord
from capture_forwarder.domain.route import Route
from capture_forwarder.forward.claiming import Claimed
from capture_forwarder.forward.sending.senders import Senders
from capture_forwarder.forward.tracking import ObjectTracker
from capture_forwarder.kinds.captures.decoder import CaptureKind
from capture_forwarder.kinds.kind import DecodedSpan, EncodedRows
from tests.support.fakes import (
    Clock,
    ImmediateExecutor,
    RecordingDestination,
    RecordingObserver,
    make_run,
    make_target,
)
from tests.support.memory_world import ROUTE

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SECOND = replace(ROUTE, name="second", prefix="second/", destination="second")


class SenderWorld:
    """The senders of one run, and the trackers of an object for each of the routes `ROUTE` and `SECOND`.

    Line n is one row with the id `id-n`. `destination`, `tracker` and `sender` are those of `ROUTE`; requests to it are
    sent on `executor` if that is given. `on_results` is called as `Senders` says.
    """

    def __init__(
        self,
        executor: Executor | None = None,
        *,
        limits: BatchLimits | None = None,
        max_in_flight: int = 8,
        max_in_flight_bytes: int = 16_000_000,
        clock: Clock | None = None,
    ) -> None:
        self.destination = RecordingDestination(limits)
        self.second = RecordingDestination(limits)
        self.clock = clock or Clock()
        self.targets = {
            "fake": make_target(
                self.destination,
                max_in_flight=max_in_flight,
                max_in_flight_bytes=max_in_flight_bytes,
                executor=executor,
            ),
            "second": make_target(self.second, max_in_flight=max_in_flight),
        }
        self.on_results: Callable[[], object] = lambda: None
        self.observer = RecordingObserver()
        self._lines = 0
        self.begin_run()

    def begin_run(self) -> None:
        """Begin another run of the same process, with the same destinations and new objects."""
        run = make_run(self.clock, self.observer)
        self.deadline = run.deadline
        self.trackers = {
            route.name: ObjectTracker(
                Work(CaptureObject("captures", "a", etag="e")), route, Claimed(ProgressRecord(), "")
            )
            for route in (ROUTE, SECOND)
        }
        self.tracker = self.trackers[ROUTE.name]
        self.senders = Senders(self.targets, CaptureKind(), run, self._results_came)
        self.sender = self.senders.sender(ROUTE)

    def _results_came(self) -> None:
        self.on_results()

    def add(self, rows: int = 1, route: Route = ROUTE) -> bool:
        """Add a line of so many rows, and return whether a request was begun."""
        number = self._lines
        self._lines += 1
        ids = [f"id-{number}"] if rows == 1 else [f"id-{number}_{row}" for row in range(rows)]
        span = LineSpan(number + 1, number, number + 1, [b""], [rows], pending=rows)
        decoded = DecodedSpan(span, EncodedRows(ids, [Row(one, MOMENT, {}) for one in ids], MOMENT))
        self.trackers[route.name].add(decoded)
        return self.senders.sender(route).add(self.trackers[route.name], decoded)

    def drain(self) -> None:
        """Send the batches that were begun, and wait for all results."""
        self.senders.flush()
        self.wait_for_all()

    def wait_for_all(self) -> None:
        """Wait for the results of all requests in flight."""
        while self.senders.wait_for_results():
            pass

    def notices(self) -> list[BatchSent]:
        """Return what was reported of every request."""
        return [notice for notice in self.observer.notices if isinstance(notice, BatchSent)]

    def send(self, lines: int) -> None:
        """Add so many lines of one row, and wait for all results."""
        for _ in range(lines):
            self.add()
        self.drain()


def world_that_raises(error: Exception, when: Callable[[Batch], bool], rows: int = 1000) -> SenderWorld:
    """Return a world whose destination raises `error` for some batches, after one line of so many rows was sent."""
    world = SenderWorld(ImmediateExecutor())

    def answer(batch: Batch) -> Receipt:
        if when(batch):
            raise error
        return world.destination.accept(batch)

    world.destination.always = answer
    world.add(rows=rows)
    world.drain()
    return world


def sizes(world: SenderWorld) -> list[int]:
    """Return the number of rows of every request."""
    return [len(batch) for batch in world.destination.batches]


def holds(*rows: int) -> Callable[[Batch], bool]:
    """Return whether a batch has one of these rows of the first line."""
    ids = {f"id-0_{row}" for row in rows}
    return lambda batch: not ids.isdisjoint(batch.ids)
