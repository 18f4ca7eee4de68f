"""A forwarder of captures with all its ports in memory."""

from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor

import pytest
from msgspec.structs import replace

from capture_forwarder.domain.batch import Batch, BatchLimits
from capture_forwarder.domain.capture import Work
from capture_forwarder.domain.conservation import ForwardReport
from capture_forwarder.domain.delivery import Reason, Receipt, RejectionCode, RowResult, RowStatus
from capture_forwarder.domain.progress import Claim, ProgressRecord, RunRecord
from capture_forwarder.domain.route import Route, Router
from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType
from capture_forwarder.forward.committing.object_commits import ObjectCommitter
from capture_forwarder.forward.committing.requeueing import Requeueing
from capture_forwarder.forward.forwarder import Forwarder
from capture_forwarder.forward.reading import ReadLimits
from capture_forwarder.forward.workers import Workers
from capture_forwarder.kinds.captures.decoder import CaptureKind
from tests.support.captures import capture, csv_side
from tests.support.fakes import Clock, RecordingDestination, RecordingObserver, make_run, make_target
from tests.support.memory_stores import MemoryProgress, MemoryQuarantine, MemoryQueue, MemoryStore
from tests.support.quarantine import Rejected, one_by_one

ROUTE = Route(name="churn", bucket="captures", prefix="churn/", destination="fake", model_id="m")
NO = RowResult(RowStatus.REJECTED, Reason(RejectionCode.REFUSED_BY_DESTINATION, "status 400: no"))
# The attributes of the calls that `call` returns, under the names that they get without a schema.
SCHEMA = ModelSchema(
    (
        Attribute("feature_0", Stage.PIPELINE_INPUT, ValueType.INTEGER, 0),
        Attribute("prediction_0", Stage.PREDICTED_VALUE, ValueType.INTEGER, 0),
    )
)
on_either_path = pytest.mark.parametrize("schema", [None, SCHEMA], ids=["without a schema", "with a schema"])


class MemoryWorld:
    """One forwarder and its ports.

    `schema` is the schema of its first route; `reading` are fields of `ReadLimits`. Requests are sent on `senders` if
    it is set, else on threads.
    """

    def __init__(
        self,
        limits: BatchLimits | None = None,
        *,
        route: Route = ROUTE,
        schema: ModelSchema | None = None,
        max_in_flight: int = 8,
        **reading: float,
    ) -> None:
        self.store = MemoryStore()
        self.destination = RecordingDestination(limits)
        self.progress = MemoryProgress()
        self.quarantine = MemoryQuarantine()
        self.has_quarantine = True
        self.queue = MemoryQueue()
        self.has_queue = True
        self.observer = RecordingObserver()
        self.has_progress = True
        self.requeueing = Requeueing()
        self.clock = Clock()
        self.max_in_flight = max_in_flight
        self.senders: Executor | None = None
        self.limits = ReadLimits(**reading)  # type: ignore[arg-type]  # each test names the one that it is about
        self.routes: tuple[Route, ...] = (replace(route, schema=schema) if schema else route,)

    def put(self, key: str, *lines: bytes, compress: bool = False) -> Work:
        """Store an object below the route's prefix and return the work that its event asks for."""
        return Work(self.store.put(f"churn/{key}", *lines, compress=compress))

    def forward(self, *works: Work) -> list[ForwardReport]:
        """Forward `works` in one run, and check that every report is balanced."""
        with ThreadPoolExecutor(8) as executor:
            target = make_target(self.destination, max_in_flight=self.max_in_flight, executor=self.senders or executor)
            forwarder = Forwarder(
                routes=Router(self.routes),
                store=self.store,
                readers=Workers(8, "readers"),
                targets={"fake": target, "fast": replace(target, name="fast")},
                kind=CaptureKind(),
                committer=ObjectCommitter(
                    self.progress if self.has_progress else None,
                    self.quarantine if self.has_quarantine else None,
                    self.queue if self.has_queue else None,
                    day=lambda: "2026/01/02",
                    requeueing=self.requeueing,
                ),
                limits=self.limits,
            )
            reports = forwarder.forward(works, make_run(self.clock, self.observer))
        assert all(report.balanced for report in reports)
        return reports

    def accept_after(self, secs: float) -> None:
        """From now on let every request take so many seconds, and accept its rows."""

        def accept(batch: Batch) -> Receipt:
            self.clock.now += secs
            return self.destination.accept(batch)

        self.destination.always = accept

    def next_invocation(self, *, left_secs: float = 900.0, after_secs: float = 2000.0) -> None:
        """Begin another invocation some time later, when all leases have expired."""
        now = self.clock.now + after_secs
        self.clock = Clock(left_secs)
        self.clock.now, self.clock.ends = now, now + left_secs

    def saved(self, work: Work) -> ProgressRecord:
        """Return the stored progress of an object."""
        record = self.progress.progress(work.source)
        assert record is not None
        return record

    def set_claim(self, work: Work, claim: Claim, record: RunRecord | None = None) -> None:
        """Store the claim of an object, and the record of its run, as an earlier run would have."""
        self.progress.claims[work.source.state_id or ""] = claim
        if record:
            self.progress.runs[claim.run] = record

    def requeued(self) -> tuple[Work, int]:
        """Return the only message in the queue and its delay."""
        (message,) = self.queue.messages
        return message

    def entries(self) -> list[Rejected]:
        """Return every rejection in quarantine, file by file."""
        return [one for _, file in sorted(self.quarantine.files.items()) for one in one_by_one(file.entries)]

    def quarantined(self) -> list[tuple[RejectionCode, int, int | None]]:
        """Return code, line and row of every rejection in quarantine."""
        return [(entry.code, entry.line, entry.index) for entry in self.entries()]


def call(number: int, rows: int = 1) -> bytes:
    """Return the capture of one call with the id `id-{number}`; the values of a row are its index."""
    text = "\n".join(str(row) for row in range(rows))
    return capture(csv_side(text), csv_side(text), inferenceId=f"id-{number}")


def answers(*results: RowResult) -> Callable[[Batch], Receipt]:
    """Return an answer of these results for any batch."""
    return lambda _: Receipt(list(results))


def fails(error: BaseException) -> Callable[[Batch], Receipt]:
    """Return an answer that raises `error`."""

    def fail(_: Batch) -> Receipt:
        raise error

    return fail
