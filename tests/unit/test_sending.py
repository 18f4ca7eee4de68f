"""How many posts a destination gets at once, and how long each may take."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Event

import pytest

from capture_forwarder.destinations.arthur.wire import Row
from capture_forwarder.domain.batch import Batch, BatchLimits
from capture_forwarder.domain.capture import CaptureObject, Work
from capture_forwarder.domain.delivery import BatchTooLarge, DestinationUnavailable, Receipt
from capture_forwarder.domain.progress import LineSpan, ProgressRecord
from capture_forwarder.domain.route import Route
from capture_forwarder.forward.run import Deadline
from capture_forwarder.forward.sending import Sender
from capture_forwarder.forward.tracking import ObjectTracker
from capture_forwarder.kinds.captures.decoder import CaptureKind
from capture_forwarder.kinds.kind import DecodedSpan, EncodedRows
from tests.support.fakes import Clock, Crowd, RecordingDestination, a_run, target


def add(lane: Sender, number: int) -> None:
    """Add one inference to send."""
    moment = datetime.now(UTC)
    row = Row(f"id-{number}", moment, {})
    span = LineSpan(number + 1, 0, 1, [b""], [1], pending=1)
    lane.add(tracker(), DecodedSpan(span, EncodedRows([row.partner_inference_id], [row], moment)))


def tracker() -> ObjectTracker:
    """Return the tracker of some object."""
    route = Route(name="churn", bucket="captures", prefix="", destination="fake", model_id="m")
    return ObjectTracker(Work(CaptureObject("captures", "a")), route, ProgressRecord(), CaptureKind())


def drain(lane: Sender) -> None:
    """Send what was gathered and wait until all of it is settled."""
    lane.flush()
    while lane.wait_for_results():
        pass


def test_as_many_posts_are_under_way_as_may_be() -> None:
    """Four posts meet each other: none waits for another's answer before it is sent."""
    destination, crowd = RecordingDestination(BatchLimits(max_inferences=1)), Crowd()
    met: list[bool] = []

    def together(batch: Batch) -> Receipt:
        met.append(crowd.meet(4))
        return destination.accept(batch)

    destination.always = together
    with ThreadPoolExecutor(8) as executor:
        lane = Sender("m", target(destination, max_in_flight=4, executor=executor), a_run())
        for number in range(4):
            add(lane, number)
        drain(lane)
    assert met == [True] * 4


def test_a_throttled_destination_gets_half_as_much_and_then_more_again() -> None:
    """Each batch that was throttled halves the limit, never below one; each that was not raises it by one."""
    destination = RecordingDestination(BatchLimits(max_inferences=1))
    throttled = DestinationUnavailable("status 429", throttled=True)

    def busy(_: Batch) -> Receipt:
        raise throttled

    limits: list[int] = []
    with ThreadPoolExecutor(8) as executor:
        lane = Sender("m", target(destination, max_in_flight=8, executor=executor), a_run())
        for number in range(16):
            destination.script = [busy] if number < 4 else []
            add(lane, number)
            drain(lane)
            limits.append(lane.limit)
    assert limits == [4, 2, 1, 1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 8, 8, 8]
    assert len(destination.stored) == 16


def test_a_destination_that_only_fails_is_not_throttled() -> None:
    """A 500 says nothing of how much is too much."""
    destination = RecordingDestination(BatchLimits(max_inferences=1))

    def fail(_: Batch) -> Receipt:
        raise DestinationUnavailable("status 500")

    destination.script = [fail]
    with ThreadPoolExecutor(2) as executor:
        lane = Sender("m", target(destination, max_in_flight=2, executor=executor), a_run())
        add(lane, 1)
        drain(lane)
    assert lane.limit == 2


@pytest.mark.parametrize(("left_secs", "expected"), [(900.0, 855.0), (100.0, 55.0)])
def test_a_request_ends_before_the_invocation_does(left_secs: float, expected: float) -> None:
    """Of 900 seconds a share is kept for closing the books; the request gets what is left at most."""
    destination, clock = RecordingDestination(), Clock(900.0)
    run = a_run(clock)
    clock.now = clock.ends - left_secs
    with ThreadPoolExecutor(1) as executor:
        lane = Sender("m", target(destination, max_in_flight=1, executor=executor), run)
        add(lane, 1)
        drain(lane)
    assert destination.within_secs == pytest.approx(expected)


def test_a_request_that_would_come_too_late_is_not_begun() -> None:
    """Its rows stay owed: what is cut off in the middle would arrive, and be sent a second time."""
    destination, clock = RecordingDestination(), Clock(900.0)
    run = a_run(clock)
    clock.now = clock.ends - 40.0
    with ThreadPoolExecutor(1) as executor:
        lane = Sender("m", target(destination, max_in_flight=1, executor=executor), run)
        add(lane, 1)
        drain(lane)
    assert destination.batches == []
    assert "time was used up" in str(lane.error)


def test_the_grace_follows_the_slowest_request() -> None:
    """What is left for new work is what is left, less closing, less the slowest request of late."""
    clock = Clock(100.0)
    deadline = Deadline(lambda: 1000 * clock.left())
    assert deadline.left_secs(1) == pytest.approx(95.0)
    deadline.observe(7.0)
    deadline.observe(3.0)
    assert deadline.left_secs(1) == pytest.approx(88.0)
    assert deadline.left_secs(2) == pytest.approx(81.0)
    assert deadline.platform_left_secs() == pytest.approx(100.0)


def test_a_run_at_a_terminal_never_ends() -> None:
    """Without a platform there is no grace to keep."""
    deadline = Deadline(lambda: float("inf"))
    assert deadline.left_secs(1) == float("inf")
    assert deadline.left_secs(0) == float("inf")


def too_large(_: Batch) -> Receipt:
    """Take no request of this size."""
    raise BatchTooLarge


def busy(_: Batch) -> Receipt:
    """Ask for less at once."""
    raise DestinationUnavailable("status 429", throttled=True)


SCRIPTS: dict[str, list[Callable[[Batch], Receipt] | None]] = {
    "before it is split": [busy, too_large],
    "the first half": [too_large, busy],
    "the second half": [too_large, None, busy],
    "until it is given up": [busy] * 8,
}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_whatever_part_of_a_batch_was_throttled_halves_the_limit(
    script: list[Callable[[Batch], Receipt] | None],
) -> None:
    """Half of five is two; what came of the batch in the end does not matter."""
    destination = RecordingDestination()
    destination.script = [answer or destination.accept for answer in script]
    with ThreadPoolExecutor(2) as executor:
        lane = Sender("m", target(destination, max_in_flight=5, executor=executor), a_run())
        add(lane, 1)
        add(lane, 2)
        drain(lane)
    assert lane.limit == 2


def test_a_slow_answer_does_not_hold_up_the_others() -> None:
    """While the first of two posts is under way the second is answered, and a third begun."""
    destination, third = RecordingDestination(BatchLimits(max_inferences=1)), Event()
    waited: list[bool] = []

    def slow_at_first(batch: Batch) -> Receipt:
        number = batch.ids[0]
        if number == "id-0":
            waited.append(third.wait(timeout=5))
        elif number == "id-2":
            third.set()
        return destination.accept(batch)

    destination.always = slow_at_first
    with ThreadPoolExecutor(4) as executor:
        lane = Sender("m", target(destination, max_in_flight=2, executor=executor), a_run())
        for number in range(4):
            add(lane, number)
        drain(lane)
    assert waited == [True]
