"""The way to one model of one destination: fills batches across capture objects and keeps several posts in flight."""

from concurrent.futures import FIRST_COMPLETED, Future, wait

from capture_forwarder.domain.batch import Batch, Batcher, Parcel
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
        self._batcher = Batcher(model_id, outlet.destination.limits)
        self.limit = outlet.max_in_flight
        self._in_flight: dict[Future[Delivered], Batch] = {}

    def encode(self, inference: Inference) -> bytes:
        """Return `inference` as it stands in a request."""
        return self._outlet.destination.encode(inference)

    def add(self, parcel: Parcel) -> None:
        """Take one more inference; blocks while as many posts as may be are under way."""
        if batch := self._batcher.add(parcel):
            self._post(batch)

    def drain(self) -> None:
        """Send what has been gathered and wait until every post is answered or given up."""
        if batch := self._batcher.flush():
            self._post(batch)
        while self._in_flight:
            self._settle_some()

    def _post(self, batch: Batch) -> None:
        while len(self._in_flight) >= self.limit:
            self._settle_some()
        if self.trouble:
            _settle(Delivered(owed(batch)))
        else:
            self._in_flight[self._outlet.executor.submit(deliver, batch, self._outlet, self._run)] = batch

    def _settle_some(self) -> None:
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


def _settle(delivered: Delivered) -> None:
    for parcel, result in delivered.results:
        parcel.claim.settle(parcel.inference, result)
