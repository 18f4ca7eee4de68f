"""One batch delivered: tried again while there is time, split where it is too large, settled row by row."""

from msgspec import Struct

from capture_forwarder.domain.batch import Batch, Results
from capture_forwarder.domain.delivery import (
    ACCEPTED,
    RETRYABLE,
    BatchTooLarge,
    DestinationDenied,
    DestinationUnavailable,
    Refusal,
    RejectionCode,
    RowResult,
    RowStatus,
)
from capture_forwarder.domain.events import BatchSent
from capture_forwarder.forward.outlet import Outlet
from capture_forwarder.forward.run import Run

_TOO_LARGE = RowResult(
    RowStatus.REJECTED,
    Refusal(RejectionCode.INFERENCE_TOO_LARGE, "the destination takes no request that holds this inference alone"),
)
_TOO_LATE = DestinationUnavailable("the invocation's time was used up before a request was begun")


class Delivered(Struct, frozen=True):
    """What became of a batch: one result a parcel, and, where some are still owed, why.

    `throttled` says that the destination asked for less at once, whether or not it took the batch in the end.
    """

    results: Results
    trouble: DestinationUnavailable | None = None
    throttled: bool = False


def deliver(batch: Batch, outlet: Outlet, run: Run) -> Delivered:
    """Send `batch` until every row is settled or time runs out; rows still owed come back as retryable."""
    if run.deadline.left_secs() <= 0:
        return Delivered(owed(batch), _TOO_LATE)
    settled = Results([], [])
    attempt, throttled = 0, False
    while True:
        try:
            answered, trouble = _attempt(batch, outlet, run)
        except BatchTooLarge:
            halves = _halved(batch, outlet, run)
            return Delivered(settled + halves.results, halves.trouble, throttled or halves.throttled)
        if trouble is None:
            return Delivered(settled + answered, throttled=throttled)
        again = {place for place, result in enumerate(answered.results) if result.status is RowStatus.RETRYABLE}
        settled += _at(answered, [place for place in range(len(answered.results)) if place not in again])
        batch = batch.of(sorted(again))
        throttled = throttled or trouble.throttled
        if isinstance(trouble, DestinationDenied) or not run.wait(attempt, trouble.retry_after_secs):
            return Delivered(settled + owed(batch), trouble, throttled)
        attempt += 1


def owed(batch: Batch) -> Results:
    """Return `batch` with nothing of it settled."""
    return Results(batch.parcels, [RETRYABLE] * len(batch.parcels))


def _at(answered: Results, places: list[int]) -> Results:
    return Results([answered.parcels[place] for place in places], [answered.results[place] for place in places])


def _attempt(batch: Batch, outlet: Outlet, run: Run) -> tuple[Results, DestinationUnavailable | None]:
    started = run.clock()
    trouble: DestinationUnavailable | None = None
    try:
        results = outlet.destination.send(batch, within_secs=run.deadline.request_secs()).results
        answered = _matched(batch, results)
        if results.count(ACCEPTED) < len(results) and (again := results.count(RETRYABLE)):
            trouble = DestinationUnavailable(f"{again} of {len(results)} rows are to be sent again")
    except DestinationUnavailable as unavailable:
        answered, trouble = owed(batch), unavailable
    finally:
        took = run.clock() - started
        run.deadline.observe(took)
        run.observer.notice(
            BatchSent(
                destination=outlet.name,
                inferences=len(batch.parcels),
                latency_secs=took,
                trouble=str(trouble) if trouble else None,
                denied=isinstance(trouble, DestinationDenied),
            )
        )
    return answered, trouble


def _matched(batch: Batch, results: list[RowResult]) -> Results:
    """Give every row its result; with another number of results than rows it cannot be told which is whose.

    Then nothing is settled and all is sent again: deterministic ids make that harmless.
    """
    if len(results) != len(batch.parcels):
        raise DestinationUnavailable(f"{len(results)} results for {len(batch.parcels)} rows: none is settled")
    return Results(batch.parcels, results)


def _halved(batch: Batch, outlet: Outlet, run: Run) -> Delivered:
    if len(batch.parcels) == 1:
        return Delivered(Results(batch.parcels, [_TOO_LARGE]))
    middle = len(batch.parcels) // 2
    first = deliver(batch.of(range(middle)), outlet, run)
    second = deliver(batch.of(range(middle, len(batch.parcels))), outlet, run)
    return Delivered(
        first.results + second.results, first.trouble or second.trouble, first.throttled or second.throttled
    )
