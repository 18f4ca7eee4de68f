"""Retrying: rows without a result are sent again, and batches that are too large are split."""

import pytest

from capture_forwarder.domain.batch import Batch, BatchLimits
from capture_forwarder.domain.delivery import (
    ACCEPTED,
    DUPLICATE,
    RETRYABLE,
    BatchRefused,
    BatchTooLarge,
    DestinationDenied,
    DestinationUnavailable,
    Reason,
    Receipt,
    RejectionCode,
    RowResult,
)
from capture_forwarder.domain.notices import BatchSent
from tests.support.fakes import (
    Clock,
    ImmediateExecutor,
)
from tests.support.memory_world import NO, answers, fails
from tests.support.quarantine import one_by_one
from tests.support.sender_world import SenderWorld

DENIED = fails(DestinationDenied("status 403: correct it"))
ONE_ROW = BatchLimits(max_inferences=1)


def test_only_rows_without_a_result_are_sent_again() -> None:
    """Each result belongs to the row that it had in the first request, however often rows are sent again."""
    world = SenderWorld(ImmediateExecutor())
    world.destination.script = [
        answers(ACCEPTED, RETRYABLE, RETRYABLE, RETRYABLE),
        answers(ACCEPTED, RETRYABLE, NO),
        answers(DUPLICATE),
    ]
    world.add(rows=4)
    world.drain()
    assert world.destination.batches == [
        ["id-0_0", "id-0_1", "id-0_2", "id-0_3"],
        ["id-0_1", "id-0_2", "id-0_3"],
        ["id-0_2"],
    ]
    assert [one.index for one in one_by_one(world.tracker.rejections.before(None))] == [3]
    assert (world.tracker.inferences.accepted, world.tracker.inferences.duplicate) == (2, 1)
    assert world.sender.error is None


@pytest.mark.parametrize("results", [(), (ACCEPTED,), (ACCEPTED,) * 3])
def test_a_batch_is_sent_again_if_the_number_of_results_is_wrong(results: tuple[RowResult, ...]) -> None:
    """No result can be assigned to its row."""
    world = SenderWorld(ImmediateExecutor())
    world.destination.script = [answers(*results)]
    world.send(2)
    assert world.tracker.inferences.accepted == 2
    assert world.destination.batches == [["id-0", "id-1"]] * 2


def test_the_error_names_the_number_of_rows_and_of_results() -> None:
    """The rows stay pending if the number is always wrong."""
    world = SenderWorld(ImmediateExecutor())
    world.destination.always = answers(ACCEPTED)
    world.send(2)
    assert str(world.sender.error) == "1 results for 2 rows: none can be assigned"
    assert world.tracker.inferences.pending == 2


def test_waits_double_and_are_at_least_what_the_destination_asks() -> None:
    """Every try is a request, and every request is reported."""
    world = SenderWorld(ImmediateExecutor())
    failure = fails(DestinationUnavailable("status 503"))
    asked = fails(DestinationUnavailable("status 429", retry_after_secs=7.0))
    world.destination.script = [failure, failure, asked, failure]
    world.send(1)
    assert world.tracker.inferences.accepted == 1
    assert world.clock.sleeps == [0.1, 0.2, 7.0, 0.8]
    assert [notice.error for notice in world.notices()] == [
        "status 503",
        "status 503",
        "status 429",
        "status 503",
        None,
    ]


def test_a_batch_is_tried_eight_times() -> None:
    """After that no more rows are sent to this model in this run."""
    world = SenderWorld(ImmediateExecutor(), limits=ONE_ROW, max_in_flight=1)
    world.destination.always = fails(DestinationUnavailable("status 503"))
    world.send(3)
    assert world.destination.batches == [["id-0"]] * 8
    assert len(world.clock.sleeps) == 7
    assert str(world.sender.error) == "status 503"


@pytest.mark.parametrize("result", [ACCEPTED, DUPLICATE, NO])
def test_each_part_of_a_batch_is_tried_eight_times(result: RowResult) -> None:
    """An answer of any kind ends the failures in a row."""
    world = SenderWorld(ImmediateExecutor())
    failures = [fails(DestinationUnavailable("status 503"))] * 7
    world.destination.script = [fails(BatchTooLarge()), *failures, answers(result), *failures]
    world.add(rows=2)
    world.drain()
    assert world.sender.error is None
    assert world.tracker.inferences.pending == 0
    assert len(world.destination.batches) == 17


@pytest.mark.parametrize("error", [BatchTooLarge(), BatchRefused(Reason(RejectionCode.REFUSED_BY_DESTINATION, "no"))])
def test_a_request_that_must_be_halved_ends_the_failures_in_a_row(error: Exception) -> None:
    """The destination answered."""
    world = SenderWorld(ImmediateExecutor())
    failures = [fails(DestinationUnavailable("status 503"))] * 7
    world.destination.script = [*failures, fails(error), *failures]
    world.add(rows=2)
    world.drain()
    assert world.tracker.inferences.accepted == 2
    assert len(world.destination.batches) == 17


def test_nothing_is_retried_after_a_denial() -> None:
    """After 401, 403 or 404 a person must act, so no more rows are sent in this run."""
    world = SenderWorld(ImmediateExecutor(), limits=ONE_ROW, max_in_flight=1)
    world.destination.always = DENIED
    world.send(50)
    assert len(world.destination.batches) == 1
    assert world.clock.sleeps == []
    assert world.tracker.inferences.pending == 50


def test_a_batch_that_is_too_large_is_halved() -> None:
    """Halves are halved again; a row that alone is too large is rejected, and all other rows arrive."""
    world = SenderWorld(ImmediateExecutor())

    def small_only(batch: Batch) -> Receipt:
        if len(batch.ids) > 2 or "id-0_3" in batch.ids:
            raise BatchTooLarge
        return world.destination.accept(batch)

    world.destination.always = small_only
    world.add(rows=9)
    world.drain()
    assert world.tracker.inferences.accepted == 8
    assert list(world.destination.stored) == [f"id-0_{row}" for row in range(9) if row != 3]
    (rejected,) = one_by_one(world.tracker.rejections.before(None))
    assert (rejected.code, rejected.index) == (RejectionCode.INFERENCE_TOO_LARGE, 3)
    assert rejected.why == "the destination takes no request that holds this inference alone"
    assert world.sender.error is None


def test_a_part_of_a_batch_is_for_the_same_model() -> None:
    """This holds for halves, and for rows that are sent again."""
    world = SenderWorld(ImmediateExecutor())
    models: list[str] = []

    def answer(batch: Batch) -> Receipt:
        models.append(batch.model_id)
        if len(batch.ids) > 2:
            raise BatchTooLarge
        if len(models) == 2:
            return Receipt([RETRYABLE] * len(batch.ids))
        return world.destination.accept(batch)

    world.destination.always = answer
    world.send(4)
    assert models == ["m"] * 4
    assert len(world.destination.stored) == 4


def test_rows_that_are_sent_again_may_be_halved() -> None:
    """The results of both halves belong to the rows that were sent again."""
    world = SenderWorld(ImmediateExecutor())
    world.destination.script = [
        answers(RETRYABLE, ACCEPTED, RETRYABLE, RETRYABLE),
        fails(BatchTooLarge()),
        answers(NO, DUPLICATE),
        answers(NO),
    ]
    world.add(rows=4)
    world.drain()
    assert world.destination.batches[1:] == [["id-0_0", "id-0_2", "id-0_3"], ["id-0_0", "id-0_2"], ["id-0_3"]]
    assert [one.index for one in one_by_one(world.tracker.rejections.before(None))] == [0, 3]
    assert world.tracker.inferences.duplicate == 1


@pytest.mark.parametrize(("bad", "accepted"), [("id-0", 0), ("id-3", 2)], ids=["the first half", "the second half"])
def test_the_error_of_either_half_is_the_error_of_the_batch(bad: str, accepted: int) -> None:
    """The half before has its results; the half behind it is not sent, because no row is sent after a denial."""
    world = SenderWorld(ImmediateExecutor())

    def answer(batch: Batch) -> Receipt:
        if len(batch.ids) > 2:
            raise BatchTooLarge
        if bad in batch.ids:
            raise DestinationDenied("status 403: correct it")
        return world.destination.accept(batch)

    world.destination.always = answer
    world.send(4)
    assert str(world.sender.error) == "status 403: correct it"
    assert (world.tracker.inferences.pending, world.tracker.inferences.accepted) == (4 - accepted, accepted)


def test_every_request_is_reported() -> None:
    """The notice has the destination, the number of rows, the time, the error, and whether a person must act."""
    world = SenderWorld(ImmediateExecutor())

    def answer(_: Batch) -> Receipt:
        world.clock.now += 2
        if len(world.destination.batches) == 1:
            return Receipt([RETRYABLE, ACCEPTED, RETRYABLE])
        raise DestinationDenied("status 403: correct it")

    world.destination.always = answer
    world.send(3)
    assert world.notices() == [
        BatchSent(
            destination="fake", inferences=3, latency_secs=2.0, error="2 of 3 rows are to be sent again", denied=False
        ),
        BatchSent(destination="fake", inferences=2, latency_secs=2.0, error="status 403: correct it", denied=True),
    ]


def test_a_request_that_succeeds_is_reported_without_an_error() -> None:
    """Rejected rows and duplicates are results, so they are no error."""
    world = SenderWorld(ImmediateExecutor())
    world.destination.script = [answers(ACCEPTED, NO, DUPLICATE)]
    world.send(3)
    assert world.notices() == [BatchSent(destination="fake", inferences=3, latency_secs=0.0)]


def test_the_time_of_the_slowest_request_is_reserved() -> None:
    """The deadline of the run observes every request, also one that fails."""
    world = SenderWorld(ImmediateExecutor(), clock=Clock(100.0))

    def answer(_: Batch) -> Receipt:
        world.clock.now += 30.0
        raise DestinationDenied("status 403: correct it")

    world.destination.always = answer
    world.send(1)
    assert world.deadline.left_secs(1, "fake") == pytest.approx(100 - 30 - 5 - 30)
