"""Send rows: batches are filled across objects, several requests are in flight, each is retried and split."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from itertools import islice

import msgspec
from msgspec import Raw, Struct

from capture_forwarder.domain.batch import Batch, BatchLimits, BatchSlice, ResultRecorder
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
from capture_forwarder.domain.progress import LineSpan
from capture_forwarder.domain.route import Route
from capture_forwarder.forward.run import Run
from capture_forwarder.forward.tracking import ObjectTracker
from capture_forwarder.kinds.kind import DecodedSpan, Decoder, Kind
from capture_forwarder.ports import Destination, SchemaSource

_TOO_LARGE = RowResult(
    RowStatus.REJECTED,
    Reason(RejectionCode.INFERENCE_TOO_LARGE, "the destination takes no request that holds this inference alone"),
)
_TOO_LATE = DestinationUnavailable("the invocation's time was used up before a request was begun")
_MIN_REQUEST_SECS = 0.05

# Rows are encoded a block at a time. A block that does not fit into the request is split into its rows again.
_BLOCK_ROWS = 128
_encode = msgspec.json.Encoder().encode
_elements = msgspec.json.Decoder(list[Raw]).decode


class Target(Struct, frozen=True, kw_only=True):
    """One configured destination: its adapter, its models' schemas, and how many requests may be in flight."""

    name: str
    destination: Destination
    schemas: SchemaSource
    executor: Executor
    max_in_flight: int


class Senders:
    """One sender a model and destination, and one decoder a route, shared by all objects of a run."""

    def __init__(self, targets: Mapping[str, Target], kind: Kind, run: Run) -> None:
        self._targets = targets
        self._kind = kind
        self._run = run
        self._senders: dict[tuple[str, str], Sender] = {}
        self._decoders: dict[str, Decoder | DestinationUnavailable] = {}

    def sender(self, route: Route) -> "Sender":
        """Return the sender that `route` shares with every other route to the same model."""
        key = (route.destination, route.model_id)
        if key not in self._senders:
            self._senders[key] = Sender(route.model_id, self._targets[route.destination], self._run)
        return self._senders[key]

    def decoder(self, route: Route) -> Decoder:
        """Return the decoder of `route`. Raises `DestinationUnavailable` if its schema is not known; asks only once."""
        if route.name not in self._decoders:
            self._decoders[route.name] = self._make_decoder(route)
        decoder = self._decoders[route.name]
        if isinstance(decoder, DestinationUnavailable):
            raise decoder
        return decoder

    def flush(self) -> None:
        """Send the batches that were begun."""
        for sender in self._senders.values():
            sender.flush()

    def wait_for_results(self) -> bool:
        """Wait until some requests have ended; return whether any were in flight."""
        return any(sender.wait_for_results() for sender in self._senders.values())

    def _make_decoder(self, route: Route) -> Decoder | DestinationUnavailable:
        target = self._targets[route.destination]
        try:
            schema = (
                target.schemas.schema(route.model_id, within_secs=self._run.deadline.left_secs(0))
                if route.schema_from_model
                else route.schema
            )
        except DestinationUnavailable as unavailable:
            return unavailable
        return self._kind.decoder(route, schema, target.destination.row)


class Sender:
    """Sends the rows of one model; results are recorded on the caller's thread.

    A 429 or 503 halves the number of concurrent requests, each later success raises it by one. After a batch has used
    all its retries, nothing more is sent to this model in this run. Its objects go back to the queue.
    """

    def __init__(self, model_id: str, target: Target, run: Run) -> None:
        self.error: DestinationUnavailable | None = None
        self.max_inferences = target.destination.limits.max_inferences
        self.limit = target.max_in_flight
        self._target = target
        self._run = run
        self._batcher = Batcher(model_id, target.destination.limits, self._send)
        self._requests = 0
        self._in_flight: dict[Future[Delivery], tuple[Batch, list[BatchSlice]]] = {}

    def add(self, tracker: ObjectTracker, decoded: DecodedSpan) -> bool:
        """Add the rows of a span and return whether a request was begun; blocks while too many are in flight."""
        before = self._requests
        self._batcher.add(tracker, decoded.span, decoded.rows.ids, decoded.rows.rows)
        return self._requests != before

    def flush(self) -> None:
        """Send the batch that was begun."""
        self._batcher.flush()

    def wait_for_results(self) -> bool:
        """Wait until a request has ended and record its results; return whether any was in flight."""
        done, _ = wait(self._in_flight, return_when=FIRST_COMPLETED)
        for future in done:
            batch, slices = self._in_flight.pop(future)
            try:
                delivery = future.result()
            except Exception as bug:  # noqa: BLE001 - after a bug in one request its rows must stay pending
                error = DestinationUnavailable(f"sending failed with {type(bug).__name__}")
                delivery = Delivery(_all_pending(batch), error)
            self.error = self.error or delivery.error
            self.limit = self.limit // 2 if delivery.throttled else self.limit + 1
            self.limit = min(max(self.limit, 1), self._target.max_in_flight)
            _record(batch, slices, delivery.results)
        return bool(done)

    def _send(self, batch: Batch, slices: list[BatchSlice]) -> None:
        self._requests += 1
        while len(self._in_flight) >= self.limit:
            self.wait_for_results()
        if self.error:
            _record(batch, slices, _all_pending(batch))
        else:
            self._in_flight[self._target.executor.submit(deliver, batch, self._target, self._run)] = batch, slices


def _record(batch: Batch, slices: list[BatchSlice], results: list[RowResult]) -> None:
    start = 0
    for piece in slices:
        stop = start + piece.count
        piece.recorder.record(piece.span, piece.start, batch.ids[start:stop], results[start:stop])
        start = stop


class Batcher:
    """Fills batches and hands them to `send`: each as full as its limits allow, in order, without losing a row."""

    def __init__(self, model_id: str, limits: BatchLimits, send: Callable[[Batch, list[BatchSlice]], object]) -> None:
        self._model_id = model_id
        self._limits = limits
        self._send = send
        self._begin()

    def add(self, recorder: ResultRecorder, span: LineSpan, ids: Sequence[str], rows: Sequence[object]) -> None:
        """Add the rows of one span. Raises the encoder's error for a row; rows from that block on are not added."""
        start, all_ids, all_rows = 0, iter(ids), iter(rows)
        while start < len(rows):
            room = min(_BLOCK_ROWS, self._limits.max_inferences - len(self._ids))
            block, block_ids = list(islice(all_rows, room)), list(islice(all_ids, room))
            self._add(BatchSlice(recorder, span, start, len(block)), block_ids, _encode(block))
            start += len(block)

    def flush(self) -> None:
        """Send the batch that was begun, if it has rows."""
        if self._ids:
            batch, slices = Batch(self._model_id, self._ids, _joined(self._blocks)), self._slices
            self._begin()
            self._send(batch, slices)

    def _begin(self) -> None:
        self._ids: list[str] = []
        self._slices: list[BatchSlice] = []
        self._blocks: list[bytes] = []
        self._bytes = 1

    def _add(self, piece: BatchSlice, ids: Sequence[str], block: bytes) -> None:
        """Add a block of rows, encoded as an array; row by row if the block does not fit."""
        if len(ids) > 1 and self._bytes + len(block) - 1 > self._limits.max_bytes:
            for place, row in enumerate(_elements(block)):
                one = BatchSlice(piece.recorder, piece.span, piece.start + place, 1)
                self._add(one, ids[place : place + 1], b"[%b]" % bytes(row))
            return
        if self._bytes + len(block) - 1 > self._limits.max_bytes:
            self.flush()
        self._ids += ids
        self._slices.append(piece)
        self._blocks.append(block)
        self._bytes += len(block) - 1
        if len(self._ids) >= self._limits.max_inferences:
            self.flush()


def _joined(blocks: list[bytes]) -> bytes:
    """Return one array with the elements of all blocks."""
    if len(blocks) == 1:
        return blocks[0]
    views = [memoryview(block)[1:-1] for block in blocks]
    views[0], views[-1] = memoryview(blocks[0])[:-1], memoryview(blocks[-1])[1:]
    return b",".join(views)


class Delivery(Struct, frozen=True):
    """One result a row, the error that leaves rows pending, and whether fewer requests at once were asked for."""

    results: list[RowResult]
    error: DestinationUnavailable | None = None
    throttled: bool = False


def deliver(batch: Batch, target: Target, run: Run) -> Delivery:
    """Send `batch` until every row has its result or there is no time left; pending rows are returned as retryable."""
    if run.deadline.left_secs(1) <= 0:
        return Delivery(_all_pending(batch), _TOO_LATE)
    results = _all_pending(batch)
    places: Sequence[int] = range(len(results))
    attempt, throttled = 0, False
    while True:
        try:
            answered, error = _attempt(batch, target, run)
        except BatchTooLarge:
            halves = _deliver_halves(batch, target, run)
            _merge(halves.results, places, results)
            return Delivery(results, halves.error, throttled or halves.throttled)
        _merge(answered, places, results)
        if error is None:
            return Delivery(results, throttled=throttled)
        throttled = throttled or error.throttled
        if isinstance(error, DestinationDenied) or not run.wait(attempt, error.retry_after_secs):
            return Delivery(results, error, throttled)
        again = [place for place, result in enumerate(answered) if result.status is RowStatus.RETRYABLE]
        batch, places = batch.of(again), [places[place] for place in again]
        attempt += 1


def _all_pending(batch: Batch) -> list[RowResult]:
    return [RETRYABLE] * len(batch.ids)


def _merge(answered: list[RowResult], places: Sequence[int], results: list[RowResult]) -> None:
    if len(places) == len(results):  # nearly always
        results[:] = answered
        return
    for place, result in zip(places, answered, strict=True):
        results[place] = result


def _attempt(batch: Batch, target: Target, run: Run) -> tuple[list[RowResult], DestinationUnavailable | None]:
    started = run.clock()
    error: DestinationUnavailable | None = None
    try:
        within_secs = max(_MIN_REQUEST_SECS, run.deadline.left_secs(0))
        answered = _checked(batch, target.destination.send(batch, within_secs=within_secs))
        if answered.count(ACCEPTED) < len(answered) and (again := answered.count(RETRYABLE)):
            error = DestinationUnavailable(f"{again} of {len(answered)} rows are to be sent again")
    except DestinationUnavailable as unavailable:
        answered, error = _all_pending(batch), unavailable
    finally:
        took = run.clock() - started
        run.deadline.observe(took)
        run.observer.notice(
            BatchSent(
                destination=target.name,
                inferences=len(batch.ids),
                latency_secs=took,
                error=str(error) if error else None,
                denied=isinstance(error, DestinationDenied),
            )
        )
    return answered, error


def _checked(batch: Batch, receipt: Receipt) -> list[RowResult]:
    """Check that there are as many results as rows; else no result can be assigned, and all rows are sent again."""
    if len(receipt.results) != len(batch.ids):
        raise DestinationUnavailable(f"{len(receipt.results)} results for {len(batch.ids)} rows: none can be assigned")
    return receipt.results


def _deliver_halves(batch: Batch, target: Target, run: Run) -> Delivery:
    if len(batch.ids) == 1:
        return Delivery([_TOO_LARGE])
    middle = len(batch.ids) // 2
    first = deliver(batch.of(range(middle)), target, run)
    second = deliver(batch.of(range(middle, len(batch.ids))), target, run)
    return Delivery(first.results + second.results, first.error or second.error, first.throttled or second.throttled)
