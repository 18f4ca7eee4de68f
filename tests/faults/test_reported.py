"""What was reported from outside about time: slow and hanging dependencies, sizes, memory and writes."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.harness.conserved import assert_conserved
from tests.faults.harness.entries import entries
from tests.faults.harness.faults import Kind, Rule
from tests.faults.harness.function import Invocation
from tests.faults.harness.messages import Request
from tests.faults.harness.receiver import REFUSED_VALUE
from tests.faults.harness.world import FAULTY, HEALTHY, SECRET, FaultWorld, fault_world

pytestmark = pytest.mark.timeout(90)

DYNAMODB_WRITES = frozenset({"PutItem", "UpdateItem", "TransactWriteItems", "BatchWriteItem"})
SENDS = frozenset({"SendMessage", "SendMessageBatch"})
POST = frozenset({"PostInferences"})
FIXED_KB = 100 * 1024
KB_OF_THE_FUNCTION = 512 * 1024


@pytest.fixture
def world(tmp_path: Path) -> Iterator[FaultWorld]:
    """Give an empty world whose function has six seconds."""
    with fault_world(tmp_path) as running:
        yield running


@pytest.fixture(params=["plain", "TLS"])
def either_world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FaultWorld]:
    """Give an empty world, with and without TLS."""
    with fault_world(tmp_path, tls=request.param == "TLS") as running:
        yield running


def offer_ten(world: FaultWorld, *, faulty: int) -> None:
    """Offer ten objects, so many of them of the faulty route, in the order of their names."""
    for number in range(10):
        world.offer(FAULTY if number < faulty else HEALTHY, f"o{number}", [number], [number])


def check_trouble_stays(world: FaultWorld, *, polls: int, again_a_row: int = 0) -> None:
    """Poll while the fault lasts: no invocation is killed, healthy rows arrive. Then heal: all rows arrive."""
    for _ in range(polls):
        world.worker.poll()
    assert world.invocations_killed() == 0
    healthy = {partner_id for partner_id, row in world.rows.items() if row.route == HEALTHY}
    assert healthy <= world.receiver.accepted.keys(), "healthy rows have not arrived"
    assert_conserved(world, pending=True, again_a_row=again_a_row)
    world.heal()
    world.drain()
    assert_conserved(world, again_a_row=again_a_row)


@pytest.mark.parametrize("kind", [Kind.DRIP_HEADERS, Kind.DRIP_BODY])
def test_an_answer_a_byte_at_a_time_holds_up_no_other_model(either_world: FaultWorld, kind: Kind) -> None:
    """The read timeout bounds a whole answer: the function ends in time, and nine healthy objects arrive."""
    world = either_world
    world.configure(destination={"read_timeout_secs": 2.0})
    world.fault(Rule(kind, "api", POST, text=f"models/{FAULTY}"))
    offer_ten(world, faulty=1)
    check_trouble_stays(world, polls=2, again_a_row=20)


def test_a_destination_that_hangs_with_many_rows_holds_up_no_other(world: FaultWorld) -> None:
    """More rows than can be in flight come first: the objects of another destination behind them arrive all the same."""
    world.configure(destination={"max_inferences": 2, "max_in_flight": 2})
    world.fault(Rule(Kind.HANG, "api", POST, text=f"models/{FAULTY}"))
    for number in range(3):
        world.offer(FAULTY, f"o{number}", *([row] for row in range(20)))
    world.offer(HEALTHY, "o3", [1])
    check_trouble_stays(world, polls=2)


def test_a_schema_that_hangs_holds_up_no_other_model(world: FaultWorld) -> None:
    """The GET of a model's attributes hangs: objects of other models arrive in the same invocation."""
    world.configure(route={"schema": "model"})
    world.fault(Rule(Kind.HANG, "api", frozenset({"GetModel"}), text=f"models/{FAULTY}"))
    offer_ten(world, faulty=5)
    check_trouble_stays(world, polls=1)


def test_a_write_of_progress_that_hangs_ends_no_invocation(world: FaultWorld) -> None:
    """Every write to the table hangs: the function answers in time, and no row comes more than once again."""
    world.fault(Rule(Kind.HANG, "dynamodb", DYNAMODB_WRITES))
    for number in range(6):
        world.offer(FAULTY, f"o{number}", [number])
    world.worker.poll()
    assert world.invocations_killed() == 0
    assert_conserved(world, pending=True)
    world.heal()
    world.drain()
    assert_conserved(world, again_a_row=1)


def test_a_secret_that_hangs_holds_up_no_other_destination(world: FaultWorld) -> None:
    """Secrets Manager hangs: the destination with a token of the environment gets its rows."""
    world.configure(destination={"secret": SECRET})
    world.fault(Rule(Kind.HANG, "secretsmanager"))
    offer_ten(world, faulty=5)
    check_trouble_stays(world, polls=1)


def test_all_messages_of_a_large_batch_are_put_back_in_time(world: FaultWorld) -> None:
    """100 messages, API down, each call of SQS takes 50 ms: no kill, no second message for an object, none dead."""
    world.fault(Rule(Kind.STATUS, "api", POST, text=FAULTY, status=503, headers={"retry-after": "3600"}))
    world.fault(Rule(Kind.SLOW, "sqs", SENDS, secs=0.05))
    for number in range(100):
        world.offer(FAULTY, f"o{number:03}", [number])
    worker = world.new_worker(batch_size=100)
    invocation = worker.poll()
    assert invocation
    assert invocation.messages == 100
    assert world.invocations_killed() == 0
    assert_conserved(world, pending=True)


def test_a_slow_receiver_gets_smaller_batches(world: FaultWorld) -> None:
    """It takes longer for 200 rows than the read timeout: all rows arrive, and few are sent again."""
    world.receiver.secs_per_row = 0.015
    check_batches_shrink(world, rows=400)


def test_a_gateway_that_answers_504_gets_smaller_batches(world: FaultWorld) -> None:
    """A gateway passes large requests on, and answers 504: all rows arrive, and few are sent again."""
    world.fault(
        Rule(Kind.STATUS_AFTER, "api", POST, text=FAULTY, status=504, when=lambda request: rows_in(request.body) > 60)
    )
    check_batches_shrink(world, rows=400)


def rows_in(body: bytes) -> int:
    """Return how many rows a request has."""
    return body.count(b"partner_inference_id")


def check_batches_shrink(world: FaultWorld, *, rows: int) -> None:
    """Two failures at each of a few sizes: every row is sent at most eight times."""
    world.configure(destination={"read_timeout_secs": 1.0, "max_inferences": 200})
    worker = world.new_worker(timeout_secs=15.0)
    world.offer(FAULTY, "a", *([number] for number in range(rows)))
    for _ in range(3):
        worker.poll()
    assert world.invocations_killed() == 0
    assert sum(world.receiver.sizes) <= 8 * rows
    assert_conserved(world, again_a_row=7)


def test_a_413_that_tls_loses_leads_to_smaller_batches(tmp_path: Path) -> None:
    """A server answers large requests before it reads them and closes, which loses the answer over TLS."""
    with fault_world(tmp_path, tls=True) as world:
        early = world.fault(Rule(Kind.EARLY_STATUS, "api", POST, text=FAULTY, status=413, when=is_large))
        world.offer(FAULTY, "a", *([number] for number in range(200)), text="x" * 10_000)
        world.worker.poll()
        world.worker.poll()
        assert early.applied <= 20, "the same large request was sent again and again"
        assert_conserved(world)


def is_large(request: Request) -> bool:
    """Tell whether a request is larger than a server takes."""
    return request.body_bytes > 300_000


def test_a_call_of_which_every_row_is_refused_takes_little_memory(world: FaultWorld) -> None:
    """2,500 rows of one call, all refused: each is in quarantine once, within the memory of the function."""
    invocation = forward_one(world, [REFUSED_VALUE] * 2500, text="x" * 80)
    assert invocation.result.peak_kb < KB_OF_THE_FUNCTION


def test_six_megabytes_of_refused_rows_take_little_memory(world: FaultWorld) -> None:
    """25,000 rows of one call, all refused: each is in quarantine once, within the memory of the function."""
    invocation = forward_one(world, [REFUSED_VALUE] * 25_000, text="x" * 230)
    assert invocation.result.peak_kb < KB_OF_THE_FUNCTION


def test_a_call_of_very_many_rows_takes_little_memory(world: FaultWorld) -> None:
    """170,000 rows of one call: the memory is 100 MB and eight times the line."""
    world.receiver.keeps_values = False
    record = world.put(FAULTY, "a", [1] * 170_000)
    world.send({"Records": [record]})
    worker = world.new_worker(timeout_secs=60.0)
    invocation = worker.poll()
    assert invocation
    assert invocation.result.peak_kb < FIXED_KB + 8 * record["s3"]["object"]["size"] // 1024
    assert_conserved(world)


def forward_one(world: FaultWorld, *calls: list[int] | None, text: str = "a") -> Invocation:
    """Offer one object, and return the invocation that forwards it."""
    world.offer(FAULTY, "a", *calls, text=text)
    invocation = world.new_worker(timeout_secs=60.0).poll()
    assert invocation
    assert_conserved(world)
    return invocation


def test_rejected_lines_lead_to_few_writes_of_progress(world: FaultWorld) -> None:
    """A good line waits for its batch, and 1,500 lines of 10 kB are rejected: progress is written by time."""
    forward_one(world, [1], *([None] * 1500), text="x" * 10_000)
    writes = sum(world.proxy.calls["dynamodb", name] for name in DYNAMODB_WRITES)
    assert writes <= 5
    assert len(entries()) == 1500


def test_a_wait_that_the_api_asks_for_is_kept(world: FaultWorld) -> None:
    """Retry-After: 600 is the delay of the message, though the function's own first delay is shorter."""
    world.fault(Rule(Kind.STATUS, "api", POST, text=FAULTY, status=429, headers={"retry-after": "600"}))
    world.offer(FAULTY, "a", [1])
    world.worker.poll()
    (delay,) = [delay for body in world.proxy.bodies for delay in delays(json.loads(body))]
    assert 600 <= delay <= 602
    assert_conserved(world, pending=True)


def delays(request: dict[str, Any]) -> list[int]:
    """Return the delays of the messages of one request to SQS."""
    return [each["DelaySeconds"] for each in (*request.get("Entries", []), request) if "DelaySeconds" in each]


def test_a_stream_that_ends_early_is_opened_again_in_the_run(world: FaultWorld) -> None:
    """S3 ends every download after 50 kB: one invocation forwards all rows, each once."""
    world.fault(Rule(Kind.TRUNCATED, "s3", frozenset({"GetObject"}), text=FAULTY, keep_bytes=50_000))
    world.offer(FAULTY, "a", *([number] for number in range(700)))
    world.worker.poll()
    assert_conserved(world)
