"""The local form: the function's own forwarder, in threads of this process."""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice, takewhile
from threading import Event

from msgspec import Struct, field

from capture_forwarder.bootstrap import Runtime
from capture_forwarder.domain.capture import CaptureObject, Work
from capture_forwarder.domain.conservation import ForwardReport, InferenceCounts, LineCounts, ObjectState
from capture_ops.backfill.messages import MAX_OBJECTS
from capture_ops.backfill.parallel import in_parallel

# How long a killed run keeps its lease on an object, and the longest wait that a destination may ask for.
_LEASE_SECS = 300.0
# The time that a run of that length reserves for committing. After an interruption it reads and sends no more.
_COMMIT_SECS = 15.0
_NO_QUARANTINE = "there is no quarantine for its rejections: name the stack, or set CAPTURE_FORWARDER_QUARANTINE_BUCKET"
_INTERRUPTED = "It was interrupted; batches under way were committed as far as they got."
_NOTHING_ACCEPTED = "It was stopped, because nothing of a whole batch was accepted."


class Outcome(Struct):
    """The sums of all reports, the reasons of unfinished objects, and why the run ended early, if it did."""

    objects: Counter[ObjectState] = field(default_factory=Counter)
    lines: LineCounts = field(default_factory=LineCounts)
    inferences: InferenceCounts = field(default_factory=InferenceCounts)
    unfinished: Counter[str] = field(default_factory=Counter)
    failure: str | None = None

    @property
    def complete(self) -> bool:
        """Return whether every object is finished."""
        return self.failure is None and self.balanced and not self.unfinished

    @property
    def balanced(self) -> bool:
        """Return whether lines and inferences add up."""
        return self.lines.balanced and self.inferences.balanced

    def add(self, reports: list[ForwardReport]) -> None:
        """Add the reports of one batch; one without a finished object, or with rows and none accepted, ends the run."""
        batch = InferenceCounts()
        for report in reports:
            self.objects[report.state] += 1
            self.lines += report.lines
            batch += report.inferences
        self.inferences += batch
        unfinished = [report for report in reports if not report.complete]
        self.unfinished.update(report.why or _NO_QUARANTINE for report in unfinished)
        if len(unfinished) == len(reports) or (batch.pending and not batch.accepted + batch.duplicate):
            self.failure = _NOTHING_ACCEPTED


def forward_all(runtime: Runtime, sources: Iterable[CaptureObject], threads: int, stopped: Event) -> Iterator[Outcome]:
    """Forward `sources` in batches until `stopped` is set, and yield the outcome so far after each batch."""
    outcome = Outcome()
    batches = takewhile(lambda _: outcome.failure is None, _batches(sources))
    for reports in in_parallel(partial(_forward, runtime, stopped), batches, threads, stopped):
        outcome.add(reports)
        yield outcome
    if stopped.is_set():
        outcome.failure = _INTERRUPTED
    yield outcome


def _batches(sources: Iterable[CaptureObject]) -> Iterator[list[Work]]:
    remaining = iter(sources)
    while batch := [Work(source) for source in islice(remaining, MAX_OBJECTS)]:
        yield batch


def _forward(runtime: Runtime, stopped: Event, works: list[Work]) -> list[ForwardReport]:
    # There is no time limit here; every checkpoint renews the lease.
    return runtime.forward(works, lambda: 1000 * (_COMMIT_SECS if stopped.is_set() else _LEASE_SECS))
