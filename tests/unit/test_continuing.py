"""Continuing: an object that was read in part is read from its first pending line on."""

import pytest

from capture_forwarder.domain.batch import BatchLimits
from capture_forwarder.domain.capture import ReadOffset, Work
from capture_forwarder.domain.conservation import ObjectState
from capture_forwarder.domain.delivery import DestinationDenied
from capture_forwarder.domain.schema import ModelSchema
from tests.support.fakes import Clock
from tests.support.memory_world import MemoryWorld, call, fails, on_either_path


@on_either_path
@pytest.mark.parametrize("compress", [False, True], ids=["uncompressed", "gzip"])
def test_q_time_runs_out_and_the_next_message_continues_without_repeats(
    schema: ModelSchema | None,
    compress: bool,  # noqa: FBT001 - a parametrised case
) -> None:
    """Scenario Q: reading stops in time, requests end, and the next message begins at the first pending byte."""
    world = MemoryWorld(BatchLimits(max_inferences=10), schema=schema, max_in_flight=1)
    work = world.put("a", *(call(number) for number in range(1000)), compress=compress)
    states: list[ObjectState] = []
    for _ in range(20):
        world.accept_after(30)
        (report,) = world.forward(work)
        states.append(report.state)
        assert report.complete
        # A span, and a batch that was sent before a checkpoint, may end within a batch that there is no time to send.
        assert report.inferences.pending < 20
        if report.state is ObjectState.DONE:
            break
        work, delay = world.queue.messages[-1]
        assert delay == 0
        assert work.read_offset.compressed is compress
        world.clock = Clock()
    assert states[:-1] == [ObjectState.REQUEUED] * (len(states) - 1)
    assert len(states) > 2
    assert len(world.destination.stored) == 1000
    assert set(world.destination.times_sent.values()) == {1}
    assert all(start == 0 for _, start in world.store.reads) is compress
    assert world.saved(work).done


@on_either_path
def test_a_gzip_object_is_continued_at_an_offset_of_its_uncompressed_stream(schema: ModelSchema | None) -> None:
    """The message says that the object is gzip."""
    world = MemoryWorld(BatchLimits(max_inferences=1), schema=schema, max_in_flight=1)
    work = world.put("a", *(call(number) for number in range(4)), compress=True)
    world.destination.script = [world.destination.accept]
    world.destination.always = fails(DestinationDenied("status 403: correct it"))
    world.forward(work)
    again, _ = world.requeued()
    assert again.read_offset == ReadOffset(len(call(0)) + 1, 1, compressed=True)
    world.destination.always = None
    (report,) = world.forward(again)
    assert (report.state, len(world.destination.stored)) == (ObjectState.DONE, 4)


def test_a_gzip_object_is_continued_behind_a_rejected_line() -> None:
    """A line without rows moves the offset as well."""
    world = MemoryWorld()
    work = world.put("a", b"broken", call(1), call(2), compress=True)
    world.destination.always = fails(DestinationDenied("status 403: correct it"))
    world.forward(work)
    again, _ = world.requeued()
    assert again.read_offset == ReadOffset(len(b"broken\n"), 1, compressed=True)
    world.destination.always = None
    (report,) = world.forward(again)
    assert (report.state, sorted(world.destination.stored)) == (ObjectState.DONE, ["id-1", "id-2"])
    assert [line for _, line, _ in world.quarantined()] == [1]


def test_the_offset_in_the_message_counts_only_without_stored_progress() -> None:
    """With a table the claim says where to begin, so a message can make no line disappear."""
    world = MemoryWorld()
    lines = [call(number) for number in range(3)]
    work = world.put("a", *lines)
    offset = ReadOffset(len(lines[0]) + 1, 1)
    world.has_progress = False
    world.forward(Work(work.source, offset))
    assert list(world.destination.stored) == ["id-1", "id-2"]
    world.has_progress = True
    world.forward(Work(work.source, offset))
    assert world.destination.times_sent == {"id-0": 1, "id-1": 2, "id-2": 2}
