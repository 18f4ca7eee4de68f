"""Objects that are read before their turn: which ones, how many, and that nobody notices but the clock."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from math import inf
from threading import Event
from typing import ParamSpec, TypeVar

import pytest
from msgspec.structs import replace

from capture_forwarder.domain.capture import CaptureObject, ReadOffset, Work
from capture_forwarder.domain.conservation import ObjectState
from capture_forwarder.domain.delivery import Reason, RejectionCode, SourceUnavailable, Superseded
from capture_forwarder.domain.progress import ProgressRecord
from capture_forwarder.forward.read_ahead import MAX_BYTES, MAX_OBJECTS, OpenResult, read_ahead
from capture_forwarder.forward.run import Deadline
from capture_forwarder.forward.tracking import ObjectTracker
from capture_forwarder.kinds.captures.decoder import CaptureKind
from capture_forwarder.ports import OpenObject
from tests.support.captures import capture, csv_side
from tests.support.fakes import WRITTEN, Crowd, MemoryStore
from tests.unit.test_forwarder import ROUTE, World, call

P = ParamSpec("P")
T = TypeVar("T")


class AtOnce(Executor):
    """Does what it is given before it returns."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Do it now."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except SourceUnavailable as unavailable:
            future.set_exception(unavailable)
        return future


def objects(store: MemoryStore, count: int) -> list[CaptureObject]:
    """Put so many small objects."""
    return [store.put(str(number), str(number).encode()) for number in range(count)]


class Turns:
    """The turns of `sources`, each read from its beginning; an object is passed over if another one is opened."""

    def __init__(
        self, store: MemoryStore, sources: list[CaptureObject], executor: Executor | None = None, left_secs: float = inf
    ) -> None:
        trackers = (ObjectTracker(Work(source), ROUTE, ProgressRecord(), CaptureKind()) for source in sources)
        self.turns = read_ahead(store, executor or AtOnce(), trackers, Deadline(lambda: 1000 * left_secs))

    def open(self, source: CaptureObject) -> OpenResult:
        """Go to the turn of `source` and open it."""
        return next(opener for tracker, opener in self.turns if tracker.work.source == source)()

    def close(self) -> None:
        """End the run."""
        self.turns.close()


def content(found: OpenResult) -> bytes:
    """Return the bytes of an object that was opened."""
    assert isinstance(found, OpenObject)
    return b"".join(found.chunks)


def read(store: MemoryStore) -> list[str]:
    """Return the keys that were read, in that order."""
    return [key for key, _ in store.reads]


def test_small_objects_are_waited_for_together() -> None:
    """While one is on its way the next ones are: the store is slow to answer, and good at answering many."""

    class Distant(MemoryStore):
        """Answers when all ask at the same time."""

        crowd = Crowd()

        def open(self, source: CaptureObject, start: int) -> OpenObject | Reason | Superseded:
            assert self.crowd.meet(MAX_OBJECTS)
            return super().open(source, start)

    store = Distant()
    sources = objects(store, MAX_OBJECTS)
    with ThreadPoolExecutor(MAX_OBJECTS) as executor:
        ahead = Turns(store, sources, executor, 9.0)
        assert [content(ahead.open(source)) for source in sources] == [b"%d\n" % at for at in range(MAX_OBJECTS)]


def test_every_object_is_read_once() -> None:
    """Ahead or at its turn, never both."""
    store = MemoryStore()
    sources = objects(store, 30)
    ahead = Turns(store, sources)
    assert [content(ahead.open(source)) for source in sources] == [b"%d\n" % at for at in range(30)]
    assert sorted(read(store), key=int) == [str(number) for number in range(30)]


def test_no_more_than_so_many_are_read_ahead() -> None:
    """Each that is taken makes room for one."""
    store = MemoryStore()
    sources = objects(store, 30)
    ahead = Turns(store, sources)
    ahead.open(sources[0])
    assert len(store.reads) == 1 + MAX_OBJECTS
    ahead.open(sources[1])
    assert len(store.reads) == 2 + MAX_OBJECTS


def test_no_more_than_so_many_bytes_are_held() -> None:
    """Whatever does not fit waits, and what comes after it waits with it: the order stays."""
    store = MemoryStore()
    first, *others, empty = objects(store, 6)
    large = [replace(source, size=MAX_BYTES // 2) for source in others]
    ahead = Turns(store, [first, *large, replace(empty, size=0)])
    ahead.open(first)
    assert sorted(read(store)) == ["0", "1", "2"]
    ahead.open(large[0])
    assert sorted(read(store)) == ["0", "1", "2", "3"]
    ahead.open(large[1])
    assert sorted(read(store)) == ["0", "1", "2", "3", "4", "5"]


def test_an_object_may_take_all_the_room_there_is() -> None:
    """And no more; when it was written is known as of any other."""
    store = MemoryStore()
    first, whole = objects(store, 2)
    whole = replace(whole, size=MAX_BYTES)
    ahead = Turns(store, [first, whole])
    ahead.open(first)
    assert sorted(read(store)) == ["0", "1"]
    found = ahead.open(whole)
    assert isinstance(found, OpenObject)
    assert found.modified == WRITTEN


@pytest.mark.parametrize("size", [None, -1, MAX_BYTES + 1])
def test_a_large_object_is_opened_at_its_turn(size: int | None) -> None:
    """It would not fit, or nobody knows if it does; those behind it are read ahead all the same."""
    store = MemoryStore()
    first, second, third = objects(store, 3)
    second = replace(second, size=size)
    ahead = Turns(store, [first, second, third])
    ahead.open(first)
    assert sorted(read(store)) == ["0", "2"]
    assert content(ahead.open(second)) == b"1\n"
    assert content(ahead.open(third)) == b"2\n"
    assert read(store).count("1") == 1


def test_an_object_larger_than_its_event_said_is_not_held() -> None:
    """Events may lie: one chunk too many is taken, the rest is streamed when it is wanted."""
    store = MemoryStore(chunk_bytes=10)
    first, large = objects(store, 1)[0], replace(store.put("large", b"x" * 999), size=20)
    taken = list[int]()

    class Counting(MemoryStore):
        def open(self, source: CaptureObject, start: int) -> OpenObject | Reason | Superseded:
            found = store.open(source, start)
            assert isinstance(found, OpenObject)
            return OpenObject(self._counted(found.chunks), found.modified)

        def _counted(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
            for chunk in chunks:
                taken.append(len(chunk))
                yield chunk

    ahead = Turns(Counting(), [first, large])
    ahead.open(first)
    assert sum(taken) == 30
    assert content(ahead.open(large)) == b"x" * 999 + b"\n"


def test_what_goes_wrong_with_an_object_comes_up_at_its_turn() -> None:
    """A refusal, another state, a store that does not answer: as without reading ahead."""
    store = MemoryStore()
    first, gone, changed, unreadable = objects(store, 4)
    del store.objects["captures", "1"]
    store.put("2", b"other")
    store.failure["3"] = SourceUnavailable("S3 answers SlowDown")
    ahead = Turns(store, [first, gone, changed, unreadable])
    assert content(ahead.open(first)) == b"0\n"
    assert isinstance(ahead.open(gone), Reason)
    assert isinstance(ahead.open(changed), Superseded)
    with pytest.raises(SourceUnavailable, match="SlowDown"):
        ahead.open(unreadable)


class Slow(MemoryStore):
    """Sends one of its objects when it is told to."""

    def __init__(self, slow: str) -> None:
        super().__init__()
        self.asked, self.told = Event(), Event()
        self._slow = slow

    def open(self, source: CaptureObject, start: int) -> OpenObject | Reason | Superseded:
        """Wait with that one."""
        if source.key == self._slow:
            self.asked.set()
            assert self.told.wait(5)
        return super().open(source, start)


@pytest.fixture
def executor() -> Iterator[Executor]:
    """Give one thread."""
    with ThreadPoolExecutor(1) as one:
        yield one


class Late(Executor):
    """Begins everything and finishes nothing; remembers for how long somebody would have waited."""

    def __init__(self) -> None:
        self.waits: list[float | None] = []

    def submit(self, fn: Callable[P, T], /, *_: P.args, **__: P.kwargs) -> Future[T]:
        """Begin it."""
        waits = self.waits

        class Begun(Future[T]):
            def result(self, timeout: float | None = None) -> T:
                waits.append(timeout)
                raise TimeoutError

        begun = Begun()
        begun.set_running_or_notify_cancel()
        return begun


@pytest.mark.parametrize(("left_secs", "waited_secs"), [(4.0, 1.9), (900.0, 60.0), (inf, 60.0)])
def test_a_slow_object_is_waited_for_during_half_of_the_time_that_is_left(left_secs: float, waited_secs: float) -> None:
    """Or a minute; then it is owed, as if the store had not answered. The other half is for what was read before."""
    store, late = MemoryStore(), Late()
    first, slow = objects(store, 2)
    ahead = Turns(store, [first, slow], late, left_secs)
    ahead.open(first)
    with pytest.raises(SourceUnavailable, match="s3://captures/1: S3 did not send it in time"):
        ahead.open(slow)
    assert late.waits == [pytest.approx(waited_secs)]


def test_a_slow_object_that_comes_is_read(executor: Executor) -> None:
    """It is asked for once."""
    store = Slow("1")
    first, slow = objects(store, 2)
    ahead = Turns(store, [first, slow], executor, inf)
    ahead.open(first)
    assert store.asked.wait(5)
    store.told.set()
    assert content(ahead.open(slow)) == b"1\n"
    assert read(store) == ["0", "1"]


@pytest.fixture
def busy(executor: Executor) -> Iterator[Event]:
    """Keep the only reader at something else until this is set."""
    over = Event()
    executor.submit(over.wait, 5)
    yield over
    over.set()


def test_nobody_waits_for_readers_that_are_busy_with_something_else(executor: Executor, busy: Event) -> None:
    """Another run's objects may be slow, or stuck: what is not begun is read at its turn, and by nobody else."""
    store = MemoryStore()
    sources = objects(store, 4)
    ahead = Turns(store, sources, executor, 0.0)
    assert [content(ahead.open(source)) for source in sources] == [b"%d\n" % at for at in range(4)]
    busy.set()
    executor.shutdown()
    assert read(store) == ["0", "1", "2", "3"]


def test_what_nobody_asks_for_is_given_up(executor: Executor, busy: Event) -> None:
    """What was not begun is not begun any more."""
    store = MemoryStore()
    sources = objects(store, 4)
    ahead = Turns(store, sources, executor, 9.0)
    ahead.open(sources[0])
    ahead.close()
    busy.set()
    executor.shutdown()
    assert read(store) == ["0"]


def test_what_came_before_reading_broke_off_is_not_lost() -> None:
    """An object that always breaks off at one place gets ahead by what stands before it."""

    class Breaking(MemoryStore):
        def open(self, source: CaptureObject, start: int) -> OpenObject | Reason | Superseded:
            return OpenObject(self._sent())

        def _sent(self) -> Iterator[bytes]:
            yield b"a\n"
            raise SourceUnavailable("reset")

    store = Breaking()
    first, breaking = objects(store, 2)
    breaking = replace(breaking, size=1000)
    ahead = Turns(store, [first, breaking])
    ahead.open(first)
    found = ahead.open(breaking)
    assert isinstance(found, OpenObject)
    assert next(found.chunks) == b"a\n"
    with pytest.raises(SourceUnavailable, match="reset"):
        next(found.chunks)


def test_works_for_one_object_without_a_state_are_all_read() -> None:
    """Their places are one and the same; each gets bytes of its own, and one of them was read ahead."""
    store = MemoryStore()
    first, second, third = objects(store, 3)
    asked = [first, second, second, second, third]
    ahead = Turns(store, asked)
    assert [content(ahead.open(source)) for source in asked] == [b"0\n", b"1\n", b"1\n", b"1\n", b"2\n"]
    assert sorted(read(store)) == ["0", "1", "1", "1", "2"]


def test_only_what_is_to_be_read_is_read_ahead() -> None:
    """Nothing of what is done, held by another run, or on no route; and from where it is settled."""
    world = World()
    works = [world.put(name, call(number), call(number + 10)) for number, name in enumerate("abcd")]
    _, done, held, begun = (work.source.state_id or "" for work in works)
    world.progress.positions |= {
        done: ProgressRecord(done=True),
        held: ProgressRecord(leased_until=world.clock.now + 100),
        begun: ProgressRecord(read_offset=ReadOffset(len(call(3)) + 1, 1)),
    }
    elsewhere = replace(works[0], source=world.store.put("elsewhere/e", call(9)))
    reports = world.forward(*works, elsewhere)
    assert [report.state for report in reports] == [
        ObjectState.DONE,
        ObjectState.DONE_BEFORE,
        ObjectState.REQUEUED,
        ObjectState.DONE,
        ObjectState.UNROUTED,
    ]
    assert sorted(world.store.reads) == [("churn/a", 0), ("churn/d", len(call(3)) + 1)]
    assert sorted(world.destination.stored) == ["id-0", "id-10", "id-13"]


def test_neighbours_of_an_object_that_breaks_are_delivered() -> None:
    """Read ahead or not, what one object meets is its own."""
    world = World()
    works = [world.put(name, capture(csv_side("1"), csv_side("2"), inferenceId=name)) for name in "abcd"]
    world.store.failure["churn/b"] = SourceUnavailable("S3 answers SlowDown")
    world.store.failure["churn/c"] = ZeroDivisionError()
    reports = world.forward(*works)
    assert [report.state for report in reports] == [
        ObjectState.DONE,
        ObjectState.REQUEUED,
        ObjectState.FAILED,
        ObjectState.DONE,
    ]
    assert sorted(world.destination.stored) == ["a", "d"]


def test_a_refusal_read_ahead_is_written_down() -> None:
    """An object that is gone is a rejection of the object, with its code."""
    world = World()
    first, gone = world.put("a", call(1)), world.put("b", call(2))
    del world.store.objects["captures", "churn/b"]
    reports = world.forward(first, gone)
    assert reports[1].state is ObjectState.REJECTED
    assert world.quarantined() == [(RejectionCode.OBJECT_GONE, 0, None)]
