"""Retry-After: a model is not asked before that time, by this run or a later one of the same process."""

import pytest

from capture_forwarder.domain.batch import Batch, BatchLimits
from capture_forwarder.domain.delivery import ACCEPTED, DestinationUnavailable
from capture_forwarder.forward.sending.delivering import Deliverer, Delivery
from capture_forwarder.forward.sending.request_limits import BatchSize, RetryTimes
from tests.support.fakes import Clock, ImmediateExecutor, RecordingDestination, make_run
from tests.support.memory_world import fails
from tests.support.sender_world import SenderWorld

IN_TEN_MINUTES = fails(DestinationUnavailable("status 429", retry_after_secs=600.0, throttled=True))


def short_world() -> SenderWorld:
    """Return a world with 300 seconds, whose destination asks for a wait of 600 seconds in its first answer."""
    world = SenderWorld(ImmediateExecutor(), limits=BatchLimits(max_inferences=1), max_in_flight=1, clock=Clock(300.0))
    world.destination.script = [IN_TEN_MINUTES]
    world.send(2)
    return world


def test_the_wait_that_the_destination_asked_for_is_kept_with_the_error() -> None:
    """It is longer than the run, so the rows wait in the queue."""
    world = short_world()
    assert world.sender.error is not None
    assert str(world.sender.error) == "status 429"
    assert world.sender.error.retry_after_secs == 600.0
    assert world.sender.retry_after_secs == pytest.approx(600.0)
    assert world.clock.sleeps == []
    assert len(world.destination.batches) == 1


def test_a_later_run_does_not_ask_before_that_time() -> None:
    """Its rows are pending at once, with the wait that is left."""
    world = short_world()
    world.clock.now += 590.5
    world.clock.ends = world.clock.now + 300.0
    world.begin_run()
    assert str(world.sender.error) == "the destination asked for a wait of 10 s more"
    assert world.sender.error is not None
    assert world.sender.error.retry_after_secs == pytest.approx(9.5)
    assert world.add()
    world.drain()
    assert world.tracker.inferences.pending == 1
    assert len(world.destination.batches) == 1


def test_a_later_run_asks_after_that_time() -> None:
    """The wait is over."""
    world = short_world()
    world.clock.now += 600.0
    world.clock.ends = world.clock.now + 300.0
    world.begin_run()
    assert world.sender.error is None
    assert world.sender.retry_after_secs == 0.0
    world.send(1)
    assert world.tracker.inferences.accepted == 1


def test_a_long_wait_is_at_most_fifteen_minutes() -> None:
    """The queue cannot wait longer."""
    world = SenderWorld(ImmediateExecutor())
    world.destination.script = [fails(DestinationUnavailable("status 503", retry_after_secs=86_400.0))]
    world.send(1)
    assert world.sender.retry_after_secs == 900.0


def deliver_after_wait(asked_secs: float) -> tuple[Clock, RecordingDestination, Delivery]:
    """Deliver a batch while another request's answer asks for a wait; return the notices."""
    clock, destination = Clock(300.0), RecordingDestination()
    times = RetryTimes()
    times.remember("m", asked_secs, clock.now)
    deliverer = Deliverer(
        name="fake",
        model_id="m",
        destination=destination,
        run=make_run(clock),
        size=BatchSize(10),
        retry_times=times,
    )
    return clock, destination, deliverer.deliver(Batch("m", ["a"], b"[{}]"))


def test_requests_of_one_run_wait_together() -> None:
    """A request that has not failed itself waits as well."""
    clock, destination, delivery = deliver_after_wait(7.0)
    assert clock.sleeps == [7.0]
    assert destination.batches == [["a"]]
    assert delivery.results == [ACCEPTED]


def test_requests_of_one_run_end_together_if_the_wait_is_too_long() -> None:
    """The error has the wait."""
    clock, destination, delivery = deliver_after_wait(400.0)
    assert (clock.sleeps, destination.batches) == ([], [])
    error = delivery.error
    assert error is not None
    assert str(error) == "the destination asked for a wait of 400 s more"
    assert error.retry_after_secs == 400.0
