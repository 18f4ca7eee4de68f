"""Send the rows of one model; several requests are in flight."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

from capture_forwarder.domain.batch import Batch, BatchSlice
from capture_forwarder.domain.delivery import DestinationUnavailable
from capture_forwarder.domain.route import RowForm
from capture_forwarder.forward.run import Run
from capture_forwarder.forward.sending.batching import Batcher
from capture_forwarder.forward.sending.delivering import Deliverer, Delivery, all_pending, asked_to_wait
from capture_forwarder.forward.sending.in_flight import InFlight
from capture_forwarder.forward.sending.line_batching import LineBatcher
from capture_forwarder.forward.sending.request_limits import BatchSize
from capture_forwarder.forward.sending.target import Target
from capture_forwarder.forward.tracking import ObjectTracker
from capture_forwarder.kinds.kind import DecodedSpan

_NO_ANSWER = "no answer before the invocation's time was over"
_TOO_SLOW = "too slow; other models waited for it for half of the run's time"


class Sender:
    """Sends the rows of one model; results are recorded on the caller's thread.

    A 429 or 503 halves the number of concurrent requests, each later success raises it by one. After an error no
    more rows are sent to this model in this run. Its objects are requeued.
    """

    def __init__(
        self,
        model_id: str,
        target: Target,
        run: Run,
        in_flight: InFlight,
        may_block_secs: Callable[[], float],
        bytes_in_flight: Counter[str],
    ) -> None:
        limits = target.destination.limits
        self.error: DestinationUnavailable | None = None
        self.max_inferences = limits.max_inferences
        self.limit = target.max_in_flight
        self._target = target
        self._run = run
        self._in_flight = in_flight
        self._may_block_secs = may_block_secs
        self._bytes_in_flight = bytes_in_flight
        self._size = BatchSize(limits.max_inferences)
        self._deliverer = Deliverer(
            name=target.name,
            model_id=model_id,
            destination=target.destination,
            run=run,
            size=self._size,
            retry_times=target.retry_times,
        )
        takes_lines = target.destination.form is RowForm.LINES
        self._batcher = (LineBatcher if takes_lines else Batcher)(model_id, limits, self._send)
        self._begun = 0
        self._under_way = 0
        self._blocked_secs = 0.0
        if wait_secs := target.retry_times.left_secs(model_id, run.now()):
            self._stop(asked_to_wait(wait_secs))

    @property
    def retry_after_secs(self) -> float:
        """The seconds until the destination may be asked again, from 0 to 900."""
        return self._target.retry_times.left_secs(self._deliverer.model_id, self._run.now())

    def add(self, tracker: ObjectTracker, decoded: DecodedSpan) -> bool:
        """Add the rows of a span; return whether a request was begun, or none will be any more.

        It blocks while too many requests are in flight. Results of the first rows of a span may come before the last
        ones are made.
        """
        before = self._begun
        self._batcher.max_rows = self._size.rows
        if isinstance(self._batcher, LineBatcher):
            self._batcher.begin_object(tracker.content_type)
        self._batcher.add(tracker, decoded.span, decoded.rows.ids, decoded.rows.rows)
        return self._begun != before or self.error is not None

    def flush(self) -> None:
        """Send the batch that was begun."""
        self._batcher.flush()

    def _send(self, batch: Batch, slices: list[BatchSlice]) -> None:
        size = batch.byte_count
        self._wait_for_room(size)
        if self.error:
            return
        self._begun += 1
        self._under_way += 1
        self._bytes_in_flight[self._target.name] += size
        call = partial(self._deliverer.deliver, batch)
        self._in_flight.begin(self._target.workers, call, partial(self._record, batch, slices))
        self._batcher.max_rows = self._size.rows

    def _wait_for_room(self, size: int) -> None:
        """Wait while too much is in flight for a request of `size` bytes.

        A sender that holds up others for too long is stopped.
        """
        if not self._is_full(size):
            return
        began, may_block_secs = self._run.clock(), self._may_block_secs() - self._blocked_secs
        self._in_flight.wait_while(lambda: self._is_full(size) and self._run.clock() - began < may_block_secs)
        self._blocked_secs += self._run.clock() - began
        if self._is_full(size):
            self._stop(DestinationUnavailable(_TOO_SLOW))

    def _is_full(self, size: int) -> bool:
        in_flight = self._bytes_in_flight[self._target.name]
        is_large = in_flight > 0 and in_flight + size > self._target.max_in_flight_bytes
        return (self._under_way >= self.limit or is_large) and not self.error

    def _record(self, batch: Batch, slices: list[BatchSlice], ended: Future[Delivery] | None) -> None:
        self._under_way -= 1
        self._bytes_in_flight[self._target.name] -= batch.byte_count
        delivery = self._delivery(batch, ended)
        if delivery.error:
            self._stop(delivery.error)
        self.limit = self.limit // 2 if delivery.throttled else self.limit + 1
        self.limit = min(max(self.limit, 1), self._target.max_in_flight)
        start = 0
        for piece in slices:
            stop = start + piece.count
            piece.recorder.record(piece.span, piece.start, batch.ids[start:stop], delivery.results[start:stop])
            start = stop

    def _delivery(self, batch: Batch, ended: Future[Delivery] | None) -> Delivery:
        if ended is None:
            self._deliverer.abandoned = True
            return Delivery(all_pending(batch), DestinationUnavailable(_NO_ANSWER))
        try:
            return ended.result()
        except Exception as bug:  # noqa: BLE001 - after a bug in one request its rows must stay pending
            return Delivery(all_pending(batch), DestinationUnavailable(f"sending failed with {type(bug).__name__}"))

    def _stop(self, error: DestinationUnavailable) -> None:
        """Send no more to this model in this run, because of the first error."""
        self.error = self.error or error
        self._batcher.stop()
