"""Generated worlds with failures, and their delivery until no message is left."""

from collections.abc import Callable, Iterator
from threading import Lock
from typing import TypeVar

from hypothesis import strategies as st
from msgspec import Struct

from capture_forwarder.domain.batch import Batch, BatchLimits
from capture_forwarder.domain.capture import Work
from capture_forwarder.domain.conservation import ForwardReport, ObjectState
from capture_forwarder.domain.delivery import (
    ACCEPTED,
    DUPLICATE,
    RETRYABLE,
    BatchTooLarge,
    DestinationDenied,
    DestinationUnavailable,
    Reason,
    Receipt,
    RejectionCode,
    RowResult,
    RowStatus,
    Unavailable,
)
from capture_forwarder.domain.progress import Claim, QuarantineFile, RunRecord
from tests.support.captures import capture, csv_side, json_side
from tests.support.memory_stores import MemoryProgress, MemoryQuarantine
from tests.support.memory_world import MemoryWorld, call, fails
from tests.support.quarantine import Rejected, one_by_one

T = TypeVar("T")
REFUSED = RowResult(RowStatus.REJECTED, Reason(RejectionCode.REFUSED_BY_DESTINATION, "status 400: no"))
SHADOW = capture(csv_side("1"), csv_side("1"), invocationSource="ShadowExperiment")
# Two rows; in the first one two nested values come to the same name.
HALF = json_side([{"a": {"b": 1}, "a.b": 2}, {"a": {"b": 1}}])
MISMATCH = capture(csv_side("1\n2\n3"), csv_side("1,2"))

# The behaviour of the destination and of the ports, one entry a call. After the last entry every call succeeds.
ANSWERS = st.lists(
    st.sampled_from(
        ["accept", "accept", "500", "denied", "too large", "miscount", "some", "lost answer", "bug", "slow"]
    ),
    max_size=12,
)
PORTS = st.lists(st.sampled_from(["", "before", "after"]), max_size=8)


class Plan(Struct, frozen=True):
    """One world and all failures in it."""

    objects: list[list[str]]
    answers: list[str]
    progress_fails: list[str]
    quarantine_fails: list[str]
    seconds: list[float]
    refuses_every: int
    too_large_every: int
    max_inferences: int
    max_in_flight: int
    checkpoint_secs: float
    max_rejected_bytes: int
    compressed: bool
    has_queue: bool


PLANS = st.builds(
    Plan,
    objects=st.lists(
        st.lists(
            st.sampled_from(["call", "call", "many", "broken", "shadow", "blank", "mismatch", "half"]), max_size=8
        ),
        min_size=1,
        max_size=4,
    ),
    answers=ANSWERS,
    progress_fails=PORTS,
    quarantine_fails=PORTS,
    seconds=st.lists(st.sampled_from([0.0, 30.0, 100.0]), max_size=4),
    refuses_every=st.sampled_from([2, 3, 1000]),
    too_large_every=st.sampled_from([5, 1000]),
    max_inferences=st.integers(1, 6),
    max_in_flight=st.integers(1, 4),
    checkpoint_secs=st.sampled_from([-1.0, 10.0, 1e9]),
    max_rejected_bytes=st.sampled_from([0, 50, 10**6]),
    compressed=st.booleans(),
    has_queue=st.booleans(),
)


class Failing:
    """Fails at the calls that the plan names: before the call takes effect, or after it, so that its answer is lost."""

    def __init__(self, failures: list[str]) -> None:
        self._failures = iter(failures)

    def stop(self) -> None:
        """Fail no more."""
        self._failures = iter(())

    def __call__(self, call: Callable[[], T]) -> T:
        """Make `call`, or raise `Unavailable`."""
        failure = next(self._failures, "")
        result = None if failure == "before" else call()
        if failure or result is None:
            raise Unavailable("the service answers 500")
        return result


class FailingProgress(MemoryProgress):
    """Fails at the calls that must fail."""

    def __init__(self, failures: list[str]) -> None:
        super().__init__()
        self.fail = Failing(failures)

    def claim(self, state: str, claim: Claim, *, over: Claim | None, within_secs: float) -> Claim:
        """Store `claim`, or fail."""
        store = super().claim
        return self.fail(lambda: store(state, claim, over=over, within_secs=within_secs))

    def take(self, run: str, *, within_secs: float) -> RunRecord:
        """Mark a run as taken, or fail."""
        store = super().take
        return self.fail(lambda: store(run, within_secs=within_secs))

    def save(self, run: str, record: RunRecord, *, within_secs: float) -> RunRecord:
        """Store `record`, or fail."""
        store = super().save
        return self.fail(lambda: store(run, record, within_secs=within_secs))


class FailingQuarantine(MemoryQuarantine):
    """Fails at the calls that must fail."""

    def __init__(self, failures: list[str]) -> None:
        super().__init__()
        self.fail = Failing(failures)

    def keep(self, file: QuarantineFile, *, within_secs: float) -> None:
        """Store `file`, or fail."""
        store = super().keep
        self.fail(lambda: store(file, within_secs=within_secs) or True)


class DeliveryWorld:
    """One world of a plan. `deliver_all` delivers messages again until none is left."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.world = MemoryWorld(
            BatchLimits(max_inferences=plan.max_inferences),
            checkpoint_secs=plan.checkpoint_secs,
            max_rejected_bytes=plan.max_rejected_bytes,
        )
        self.world.max_in_flight = plan.max_in_flight
        self._progress = self.world.progress = FailingProgress(plan.progress_fails)
        self._quarantine = self.world.quarantine = FailingQuarantine(plan.quarantine_fails)
        self.world.has_queue = plan.has_queue
        self.world.destination.always = self.answer
        self.ids: set[str] = set()
        self.bad_lines: set[tuple[str, int]] = set()
        self.bad_rows: set[str] = set()
        self.captures = 0
        self._answers: Iterator[str] = iter(plan.answers)
        self._lock = Lock()
        self.works = [self._object(name, kinds) for name, kinds in enumerate(plan.objects)]

    def _object(self, name: int, kinds: list[str]) -> Work:
        lines = []
        for at, kind in enumerate(kinds):
            number, rows = name * 100 + at, {"call": 1, "many": 3, "half": 2}.get(kind, 0)
            self.ids |= {f"id-{number}"} if rows == 1 else {f"id-{number}_{row}" for row in range(rows)}
            self.bad_rows |= {f"id-{number}_0"} if kind == "half" else set()
            self.bad_lines |= {(f"churn/{name}", at + 1)} if kind in ("broken", "mismatch") else set()
            lines.append(self._line(kind, number, rows))
        return self.world.put(str(name), *lines, compress=self.plan.compressed)

    def _line(self, kind: str, number: int, rows: int) -> bytes:
        if kind == "half":
            return capture(HALF, HALF, inferenceId=f"id-{number}")
        good = call(number, rows)
        return {"broken": b"broken", "shadow": SHADOW, "blank": b"", "mismatch": MISMATCH}.get(kind, good)

    def refused(self) -> set[str]:
        """Return the ids of the inferences that the destination rejects."""
        return self.bad_rows | {one for one in self.ids if self.refuses(one) or self.too_large(one)}

    def refuses(self, partner_id: str) -> bool:
        """Tell whether the destination rejects this inference."""
        return sum(partner_id.encode()) % self.plan.refuses_every == 1

    def too_large(self, partner_id: str) -> bool:
        """Tell whether a request that holds this inference is too large."""
        return sum(partner_id.encode()) % self.plan.too_large_every == 2

    def answer(self, batch: Batch) -> Receipt:
        """Answer as the plan says; several threads call this, one at a time."""
        answer = next(self._answers, "accept")
        ways: dict[str, Callable[[Batch], Receipt]] = {
            "500": fails(DestinationUnavailable("status 500", retry_after_secs=5.0)),
            "denied": fails(DestinationDenied("status 403: correct the token")),
            "bug": fails(RuntimeError("a bug")),
            "miscount": lambda _: Receipt([ACCEPTED] * (len(batch.ids) + 1)),
            "lost answer": self._accept_without_answer,
            "some": self._accept_every_other,
            "slow": self._accept_slowly,
        }
        if answer == "too large" and len(batch.ids) > 1:
            raise BatchTooLarge
        return ways.get(answer, self._accept)(batch)

    def _accept(self, batch: Batch) -> Receipt:
        ids = batch.ids
        if any(map(self.too_large, ids)):
            raise BatchTooLarge
        stored, results = self.world.destination.stored, []
        for row, partner_id in zip(batch.rows(), ids, strict=True):
            if self.refuses(partner_id):
                results.append(REFUSED)
            else:
                results.append(DUPLICATE if partner_id in stored else ACCEPTED)
                stored.setdefault(partner_id, row)
        return Receipt(results)

    def _accept_without_answer(self, batch: Batch) -> Receipt:
        self._accept(batch)
        raise DestinationUnavailable("connection reset")

    def _accept_slowly(self, batch: Batch) -> Receipt:
        self.world.clock.now += 40
        return self._accept(batch)

    def _accept_every_other(self, batch: Batch) -> Receipt:
        taken = self._accept(batch.of(range(0, len(batch.ids), 2))).results
        return Receipt([taken[at // 2] if at % 2 == 0 else RETRYABLE for at in range(len(batch.ids))])

    def deliver_all(self) -> None:
        """Deliver messages until none is left. One delivery for each failure, and four more, must be enough."""
        failures = [*self.plan.answers, *self.plan.seconds, *self.plan.progress_fails, *self.plan.quarantine_fails]
        seconds, messages = iter(self.plan.seconds), self.works
        for _ in range(len(failures) + 4):
            if not messages:
                return
            self.later(next(seconds, 900.0))
            reports = self.world.forward(*messages)
            self._check(reports)
            messages = [work for work, report in zip(messages, reports, strict=True) if not report.complete]
            messages += [work for work, _ in self.world.queue.messages]
            self.world.queue.messages.clear()
        raise AssertionError("messages are left after enough deliveries")

    def kept(self) -> list[tuple[str, Rejected]]:
        """Return all rejections in quarantine, each with the key of its object."""
        return [
            (file.source.key, entry)
            for file in self.world.quarantine.files.values()
            for entry in one_by_one(file.entries)
        ]

    def stop_failing(self) -> None:
        """Let every later call of the stores succeed."""
        self._progress.fail.stop()
        self._quarantine.fail.stop()

    def later(self, left_secs: float) -> None:
        """Begin the next invocation, some time after the last one."""
        self.world.next_invocation(left_secs=left_secs)

    def _check(self, reports: list[ForwardReport]) -> None:
        for report in reports:
            self.captures += report.captures
            assert report.balanced
            assert report.state is not ObjectState.FAILED
            assert report.complete or report.state is not ObjectState.REQUEUED, "it has two messages"
            if report.complete and report.state is not ObjectState.REQUEUED:
                assert report.inferences.pending == 0
                assert report.unquarantined == 0
