"""The way to one model of one destination: fills batches across capture objects and keeps several posts in flight."""

from concurrent.futures import FIRST_COMPLETED, Future, wait
from datetime import datetime

from capture_forwarder.domain.batch import Batch, Batcher, Claim
from capture_forwarder.domain.delivery import DestinationUnavailable
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
        self.trouble: DestinationUnavailable | None = None
        self._outlet = outlet
        self._run = run
        self._batcher = Batcher(model_id, outlet.destination.limits, outlet.destination.write)
        self.limit = outlet.max_in_flight
        self._in_flight: dict[Future[Delivered], Batch] = {}

    def add(self, claim: Claim, partner_inference_id: str, index: int, time: datetime, data: object) -> bool:
        """Take one more inference and tell whether that began a post; blocks while too many are under way."""
        batch = self._batcher.add(claim, partner_inference_id, index, time, data)
        if batch:
            self._post(batch)
        return batch is not None

    def add_inference(self, claim: Claim, inference: Inference) -> bool:
        """Take one more inference, as `add` does."""
        return self.add(
            claim, inference.partner_inference_id, inference.index, inference.inference_timestamp, inference.data
        )

    def flush(self) -> None:
        """Send what has been gathered."""
        if batch := self._batcher.flush():
            self._post(batch)

    def _post(self, batch: Batch) -> None:
        while len(self._in_flight) >= self.limit:
            self.settle_some()
        if self.trouble:
            _settle(Delivered(owed(batch)))
        else:
            self._in_flight[self._outlet.executor.submit(deliver, batch, self._outlet, self._run)] = batch

    def settle_some(self) -> bool:
        """Wait until a post is answered or given up; return whether any was under way."""
        done, _ = wait(self._in_flight, return_when=FIRST_COMPLETED)
        for future in done:
            batch = self._in_flight.pop(future)
            try:
                delivered = future.result()
            except Exception as bug:  # noqa: BLE001 - a bug in one post must leave its rows owed, not unaccounted for
                delivered = Delivered(owed(batch), DestinationUnavailable(f"posting failed by {type(bug).__name__}"))
            self.trouble = self.trouble or delivered.trouble
            self.limit = self.limit // 2 if delivered.throttled else self.limit + 1
            self.limit = min(max(self.limit, 1), self._outlet.max_in_flight)
            _settle(delivered)
        return bool(done)


def _settle(delivered: Delivered) -> None:
    for parcel, result in delivered.results:
        parcel.claim.settle(parcel, result)
