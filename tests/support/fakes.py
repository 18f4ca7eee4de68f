"""A destination, an observer and a clock that record their calls, and threads that run when a test says so."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from itertools import count
from threading import Condition, Lock
from typing import Any, ParamSpec, TypeVar

from capture_forwarder.destinations.arthur.wire import Row
from capture_forwarder.domain.batch import Batch, BatchLimits, LineBatch, RowBuilder
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import (
    ACCEPTED,
    DUPLICATE,
    Receipt,
    RowResult,
)
from capture_forwarder.domain.notices import Notice
from capture_forwarder.domain.progress import LineSpan
from capture_forwarder.domain.route import Route, RowForm
from capture_forwarder.domain.schema import ModelSchema
from capture_forwarder.forward.run import Deadline, Run
from capture_forwarder.forward.sending.target import Target
from capture_forwarder.forward.workers import Workers
from capture_forwarder.ports import Observer

P = ParamSpec("P")
T = TypeVar("T")
_RUN_IDS = count(1)


class RecordingDestination:
    """Accepts every row once and answers `duplicate` after that.

    `limits` and `form` are those of the destination that it stands for. The answers in `script` are given first, one a request. `always`, if it is set, answers all other requests.
    """

    def __init__(self, limits: BatchLimits | None = None) -> None:
        self.limits = limits or BatchLimits()
        self.form = RowForm.FLAT
        self.batches: list[list[str]] = []
        self.stored: dict[str, bytes] = {}
        self.times_sent: dict[str, int] = {}
        self.script: list[Callable[[Batch], Receipt]] = []
        self.always: Callable[[Batch], Receipt] | None = None
        self.model_schema = ModelSchema(())
        self.schema_error: Exception | None = None
        self.schema_requests: list[str] = []
        self.within_secs = 0.0
        self._lock = Lock()

    def rows(self, route: Route, source: CaptureObject) -> RowBuilder:
        """Build rows as Arthur takes them."""
        return Row

    def send(self, batch: Batch, *, within_secs: float) -> Receipt:
        """Record the batch and answer it."""
        self.within_secs = within_secs
        with self._lock:
            self.batches.append(batch.ids)
            for partner_id in batch.ids:
                self.times_sent[partner_id] = self.times_sent.get(partner_id, 0) + 1
            answer = self.script.pop(0) if self.script else self.always
        return answer(batch) if answer else self.accept(batch)

    def accept(self, batch: Batch) -> Receipt:
        """Store every row that is not stored yet, or every line under the id of its first row."""
        if isinstance(batch, LineBatch):
            return self._accept_lines(batch)
        results = []
        with self._lock:
            for partner_id, row in zip(batch.ids, batch.rows(), strict=True):
                results.append(DUPLICATE if partner_id in self.stored else ACCEPTED)
                self.stored.setdefault(partner_id, row)
        return Receipt(results)

    def _accept_lines(self, batch: LineBatch) -> Receipt:
        with self._lock:
            for line in batch.lines:
                self.stored[line.ids[0]] = line.data
        return Receipt([ACCEPTED] * batch.size)

    def data(self, partner_id: str) -> dict[str, Any]:
        """Return the values of a stored row, by name."""
        return json.loads(self.stored[partner_id])["inference_data"]  # type: ignore[no-any-return]  # of this form

    def schema(self, model_id: str, *, within_secs: float) -> ModelSchema:
        """Return `model_schema` for every model, or raise `schema_error`."""
        del within_secs
        self.schema_requests.append(model_id)
        if self.schema_error:
            raise self.schema_error
        return self.model_schema


class DiscardResults:
    """A recorder that keeps no result."""

    def record(self, span: LineSpan, start: int, ids: Sequence[str], results: Sequence[RowResult]) -> None:
        """Keep nothing."""


class ConcurrentCalls:
    """Holds calls back until enough of them are under way at the same time."""

    def __init__(self) -> None:
        self._count = 0
        self._changed = Condition()

    def wait_for(self, expected: int) -> bool:
        """Wait until `expected` calls are under way; return whether they were."""
        with self._changed:
            self._count += 1
            self._changed.notify_all()
            return self._changed.wait_for(lambda: self._count >= expected, timeout=5)


class ImmediateExecutor(Executor):
    """Runs every function before `submit` returns."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run `fn`."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - the caller of `result` gets it
            future.set_exception(error)
        return future


class ExecutorWorkers(Workers):
    """Workers whose calls run on an executor that the test controls; `abandon` ends no call."""

    def __init__(self, executor: Executor) -> None:
        super().__init__(1, "unused")
        self._given = executor

    def submit(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Begin `call` on the executor."""
        return self._given.submit(call, *args, **kwargs)

    def abandon(self) -> None:
        """Leave all calls to the executor."""


class RecordingObserver:
    """An observer that records every notice."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    def notice(self, notice: Notice) -> None:
        """Record `notice`."""
        self.notices.append(notice)


class Clock:
    """A clock that moves only when `now` is changed or `sleep` is called."""

    def __init__(self, left_secs: float = 900.0) -> None:
        self.now = 1_000_000.0
        self.ends = self.now + left_secs
        self.sleeps: list[float] = []

    def read(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, secs: float) -> None:
        """Record `secs`, and move the clock by it."""
        self.sleeps.append(secs)
        self.now += secs

    def left(self) -> float:
        """Return the seconds until the invocation ends."""
        return self.ends - self.now


def make_target(
    destination: RecordingDestination,
    *,
    max_in_flight: int = 8,
    max_in_flight_bytes: int = 16_000_000,
    executor: Executor | None = None,
) -> Target:
    """Return `destination` as a target of the forwarder; it sends on `executor` if that is given, else on threads."""
    return Target(
        name="fake",
        destination=destination,
        schemas=destination,
        workers=ExecutorWorkers(executor) if executor else Workers(max_in_flight + 1, "fake"),
        max_in_flight=max_in_flight,
        max_in_flight_bytes=max_in_flight_bytes,
    )


def make_run(clock: Clock | None = None, observer: Observer | None = None) -> Run:
    """Return a run of 15 minutes on `clock`; the jitter is always one half."""
    clock = clock or Clock()
    return Run(
        deadline=Deadline(lambda: 1000 * clock.left()),
        clock=clock.read,
        now=clock.read,
        sleep=clock.sleep,
        jitter=lambda: 0.5,
        new_id=lambda: f"run-{next(_RUN_IDS)}",
        observer=observer or RecordingObserver(),
    )
