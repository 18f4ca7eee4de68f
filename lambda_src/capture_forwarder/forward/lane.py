"""The way to one model of one destination: fills batches across capture objects and keeps several posts in flight."""

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait

from capture_forwarder.domain.batch import Batch, Batcher, BatchSlice, Settle
from capture_forwarder.domain.delivery import DestinationUnavailable, RowResult
from capture_forwarder.domain.inference import Inference
from capture_forwarder.forward.deliver import Delivered, deliver, owed
from capture_forwarder.forward.outlet import Outlet
from capture_forwarder.forward.run import Run


class Lane:
    """At most `outlet.max_in_flight` batches are out at once; results settle on the caller's thread.

    A destination that asks for less gets half as much at once, then one more for every batch that it takes unasked.

    Once a batch had to be given up the lane is closed for this run: what comes after stays owed, unsent. An outage then
    costs one round of tries an invocation, and the queue does the waiting.
    """

    def __init__(self, model_id: str, outlet: Outlet, run: Run) -> None:
        self.failure: DestinationUnavailable | None = None
        self.max_inferences = outlet.destination.limits.max_inferences
        self._outlet = outlet
        self._run = run
        self._batcher = Batcher(model_id, outlet.destination.limits, self._post)
        self._posts = 0
        self.limit = outlet.max_in_flight
        self._in_flight: dict[Future[Delivered], tuple[Batch, list[BatchSlice]]] = {}

    def add(self, settle: Settle, inferences: Sequence[Inference]) -> bool:
        """Take inferences of one span and tell whether that began a post; blocks while too many are under way."""
        make = self._outlet.destination.row
        rows = [make(one.partner_inference_id, one.inference_timestamp, one.data) for one in inferences]
        return self.add_rows(settle, [one.partner_inference_id for one in inferences], rows)

    def add_rows(self, settle: Settle, ids: list[str], rows: list[object]) -> bool:
        """Take what are elements of a request already, as `add` takes inferences."""
        before = self._posts
        self._batcher.add(settle, ids, rows)
        return self._posts != before

    def flush(self) -> None:
        """Send what has been gathered."""
        self._batcher.flush()

    def _post(self, batch: Batch, slices: list[BatchSlice]) -> None:
        self._posts += 1
        while len(self._in_flight) >= self.limit:
            self.settle_some()
        if self.failure:
            _settle(batch, slices, owed(batch))
        else:
            self._in_flight[self._outlet.executor.submit(deliver, batch, self._outlet, self._run)] = batch, slices

    def settle_some(self) -> bool:
        """Wait until a post is answered or given up; return whether any was under way."""
        done, _ = wait(self._in_flight, return_when=FIRST_COMPLETED)
        for future in done:
            batch, slices = self._in_flight.pop(future)
            try:
                delivered = future.result()
            except Exception as bug:  # noqa: BLE001 - a bug in one post must leave its rows owed, not unaccounted for
                delivered = Delivered(owed(batch), DestinationUnavailable(f"posting failed by {type(bug).__name__}"))
            self.failure = self.failure or delivered.failure
            self.limit = self.limit // 2 if delivered.throttled else self.limit + 1
            self.limit = min(max(self.limit, 1), self._outlet.max_in_flight)
            _settle(batch, slices, delivered.results)
        return bool(done)


def _settle(batch: Batch, slices: list[BatchSlice], results: list[RowResult]) -> None:
    start = 0
    for piece in slices:
        stop = start + piece.count
        piece.settle(piece.start, batch.ids[start:stop], results[start:stop])
        start = stop
