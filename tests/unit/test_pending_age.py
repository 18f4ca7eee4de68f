"""The age of a pending object: it begins when the object first waits for a retry, and each requeue carries it on."""

import pytest
from msgspec.structs import replace

from capture_forwarder.domain.batch import BatchLimits
from capture_forwarder.domain.capture import Work
from capture_forwarder.domain.conservation import ObjectState
from capture_forwarder.domain.delivery import DestinationDenied, DestinationUnavailable
from capture_forwarder.domain.progress import Claim
from tests.support.fakes import Clock, ImmediateExecutor
from tests.support.memory_world import MemoryWorld, call, fails

ONE_ROW = BatchLimits(max_inferences=1)
DOWN = fails(DestinationUnavailable("status 500"))
ALARM_SECS = 1800  # of the alarm `Pending`: both its period and its threshold


@pytest.mark.parametrize("error", [DestinationUnavailable("status 500"), DestinationDenied("status 401: correct it")])
def test_the_age_counts_from_the_first_requeue(error: Exception) -> None:
    """An object that is denied is pending too."""
    world = MemoryWorld()
    world.destination.always = fails(error)
    (first,) = world.forward(world.put("a", call(1)))
    work, _ = world.requeued()
    assert (first.pending_secs, work.pending_since_secs) == (0.0, world.clock.now)
    world.next_invocation(after_secs=50.0)
    (second,) = world.forward(work)
    assert second.pending_secs == world.clock.now - work.pending_since_secs >= 50
    assert world.queue.messages[-1][0].pending_since_secs == work.pending_since_secs


def test_a_repeated_event_does_not_hide_the_wait_of_its_object() -> None:
    """The messages of one object share one work: that of the longest wait."""
    world = MemoryWorld()
    world.destination.always = DOWN
    new = world.put("a", call(1))
    waiting = replace(new, requeue_count=5, pending_since_secs=world.clock.now - 7000)
    reports = world.forward(new, waiting)
    assert all(report.pending_secs and report.pending_secs >= 7000 for report in reports)
    assert [(work.requeue_count, work.pending_since_secs) for work, _ in world.queue.messages] == [
        (6, waiting.pending_since_secs)
    ]


def test_a_clock_that_goes_back_gives_no_negative_age() -> None:
    """The message may come from a machine whose clock is ahead."""
    world = MemoryWorld()
    world.destination.always = DOWN
    (report,) = world.forward(replace(world.put("a", call(1)), pending_since_secs=world.clock.now + 60))
    assert report.pending_secs == 0.0


def test_an_object_that_is_forwarded_has_no_age() -> None:
    """Also if it was pending before."""
    world = MemoryWorld()
    work = replace(world.put("a", call(1)), pending_since_secs=world.clock.now - 7000)
    (report,) = world.forward(work)
    assert (report.state, report.pending_secs) == (ObjectState.DONE, None)


def test_an_object_that_moved_and_ran_out_of_time_is_not_pending() -> None:
    """A large object needs several invocations without any error."""
    world = MemoryWorld(ONE_ROW, max_in_flight=1)
    world.senders = ImmediateExecutor()
    world.accept_after(300)
    before = world.clock.now - 7000
    (report,) = world.forward(replace(world.put("a", *map(call, range(9))), pending_since_secs=before))
    work, _ = world.requeued()
    assert work.read_offset.lines > 0
    assert (report.pending_secs, work.pending_since_secs) == (None, 0.0)


@pytest.mark.parametrize("before_secs", [0.0, 7000.0])
def test_an_object_that_never_moves_is_pending(before_secs: float) -> None:
    """It ran out of time before it was read; an object that this happens to for half an hour needs attention."""
    world = MemoryWorld()
    world.clock = Clock(left_secs=0)
    since = world.clock.now - before_secs
    (report,) = world.forward(replace(world.put("a", call(1)), pending_since_secs=since if before_secs else 0.0))
    assert (report.pending_secs, world.requeued()[0].pending_since_secs) == (before_secs, since)


@pytest.mark.parametrize(("since", "age_secs"), [(0.0, None), (999_000.0, 1000.0)])
def test_a_wait_for_a_lease_does_not_begin_the_age(since: float, age_secs: float | None) -> None:
    """The other run may finish the object. An object that was pending before keeps its age."""
    world = MemoryWorld()
    work = world.put("a", call(1))
    world.set_claim(work, Claim(run="other", leased_until_secs=world.clock.now + 100))
    (report,) = world.forward(replace(work, pending_since_secs=since))
    assert (report.pending_secs, world.requeued()[0].pending_since_secs) == (age_secs, since)


@pytest.mark.parametrize("has_queue", [True, False])
def test_an_object_that_cannot_be_requeued_has_an_age(*, has_queue: bool) -> None:
    """The queue fails or there is none: its message is delivered again, with the age that it had."""
    world = MemoryWorld()
    world.has_queue = has_queue
    world.queue.failure = "the queue answers 500"
    world.destination.always = fails(DestinationDenied("status 401: correct it"))
    (report,) = world.forward(replace(world.put("a", call(1)), pending_since_secs=world.clock.now - 60))
    assert (report.state, report.pending_secs) == (ObjectState.PENDING, 60.0)


def ages(world: MemoryWorld, work: Work, hours: float) -> list[tuple[float, float]]:
    """Return time and age at each run of a pending object; its messages wait for the delays that the queue is given."""
    began, found = world.clock.now, []
    while world.clock.now < began + hours * 3600:
        (report,) = world.forward(work)
        assert report.pending_secs is not None
        found.append((world.clock.now - began, report.pending_secs))
        work, delay = world.queue.messages[-1]
        world.next_invocation(after_secs=delay + 20.0)  # and for the batching window
    return found


def test_one_pending_object_sets_off_the_alarm_after_half_an_hour() -> None:
    """Each half hour has a data point, at whatever minute CloudWatch begins it, so the alarm stays on until the end."""
    world = MemoryWorld()
    world.destination.always = DOWN
    found = ages(world, world.put("a", call(1)), hours=24)
    alarms = []
    for end in range(ALARM_SECS, 24 * 3600, 60):
        window = [age for at, age in found if end - ALARM_SECS <= at < end]
        assert window, "the alarm would be over"
        alarms.append((end, max(window) > ALARM_SECS))
    first = next(end for end, alarm in alarms if alarm)
    assert ALARM_SECS < first <= ALARM_SECS + 900
    assert all(alarm for end, alarm in alarms if end >= first)
