"""Smaller batches: requests after one that was not answered, too large, or refused as a whole; all are counted."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from math import ceil, log2
from threading import Event

import pytest

from capture_forwarder.domain.batch import Batch, BatchLimits
from capture_forwarder.domain.delivery import (
    BatchTooLarge,
    DestinationDenied,
    DestinationUnavailable,
    Receipt,
)
from capture_forwarder.forward.sending.delivering import Deliverer
from capture_forwarder.forward.sending.request_limits import BatchSize, RetryTimes
from tests.support.fakes import Clock, ImmediateExecutor, RecordingDestination, make_run
from tests.support.memory_world import fails
from tests.support.quarantine import one_by_one
from tests.support.sender_world import SenderWorld, holds, sizes, world_that_raises

NO_ANSWER = DestinationUnavailable("no answer within 30 s", unanswered=True)


def takes_four_rows(world: SenderWorld) -> Callable[[Batch], Receipt]:
    """Return the answer of a destination that takes less than five rows."""

    def answer(batch: Batch) -> Receipt:
        if len(batch.ids) > 4:
            raise BatchTooLarge
        return world.destination.accept(batch)

    return answer


def test_a_destination_that_never_answers_gets_eight_requests_with_less_than_three_times_the_rows() -> None:
    """Twice all rows, then fewer; the last request shows that the single row is not the cause."""
    world = world_that_raises(NO_ANSWER, lambda _: True)
    assert sizes(world) == [1000, 1000, 500, 125, 32, 1, 1, 31]
    assert len(world.clock.sleeps) == 7
    assert world.tracker.inferences.pending == 1000
    assert str(world.sender.error) == "no answer within 30 s"
    world.send(3)
    assert len(world.destination.batches) == 8


@pytest.mark.parametrize(("rows", "expected"), [(1, [1, 1]), (2, [2, 2, 1, 1, 1, 1]), (3, [3, 3, 2, 1, 1, 1, 1])])
def test_two_single_rows_without_an_answer_end_a_batch(rows: int, expected: list[int]) -> None:
    """Each is sent twice."""
    world = world_that_raises(NO_ANSWER, lambda _: True, rows)
    assert sizes(world) == expected
    assert world.tracker.inferences.pending == rows


@pytest.mark.parametrize("most", [1, 2, 7, 31, 100, 250, 499, 500, 999])
def test_a_destination_that_answers_small_requests_gets_all_rows(most: int) -> None:
    """At most four times the rows are sent; each row is accepted once."""
    world = world_that_raises(NO_ANSWER, lambda batch: len(batch.ids) > most)
    assert world.tracker.inferences.accepted == 1000
    assert world.sender.error is None
    assert sum(sizes(world)) < 4 * 1000
    assert max(sizes(world)[2:]) < 1000


def test_the_size_that_went_through_is_kept_for_later_batches() -> None:
    """They are cut before they are sent. It grows slowly, and is halved when it was too large once more."""
    world = world_that_raises(NO_ANSWER, lambda batch: len(batch.ids) > 250)
    assert sizes(world) == [1000, 1000, 500, 125, 125, 125, 125, 157, 157, 157, 29]
    for _ in range(4):
        world.add(rows=1000)
    world.drain()
    later = sizes(world)[11:]
    assert world.tracker.inferences.accepted == 5000
    assert later[:10] == [157, 197, 197, 197, 197, 247, 247, 247, 247, 309]
    assert max(later) == 309
    assert sum(later) - 4000 == 2 * 309


def test_batches_of_a_huge_call_follow_the_size() -> None:
    """Of 15 rows only the first batch is larger than the four rows that the destination takes."""
    world = SenderWorld(ImmediateExecutor(), limits=BatchLimits(max_inferences=8))
    world.destination.always = takes_four_rows(world)
    world.add(rows=15)
    world.drain()
    assert sizes(world) == [8, 4, 4, 4, 3]
    assert world.tracker.inferences.accepted == 15


def test_a_batch_that_was_filled_to_the_old_size_is_cut() -> None:
    """The batch was begun while the first one was under way."""
    begun = Event()
    with ThreadPoolExecutor(2) as executor:
        world = SenderWorld(executor, limits=BatchLimits(max_inferences=8))
        take_four = takes_four_rows(world)

        def answer(batch: Batch) -> Receipt:
            assert begun.wait(30)
            return take_four(batch)

        world.destination.always = answer
        world.add(rows=8)
        world.add(rows=7)
        begun.set()
        while world.senders.wait_for_results():
            pass
        world.add(rows=1)
        world.drain()
    assert sizes(world) == [8, 4, 4, 4, 3, 1]
    assert world.tracker.inferences.accepted == 16


def test_one_row_without_an_answer_holds_up_no_other_row_of_its_batch() -> None:
    """The row stays pending and the sender stops, so its object waits in the queue."""
    for poison in (0, 1, 499, 500, 998, 999):
        world = world_that_raises(NO_ANSWER, holds(poison))
        assert world.tracker.inferences.pending == 1
        assert world.tracker.inferences.accepted == 999
        assert sum(sizes(world)) < 4 * 1000
        assert world.destination.times_sent[f"id-0_{poison}"] <= 10
        assert str(world.sender.error) == "no answer within 30 s"


def test_a_second_row_without_an_answer_ends_the_batch() -> None:
    """The rows behind it stay pending; the number of rows that are sent again stays bounded."""
    world = world_that_raises(NO_ANSWER, holds(300, 600))
    assert set(world.destination.stored) == {f"id-0_{row}" for row in range(600) if row != 300}
    assert world.tracker.inferences.pending == 401
    assert sum(sizes(world)) < 6 * 1000


def test_batches_in_flight_share_the_size() -> None:
    """Of 8 batches that are not answered not each is sent twice with all of its rows."""
    with ThreadPoolExecutor(8) as executor:
        world = SenderWorld(executor)
        world.destination.always = fails(NO_ANSWER)
        for _ in range(8):
            world.add(rows=1000)
        world.drain()
    assert world.tracker.inferences.pending == 8000
    assert sum(sizes(world)) <= 8 * 3 * 1000
    assert len(sizes(world)) <= 8 * 8


def test_only_a_failure_without_an_answer_makes_requests_smaller() -> None:
    """After a 503 the same rows are sent again."""
    world = world_that_raises(DestinationUnavailable("status 503"), lambda _: True, 10)
    assert sizes(world) == [10] * 8


def test_a_change_of_the_size_is_reported_once() -> None:
    """The text of the request that caused it names both sizes."""
    world = world_that_raises(NO_ANSWER, lambda batch: len(batch.ids) > 2, 10)
    assert [notice.error for notice in world.notices() if notice.error] == [
        "no answer within 30 s",
        "no answer within 30 s; requests of 10 rows were not answered; 5 rows are sent",
        "no answer within 30 s",
    ]


def test_a_request_that_is_too_large_is_reported_once() -> None:
    """It is no error: its rows are sent in smaller requests."""
    world = world_that_raises(BatchTooLarge(), lambda batch: len(batch.ids) > 2, 10)
    reported = [notice.error for notice in world.notices() if notice.error]
    assert reported == ["requests of 10 rows are too large; 5 rows are sent"]


@pytest.mark.parametrize("row", [0, 1, 500, 999])
def test_one_row_that_is_too_large_does_not_keep_later_requests_small(row: int) -> None:
    """It costs at most two more requests for each halving, and the next batch is sent as a whole."""
    world = world_that_raises(BatchTooLarge(), holds(row))
    assert world.tracker.inferences.accepted == 999
    assert [one.index for one in one_by_one(world.tracker.rejections.before(None))] == [row]
    assert len(sizes(world)) <= 2 * ceil(log2(1000)) + 1
    world.add(rows=1000)
    world.drain()
    assert sizes(world)[-1] == 1000


def test_the_size_that_is_not_too_large_is_kept() -> None:
    """Only the first batch is halved."""
    world = world_that_raises(BatchTooLarge(), lambda batch: len(batch.ids) > 500)
    world.add(rows=1000)
    world.drain()
    assert sizes(world) == [1000, 500, 500, 500, 500]


def test_nothing_is_sent_after_a_denial_of_a_part() -> None:
    """The error of an earlier row without an answer is kept."""
    world = SenderWorld(ImmediateExecutor())
    denied = fails(DestinationDenied("status 403"))
    world.destination.script = [*[fails(NO_ANSWER)] * 4, denied]
    world.add(rows=2)
    world.drain()
    world.send(1)
    assert str(world.sender.error) == "no answer within 30 s"
    assert len(world.destination.batches) == 5


def test_smaller_requests_end_with_the_time() -> None:
    """The rows that were not sent are pending."""
    clock = Clock(900.0)
    world = SenderWorld(ImmediateExecutor(), clock=clock)

    def answer(batch: Batch) -> Receipt:
        clock.now += 200.0
        if len(batch.ids) > 1:
            raise BatchTooLarge
        return world.destination.accept(batch)

    world.destination.always = answer
    world.add(rows=4)
    world.drain()
    assert sizes(world) == [4, 2, 1, 1]
    assert world.tracker.inferences.pending == 2
    assert str(world.sender.error) == "the invocation's time was used up before a request was begun"


def test_the_size_is_restored_to_that_before_the_last_failures() -> None:
    """Another request made it smaller since the first bad row was found."""
    destination, size = RecordingDestination(), BatchSize(8)

    def answer(batch: Batch) -> Receipt:
        if batch.ids == ["1"]:
            size.too_large(4)
        if {"0", "7"} & set(batch.ids):
            raise BatchTooLarge
        return destination.accept(batch)

    destination.always = answer
    deliverer = Deliverer(
        name="fake", model_id="m", destination=destination, run=make_run(), size=size, retry_times=RetryTimes()
    )
    deliverer.deliver(Batch("m", [str(row) for row in range(8)], b"[0,1,2,3,4,5,6,7]"))
    assert len(destination.stored) == 6
    assert size.rows == 2
