"""Deliver one batch: send its rows, again or in smaller requests, until each has its result or must wait.

The number of rows that are sent again is bounded. For a batch of n rows a destination that never answers gets at most
8 requests with less than 3 n rows; if it answers some requests, at most 5 n rows are sent in all. A 413, 400 or 422
halves the request, so one bad row costs 2 log2(n) more requests, with at most 2 n rows.
"""

from collections.abc import Sequence
from math import ceil

from msgspec import Struct

from capture_forwarder.domain.batch import Batch
from capture_forwarder.domain.delivery import (
    ACCEPTED,
    RETRYABLE,
    BatchRefused,
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
from capture_forwarder.forward.run import Run
from capture_forwarder.forward.sending.request_limits import BatchSize, RetryTimes
from capture_forwarder.ports import Destination

_TOO_LARGE = Reason(
    RejectionCode.INFERENCE_TOO_LARGE, "the destination takes no request that holds this inference alone"
)
_TOO_LATE = "the invocation's time was used up before a request was begun"
_MIN_REQUEST_SECS = 0.05
# So many rows that are refused one by one, and none accepted, mean that the destination refuses the whole batch.
_MAX_REFUSED_ROWS = 32
_TAKEN = frozenset({RowStatus.ACCEPTED, RowStatus.DUPLICATE})


class Delivery(Struct, frozen=True):
    """One result a row, the error that leaves rows pending, and whether fewer requests at once were asked for."""

    results: list[RowResult]
    error: DestinationUnavailable | None = None
    throttled: bool = False


class Deliverer(Struct, kw_only=True):
    """Delivers batches of one model, from several threads. An abandoned batch is neither sent nor reported any more."""

    name: str
    model_id: str
    destination: Destination
    run: Run
    size: BatchSize
    retry_times: RetryTimes
    abandoned: bool = False

    def deliver(self, batch: Batch) -> Delivery:
        """Send `batch` until every row has its result or there is no time left; pending rows are retryable."""
        return _Attempts(batch, self).deliver()

    def wait(self, failures: Sequence[DestinationUnavailable]) -> DestinationUnavailable | None:
        """Wait before a request; return an error if there is no time or try left.

        The wait is that after so many failures in a row, or the one that the destination asked for.
        """
        asked_secs = self.retry_times.left_secs(self.model_id, self.run.now())
        if failures or asked_secs:
            may_send = self.run.wait(max(0, len(failures) - 1), asked_secs, self.name)
            error = failures[-1] if failures else asked_to_wait(asked_secs)
        else:
            may_send, error = self.run.deadline.left_secs(1, self.name) > 0, DestinationUnavailable(_TOO_LATE)
        return None if may_send and not self.abandoned else error

    def send(self, batch: Batch) -> list[RowResult]:
        """Send a batch once. Raises what the destination raises."""
        within_secs = max(_MIN_REQUEST_SECS, self.run.deadline.left_secs(0))
        return _checked(batch, self.destination.send(batch, within_secs=within_secs))

    def report(self, rows: int, took_secs: float, error: DestinationUnavailable | None, change: str | None) -> None:
        """Report a request. Remember how long it took, and the wait that its answer asks for.

        `change` says how the size of requests changed.
        """
        if self.abandoned:
            return
        self.run.deadline.observe(took_secs, self.name)
        if error:
            self.retry_times.remember(self.model_id, error.retry_after_secs, self.run.now())
        self.run.observer.notice(
            BatchSent(
                destination=self.name,
                inferences=rows,
                latency_secs=took_secs,
                error="; ".join([str(why) for why in (error, change) if why]) or None,
                denied=isinstance(error, DestinationDenied),
            )
        )


class _Part(Struct, frozen=True):
    """Rows of the batch that wait to be sent: at most `max_rows` of them together.

    `unanswered` is whether just these rows were sent and not answered.
    """

    places: Sequence[int]
    max_rows: int
    unanswered: bool = False


class _Attempts:
    """The requests for one batch, one after the other. The parts that are not sent yet are a stack."""

    def __init__(self, batch: Batch, deliverer: Deliverer) -> None:
        self._batch = batch
        self._deliverer = deliverer
        self._size = deliverer.size
        self._results = [RETRYABLE] * batch.size
        self._parts = [_Part(range(batch.size), batch.size)]
        self._rows: list[bytes] | None = None
        self._error: DestinationUnavailable | None = None
        self._throttled = False
        self._failures: list[DestinationUnavailable] = []  # in a row
        self._unanswered = 0  # of the whole batch
        self._refused_rows = 0
        self._is_accepted = False  # at least one row
        self._size_before: int | None = None  # before failures of which the cause is not known yet

    def deliver(self) -> Delivery:
        """Send the parts until all have their results, or an error ends it."""
        while self._parts:
            part = self._next_part()
            if error := self._deliverer.wait(self._failures):
                self._stop(error)
            else:
                self._send(part)
        return Delivery(self._batch.row_results(self._results), self._error, self._throttled)

    def _next_part(self) -> _Part:
        part = self._parts.pop()
        rows = min(part.max_rows, self._size.rows)
        if rows >= len(part.places):
            return part
        rest = part.places[rows:]
        self._parts.append(_Part(rest, len(rest)))
        return _Part(part.places[:rows], rows)

    def _stop(self, error: DestinationUnavailable) -> None:
        """Leave all rows without a result pending."""
        self._error = self._error or error
        self._parts.clear()

    def _send(self, part: _Part) -> None:
        run, started, batch = self._deliverer.run, self._deliverer.run.clock(), self._batch_of(part)
        error: DestinationUnavailable | None = None
        change: str | None = None
        try:
            error = self._record(part, self._deliverer.send(batch))
        except DestinationUnavailable as unavailable:
            error, change = unavailable, self._fail(part, unavailable)
        except BatchTooLarge:
            change = self._too_large(part)
        except BatchRefused as refused:
            self._refuse(part, refused.reason)
        finally:
            self._deliverer.report(len(batch.ids), run.clock() - started, error, change)

    def _batch_of(self, part: _Part) -> Batch:
        """Return the rows of a part as a batch; the rows of the whole batch are taken apart once."""
        if len(part.places) == len(self._results):
            return self._batch
        if self._rows is None:
            self._rows = self._batch.rows()
        return self._batch.of(part.places, self._rows)

    def _record(self, part: _Part, results: list[RowResult]) -> DestinationUnavailable | None:
        """Record the results of a part. Return an error if rows must be sent again."""
        self._size.answered(len(results))
        if len(results) == len(self._results):  # nearly always
            self._results = list(results)
        else:
            for place, result in zip(part.places, results, strict=True):
                self._results[place] = result
        if results.count(ACCEPTED) == len(results):  # nearly always
            self._failures.clear()
            self._is_accepted = True
            return None
        self._is_accepted = self._is_accepted or any(result.status in _TAKEN for result in results)
        again = [
            place for place, result in zip(part.places, results, strict=True) if result.status is RowStatus.RETRYABLE
        ]
        if not again:
            self._failures.clear()
            return None
        error = DestinationUnavailable(f"{len(again)} of {len(results)} {self._batch.unit} are to be sent again")
        self._try_again(_Part(again, len(again)), error)
        return error

    def _try_again(self, part: _Part, error: DestinationUnavailable) -> None:
        self._failures.append(error)
        self._parts.append(part)

    def _fail(self, part: _Part, error: DestinationUnavailable) -> str | None:
        """Decide the next request after one that failed; return how the size of requests changed."""
        self._throttled = self._throttled or error.throttled
        if isinstance(error, DestinationDenied):
            self._stop(error)
        elif not error.unanswered:
            self._try_again(part, error)
        elif part.unanswered and len(part.places) == 1:
            self._leave_pending(error)
        else:
            return self._send_fewer(part, error)
        return None

    def _leave_pending(self, error: DestinationUnavailable) -> None:
        """Leave a row that was not answered twice pending; after a second such row all others as well.

        The sender stops after this batch. Its other rows are of other objects, and the row must not delay these.
        """
        if self._error:
            self._parts.clear()
        self._error = self._error or error
        self._failures.append(error)
        self._restore_size()

    def _send_fewer(self, part: _Part, error: DestinationUnavailable) -> str | None:
        rows, before, unit = len(part.places), self._size.rows, self._batch.unit
        self._unanswered += 1
        tries_left = self._deliverer.run.max_tries - len(self._failures) - 1
        fewer = self._size.unanswered(rows, self._unanswered, tries_left)
        self._try_again(_Part(part.places, fewer, unanswered=True), error)
        if fewer == rows:
            return None
        return self._changed(before, f"requests of {rows} {unit} were not answered; {fewer} {unit} are sent")

    def _too_large(self, part: _Part) -> str | None:
        rows, before, unit = len(part.places), self._size.rows, self._batch.unit
        self._failures.clear()
        if rows == 1:
            self._results[part.places[0]] = RowResult(RowStatus.REJECTED, _TOO_LARGE)
            self._restore_size()
            return None
        fewer = self._size.too_large(rows)
        self._parts.append(_Part(part.places, fewer))
        return self._changed(before, f"requests of {rows} {unit} are too large; {fewer} {unit} are sent")

    def _changed(self, before: int, change: str) -> str | None:
        """Remember the size before the first change without a known cause; return the notice to report once."""
        self._size_before = self._size_before or before
        return change if self._size.announce() else None

    def _restore_size(self) -> None:
        """Let later requests be as large as before: the cause was one row, and not the number of rows."""
        if self._size_before:
            self._size.restore(self._size_before)
            self._size_before = None

    def _refuse(self, part: _Part, reason: Reason) -> None:
        """Halve a request that is refused as a whole, down to the row that is the cause."""
        self._size.answered(len(part.places))
        self._failures.clear()
        if len(part.places) > 1:
            self._parts.append(_Part(part.places, (len(part.places) + 1) // 2))
            return
        self._results[part.places[0]] = refusal = RowResult(RowStatus.REJECTED, reason)
        self._refused_rows += 1
        if self._refused_rows >= _MAX_REFUSED_ROWS and not self._is_accepted:
            for place in (place for rest in self._parts for place in rest.places):
                self._results[place] = refusal
            self._parts.clear()


def asked_to_wait(secs: float) -> DestinationUnavailable:
    """Return the error of a destination that must not be asked for so many seconds."""
    return DestinationUnavailable(f"the destination asked for a wait of {ceil(secs)} s more", retry_after_secs=secs)


def all_pending(batch: Batch) -> list[RowResult]:
    """Return the results of a batch without results."""
    return [RETRYABLE] * len(batch.ids)


def _checked(batch: Batch, receipt: Receipt) -> list[RowResult]:
    """Check that there are as many results as rows; else no result can be assigned, and all rows are sent again."""
    if len(receipt.results) != batch.size:
        raise DestinationUnavailable(
            f"{len(receipt.results)} results for {batch.size} {batch.unit}: none can be assigned"
        )
    return receipt.results
