"""For any answers of a destination, each row gets one result or stays pending, and few rows are sent again."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from math import ceil, log2

from hypothesis import given, settings
from hypothesis import strategies as st

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
from capture_forwarder.domain.progress import LineSpan
from capture_forwarder.forward.sending.batching import Batcher
from capture_forwarder.forward.sending.delivering import Deliverer, Delivery
from capture_forwarder.forward.sending.request_limits import BatchSize, RetryTimes
from tests.support.fakes import Clock, DiscardResults, ImmediateExecutor, RecordingDestination, make_run
from tests.support.memory_world import NO
from tests.support.quarantine import one_by_one
from tests.support.sender_world import SenderWorld

REASON = Reason(RejectionCode.REFUSED_BY_DESTINATION, "status 400")
FAILURES: dict[str, Exception] = {
    "no answer": DestinationUnavailable("no answer", unanswered=True),
    "503": DestinationUnavailable("status 503", throttled=True),
    "429": DestinationUnavailable("status 429", throttled=True, retry_after_secs=3.0),
    "413": BatchTooLarge(),
    "400": BatchRefused(REASON),
}
ENDS: dict[str, Exception] = {"403": DestinationDenied("status 403"), "a bug": ZeroDivisionError()}
ANSWERS = st.one_of(
    st.sampled_from([*FAILURES, *FAILURES, *ENDS, "wrong count"]),
    st.lists(st.sampled_from([ACCEPTED, DUPLICATE, NO, RETRYABLE]), min_size=1, max_size=5),
)


def answer_of(world: RecordingDestination, answer: str | list[RowResult]) -> Callable[[Batch], Receipt]:
    """Return the answer as a function; the results of a list are repeated for all rows."""

    def give(batch: Batch) -> Receipt:
        if isinstance(answer, list):
            return Receipt((answer * len(batch.ids))[: len(batch.ids)])
        if answer == "wrong count":
            return Receipt([ACCEPTED] * (len(batch.ids) + 1))
        if answer == "accept":
            return world.accept(batch)
        raise (FAILURES | ENDS)[answer]

    return give


def most_sends(rows: int) -> int:
    """Return how many rows may be sent for a batch: each part of it 8 times, and each part is at most half as large."""
    return 8 * rows * (1 + ceil(log2(rows + 1)))


@given(
    rows=st.integers(1, 60),
    script=st.lists(ANSWERS, max_size=25),
    always=st.sampled_from([*FAILURES, *ENDS, "wrong count", "accept"]),
)
@settings(deadline=None, max_examples=50)
def test_each_row_has_one_result_or_is_pending(rows: int, script: list[str | list[RowResult]], always: str) -> None:
    """Without an error no row is pending. The recorded result is the destination's answer for the row."""
    world = SenderWorld(ImmediateExecutor())
    world.destination.script = [answer_of(world.destination, answer) for answer in script]
    world.destination.always = answer_of(world.destination, always)
    world.add(rows=rows)
    world.drain()
    counts = world.tracker.inferences
    assert counts.balanced
    assert counts.made == rows
    assert counts.pending == 0 or world.sender.error is not None
    assert len({one.index for one in one_by_one(world.tracker.rejections.before(None))}) == counts.rejected.total()
    assert sum(len(batch) for batch in world.destination.batches) <= most_sends(rows)


def deliver(rows: int, answer: Callable[[Batch], Receipt]) -> tuple[Delivery, RecordingDestination]:
    """Deliver a batch of so many rows."""
    destination, batches = RecordingDestination(), list[Batch]()
    destination.always = answer
    batcher = Batcher("m", BatchLimits(rows), lambda batch, _: batches.append(batch))
    batcher.add(DiscardResults(), LineSpan(1, 0), [str(row) for row in range(rows)], list(range(rows)))
    batcher.flush()
    deliverer = Deliverer(
        name="fake",
        model_id="m",
        destination=destination,
        run=make_run(Clock()),
        size=BatchSize(rows),
        retry_times=RetryTimes(),
    )
    return deliverer.deliver(batches[0]), destination


ROWS = st.integers(1, 300)


@given(rows=ROWS, data=st.data())
@settings(deadline=None, max_examples=50)
def test_bad_rows_get_their_own_results_and_all_others_are_accepted(rows: int, data: st.DataObject) -> None:
    """Each row is sent at most once for each halving, whatever rows are too large or refused."""
    too_large = data.draw(st.sets(st.integers(0, rows - 1), max_size=4))
    refused = data.draw(st.sets(st.integers(0, rows - 1), max_size=4)) - too_large

    def answer(batch: Batch) -> Receipt:
        ids = set(map(int, batch.ids))
        if ids & too_large:
            raise BatchTooLarge
        if ids & refused:
            raise BatchRefused(REASON)
        return Receipt([ACCEPTED] * len(batch.ids))

    delivery, destination = deliver(rows, answer)
    assert delivery.error is None
    for row, result in enumerate(delivery.results):
        code = result.reason.code if result.reason else None
        expected = RejectionCode.INFERENCE_TOO_LARGE if row in too_large else None
        assert code is (RejectionCode.REFUSED_BY_DESTINATION if row in refused else expected)
    halvings = 1 + 2 * ceil(log2(rows + 1))
    assert len(destination.batches) <= 1 + halvings * len(too_large | refused)


@given(rows=st.integers(2, 1000), data=st.data())
@settings(deadline=None, max_examples=50)
def test_with_one_row_that_is_never_answered_less_than_four_times_the_rows_are_sent(
    rows: int, data: st.DataObject
) -> None:
    """Only this row is pending."""
    poison = data.draw(st.integers(0, rows - 1))

    def answer(batch: Batch) -> Receipt:
        if str(poison) in batch.ids:
            raise FAILURES["no answer"]
        return Receipt([ACCEPTED] * len(batch.ids))

    delivery, destination = deliver(rows, answer)
    assert [row for row, result in enumerate(delivery.results) if result == RETRYABLE] == [poison]
    assert sum(len(batch) for batch in destination.batches) <= 4 * rows + 4


@given(rows=st.integers(1, 5000))
@settings(deadline=None, max_examples=50)
def test_without_any_answer_less_than_three_times_the_rows_are_sent(rows: int) -> None:
    """In at most 8 requests."""
    delivery, destination = deliver(rows, answer_of(RecordingDestination(), "no answer"))
    assert delivery.results == [RETRYABLE] * rows
    assert len(destination.batches) <= 8
    assert sum(len(batch) for batch in destination.batches) <= 3 * rows + 2


@given(rows=st.integers(1, 1000), most=st.integers(1, 1000))
@settings(deadline=None, max_examples=50)
def test_a_destination_that_answers_small_requests_gets_all_rows_with_four_times_the_rows(rows: int, most: int) -> None:
    """However small they have to be."""

    def answer(batch: Batch) -> Receipt:
        if len(batch.ids) > most:
            raise FAILURES["no answer"]
        return Receipt([ACCEPTED] * len(batch.ids))

    delivery, destination = deliver(rows, answer)
    assert delivery == Delivery([ACCEPTED] * rows)
    assert sum(len(batch) for batch in destination.batches) <= 4 * rows + 4


def test_rows_of_many_batches_have_one_result_each_while_requests_fail() -> None:
    """Threads share the size; every third request is not answered, and every seventh is too large."""
    requests = Counter[str]()

    def answer(batch: Batch) -> Receipt:
        requests["all"] += 1
        if len(batch.ids) > 1 and requests["all"] % 3 == 0:
            raise FAILURES["no answer"]
        if len(batch.ids) > 1 and requests["all"] % 7 == 0:
            raise BatchTooLarge
        return Receipt([ACCEPTED] * len(batch.ids))

    with ThreadPoolExecutor(8) as executor:
        world = SenderWorld(executor, limits=BatchLimits(50))
        world.destination.always = answer
        for _ in range(30):
            world.add(rows=50)
        world.drain()
    assert world.sender.error is None
    assert world.tracker.inferences.accepted == 1500


@given(rows=st.integers(2, 1000), most=st.integers(1, 1000), data=st.data())
@settings(deadline=None, max_examples=50)
def test_whatever_is_not_answered_at_most_five_times_the_rows_are_sent(
    rows: int, most: int, data: st.DataObject
) -> None:
    """Some rows are never answered, and requests of many rows are not answered either."""
    never = data.draw(st.sets(st.integers(0, rows - 1), max_size=10))

    def answer(batch: Batch) -> Receipt:
        if len(batch.ids) > most or not never.isdisjoint(map(int, batch.ids)):
            raise FAILURES["no answer"]
        return Receipt([ACCEPTED] * len(batch.ids))

    delivery, destination = deliver(rows, answer)
    assert never <= {row for row, result in enumerate(delivery.results) if result == RETRYABLE}
    assert (delivery.error is not None) == (RETRYABLE in delivery.results)
    assert sum(len(batch) for batch in destination.batches) <= 5 * rows + 5
