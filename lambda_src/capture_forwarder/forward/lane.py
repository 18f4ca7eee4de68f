"""The way to one model of one destination: fills batches across capture objects and keeps several posts in flight."""

from concurrent.futures import FIRST_COMPLETED, Future, wait

from capture_forwarder.domain.batch import Batch, Batcher, Claim, Owner, Results
from capture_forwarder.domain.delivery import DestinationUnavailable
from capture_forwarder.domain.inference import Inference
from capture_forwarder.formats.fast.path import Ready
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
        self._batcher = Batcher(model_id, outlet.destination.limits, outlet.destination.row, self._post)
        self._posts = 0
        self.limit = outlet.max_in_flight
        self._in_flight: dict[Future[Delivered], Batch] = {}

    def add(self, owner: Owner, claim: Claim, inference: Inference) -> bool:
        """Take one more inference and tell whether that began a post; blocks while too many are under way."""
        before, partner_id, time = self._posts, inference.partner_inference_id, inference.inference_timestamp
        self._batcher.add(owner, claim, partner_id, inference.index, time, inference.data)
        return self._posts != before

    def add_ready(self, owner: Owner, claim: Claim, ready: Ready) -> bool:
        """Take all inferences of one call, as `add` does with one."""
        before = self._posts
        self._batcher.add_typed(owner, claim, ready.ids, ready.time, ready.rows)
        return self._posts != before

    def encode(self) -> None:
        """Encode what was taken, which else may wait in memory for more."""
        self._batcher.encode()

    def flush(self) -> None:
        """Send what has been gathered."""
        self._batcher.flush()

    def _post(self, batch: Batch) -> None:
        self._posts += 1
        while len(self._in_flight) >= self.limit:
            self.settle_some()
        if self.trouble:
            _settle(owed(batch))
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
            _settle(delivered.results)
        return bool(done)


def _settle(results: Results) -> None:
    for owner, own in results.by_owner():
        owner.settle(own)
