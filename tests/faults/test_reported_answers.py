"""What was reported from outside about answers: what may reject rows, and what must leave them pending."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.harness.conserved import assert_conserved
from tests.faults.harness.entries import entries
from tests.faults.harness.faults import Kind, Rule
from tests.faults.harness.world import FAULTY, HEALTHY, SECRET, FaultWorld, fault_world

pytestmark = pytest.mark.timeout(90)

POST = frozenset({"PostInferences"})
READS = frozenset({"GetObject"})
# 405 to 499 without those that are about rows, and without those that were understood before.
OF_THE_WAY = (
    *(405, 406, 407, 409, 410, 411, 412, 414, 415, 416, 417, 418, 419, 421, 423, 424, 426, 428, 431, 440, 444, 449),
    *(451, 460, 463, 464, 494, 495, 496, 497, 498, 499),
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[FaultWorld]:
    """Give an empty world whose function has six seconds."""
    with fault_world(tmp_path) as running:
        yield running


@pytest.mark.parametrize("times", [1, 1000])
def test_an_answer_after_early_hints_is_read(world: FaultWorld, times: int) -> None:
    """A proxy on the way sends 103 before the answer: no row is lost, and none is both accepted and rejected."""
    world.fault(Rule(Kind.EARLY_HINTS, "api", POST, text=FAULTY, times=times))
    world.configure(destination={"max_inferences": 10, "max_in_flight": 1})
    world.offer(FAULTY, "a", *([number] for number in range(50)))
    world.drain()
    assert_conserved(world)


def test_an_endless_answer_to_rows_that_were_taken_rejects_none(world: FaultWorld) -> None:
    """Rows whose answer has no end are pending: none is in quarantine, though it was accepted."""
    world.fault(Rule(Kind.ENDLESS, "api", POST, text=FAULTY))
    world.offer(FAULTY, "a", *([number] for number in range(30)))
    world.worker.poll()
    assert world.invocations_killed() == 0
    assert entries() == []
    assert_conserved(world, pending=True, again_a_row=20)
    world.heal()
    world.drain()
    assert_conserved(world, again_a_row=20)


def test_a_status_that_speaks_of_the_way_rejects_no_row(world: FaultWorld) -> None:
    """A destination for each of these statuses: rows are pending until it answers otherwise, then all arrive."""
    routes = {status: f"status-{status}" for status in OF_THE_WAY}
    world.configure(routes=tuple(routes.values()))
    for status, route in routes.items():
        world.fault(Rule(Kind.STATUS, "api", POST, text=f"models/{route}/", status=status))
        world.offer(route, "a", [status], [status])
    world.new_worker(batch_size=100).poll()
    assert entries() == []
    assert world.invocations_killed() == 0
    assert_conserved(world, pending=True)
    world.heal()
    world.drain()
    assert_conserved(world)


def test_a_read_with_a_wrong_checksum_is_read_again(world: FaultWorld) -> None:
    """S3 delivers other bytes once, under the right checksum: at the end every row has its true value."""
    world.fault(Rule(Kind.EDITED, "s3", READS, text=FAULTY, times=1))
    world.offer(FAULTY, "a", *([1] for _ in range(500)))
    world.drain()
    last = [world.receiver.values[partner_id][-1]["feature_1"] for partner_id in world.rows]
    assert last == [2.5] * 500
    assert_conserved(world, again_a_row=1)


def test_an_object_whose_checksum_stays_wrong_is_rejected(world: FaultWorld) -> None:
    """Every read has a wrong checksum: the object is in quarantine, its message is gone, others arrive."""
    world.fault(Rule(Kind.EDITED, "s3", READS, text=FAULTY))
    world.offer(FAULTY, "a", *([1] for _ in range(5)))
    world.offer(HEALTHY, "b", [1])
    world.drain()
    assert [(entry.line, entry.code) for entry in entries()] == [(0, "object_damaged")]
    assert world.receiver.accepted["healthy/b.jsonl-1"] == 1


def test_a_good_token_is_used_while_secrets_manager_throttles(world: FaultWorld) -> None:
    """The API refuses the token once, and the store is throttled: the last token is used, and no one is denied."""
    world.configure(destination={"secret": SECRET, "max_in_flight": 1})
    world.offer(FAULTY, "a", [1])
    world.worker.poll()
    world.fault(Rule(Kind.STATUS, "secretsmanager", status=400))
    world.fault(Rule(Kind.STATUS, "api", POST, text=FAULTY, status=401, times=1))
    world.offer(FAULTY, "b", [1])
    world.worker.poll()
    assert world.receiver.accepted["faulty/b.jsonl-1"] == 1
    assert "request denied" not in world.log.read_text(encoding="utf-8")
    world.heal()
    world.drain()
    assert_conserved(world)
