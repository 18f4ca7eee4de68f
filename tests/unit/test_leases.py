"""Leases: an object that takes long belongs to one run, and a run whose lease expired cannot write progress."""

import pytest

from capture_forwarder.domain.batch import Batch, BatchLimits
from capture_forwarder.domain.capture import ReadOffset
from capture_forwarder.domain.conservation import ForwardReport, ObjectState
from capture_forwarder.domain.delivery import DestinationDenied, LeaseLost, Receipt
from capture_forwarder.domain.progress import ProgressRecord
from tests.support.fakes import Clock, ImmediateExecutor
from tests.support.memory_world import MemoryWorld, call, fails

ONE_ROW = BatchLimits(max_inferences=1)


def test_an_object_with_a_checkpoint_is_leased() -> None:
    """Another run that finds the lease leaves the object alone, and requeues it until the lease expires."""
    world = MemoryWorld(ONE_ROW, max_in_flight=1, checkpoint_secs=10)
    work = world.put("a", *(call(number) for number in range(30)))
    others: list[ForwardReport] = []

    def answer(batch: Batch) -> Receipt:
        world.clock.now += 4
        if len(world.destination.stored) == 15 and not others:
            other = MemoryWorld()
            other.store, other.progress, other.clock = world.store, world.progress, world.clock
            others.extend(other.forward(work))
            assert other.destination.batches == []
            assert other.queue.messages[0][1] > 600
        return world.destination.accept(batch)

    world.destination.always = answer
    (report,) = world.forward(work)
    assert report.state is ObjectState.DONE
    assert [other.state for other in others] == [ObjectState.REQUEUED]
    saved = world.saved(work)
    assert (saved.done, saved.fence, saved.leased_until) == (True, 1, 0.0)
    assert saved.read_offset.lines == 30


def test_a_lease_lasts_until_the_invocation_ends() -> None:
    """The first checkpoint raises the fence, and later ones keep it. The last save ends the lease."""
    world = MemoryWorld(ONE_ROW, max_in_flight=1, checkpoint_secs=-1)
    world.senders = ImmediateExecutor()
    world.forward(world.put("a", *(call(number) for number in range(4))))
    assert [(record.fence, record.leased_until) for record in world.progress.saved] == [
        *[(1, world.clock.ends)] * 4,
        (1, 0.0),
    ]


def test_a_lease_ends_when_its_run_stops_early() -> None:
    """The next run need not wait for it, even if no row was recorded since the checkpoint."""
    world = MemoryWorld(ONE_ROW, max_in_flight=1, checkpoint_secs=-1)
    world.senders = ImmediateExecutor()
    world.destination.always = fails(DestinationDenied("status 403: correct it"))
    work = world.put("a", call(1), call(2))
    (report,) = world.forward(work)
    assert report.state is ObjectState.REQUEUED
    assert [(record.fence, record.leased_until > 0) for record in world.progress.saved] == [(1, True), (1, False)]
    assert {record.read_offset for record in world.progress.saved} == {ReadOffset()}


def test_an_expired_lease_is_taken_over_and_its_holder_cannot_write_any_more() -> None:
    """The other run continues at the last checkpoint; the late write of the first holder fails."""
    world = MemoryWorld(ONE_ROW, max_in_flight=1, checkpoint_secs=1)
    work = world.put("a", *(call(number) for number in range(20)))
    others: list[ForwardReport] = []

    def answer(batch: Batch) -> Receipt:
        world.clock.now += 2
        if len(world.destination.stored) == 10 and not others:
            other = MemoryWorld(checkpoint_secs=-1)
            other.store, other.progress = world.store, world.progress
            other.clock = Clock()
            other.clock.now = world.saved(work).leased_until + 1
            other.clock.ends = other.clock.now + 900
            others.extend(other.forward(work))
            assert other.destination.stored
        return world.destination.accept(batch)

    world.destination.always = answer
    (report,) = world.forward(work)
    assert [other.state for other in others] == [ObjectState.DONE]
    assert report.state is ObjectState.REQUEUED
    assert "taken over" in (report.why or "")
    assert world.saved(work).done


def test_taking_over_raises_the_fence_without_a_lease_as_well() -> None:
    """A run that needs no checkpoint raises it with its only save."""
    world = MemoryWorld()
    work = world.put("a", call(1))
    expired = ProgressRecord(fence=1, leased_until=world.clock.now - 1)
    world.set_progress(work, expired)
    (report,) = world.forward(work)
    assert report.state is ObjectState.DONE
    assert world.saved(work).fence == 2
    with pytest.raises(LeaseLost):
        world.progress.save(work.source, ProgressRecord(fence=1, leased_until=9e9), expected_fence=expired.fence)
    assert world.saved(work).done


def test_taking_over_with_a_lease_raises_the_fence_once() -> None:
    """The fence is raised by one, not by one for each reason."""
    world = MemoryWorld(ONE_ROW, max_in_flight=1, checkpoint_secs=-1)
    world.senders = ImmediateExecutor()
    work = world.put("a", call(1), call(2))
    world.set_progress(work, ProgressRecord(fence=7, leased_until=world.clock.now - 1))
    world.forward(work)
    assert [record.fence for record in world.progress.saved] == [8, 8, 8]


def test_a_lease_ends_at_its_last_second() -> None:
    """One second earlier another run is still at work."""
    world = MemoryWorld()
    work = world.put("a", call(1))
    world.set_progress(work, ProgressRecord(leased_until=world.clock.now + 1))
    assert world.forward(work)[0].state is ObjectState.REQUEUED
    world.clock.now += 1
    assert world.forward(work)[0].state is ObjectState.DONE
