"""What was reported from outside about events, objects, and progress items."""

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.faults.harness.conserved import assert_conserved
from tests.faults.harness.entries import entries
from tests.faults.harness.faults import Kind, Rule
from tests.faults.harness.world import BUCKET, FAULTY, HEALTHY, FaultWorld, fault_world

pytestmark = pytest.mark.timeout(90)

POST = frozenset({"PostInferences"})
READS = frozenset({"GetObject"})
PAST_THE_END = {"N": "1000000000"}
DAY_SECS = 86_400


@pytest.fixture
def world(tmp_path: Path) -> Iterator[FaultWorld]:
    """Give an empty world whose function has six seconds."""
    with fault_world(tmp_path) as running:
        yield running


def test_a_damaged_progress_item_costs_one_read_of_its_object(world: FaultWorld) -> None:
    """Each attribute of each item is missing once, and has another type once: all rows arrive, few of them again."""
    items = half_done(world, objects=10)
    table = boto3.client("dynamodb")
    names = sorted({name for item in items for name in item if name != "object_state"})
    for place, item in enumerate(items):
        damaged = deepcopy(item)
        name = names[place % len(names)]
        if place < len(names) and place % 2:
            damaged.pop(name, None)
        elif name in damaged:
            damaged[name] = {"SS": ["damaged"]}
        table.put_item(TableName="progress", Item=damaged)
    check_damage_is_mended(world)


def test_an_offset_past_the_end_is_never_done(world: FaultWorld) -> None:
    """Each item says that its object is longer than it is: the object is read from its start."""
    for item in half_done(world, objects=3):
        boto3.client("dynamodb").put_item(TableName="progress", Item=moved(item))
    check_damage_is_mended(world)


def half_done(world: FaultWorld, *, objects: int) -> list[dict[str, Any]]:
    """Forward two of four rows of each object, and return the items of the progress table."""
    routes = tuple(f"part-{number}" for number in range(objects))
    world.configure(routes=routes, destination={"max_inferences": 2, "max_in_flight": 1})
    world.fault(Rule(Kind.STATUS, "api", POST, status=403, when=lambda request: b'.jsonl-3"' in request.body))
    for route in routes:
        world.offer(route, "a", [1], [2], [3], [4])
    world.worker.poll()
    assert len(world.receiver.accepted) == 2 * objects
    items = boto3.client("dynamodb").scan(TableName="progress")["Items"]
    assert len(items) >= objects
    world.heal()
    return list(items)


def moved(item: dict[str, Any]) -> dict[str, Any]:
    """Return an item with every offset past the end of its object."""
    item = deepcopy(item)
    if "byte_offset" in item:
        item["byte_offset"] = PAST_THE_END
    for reached in item.get("reached", {}).get("M", {}).values():
        _, _, rest = reached["S"].partition(" ")
        reached["S"] = f"{PAST_THE_END['N']} {rest}"
    return item


def check_damage_is_mended(world: FaultWorld) -> None:
    """All objects are forwarded, whatever their items were; nothing is dead."""
    world.drain(within_secs=40.0)
    assert_conserved(world, again_a_row=1)


def of_cloudtrail(record: dict[str, Any]) -> dict[str, Any]:
    """Return CloudTrail's data event about an object, as EventBridge delivers it."""
    detail = {
        "eventVersion": "1.10",
        "eventSource": "s3.amazonaws.com",
        "eventName": "PutObject",
        "requestParameters": {"bucketName": BUCKET, "key": record["s3"]["object"]["key"]},
        "resources": [],
    }
    return {"version": "0", "source": "aws.s3", "detail-type": "AWS API Call via CloudTrail", "detail": detail}


def test_an_event_of_cloudtrail_is_never_lost_in_silence(world: FaultWorld) -> None:
    """Its rows arrive, or its message fails until it is a dead letter."""
    world.send(of_cloudtrail(world.put(FAULTY, "a", [1])))
    for _ in range(4):
        world.worker.poll()
    assert world.receiver.accepted["faulty/a.jsonl-1"] + len(world.dead()) == 1


def of_restore(record: dict[str, Any], form: str) -> dict[str, Any]:
    """Return the event that an archived object can be read again, in one of its two forms."""
    if form == "notification":
        return {"Records": [record | {"eventName": "ObjectRestore:Completed"}]}
    found = record["s3"]["object"]
    stored = {"key": found["key"], "etag": found["eTag"], "size": found["size"]}
    detail = {"bucket": {"name": BUCKET}, "object": stored}
    return {"version": "0", "source": "aws.s3", "detail-type": "Object Restore Completed", "detail": detail}


@pytest.mark.parametrize("form", ["notification", "EventBridge"])
def test_an_object_is_forwarded_when_its_restore_is_completed(world: FaultWorld, form: str) -> None:
    """The event that a rejection as `object_archived` asks for forwards the object."""
    world.send(of_restore(world.put(FAULTY, "a", [1]), form))
    world.worker.poll()
    assert_conserved(world)


def test_a_foreign_record_fails_without_the_good_one_beside_it(world: FaultWorld) -> None:
    """The good record is forwarded once, though the message fails for the other one."""
    world.send({"Records": [{"eventSource": "aws:kinesis", "data": "x"}, world.put(FAULTY, "a", [1])]})
    for _ in range(4):
        world.worker.poll()
    assert world.receiver.accepted == {"faulty/a.jsonl-1": 1}
    assert len(world.dead()) == 1


@pytest.mark.parametrize("headers", [{}, {"x-amz-bucket-region": "us-west-2"}])
def test_a_bucket_in_another_region_stops_nothing_else(world: FaultWorld, headers: dict[str, str]) -> None:
    """S3 answers 301: its object is pending in one message, others arrive, and nothing fails by recursion."""
    region: Any = {"LocationConstraint": "eu-west-1"}
    boto3.client("s3").create_bucket(Bucket="moved", CreateBucketConfiguration=region)
    world.configure(route={"bucket": "moved"})
    world.fault(Rule(Kind.STATUS, "s3", text="/moved", status=301, headers=headers))
    world.offer(FAULTY, "a", [1], bucket="moved")
    world.offer(HEALTHY, "b", [1])
    world.worker.poll()
    assert "RecursionError" not in world.log.read_text(encoding="utf-8")
    assert world.receiver.accepted == {"healthy/b.jsonl-1": 1}
    assert_conserved(world, pending=True)


def test_an_object_that_no_route_covers_is_kept(world: FaultWorld) -> None:
    """An object in a bucket of the configuration without a route for it is in quarantine under `route=unrouted`."""
    world.send({"Records": [world.store("elsewhere/a.jsonl", b"{}\n")]})
    world.offer(HEALTHY, "b", [1])
    world.worker.poll()
    assert [(entry.key, entry.line, entry.code) for entry in entries()] == [("elsewhere/a.jsonl", 0, "no_route")]
    (found,) = boto3.client("s3").list_objects_v2(Bucket="quarantine")["Contents"]
    assert "route=unrouted" in found["Key"]
    assert world.messages() == []


def test_an_event_of_a_bucket_that_is_not_configured_is_refused_alone(world: FaultWorld) -> None:
    """Its message fails until it is a dead letter; the others are forwarded."""
    boto3.client("s3").create_bucket(Bucket="foreign", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    world.send({"Records": [world.store("a.jsonl", b"{}\n", bucket="foreign")]})
    world.offer(HEALTHY, "b", [1])
    for _ in range(4):
        world.worker.poll()
    assert world.receiver.accepted == {"healthy/b.jsonl-1": 1}
    assert len(world.dead()) == 1
    assert world.proxy.calls["s3", "GetObject"] == 1


def test_an_object_that_is_denied_for_good_is_given_up_in_the_end(world: FaultWorld) -> None:
    """A denied object waits in one message. After eight days it is in quarantine as a whole."""
    world.fault(Rule(Kind.STATUS, "s3", READS, text=FAULTY, status=403))
    world.offer(FAULTY, "a", [1])
    world.worker.poll()
    assert_conserved(world, pending=True)
    sqs = boto3.client("sqs")
    (message,) = sqs.receive_message(QueueUrl=world.queue)["Messages"]
    sqs.delete_message(QueueUrl=world.queue, ReceiptHandle=message["ReceiptHandle"])
    world.send(aged(json.loads(message["Body"]), 8 * DAY_SECS))
    world.worker.poll()
    assert [(entry.line, entry.code) for entry in entries()] == [(0, "given_up")]
    assert_conserved(world)


def aged(document: Any, secs: float) -> Any:
    """Return the body of a message with every time since when it waits so many seconds earlier."""
    if isinstance(document, dict):
        return {
            name: value - secs if name.endswith("since_secs") and value else aged(value, secs)
            for name, value in document.items()
        }
    return document


def test_an_etag_with_line_ends_stops_nothing_else(world: FaultWorld) -> None:
    """An event whose etag no header can hold fails alone."""
    record = world.put(FAULTY, "a", [1])
    record["s3"]["object"]["eTag"] += "\r\nx-injected: 1"
    world.send({"Records": [record]})
    world.offer(HEALTHY, "b", [1])
    for _ in range(4):
        world.worker.poll()
    assert world.receiver.accepted["healthy/b.jsonl-1"] == 1
    assert world.receiver.accepted["faulty/a.jsonl-1"] + len(world.dead()) + len(entries()) == 1
    assert world.messages() == []
