"""Reading ahead on threads: how long a turn waits for its download, and the downloads that are cancelled."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from math import inf
from threading import Event
from typing import ParamSpec, TypeVar

import pytest

from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import Reason, SourceUnavailable, Superseded
from capture_forwarder.ports import OpenObject, TimeLeft
from tests.support.memory_stores import MemoryStore
from tests.support.read_ahead_world import Reading, content, keys_read, put_objects

P = ParamSpec("P")
T = TypeVar("T")


class PausedStore(MemoryStore):
    """A store that holds one of its objects back until `released` is set."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.requested, self.released = Event(), Event()
        self._key = key

    def open(self, source: CaptureObject, start: int, left_secs: TimeLeft) -> OpenObject | Reason | Superseded:
        """Wait if it is that object."""
        if source.key == self._key:
            self.requested.set()
            assert self.released.wait(5)
        return super().open(source, start, left_secs)


@pytest.fixture
def executor() -> Iterator[Executor]:
    """Give one thread."""
    with ThreadPoolExecutor(1) as thread:
        yield thread


class HangingExecutor(Executor):
    """Begins every function and finishes none. `timeouts` are those of the callers that wait for a result."""

    def __init__(self) -> None:
        self.timeouts: list[float | None] = []

    def submit(self, fn: Callable[P, T], /, *_: P.args, **__: P.kwargs) -> Future[T]:
        """Return a future that is running."""
        timeouts = self.timeouts

        class RunningFuture(Future[T]):
            def result(self, timeout: float | None = None) -> T:
                timeouts.append(timeout)
                raise TimeoutError

        future = RunningFuture()
        future.set_running_or_notify_cancel()
        return future


@pytest.mark.parametrize(("left_secs", "timeout_secs"), [(4.0, 1.6), (900.0, 60.0), (inf, 60.0)])
def test_half_of_the_time_that_is_left_is_spent_on_waiting_for_an_object(left_secs: float, timeout_secs: float) -> None:
    """The wait is at most a minute. After that the object is unavailable."""
    store, hanging = MemoryStore(), HangingExecutor()
    first, slow = put_objects(store, 2)
    reading = Reading(store, [first, slow], hanging, left_secs)
    reading.open(first)
    with pytest.raises(SourceUnavailable, match=r"^s3://captures/1: it was not read in time$"):
        reading.open(slow)
    assert hanging.timeouts == [pytest.approx(timeout_secs)]


def test_a_slow_object_is_read_once(executor: Executor) -> None:
    """Its turn waits for the download that has begun."""
    store = PausedStore("1")
    first, slow = put_objects(store, 2)
    reading = Reading(store, [first, slow], executor, inf)
    reading.open(first)
    assert store.requested.wait(5)
    store.released.set()
    assert content(reading.open(slow)) == b"1\n"
    assert keys_read(store) == ["0", "1"]


@pytest.fixture
def thread_is_free(executor: Executor) -> Iterator[Event]:
    """Keep the only thread busy until this event is set."""
    free = Event()
    executor.submit(free.wait, 5)
    yield free
    free.set()


def test_an_object_whose_download_has_not_begun_is_read_at_its_turn(executor: Executor, thread_is_free: Event) -> None:
    """The threads may be busy with other objects; the object is not read a second time later."""
    store = MemoryStore()
    sources = put_objects(store, 4)
    reading = Reading(store, sources, executor, 0.0)
    assert [content(reading.open(source)) for source in sources] == [b"%d\n" % at for at in range(4)]
    thread_is_free.set()
    executor.shutdown()
    assert keys_read(store) == ["0", "1", "2", "3"]


def test_downloads_that_have_not_begun_are_cancelled_at_the_end(executor: Executor, thread_is_free: Event) -> None:
    """They are not read any more."""
    store = MemoryStore()
    sources = put_objects(store, 4)
    reading = Reading(store, sources, executor, 9.0)
    reading.open(sources[0])
    reading.close()
    thread_is_free.set()
    executor.shutdown()
    assert keys_read(store) == ["0"]


def test_the_download_of_an_object_that_is_passed_over_is_cancelled(executor: Executor, thread_is_free: Event) -> None:
    """The object is not opened at its turn, so it is not read."""
    store = MemoryStore()
    sources = put_objects(store, 4)
    reading = Reading(store, sources, executor, 9.0)
    reading.open(sources[0])
    reading.open(sources[2])
    thread_is_free.set()
    executor.shutdown()
    assert keys_read(store) == ["0", "2", "3"]
