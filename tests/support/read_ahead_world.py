"""Objects that are read ahead from a store in memory."""

from concurrent.futures import Executor
from math import inf

from capture_forwarder.domain.capture import CaptureObject, Work
from capture_forwarder.domain.progress import ProgressRecord
from capture_forwarder.forward.read_ahead import OpenResult, read_ahead
from capture_forwarder.forward.run import Deadline
from capture_forwarder.forward.tracking import ObjectTracker
from capture_forwarder.ports import OpenObject
from tests.support.fakes import ImmediateExecutor, MemoryStore
from tests.support.memory_world import ROUTE


def put_objects(store: MemoryStore, count: int) -> list[CaptureObject]:
    """Store so many small objects, whose keys and lines are numbers."""
    return [store.put(str(number), str(number).encode()) for number in range(count)]


class Reading:
    """The turns of `sources`. An object is passed over when a later one is opened."""

    def __init__(
        self, store: MemoryStore, sources: list[CaptureObject], executor: Executor | None = None, left_secs: float = inf
    ) -> None:
        trackers = (ObjectTracker(Work(source), ROUTE, ProgressRecord()) for source in sources)
        self._turns = read_ahead(store, executor or ImmediateExecutor(), trackers, Deadline(lambda: 1000 * left_secs))

    def open(self, source: CaptureObject) -> OpenResult:
        """Go to the turn of `source` and open it."""
        return next(opener for tracker, opener in self._turns if tracker.work.source == source)()

    def close(self) -> None:
        """End the run."""
        self._turns.close()


def content(opened: OpenResult) -> bytes:
    """Return the bytes of an object that was opened."""
    assert isinstance(opened, OpenObject)
    return b"".join(opened.chunks)


def keys_read(store: MemoryStore) -> list[str]:
    """Return the keys that were read, in order."""
    return [key for key, _ in store.reads]
