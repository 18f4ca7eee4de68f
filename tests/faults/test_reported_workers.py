"""What was reported from outside about several workers on one object."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.harness.conserved import assert_conserved
from tests.faults.harness.entries import entries
from tests.faults.harness.faults import Kind, Rule
from tests.faults.harness.receiver import REFUSED_VALUE
from tests.faults.harness.world import FAULTY, FaultWorld, fault_world

pytestmark = pytest.mark.timeout(120)

POST = frozenset({"PostInferences"})
DYNAMODB_WRITES = frozenset({"PutItem", "UpdateItem", "TransactWriteItems"})


@pytest.fixture
def world(tmp_path: Path) -> Iterator[FaultWorld]:
    """Give an empty world whose function has four seconds; messages may be received often."""
    with fault_world(tmp_path, timeout_secs=4.0, max_receives=100) as running:
        yield running


def offer_rows(world: FaultWorld, *, rows: int) -> None:
    """Offer one object; a third of its rows is refused. Its event comes twice, 0.3 s apart."""
    calls = ([REFUSED_VALUE if number % 3 == 2 else 1] for number in range(rows))
    record = world.offer(FAULTY, "a", *calls)
    world.send({"Records": [record]})


@pytest.mark.lengthy
def test_two_events_of_one_object_send_no_row_twice(world: FaultWorld) -> None:
    """Two workers receive the same event, the second 0.3 s later: one of them forwards, and each row is sent once."""
    world.configure(destination={"max_inferences": 10, "max_in_flight": 1})
    world.receiver.secs_per_row = 0.003
    offer_rows(world, rows=300)
    first = world.new_worker(batch_size=1).start()
    while not world.receiver.sizes:
        time.sleep(0.01)
    time.sleep(0.3)
    second = world.new_worker(batch_size=1).start()
    first.join()
    second.join()
    world.drain(within_secs=40.0)
    assert len(entries()) == 100
    assert_conserved(world)


@pytest.mark.lengthy
@pytest.mark.parametrize(
    ("service", "operations"), [("api", POST), ("s3", frozenset({"PutObject"})), ("dynamodb", DYNAMODB_WRITES)]
)
def test_a_worker_that_is_paused_past_its_lease_changes_nothing(
    world: FaultWorld, service: str, operations: frozenset[str]
) -> None:
    """It is stopped at its second request, another one finishes, and it goes on: quarantine and progress stay."""
    world.configure(function={"checkpoint_secs": 0.05}, destination={"max_inferences": 10, "max_in_flight": 1})
    world.receiver.secs_per_row = 0.001
    offer_rows(world, rows=300)
    paused = world.new_worker(batch_size=1)

    def pause() -> None:
        assert paused.environment
        paused.environment.pause()

    world.fault(Rule(Kind.SLOW, service, operations, first=1, times=1, hook=pause))
    thread = paused.start()
    while not world.proxy.rules[0].applied:
        assert thread.is_alive(), "it ended before it was paused"
        time.sleep(0.01)
    kill_and_drain(world)
    assert paused.environment
    paused.environment.resume()
    thread.join()
    world.drain(within_secs=40.0)
    assert len(entries()) == 100
    assert_conserved(world, again_a_row=1)


def kill_and_drain(world: FaultWorld) -> None:
    """Let the other worker forward the object: its second event is received, and waits for the lease."""
    end = time.monotonic() + 40
    while len(world.receiver.accepted) + len(world.receiver.refused) < len(world.rows):
        assert time.monotonic() < end, "the other worker has not finished"
        if world.worker.poll() is None:
            time.sleep(0.1)
