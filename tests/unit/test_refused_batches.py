"""Requests that are refused as a whole: one bad row costs one row; the rows that are sent again are counted."""

from math import ceil, log2

import pytest

from capture_forwarder.domain.batch import Batch, BatchLimits
from capture_forwarder.domain.delivery import (
    ACCEPTED,
    DUPLICATE,
    RETRYABLE,
    BatchRefused,
    DestinationUnavailable,
    Reason,
    Receipt,
    RejectionCode,
    RowResult,
)
from tests.support.fakes import ImmediateExecutor
from tests.support.memory_world import NO, answers, fails
from tests.support.quarantine import one_by_one
from tests.support.sender_world import SenderWorld, holds, sizes, world_that_raises

NO_ANSWER = DestinationUnavailable("no answer within 30 s", unanswered=True)
BAD_ROW = Reason(RejectionCode.REFUSED_BY_DESTINATION, "status 400 for the whole request")


@pytest.mark.parametrize("bad", [(0,), (999,), (3, 4), (0, 500, 999), tuple(range(0, 1000, 100))])
def test_a_bad_row_costs_one_row(bad: tuple[int, ...]) -> None:
    """A request that is refused as a whole is halved, with log2(n) halvings for each bad row."""
    world = world_that_raises(BatchRefused(BAD_ROW), holds(*bad))
    assert world.tracker.inferences.accepted == 1000 - len(bad)
    assert sorted(one.index or 0 for one in one_by_one(world.tracker.rejections.before(None))) == list(bad)
    assert {Reason(one.code, one.why) for one in one_by_one(world.tracker.rejections.before(None))} == {BAD_ROW}
    assert len(sizes(world)) <= 1 + 2 * ceil(log2(1000)) * len(bad)
    assert world.sender.error is None


def test_a_refused_batch_does_not_make_later_ones_smaller() -> None:
    """The rows were the cause."""
    world = world_that_raises(BatchRefused(BAD_ROW), holds(7))
    world.add(rows=1000)
    world.drain()
    assert sizes(world)[-1] == 1000


def test_a_destination_that_refuses_everything_is_asked_for_32_rows() -> None:
    """All rows are rejected with its answer; less than three times the rows are sent."""
    world = world_that_raises(BatchRefused(BAD_ROW), lambda _: True)
    assert world.tracker.inferences.rejected == {RejectionCode.REFUSED_BY_DESTINATION: 1000}
    assert sizes(world).count(1) == 32
    assert sum(sizes(world)) < 3 * 1000
    assert {Reason(one.code, one.why) for one in one_by_one(world.tracker.rejections.before(None))} == {BAD_ROW}


@pytest.mark.parametrize("result", [ACCEPTED, DUPLICATE, NO])
def test_a_batch_of_which_a_row_was_accepted_is_judged_row_by_row(result: RowResult) -> None:
    """The destination does not refuse everything, so each bad row is found; a duplicate was accepted before."""
    world = SenderWorld(ImmediateExecutor())

    def answer(batch: Batch) -> Receipt:
        if batch.ids == ["id-0_0"]:
            return Receipt([result])
        raise BatchRefused(BAD_ROW)

    world.destination.always = answer
    world.add(rows=100)
    world.drain()
    assert world.tracker.inferences.rejected.total() == (100 if result is NO else 99)
    assert sizes(world).count(1) == (33 if result is NO else 100)
    assert sum(sizes(world)) <= 100 * (1 + ceil(log2(100)))


def test_refused_rows_are_counted_for_each_batch() -> None:
    """31 bad rows of one batch do not affect the next."""
    world = SenderWorld(ImmediateExecutor(), limits=BatchLimits(max_inferences=31))

    def refuse_the_first_line(batch: Batch) -> Receipt:
        if any(one.startswith("id-0_") for one in batch.ids):
            raise BatchRefused(BAD_ROW)
        return world.destination.accept(batch)

    world.destination.always = refuse_the_first_line
    world.add(rows=31)
    world.add(rows=31)
    world.drain()
    assert world.tracker.inferences.rejected.total() == 31
    assert world.tracker.inferences.accepted == 31


def test_rows_that_are_left_are_rejected_after_the_32nd_refusal() -> None:
    """Rows with another result keep it."""
    world = SenderWorld(ImmediateExecutor())
    world.destination.script = [answers(NO, *[RETRYABLE] * 40)]
    world.destination.always = fails(BatchRefused(BAD_ROW))
    world.add(rows=41)
    world.drain()
    reasons = {one.index: Reason(one.code, one.why) for one in one_by_one(world.tracker.rejections.before(None))}
    assert reasons == {0: NO.reason} | dict.fromkeys(range(1, 41), BAD_ROW)
    assert sizes(world).count(1) == 32


def test_a_single_row_that_is_refused_is_rejected() -> None:
    """It is not sent again."""
    world = world_that_raises(BatchRefused(BAD_ROW), lambda _: True, 1)
    assert sizes(world) == [1]
    assert [Reason(one.code, one.why) for one in one_by_one(world.tracker.rejections.before(None))] == [BAD_ROW]


def test_a_refusal_is_an_answer() -> None:
    """Requests of two batches that were not answered, with a refusal between them, do not change the size."""
    world = SenderWorld(ImmediateExecutor())
    refused, no_answer = fails(BatchRefused(BAD_ROW)), fails(NO_ANSWER)
    world.destination.script = [no_answer, refused, refused, refused, no_answer]
    for _ in range(2):
        world.add(rows=2)
        world.drain()
    assert sizes(world) == [2, 2, 1, 1, 2, 2]
