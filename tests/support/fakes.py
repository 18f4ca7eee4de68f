"""Ports that live in memory and remember; the contract suites run on them and on the real adapters."""

import gzip
import json
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Condition, Lock
from typing import Any

from capture_forwarder.destinations.arthur.wire import Row
from capture_forwarder.domain.batch import Batch, BatchLimits
from capture_forwarder.domain.capture import CaptureObject, Work
from capture_forwarder.domain.delivery import (
    ACCEPTED,
    DUPLICATE,
    LeaseLost,
    Reason,
    Receipt,
    RejectionCode,
    RowResult,
    Superseded,
)
from capture_forwarder.domain.notices import Notice
from capture_forwarder.domain.progress import LineSpan, ProgressRecord, QuarantineFile
from capture_forwarder.domain.schema import ModelSchema
from capture_forwarder.forward.run import Deadline, Run
from capture_forwarder.forward.sending import Target
from capture_forwarder.ports import Observer, OpenObject

WRITTEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class MemoryStore:
    """Objects by bucket and key; a chunk size of one shows that chunks do not matter."""

    def __init__(self, chunk_bytes: int = 7) -> None:
        self.objects: dict[tuple[str, str], bytes] = {}
        self.reads: list[tuple[str, int]] = []
        self.failure: dict[str, Exception] = {}
        self._chunk_bytes = chunk_bytes

    def put(self, key: str, *lines: bytes, bucket: str = "captures", compress: bool = False) -> CaptureObject:
        """Store `lines` and return the object as its event would name it."""
        data = b"".join(line + b"\n" for line in lines)
        stored = self.objects[bucket, key] = gzip.compress(data) if compress else data
        return CaptureObject(bucket, key, etag=f"etag-{hash(stored)}", size=len(stored))

    def open(self, source: CaptureObject, start: int) -> OpenObject | Reason | Superseded:
        """Return what was put."""
        self.reads.append((source.key, start))
        if source.key in self.failure:
            raise self.failure[source.key]
        data = self.objects.get((source.bucket, source.key))
        if data is None:
            return Reason(RejectionCode.OBJECT_GONE, "it is gone")
        if source.etag and source.etag != f"etag-{hash(data)}":
            return Superseded()
        return OpenObject(self._chunks(data[start:]), WRITTEN)

    def _chunks(self, data: bytes) -> Iterator[bytes]:
        for at in range(0, len(data), self._chunk_bytes):
            yield data[at : at + self._chunk_bytes]


class RecordingDestination:
    """Accepts everything once, answers `duplicate` after that; `script` makes it answer otherwise first."""

    def __init__(self, limits: BatchLimits | None = None) -> None:
        self.limits = limits or BatchLimits()
        self.batches: list[list[str]] = []
        self.stored: dict[str, bytes] = {}
        self.times_sent: dict[str, int] = {}
        self.script: list[Callable[[Batch], Receipt]] = []
        self.always: Callable[[Batch], Receipt] | None = None
        self.model_schema = ModelSchema(())
        self.within_secs = 0.0
        self._lock = Lock()

    def row(self, partner_inference_id: str, inference_timestamp: datetime, data: object) -> object:
        """Return the inference as Arthur takes it."""
        return Row(partner_inference_id, inference_timestamp, data)

    def send(self, batch: Batch, *, within_secs: float) -> Receipt:
        """Remember the batch, then answer by script or by what is stored."""
        self.within_secs = within_secs
        with self._lock:
            self.batches.append(batch.ids)
            for partner_id in self.batches[-1]:
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
        """Return the values of a stored inference, by name."""
        return json.loads(self.stored[partner_id])["inference_data"]  # type: ignore[no-any-return]  # of this form

    def schema(self, model_id: str) -> ModelSchema:
        """Return `model_schema` for every model."""
        del model_id
        return self.model_schema


class UnreadResults:
    """A recorder that keeps no result."""

    def record(self, span: LineSpan, start: int, ids: Sequence[str], results: Sequence[RowResult]) -> None:
        """Keep nothing."""


class Crowd:
    """Counts how many posts are under way; lets nobody through before as many are there as are expected."""

    def __init__(self) -> None:
        self.under_way = 0
        self._changed = Condition()

    def meet(self, expected: int) -> bool:
        """Wait until `expected` posts are here together; tell whether they were."""
        with self._changed:
            self.under_way += 1
            self._changed.notify_all()
            return self._changed.wait_for(lambda: self.under_way >= expected, timeout=5)


class MemoryProgress:
    """Positions by state, with the fence that the table keeps."""

    def __init__(self) -> None:
        self.positions: dict[str, ProgressRecord] = {}
        self.loads = 0
        self.saves = 0

    def load(self, sources: Collection[CaptureObject]) -> dict[str, ProgressRecord]:
        """Return what is remembered of `sources`."""
        self.loads += 1
        wanted = {source.state_id for source in sources}
        return {state: position for state, position in self.positions.items() if state in wanted}

    def save(self, source: CaptureObject, position: ProgressRecord, *, expected_fence: int) -> None:
        """Remember `position` unless the fence is another."""
        self.saves += 1
        if source.state_id is None:
            return
        known = self.positions.get(source.state_id)
        if known and known.fence != expected_fence:
            raise LeaseLost("taken over")
        self.positions[source.state_id] = position


class MemoryQuarantine:
    """Files by name: the same start of the same state overwrites."""

    def __init__(self) -> None:
        self.files: dict[tuple[str, int], QuarantineFile] = {}
        self.failure: Exception | None = None

    def keep(self, file: QuarantineFile) -> None:
        """Remember `file`."""
        if self.failure:
            raise self.failure
        self.files[file.source.state_id or file.source.uri, file.start] = file


class MemoryQueue:
    """What was put back, with its delay."""

    def __init__(self) -> None:
        self.messages: list[tuple[Work, int]] = []
        self.failure: Exception | None = None

    def put(self, work: Work, *, delay_secs: int) -> None:
        """Remember `work`."""
        if self.failure:
            raise self.failure
        self.messages.append((work, delay_secs))


class Watching:
    """Observer that remembers every event."""

    def __init__(self) -> None:
        self.events: list[Notice] = []

    def notice(self, event: Notice) -> None:
        """Remember `event`."""
        self.events.append(event)


class Clock:
    """Time that passes only when somebody sleeps or says so."""

    def __init__(self, left_secs: float = 900.0) -> None:
        self.now = 1_000_000.0
        self.ends = self.now + left_secs
        self.naps: list[float] = []

    def read(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, secs: float) -> None:
        """Let `secs` pass."""
        self.naps.append(secs)
        self.now += secs

    def left(self) -> float:
        """Return the time until the invocation ends."""
        return self.ends - self.now


def target(destination: RecordingDestination, *, max_in_flight: int = 8, executor: Executor | None = None) -> Target:
    """Return `destination` as the forwarder uses it."""
    return Target(
        name="fake",
        destination=destination,
        schemas=destination,
        executor=executor or ThreadPoolExecutor(max_in_flight),
        max_in_flight=max_in_flight,
    )


def a_run(clock: Clock | None = None, watching: Observer | None = None) -> Run:
    """Return a run of fifteen minutes in which nobody really sleeps."""
    clock = clock or Clock()
    return Run(
        deadline=Deadline(lambda: 1000 * clock.left()),
        clock=clock.read,
        now=clock.read,
        sleep=clock.sleep,
        jitter=lambda: 0.5,
        observer=watching or Watching(),
    )
