"""One batch delivered: tried again while there is time, split where it is too large, settled row by row."""

from collections.abc import Sequence

from msgspec import Struct

from capture_forwarder.domain.batch import Batch
from capture_forwarder.domain.delivery import (
    ACCEPTED,
    RETRYABLE,
    BatchTooLarge,
    DestinationDenied,
    DestinationUnavailable,
    Reason,
    Receipt,
    RejectionCode,
    RowResult,
    RowStatus,
)
from capture_forwarder.domain.notices import BatchSent
from capture_forwarder.forward.outlet import Outlet
from capture_forwarder.forward.run import Run

_TOO_LARGE = RowResult(
    RowStatus.REJECTED,
    Reason(RejectionCode.INFERENCE_TOO_LARGE, "the destination takes no request that holds this inference alone"),
)
_TOO_LATE = DestinationUnavailable("the invocation's time was used up before a request was begun")


class Delivered(Struct, frozen=True):
    """What became of a batch: one result an inference, and, where some are still owed, why.

    `throttled` says that the destination asked for less at once, whether or not it took the batch in the end.
    """

    results: list[RowResult]
    failure: DestinationUnavailable | None = None
    throttled: bool = False


def deliver(batch: Batch, outlet: Outlet, run: Run) -> Delivered:
    """Send `batch` until every row is settled or time runs out; rows still owed come back as retryable."""
    if run.deadline.left_secs() <= 0:
        return Delivered(owed(batch), _TOO_LATE)
    results = owed(batch)
    places: Sequence[int] = range(len(results))
    attempt, throttled = 0, False
    while True:
        try:
            answered, failure = _attempt(batch, outlet, run)
        except BatchTooLarge:
            halves = _halved(batch, outlet, run)
            _enter(halves.results, places, results)
            return Delivered(results, halves.failure, throttled or halves.throttled)
        _enter(answered, places, results)
        if failure is None:
            return Delivered(results, throttled=throttled)
        throttled = throttled or failure.throttled
        if isinstance(failure, DestinationDenied) or not run.wait(attempt, failure.retry_after_secs):
            return Delivered(results, failure, throttled)
        again = [place for place, result in enumerate(answered) if result.status is RowStatus.RETRYABLE]
        batch, places = batch.of(again), [places[place] for place in again]
        attempt += 1


def owed(batch: Batch) -> list[RowResult]:
    """Return what became of `batch` while nothing of it is settled."""
    return [RETRYABLE] * len(batch.ids)


def _enter(answered: list[RowResult], places: Sequence[int], results: list[RowResult]) -> None:
    if len(places) == len(results):  # nearly always
        results[:] = answered
        return
    for place, result in zip(places, answered, strict=True):
        results[place] = result


def _attempt(batch: Batch, outlet: Outlet, run: Run) -> tuple[list[RowResult], DestinationUnavailable | None]:
    started = run.clock()
    failure: DestinationUnavailable | None = None
    try:
        answered = _matched(batch, outlet.destination.send(batch, within_secs=run.deadline.request_secs()))
        if answered.count(ACCEPTED) < len(answered) and (again := answered.count(RETRYABLE)):
            failure = DestinationUnavailable(f"{again} of {len(answered)} rows are to be sent again")
    except DestinationUnavailable as unavailable:
        answered, failure = owed(batch), unavailable
    finally:
        took = run.clock() - started
        run.deadline.observe(took)
        run.observer.notice(
            BatchSent(
                destination=outlet.name,
                inferences=len(batch.ids),
                latency_secs=took,
                failure=str(failure) if failure else None,
                denied=isinstance(failure, DestinationDenied),
            )
        )
    return answered, failure


def _matched(batch: Batch, receipt: Receipt) -> list[RowResult]:
    """Return a result for every row; with another number of results than rows it cannot be told which is whose.

    Then nothing is settled and all is sent again: deterministic ids make that harmless.
    """
    if len(receipt.results) != len(batch.ids):
        raise DestinationUnavailable(f"{len(receipt.results)} results for {len(batch.ids)} rows: none is settled")
    return receipt.results


def _halved(batch: Batch, outlet: Outlet, run: Run) -> Delivered:
    if len(batch.ids) == 1:
        return Delivered([_TOO_LARGE])
    middle = len(batch.ids) // 2
    first = deliver(batch.of(range(middle)), outlet, run)
    second = deliver(batch.of(range(middle, len(batch.ids))), outlet, run)
    return Delivered(
        first.results + second.results, first.failure or second.failure, first.throttled or second.throttled
    )
