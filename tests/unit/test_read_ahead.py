"""Reading ahead: the choice and number of objects that are downloaded early, and how errors are raised at the turn."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace

from capture_forwarder.domain.capture import CaptureObject, ReadOffset, Work
from capture_forwarder.domain.conservation import ObjectState
from capture_forwarder.domain.delivery import Reason, RejectionCode, SourceUnavailable, Superseded
from capture_forwarder.domain.progress import Claim, ProgressRecord, RunRecord
from capture_forwarder.forward.read_ahead import MAX_BYTES, MAX_OBJECTS
from capture_forwarder.ports import OpenObject, TimeLeft
from tests.support.fakes import ConcurrentCalls
from tests.support.memory_stores import MODIFIED, MemoryStore
from tests.support.memory_world import MemoryWorld, call
from tests.support.read_ahead_world import Reading, content, keys_read, put_objects


def test_small_objects_are_downloaded_at_the_same_time() -> None:
    """While one object is on its way the next ones are as well."""

    class WaitingStore(MemoryStore):
        calls = ConcurrentCalls()

        def open(self, source: CaptureObject, start: int, left_secs: TimeLeft) -> OpenObject | Reason | Superseded:
            assert self.calls.wait_for(MAX_OBJECTS)
            return super().open(source, start, left_secs)

    store = WaitingStore()
    sources = put_objects(store, MAX_OBJECTS)
    with ThreadPoolExecutor(MAX_OBJECTS) as executor:
        reading = Reading(store, sources, executor, 9.0)
        assert [content(reading.open(source)) for source in sources] == [b"%d\n" % at for at in range(MAX_OBJECTS)]


def test_every_object_is_read_once() -> None:
    """It is read ahead or at its turn."""
    store = MemoryStore()
    sources = put_objects(store, 30)
    reading = Reading(store, sources)
    assert [content(reading.open(source)) for source in sources] == [b"%d\n" % at for at in range(30)]
    assert sorted(keys_read(store), key=int) == [str(number) for number in range(30)]


def test_at_most_ten_objects_are_read_ahead() -> None:
    """Each turn makes room for one more."""
    store = MemoryStore()
    sources = put_objects(store, 30)
    reading = Reading(store, sources)
    reading.open(sources[0])
    assert len(store.reads) == 1 + MAX_OBJECTS
    reading.open(sources[1])
    assert len(store.reads) == 2 + MAX_OBJECTS


def test_at_most_ten_mib_are_held() -> None:
    """An object that does not fit waits, and all objects behind it wait with it, so the order stays."""
    store = MemoryStore()
    first, *others, empty = put_objects(store, 6)
    large = [replace(source, size=MAX_BYTES // 2) for source in others]
    reading = Reading(store, [first, *large, replace(empty, size=0)])
    reading.open(first)
    assert sorted(keys_read(store)) == ["0", "1", "2"]
    reading.open(large[0])
    assert sorted(keys_read(store)) == ["0", "1", "2", "3"]
    reading.open(large[1])
    assert sorted(keys_read(store)) == ["0", "1", "2", "3", "4", "5"]


def test_one_object_may_hold_all_ten_mib() -> None:
    """The time of its writing is known as for any other object."""
    store = MemoryStore()
    first, whole = put_objects(store, 2)
    whole = replace(whole, size=MAX_BYTES)
    reading = Reading(store, [first, whole])
    reading.open(first)
    assert sorted(keys_read(store)) == ["0", "1"]
    opened = reading.open(whole)
    assert isinstance(opened, OpenObject)
    assert opened.modified == MODIFIED


@pytest.mark.parametrize("size", [None, -1, MAX_BYTES + 1])
def test_an_object_that_is_large_or_of_unknown_size_is_opened_at_its_turn(size: int | None) -> None:
    """The objects behind it are read ahead."""
    store = MemoryStore()
    first, second, third = put_objects(store, 3)
    second = replace(second, size=size)
    reading = Reading(store, [first, second, third])
    reading.open(first)
    assert sorted(keys_read(store)) == ["0", "2"]
    assert content(reading.open(second)) == b"1\n"
    assert content(reading.open(third)) == b"2\n"
    assert keys_read(store).count("1") == 1


def test_an_object_that_is_not_read_ahead_takes_no_room() -> None:
    """It waits beside an object of 10 MiB, and an empty object behind it is read ahead."""
    store = MemoryStore()
    first, whole, unknown, empty = put_objects(store, 4)
    sources = [first, replace(whole, size=MAX_BYTES), replace(unknown, size=None), replace(empty, size=0)]
    Reading(store, sources).open(first)
    assert sorted(keys_read(store)) == ["0", "1", "3"]


def test_the_rest_of_an_object_larger_than_its_event_said_is_streamed() -> None:
    """One chunk more than the size in the event is held."""
    store = MemoryStore(chunk_bytes=10)
    first, large = put_objects(store, 1)[0], replace(store.put("large", b"x" * 999), size=20)
    chunk_bytes = list[int]()

    class CountingStore(MemoryStore):
        def open(self, source: CaptureObject, start: int, left_secs: TimeLeft) -> OpenObject | Reason | Superseded:
            opened = store.open(source, start, left_secs)
            assert isinstance(opened, OpenObject)
            return OpenObject(self._counted(opened.chunks), opened.modified)

        def _counted(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
            for chunk in chunks:
                chunk_bytes.append(len(chunk))
                yield chunk

    reading = Reading(CountingStore(), [first, large])
    reading.open(first)
    assert sum(chunk_bytes) == 30
    assert content(reading.open(large)) == b"x" * 999 + b"\n"


def test_the_error_of_an_object_is_raised_at_its_turn() -> None:
    """An object that is gone, overwritten or unreadable gives the same result as without reading ahead."""
    store = MemoryStore()
    first, gone, changed, unreadable = put_objects(store, 4)
    del store.objects["captures", "1"]
    store.put("2", b"other")
    store.errors["3"] = SourceUnavailable("S3 answers SlowDown")
    reading = Reading(store, [first, gone, changed, unreadable])
    assert content(reading.open(first)) == b"0\n"
    assert isinstance(reading.open(gone), Reason)
    assert isinstance(reading.open(changed), Superseded)
    with pytest.raises(SourceUnavailable, match="SlowDown"):
        content(reading.open(unreadable))


def test_chunks_before_an_error_are_kept() -> None:
    """An object that always breaks off at one place makes progress up to this place."""

    class BreakingStore(MemoryStore):
        def open(self, source: CaptureObject, start: int, left_secs: TimeLeft) -> OpenObject | Reason | Superseded:
            return OpenObject(self._broken_chunks())

        def _broken_chunks(self) -> Iterator[bytes]:
            yield b"a\n"
            raise SourceUnavailable("reset")

    store = BreakingStore()
    first, breaking = put_objects(store, 2)
    breaking = replace(breaking, size=1000)
    reading = Reading(store, [first, breaking])
    reading.open(first)
    opened = reading.open(breaking)
    assert isinstance(opened, OpenObject)
    assert next(opened.chunks) == b"a\n"
    with pytest.raises(SourceUnavailable, match="reset"):
        next(opened.chunks)


def test_several_works_for_one_object_are_each_read() -> None:
    """Without etag and version each of them gets the bytes of its own."""
    store = MemoryStore()
    first, second, third = put_objects(store, 3)
    sources = [first, second, second, second, third]
    reading = Reading(store, sources)
    assert [content(reading.open(source)) for source in sources] == [b"0\n", b"1\n", b"1\n", b"1\n", b"2\n"]
    assert sorted(keys_read(store)) == ["0", "1", "1", "1", "2"]


def test_only_objects_that_are_to_be_read_are_read_ahead() -> None:
    """These are not done, not leased and have a route. They are read from the committed offset on."""
    world = MemoryWorld()
    works = [world.put(name, call(number), call(number + 10)) for number, name in enumerate("abcd")]
    _, done, leased, begun = works
    reached = {done.source.state_hash: ProgressRecord(done=True)}
    world.set_claim(done, Claim(run="done"), RunRecord(saves=1, reached=dict(reached)))
    world.set_claim(leased, Claim(run="other", leased_until_secs=world.clock.now + 100))
    world.set_claim(begun, Claim(run="old", progress=ProgressRecord(ReadOffset(len(call(3)) + 1, 1))))
    elsewhere = Work(world.store.put("elsewhere/e", call(9)))
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


def test_an_object_that_was_found_gone_ahead_of_its_turn_is_in_quarantine() -> None:
    """Its entry has the code of the reason."""
    world = MemoryWorld()
    first, gone = world.put("a", call(1)), world.put("b", call(2))
    del world.store.objects["captures", "churn/b"]
    reports = world.forward(first, gone)
    assert reports[1].state is ObjectState.REJECTED
    assert world.quarantined() == [(RejectionCode.OBJECT_GONE, 0, None)]
