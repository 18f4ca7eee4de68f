"""Every fault at every dependency, at its first, middle and last call, and at its first six calls.

`python -m tests.faults.matrix [PART]` runs all cases, or those whose name has the text PART, two at a time. It prints a
table, and fails if any case breaks a promise: each row is accepted once or in quarantine once, rows are sent again only
as stated, healthy rows arrive, no invocation is killed, no message is dead.
"""

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from msgspec import Struct

from tests.faults.harness.conserved import assert_conserved
from tests.faults.harness.faults import TAKEN, Kind, Rule
from tests.faults.harness.receiver import REFUSED_VALUE
from tests.faults.harness.world import FAULTY, HEALTHY, SECRET, FaultWorld, fault_world

OFTEN: Final = 6  # outlasts the SDK's repeats
MAX_RECEIVES: Final = 5
OTHERS: Final = ("arthur-raw", "webhook")  # kinds of destinations; the function calls the others as for `arthur`
_TIMEOUT_SECS = 6.0
_DRAIN_SECS = 45.0
_WORKERS = 2


class Dependency(Struct, frozen=True):
    """A kind of call that the function makes; `own` means that only the faulty route makes the calls with `text`."""

    name: str
    service: str
    operations: frozenset[str]
    text: str = ""
    own: bool = True


DEPENDENCIES: Final = {
    each.name: each
    for each in (
        Dependency("source", "s3", frozenset({"GetObject"}), f"/captures/{FAULTY}"),
        Dependency("quarantine", "s3", frozenset({"PutObject"}), "/quarantine/"),
        Dependency("progress", "dynamodb", frozenset({"GetItem"}), own=False),
        Dependency("save", "dynamodb", frozenset({"PutItem", "UpdateItem"}), own=False),
        Dependency("queue", "sqs", frozenset({"SendMessage", "SendMessageBatch"})),
        Dependency("secret", "secretsmanager", frozenset({"GetSecretValue"})),
        Dependency("model", "api", frozenset({"GetModel"}), f"models/{FAULTY}"),
        Dependency("rows", "api", frozenset({"PostInferences"}), f"models/{FAULTY}"),
    )
}
_STATUSES = {"secret": 400, "save": 400}  # DynamoDB and Secrets Manager throttle with 400


class Case(Struct, frozen=True):
    """One fault at one call of one dependency; `first` counts the calls from 0."""

    kind: Kind
    dependency: str
    place: str
    first: int
    times: int
    tls: bool
    destination: str = "arthur"

    @property
    def name(self) -> str:
        """The name, as the table shows it."""
        fault = f"{self.kind} | {self.dependency} | {self.place}"
        other = "" if self.destination == "arthur" else f"{self.destination} | "
        return f"{other}{fault} | {'TLS' if self.tls else 'plain'}"

    @property
    def again_a_row(self) -> int:
        """How often a row may be accepted more than once: once for each request whose result the function cannot know.

        After a fault of the queue, the secret, the model's attributes or a read, no row comes twice, unless the read
        had a wrong checksum. With two requests at once, the rows that were accepted behind the denied ones come again.
        """
        return self.unknown_results + (self.max_in_flight - 1)

    @property
    def unknown_results(self) -> int:
        """How many requests can have had a result that the function does not know."""
        match self.dependency:
            case "rows":
                return self.times if self.kind in TAKEN - {Kind.SLOW, Kind.EARLY_HINTS} else 0
            case "source":
                return self.times if self.kind is Kind.EDITED else 0
            case "quarantine" | "save" | "progress":
                return self.times
            case _:
                return 0

    @property
    def max_in_flight(self) -> int:
        """How many requests of the faulty route are sent at once."""
        return 2 if self.tls else 1


class Outcome(Struct, frozen=True):
    """The result of a case: the broken promise, or nothing, the time, and how many rows were sent again."""

    name: str
    secs: float
    again: int
    invocations: int
    broken: str = ""

    def __str__(self) -> str:
        broken = f"BROKEN: {self.broken}" if self.broken else "ok"
        return f"{self.secs:5.1f} s | {self.invocations:2} | {self.again:3} | {self.name} | {broken}"


def cases() -> Iterator[Case]:
    """Yield all cases; where a dependency has few calls, its first, middle or last one may be the same."""
    for kind_number, kind in enumerate(Kind):
        for number, (name, calls) in enumerate(counted_calls().items(), start=kind_number):
            places = {calls // 2: "middle", calls - 1: "last", 0: "first"}
            for place_number, (first, place) in enumerate(sorted(places.items()), start=number):
                yield Case(kind, name, place, first, 1, tls=place_number % 2 == 0)
            if kind is not Kind.EDITED or name != "source":  # an object that is always damaged is rejected as a whole
                yield Case(kind, name, "often", 0, OFTEN, tls=number % 2 == 0)
        for number, destination in enumerate(OTHERS, start=kind_number):
            for name in ("rows", "secret"):
                for place, times in (("first", 1), ("often", OFTEN)):
                    yield Case(kind, name, place, 0, times, tls=number % 2 == 0, destination=destination)


@cache
def counted_calls() -> dict[str, int]:
    """Return how many calls of each dependency the same work makes without a fault."""
    never = {name: _rule(each, Kind.SLOW, first=10**9, times=0) for name, each in DEPENDENCIES.items()}
    with TemporaryDirectory() as folder, _offered_world(Path(folder), tls=False, max_in_flight=1) as world:
        world.proxy.rules[:0] = never.values()
        world.drain(within_secs=_DRAIN_SECS)
    return {name: max(1, rule.matched) for name, rule in never.items()}


def _rule(dependency: Dependency, kind: Kind, *, first: int, times: int) -> Rule:
    status = _STATUSES.get(dependency.name, 503)
    return Rule(
        kind,
        dependency.service,
        dependency.operations,
        dependency.text,
        first=first,
        times=times,
        status=status,
        secs=0.3,
    )


@contextmanager
def _offered_world(folder: Path, *, tls: bool, max_in_flight: int, kind: str = "arthur") -> Iterator[FaultWorld]:
    """Offer four objects of the faulty route, with rejected lines and rows, and two of the healthy one.

    One request is answered 403, so that something is requeued.
    """
    with fault_world(folder, timeout_secs=_TIMEOUT_SECS, max_receives=MAX_RECEIVES, tls=tls) as world:
        world.configure(
            function={"checkpoint_secs": 0.05},
            kind=kind,
            secret=SECRET,
            destination={
                "max_inferences": 4,
                "max_in_flight": max_in_flight,
                "read_timeout_secs": 1.0,
            },
            route={} if kind == "webhook" else {"schema": "model"},
        )
        rows = DEPENDENCIES["rows"]
        world.fault(Rule(Kind.STATUS, rows.service, rows.operations, rows.text, first=3, times=1, status=403))
        world.offer(FAULTY, "a", *([number] for number in range(12)))
        world.offer(FAULTY, "b", [1], None, [2, REFUSED_VALUE, 3])
        world.offer(HEALTHY, "c", [1], [2])
        world.offer(FAULTY, "d", [REFUSED_VALUE], [4], [5, 6])
        world.offer(FAULTY, "e", [7])
        world.offer(HEALTHY, "f", [3])
        yield world


def run(case: Case) -> Outcome:
    """Run one case."""
    started = time.monotonic()
    with (
        TemporaryDirectory() as folder,
        _offered_world(Path(folder), tls=case.tls, max_in_flight=case.max_in_flight, kind=case.destination) as world,
    ):
        world.proxy.rules.insert(0, _rule(DEPENDENCIES[case.dependency], case.kind, first=case.first, times=case.times))
        try:
            _check(case, world)
            broken = ""
        except AssertionError as error:
            broken = str(error).partition("\n")[0] or "an assertion failed"
        return Outcome(case.name, time.monotonic() - started, world.sent_again(), len(world.worker.invocations), broken)


def _check(case: Case, world: FaultWorld) -> None:
    world.worker.poll()
    healthy = {partner_id for partner_id, row in world.rows.items() if row.route == HEALTHY}
    if case.dependency in {"secret", "model", "rows"} and case.times == 1:
        assert healthy <= world.receiver.accepted.keys(), "healthy rows have to wait"
    world.drain(within_secs=_DRAIN_SECS)
    assert world.invocations_killed() == 0, "an invocation was killed"
    errors = [each.result.error for each in world.worker.invocations if each.result.error]
    assert not errors, f"the handler raised {errors}"
    own = DEPENDENCIES[case.dependency].own
    assert_conserved(world, again_a_row=case.again_a_row, again_a_healthy_row=0 if own else case.unknown_results)


def main(part: str = "") -> None:
    """Run the cases, print the table, and end with status 1 if a promise is broken."""
    chosen = [case for case in cases() if part in case.name]
    started = time.monotonic()
    with ProcessPoolExecutor(_WORKERS, get_context("spawn")) as pool:
        outcomes = []
        for outcome in pool.map(run, chosen):
            print(outcome, flush=True)
            outcomes.append(outcome)
    broken = sum(bool(outcome.broken) for outcome in outcomes)
    print(f"{len(outcomes)} cases in {time.monotonic() - started:.0f} s, {broken} broken")
    sys.exit(broken > 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
