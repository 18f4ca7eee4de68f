"""Waiting for results: for all destinations at once, and never longer than the run."""

from concurrent.futures import Future
from math import inf
from threading import Event, Semaphore

from capture_forwarder.domain.batch import Batch, BatchLimits
from capture_forwarder.domain.delivery import RETRYABLE, Receipt
from capture_forwarder.forward.sending.in_flight import InFlight
from capture_forwarder.forward.workers import Workers
from tests.support.fakes import Clock, make_run
from tests.support.sender_world import SECOND, SenderWorld

ONE_ROW = BatchLimits(max_inferences=1)
# Longer than any test takes: only a test that fails waits so long.
MAX_WAIT_SECS = 30


class HangingWorld(SenderWorld):
    """A world whose first destination answers only after `release` is set; each request moves the clock first."""

    def __init__(self, moves_secs: float = 0.0, *, left_secs: float = 900.0) -> None:
        super().__init__(limits=ONE_ROW, max_in_flight=1, clock=Clock(left_secs))
        self.began, self.release, self.ended = Event(), Event(), Event()
        self._moves_secs = moves_secs
        self.destination.always = self._hang

    def _hang(self, batch: Batch) -> Receipt:
        self.clock.now += self._moves_secs
        self.began.set()
        assert self.release.wait(MAX_WAIT_SECS)
        try:
            return self.destination.accept(batch)
        finally:
            self.ended.set()


def test_a_slow_destination_delays_no_results_of_another() -> None:
    """The results of the second destination are recorded while the first one has not answered."""
    world = HangingWorld()
    world.add()
    world.add(route=SECOND)
    while world.trackers["second"].inferences.pending:
        assert world.senders.wait_for_results(5.0)
    assert world.tracker.inferences.pending == 1
    world.release.set()
    world.wait_for_all()
    assert world.tracker.inferences.accepted == 1


def test_results_of_others_are_used_while_adding_rows_has_to_wait() -> None:
    """The callback comes after the results of the second destination were recorded."""
    world = HangingWorld()

    def on_results() -> None:
        if not world.trackers["second"].inferences.pending:
            world.release.set()

    world.on_results = on_results
    world.add(route=SECOND)
    assert world.add()
    assert world.add()
    assert world.release.is_set()
    world.drain()
    assert world.tracker.inferences.accepted == 2


def test_waiting_is_bounded_by_the_caller() -> None:
    """It returns that a request is in flight, although none has ended."""
    world = HangingWorld()
    world.add()
    assert world.senders.wait_for_results(0.0)
    assert world.tracker.inferences.pending == 1
    world.release.set()
    world.wait_for_all()
    assert not world.senders.wait_for_results()


def test_requests_are_abandoned_when_the_time_is_over() -> None:
    """Their rows stay pending. A late answer is recorded nowhere, and no row is sent again because of it."""
    world = HangingWorld(moves_secs=900.0)
    world.add()
    world.wait_for_all()
    assert world.tracker.inferences.pending == 1
    assert str(world.sender.error) == "no answer before the invocation's time was over"
    tracker, notices = world.tracker, len(world.observer.notices)
    world.release.set()
    assert world.ended.wait(MAX_WAIT_SECS)
    assert not world.senders.wait_for_results()
    assert (tracker.inferences.pending, tracker.inferences.accepted) == (1, 0)
    assert len(world.observer.notices) == notices


def test_a_later_run_starts_clean_after_requests_were_abandoned() -> None:
    """Its requests get new threads, and the late answer of the earlier run does not reach it."""
    world = HangingWorld(moves_secs=900.0)
    world.add()
    world.wait_for_all()
    before = world.tracker
    world.destination.always = None
    world.clock.ends = world.clock.now + 900.0
    world.begin_run()
    world.add()
    world.wait_for_all()
    assert world.tracker.inferences.accepted == 1
    assert world.sender.error is None
    world.release.set()
    assert world.ended.wait(MAX_WAIT_SECS)
    assert before.inferences.pending == 1
    assert not world.senders.wait_for_results()


def test_an_abandoned_request_is_not_repeated_in_a_later_run() -> None:
    """The rows that its late answer leaves pending are not sent again, although the next run has time."""
    world, asleep, awake, done = SenderWorld(limits=ONE_ROW, max_in_flight=1), Event(), Event(), Event()
    world.destination.script = [lambda _: Receipt([RETRYABLE])]

    def sleep(secs: float) -> None:
        del secs
        world.clock.now += 900.0
        asleep.set()
        assert awake.wait(MAX_WAIT_SECS)
        done.set()

    world.clock.sleep = sleep  # type: ignore[method-assign]  # the wait between two tries lasts past the run
    world.begin_run()
    world.add()
    world.wait_for_all()
    world.clock.ends = world.clock.now + 900.0
    awake.set()
    assert done.wait(MAX_WAIT_SECS)
    world.targets["fake"].workers.submit(lambda: None).result(MAX_WAIT_SECS)
    assert len(world.destination.batches) == 1
    assert world.tracker.inferences.pending == 1


def test_adding_rows_ends_when_the_time_is_over() -> None:
    """The request in flight is abandoned, and the new one is not sent."""
    world = HangingWorld(moves_secs=900.0)
    world.add()
    assert world.began.wait(MAX_WAIT_SECS)
    assert world.add()
    assert str(world.sender.error) == "no answer before the invocation's time was over"
    assert len(world.destination.batches) == 1
    world.release.set()


def test_a_sender_that_holds_up_others_for_half_of_the_run_is_stopped() -> None:
    """Its objects wait in the queue, and the others go on."""
    world = HangingWorld(moves_secs=0.55 * 855.0)
    world.senders.sender(SECOND)
    world.add()
    assert world.began.wait(MAX_WAIT_SECS)
    began = world.clock.now
    world.on_results = lambda: setattr(world.clock, "now", began + 428.0)
    world.clock.ends += 900.0
    assert world.add()
    assert str(world.sender.error) == "too slow; other models waited for it for half of the run's time"
    assert len(world.destination.batches) == 1
    world.add(route=SECOND)
    world.release.set()
    world.wait_for_all()
    assert world.trackers["second"].inferences.accepted == 1
    assert world.tracker.inferences.accepted == 1


def test_all_waits_for_a_slow_sender_count_together() -> None:
    """Each is shorter than half of the run."""
    world, may_answer = SenderWorld(limits=ONE_ROW, max_in_flight=1), Semaphore(0)

    def answer(batch: Batch) -> Receipt:
        assert may_answer.acquire(timeout=MAX_WAIT_SECS)
        return world.destination.accept(batch)

    def on_results() -> None:
        world.clock.now += 300.0
        world.clock.ends += 300.0
        may_answer.release()

    world.destination.always, world.on_results = answer, on_results
    world.senders.sender(SECOND)
    for _ in range(4):
        world.add()
    world.wait_for_all()
    assert str(world.sender.error) == "too slow; other models waited for it for half of the run's time"
    assert len(world.destination.batches) < 4


def test_a_sender_that_holds_up_nobody_may_be_slow() -> None:
    """It is the only one of the run."""
    world = HangingWorld()
    world.add()
    assert world.began.wait(MAX_WAIT_SECS)

    def on_results() -> None:
        world.clock.now += 500.0
        world.clock.ends += 500.0
        world.release.set()

    world.on_results = on_results
    world.add()
    world.wait_for_all()
    assert world.sender.error is None
    assert world.tracker.inferences.accepted == 2


def test_a_run_at_a_terminal_waits_for_requests_after_an_interruption() -> None:
    """It had no end, so its requests have their own limit; otherwise their rows would be sent again later."""
    world = HangingWorld(left_secs=inf)
    world.add()
    assert world.began.wait(MAX_WAIT_SECS)
    world.clock.ends = world.clock.now
    assert world.senders.wait_for_results(0.0)
    assert world.tracker.inferences.pending == 1
    world.release.set()
    world.wait_for_all()
    assert world.tracker.inferences.accepted == 1


def test_a_run_at_a_terminal_waits_thirty_seconds_after_an_interruption() -> None:
    """Then requests are abandoned."""
    world = HangingWorld(left_secs=inf)
    world.add()
    assert world.began.wait(MAX_WAIT_SECS)
    world.clock.ends = world.clock.now
    for secs, is_waited_for in ((0.0, True), (29.0, True), (1.0, True), (0.0, False)):
        world.clock.now += secs
        assert world.senders.wait_for_results(0.0) is is_waited_for
    assert str(world.sender.error) == "no answer before the invocation's time was over"
    world.release.set()


def test_abandoning_one_call_cancels_those_that_have_not_begun() -> None:
    """They are recorded as abandoned, too; a call that was abandoned once more is not recorded again."""
    calls, workers, release = InFlight(make_run(), lambda: None), Workers(1, "test"), Event()
    ended: list[tuple[str, Future[bool] | None]] = []
    hanging = calls.begin(workers, lambda: release.wait(MAX_WAIT_SECS), lambda end: ended.append(("hanging", end)))
    calls.begin(workers, lambda: True, lambda end: ended.append(("behind it", end)))
    calls.abandon(hanging)
    calls.abandon(hanging)
    while calls.wait():
        pass
    assert ended == [("hanging", None), ("behind it", None)]
    release.set()
