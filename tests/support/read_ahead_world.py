"""Objects that are read ahead from a store in memory."""

from concurrent.futures import Executor
from math import inf

from capture_forwarder.domain.capture import CaptureObject, Work
from capture_forwarder.domain.delivery import Reason, Superseded
from capture_forwarder.forward.committing.object_commits import ObjectCommitter
from capture_forwarder.forward.opening import Opening
from capture_forwarder.forward.read_ahead import read_ahead
from capture_forwarder.ports import OpenObject
from tests.support.fakes import Clock, ExecutorWorkers, ImmediateExecutor, make_run
from tests.support.memory_stores import MemoryStore
from tests.support.memory_world import ROUTE

Content = OpenObject | Reason | Superseded | None


def put_objects(store: MemoryStore, count: int) -> list[CaptureObject]:
    """Store so many small objects, whose keys and lines are numbers."""
    return [store.put(str(number), str(number).encode()) for number in range(count)]


class Reading:
    """The turns of `sources`. An object is passed over when a later one is opened."""

    def __init__(
        self, store: MemoryStore, sources: list[CaptureObject], executor: Executor | None = None, left_secs: float = inf
    ) -> None:
        run = make_run(Clock(left_secs))
        commits = ObjectCommitter(None, None, None, day=lambda: "2026/01/02").begin(run)
        opening = Opening(store, commits, run.deadline)
        objects = ((Work(source), ROUTE) for source in sources)
        self.workers = ExecutorWorkers(executor or ImmediateExecutor())
        self._turns = read_ahead(opening, self.workers, objects, run.deadline)

    def open(self, source: CaptureObject) -> Content:
        """Go to the turn of `source` and open it."""
        return next(opener for work, _, opener in self._turns if work.source == source)().content

    def close(self) -> None:
        """End the run."""
        self._turns.close()


def content(opened: Content) -> bytes:
    """Return the bytes of an object that was opened."""
    assert isinstance(opened, OpenObject)
    return b"".join(opened.chunks)


def keys_read(store: MemoryStore) -> list[str]:
    """Return the keys that were read, in order."""
    return [key for key, _ in store.reads]
