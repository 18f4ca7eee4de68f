"""Sending: how many requests a destination gets at once, how long each may take, and the rows that share one."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from threading import Event

import pytest

from capture_forwarder.domain.batch import Batch, BatchLimits
from capture_forwarder.domain.delivery import (
    ACCEPTED,
    BatchTooLarge,
    DestinationDenied,
    DestinationUnavailable,
    Receipt,
)
from capture_forwarder.domain.progress import LineSpan
from capture_forwarder.kinds.kind import DecodedSpan, EncodedRows
from tests.support.fakes import (
    Clock,
    ConcurrentCalls,
    ImmediateExecutor,
)
from tests.support.memory_world import NO, fails
from tests.support.quarantine import one_by_one
from tests.support.sender_world import SenderWorld

THROTTLED = fails(DestinationUnavailable("status 429", throttled=True))
DENIED = fails(DestinationDenied("status 403: correct it"))
ONE_ROW = BatchLimits(max_inferences=1)


@pytest.fixture
def executor() -> Iterator[Executor]:
    """Give threads for requests."""
    with ThreadPoolExecutor(8) as threads:
        yield threads


def test_as_many_requests_as_allowed_are_under_way_at_once(executor: Executor) -> None:
    """No request waits for another's answer before it is sent."""
    world, calls = SenderWorld(executor, limits=ONE_ROW, max_in_flight=4), ConcurrentCalls()
    together: list[bool] = []

    def wait_for_the_others(batch: Batch) -> Receipt:
        together.append(calls.wait_for(4))
        return world.destination.accept(batch)

    world.destination.always = wait_for_the_others
    world.send(4)
    assert together == [True] * 4


@pytest.mark.parametrize(("max_bytes", "expected"), [(1, False), (10_000, True)])
def test_no_more_bytes_are_under_way_than_allowed(
    max_bytes: int, expected: bool, executor: Executor  # noqa: FBT001 - a case
) -> None:  # fmt: skip
    """A request that alone has more bytes is sent, and no other beside it."""
    world, second_came = SenderWorld(executor, limits=ONE_ROW, max_in_flight_bytes=max_bytes), Event()
    was_beside: list[bool] = []

    def wait_for_another(batch: Batch) -> Receipt:
        if len(world.destination.batches) > 1:
            second_came.set()
        was_beside.append(second_came.wait(0.2))
        return world.destination.accept(batch)

    world.destination.always = wait_for_another
    world.send(2)
    assert was_beside[0] is expected
    assert world.tracker.inferences.accepted == 2


def test_no_more_requests_are_under_way_than_allowed(executor: Executor) -> None:
    """With one request in flight the second waits for the first answer, and after a denial none is sent."""
    world = SenderWorld(executor, limits=ONE_ROW, max_in_flight=1)
    world.destination.always = DENIED
    world.send(9)
    assert len(world.destination.batches) == 1
    assert world.tracker.inferences.pending == 9
    assert str(world.sender.error) == "status 403: correct it"


def test_adding_rows_returns_whether_a_request_was_begun() -> None:
    """A batch is sent as soon as it is full."""
    world = SenderWorld(ImmediateExecutor(), limits=BatchLimits(max_inferences=3))
    assert [world.add(rows) for rows in (1, 1, 1, 2, 2, 7)] == [False, False, True, False, True, True]


def test_a_throttled_destination_gets_half_as_many_requests_and_later_more(executor: Executor) -> None:
    """Each throttled batch halves the limit, never below one; each other batch raises it by one."""
    world = SenderWorld(executor, limits=ONE_ROW)
    limits: list[int] = []
    for number in range(16):
        world.destination.script = [THROTTLED] if number < 4 else []
        world.send(1)
        limits.append(world.sender.limit)
    assert limits == [4, 2, 1, 1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 8, 8, 8]
    assert len(world.destination.stored) == 16


def test_an_error_that_asks_for_nothing_does_not_throttle(executor: Executor) -> None:
    """A 500 does not mean that there were too many requests."""
    world = SenderWorld(executor, limits=ONE_ROW, max_in_flight=2)
    world.destination.script = [fails(DestinationUnavailable("status 500"))]
    world.send(1)
    assert world.sender.limit == 2


SCRIPTS: dict[str, list[Callable[[Batch], Receipt] | None]] = {
    "before it is split": [THROTTLED, fails(BatchTooLarge())],
    "the first half": [fails(BatchTooLarge()), THROTTLED],
    "the second half": [fails(BatchTooLarge()), None, THROTTLED],
    "all tries": [THROTTLED] * 8,
    "before another error": [THROTTLED, DENIED],
    "after another error": [fails(DestinationUnavailable("status 500")), THROTTLED],
}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_a_batch_that_was_throttled_at_any_time_halves_the_limit(
    executor: Executor, script: list[Callable[[Batch], Receipt] | None]
) -> None:
    """Half of five is two; the results of the batch do not matter."""
    world = SenderWorld(executor, max_in_flight=5)
    world.destination.script = [answer or world.destination.accept for answer in script]
    world.send(2)
    assert world.sender.limit == 2


def test_a_slow_answer_does_not_delay_other_requests(executor: Executor) -> None:
    """While the first of two requests is under way the second is answered, and a third begins."""
    world, third = SenderWorld(executor, limits=ONE_ROW, max_in_flight=2), Event()
    third_came: list[bool] = []

    def answer(batch: Batch) -> Receipt:
        if batch.ids == ["id-0"]:
            third_came.append(third.wait(timeout=5))
        elif batch.ids == ["id-2"]:
            third.set()
        return world.destination.accept(batch)

    world.destination.always = answer
    world.send(4)
    assert third_came == [True]


@pytest.mark.parametrize(("left_secs", "within_secs"), [(900.0, 855.0), (100.0, 55.0), (45.01, 0.05)])
def test_a_request_ends_before_the_invocation_does(left_secs: float, within_secs: float) -> None:
    """Of 900 seconds 45 are reserved for committing; a request gets at most the others, and at least 50 ms."""
    world = SenderWorld(ImmediateExecutor(), clock=Clock(900.0))
    world.clock.now = world.clock.ends - left_secs
    world.send(1)
    assert world.destination.within_secs == pytest.approx(within_secs)
    assert len(world.destination.stored) == 1


def test_time_for_one_more_request_of_the_slowest_kind_is_needed_to_begin_one() -> None:
    """The request itself may take all the time that is left."""
    world = SenderWorld(ImmediateExecutor(), clock=Clock(900.0))
    world.deadline.observe(30.0, "fake")
    world.clock.now = world.clock.ends - 45.0 - 31.0
    world.send(1)
    assert world.destination.within_secs == pytest.approx(31.0)
    world.clock.now = world.clock.ends - 45.0 - 30.0
    world.send(1)
    assert len(world.destination.batches) == 1


@pytest.mark.parametrize("left_secs", [40.0, 45.0])
def test_a_request_that_would_end_too_late_is_not_begun(left_secs: float) -> None:
    """Its rows stay pending. A request that is cut off may arrive, and its rows would be sent a second time."""
    world = SenderWorld(ImmediateExecutor(), clock=Clock(900.0))
    world.clock.now = world.clock.ends - left_secs
    world.send(1)
    assert world.destination.batches == []
    assert str(world.sender.error) == "the invocation's time was used up before a request was begun"
    assert world.tracker.inferences.pending == 1


def test_no_row_is_encoded_after_an_error() -> None:
    """A row that cannot be encoded would raise an error. So the rest of a huge call is not encoded."""
    world = SenderWorld(ImmediateExecutor())
    world.destination.always = DENIED
    world.send(1)
    span = LineSpan(2, 1, 2, [b""], [1], pending=1)
    assert world.sender.add(world.tracker, DecodedSpan(span, EncodedRows(["id"], [object()])))
    assert len(world.destination.batches) == 1


def test_the_first_error_is_kept(executor: Executor) -> None:
    """A request that was under way then may fail for another reason."""
    world, first_recorded = SenderWorld(executor, limits=ONE_ROW, max_in_flight=2), Event()

    def answer(batch: Batch) -> Receipt:
        if batch.ids == ["id-0"]:
            raise DestinationDenied("status 403: correct it")
        assert first_recorded.wait(timeout=5)
        raise DestinationDenied("status 404: correct the model_id")

    world.destination.always = answer
    world.add()
    world.add()
    assert world.senders.wait_for_results()
    assert str(world.sender.error) == "status 403: correct it"
    first_recorded.set()
    assert world.senders.wait_for_results()
    assert len(world.destination.batches) == 2
    assert str(world.sender.error) == "status 403: correct it"


def test_a_bug_in_a_request_leaves_its_rows_pending() -> None:
    """The error has the name of the exception, without its text."""
    world = SenderWorld(ImmediateExecutor())
    world.destination.script = [fails(ZeroDivisionError("captured data"))]
    world.send(2)
    assert world.tracker.inferences.pending == 2
    assert str(world.sender.error) == "sending failed with ZeroDivisionError"


def test_waiting_without_requests_returns_at_once() -> None:
    """Only requests in flight are waited for."""
    world = SenderWorld(ImmediateExecutor())
    world.add()
    assert not world.senders.wait_for_results()
    assert world.destination.batches == []
    world.sender.flush()
    assert world.senders.wait_for_results()
    assert not world.senders.wait_for_results()


def test_a_call_of_more_rows_than_a_request_takes_is_sent_in_several(executor: Executor) -> None:
    """The results of all requests are recorded with the same line."""
    world = SenderWorld(executor, limits=BatchLimits(max_inferences=4))
    world.destination.always = lambda batch: Receipt([NO if one == "id-0_9" else ACCEPTED for one in batch.ids])
    world.add(rows=10)
    world.drain()
    assert [len(batch) for batch in world.destination.batches] == [4, 4, 2]
    assert [one.index for one in one_by_one(world.tracker.rejections.before(None))] == [9]
