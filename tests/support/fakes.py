"""Ports in memory that record their calls; the contract suites run on them and on the real adapters."""

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from datetime import UTC, datetime
from itertools import count
from threading import Condition, Lock
from typing import Any, ParamSpec, TypeVar

from msgspec.structs import replace

from capture_forwarder.destinations.arthur.wire import Row
from capture_forwarder.domain.batch import Batch, BatchLimits
from capture_forwarder.domain.capture import CaptureObject, Work
from capture_forwarder.domain.delivery import (
    ACCEPTED,
    DUPLICATE,
    Reason,
    Receipt,
    RejectionCode,
    RowResult,
    SourceDamaged,
    Superseded,
    Unavailable,
)
from capture_forwarder.domain.notices import Notice
from capture_forwarder.domain.progress import Claim, LineSpan, ProgressRecord, QuarantineFile, RunRecord
from capture_forwarder.domain.schema import ModelSchema
from capture_forwarder.forward.run import Deadline, Run
from capture_forwarder.forward.sending import Target
from capture_forwarder.forward.workers import Workers
from capture_forwarder.ports import Observer, OpenObject, TimeLeft

P = ParamSpec("P")
T = TypeVar("T")
_RUN_IDS = count(1)
MODIFIED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class MemoryStore:
    """Objects by bucket and key, sent in small chunks. A key in `errors` raises its error when it is opened."""

    def __init__(self, chunk_bytes: int = 7) -> None:
        self.objects: dict[tuple[str, str], bytes] = {}
        self.reads: list[tuple[str, int]] = []
        self.errors: dict[str, Exception] = {}
        self._chunk_bytes = chunk_bytes

    def put(self, key: str, *lines: bytes, bucket: str = "captures", compress: bool = False) -> CaptureObject:
        """Store `lines` and return the object as its event would name it."""
        data = b"".join(line + b"\n" for line in lines)
        return self.put_bytes(key, gzip.compress(data) if compress else data, bucket)

    def put_bytes(self, key: str, data: bytes, bucket: str = "captures") -> CaptureObject:
        """Store `data` and return the object as its event would name it."""
        self.objects[bucket, key] = data
        return CaptureObject(bucket, key, etag=f"etag-{hash(data)}", size=len(data))

    def open(self, source: CaptureObject, start: int, left_secs: TimeLeft) -> OpenObject | Reason | Superseded:
        """Return the stored object."""
        del left_secs
        self.reads.append((source.key, start))
        if source.key in self.errors:
            raise self.errors[source.key]
        data = self.objects.get((source.bucket, source.key))
        if data is None:
            return Reason(RejectionCode.OBJECT_GONE, "it is gone")
        if source.etag and source.etag != f"etag-{hash(data)}":
            return Superseded()
        if start > len(data):
            raise SourceDamaged(f"the offset {start} lies past the end")
        return OpenObject(self._chunks(data[start:]), MODIFIED)

    def _chunks(self, data: bytes) -> Iterator[bytes]:
        for at in range(0, len(data), self._chunk_bytes):
            yield data[at : at + self._chunk_bytes]


class RecordingDestination:
    """Accepts every row once and answers `duplicate` after that.

    The answers in `script` are given first, one a request. `always`, if it is set, answers all other requests.
    """

    def __init__(self, limits: BatchLimits | None = None) -> None:
        self.limits = limits or BatchLimits()
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

    def row(self, partner_inference_id: str, inference_timestamp: datetime, data: object) -> object:
        """Return the row as Arthur takes it."""
        return Row(partner_inference_id, inference_timestamp, data)

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
        """Store every row that is not stored yet."""
        results = []
        with self._lock:
            for partner_id, row in zip(batch.ids, batch.rows(), strict=True):
                results.append(DUPLICATE if partner_id in self.stored else ACCEPTED)
                self.stored.setdefault(partner_id, row)
        return Receipt(results)

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


class MemoryProgress:
    """Claims by `state_id` and records of runs by id, with the conditions of the real table.

    `claimed` and `saved` list every claim and every record that was stored. `error`, if it is set, is raised by all
    calls of the methods in `failing`.
    """

    def __init__(self) -> None:
        self.claims: dict[str, Claim] = {}
        self.runs: dict[str, RunRecord] = {}
        self.claimed: list[str] = []
        self.saved: list[RunRecord] = []
        self.looked: list[str] = []
        self.error: Unavailable | None = None
        self.failing: set[str] = {"claim", "look", "take", "save"}
        self.lock = Lock()

    def claim(self, state: str, claim: Claim, *, over: Claim | None, within_secs: float) -> Claim:
        """Store `claim` if there is none, or in place of `over`."""
        self._call("claim", within_secs)
        with self.lock:
            known = self.claims.get(state)
            if known is not None and (over is None or (over.run, over.unreadable) != (known.run, known.unreadable)):
                return known
            self.claims[state] = claim
            self.claimed.append(state)
            return claim

    def look(self, run: str, *, within_secs: float) -> RunRecord | None:
        """Return the record of a run."""
        self._call("look", within_secs)
        self.looked.append(run)
        return self.runs.get(run)

    def take(self, run: str, *, within_secs: float) -> RunRecord:
        """Mark a run as taken."""
        self._call("take", within_secs)
        with self.lock:
            self.runs[run] = replace(self.runs.get(run, RunRecord()), taken=True)
            return self.runs[run]

    def save(self, run: str, record: RunRecord, *, within_secs: float) -> RunRecord:
        """Store `record` if the stored one has one save less and is not taken."""
        self._call("save", within_secs)
        with self.lock:
            known = self.runs.get(run, RunRecord())
            if known.taken or known.saves != record.saves - 1:
                return known
            self.runs[run] = record
            self.saved.append(record)
            return record

    def progress(self, source: CaptureObject) -> ProgressRecord | None:
        """Return how far an object is committed: by its run, or else where its run began."""
        claim = self.claims.get(source.state_id or "")
        if claim is None:
            return None
        record = self.runs.get(claim.run, RunRecord())
        return record.reached.get(source.state_hash, claim.progress)

    def _call(self, method: str, within_secs: float) -> None:
        assert within_secs >= 0
        if self.error and method in self.failing:
            raise self.error


class MemoryQuarantine:
    """Quarantine files by version of the object, start and run. `kept` lists the keys of all writes."""

    def __init__(self) -> None:
        self.files: dict[tuple[str, int, str], QuarantineFile] = {}
        self.kept: list[tuple[str, int, str]] = []
        self.error: Exception | None = None

    def keep(self, file: QuarantineFile, *, within_secs: float) -> None:
        """Store `file`, or raise `error`."""
        assert within_secs >= 0
        if self.error:
            raise self.error
        key = (file.source.state_id or file.source.uri, file.start, file.run)
        self.kept.append(key)
        if file.replaces or key not in self.files:
            self.files[key] = replace(file, entries=list(file.entries))


class MemoryQueue:
    """Messages with their delays. With an `error` it sends none."""

    def __init__(self) -> None:
        self.messages: list[tuple[Work, int]] = []
        self.failure: str | None = None

    def put(self, items: Sequence[tuple[Work, int]], *, within_secs: float) -> list[str | None]:
        """Store all works, or return `failure` for each."""
        assert within_secs >= 0
        if self.failure is None:
            self.messages += items
        return [self.failure] * len(items)


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
    destination: RecordingDestination, *, max_in_flight: int = 8, executor: Executor | None = None
) -> Target:
    """Return `destination` as a target of the forwarder; it sends on `executor` if that is given, else on threads."""
    return Target(
        name="fake",
        destination=destination,
        schemas=destination,
        workers=ExecutorWorkers(executor) if executor else Workers(max_in_flight + 1, "fake"),
        max_in_flight=max_in_flight,
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
