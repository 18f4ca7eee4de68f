"""Dead letters of every origin are sent to the queue of captures with their bodies as they are, and forwarded once.

On AWS `start-message-move-task` with `--destination-arn` moves them. Local SQS has no such call, so the tests receive,
send and delete them.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import boto3
import msgspec
import pytest

from capture_forwarder.domain.capture import CaptureObject, Work
from tests.support.captures import capture, csv_side
from tests.worlds import BUCKET, Schema, World, running_world

Item = dict[str, Any]
EVENT = json.loads(Path("events/eventbridge.json").read_text(encoding="utf-8"))
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
OF_EVENTBRIDGE = {
    "RULE_ARN": "arn:aws:events:eu-west-1:123456789012:rule/forwarder-captures-5f0c1a2b",
    "TARGET_ARN": "arn:aws:sqs:eu-west-1:123456789012:forwarder-captures",
    "ERROR_CODE": "NO_PERMISSIONS",
    "ERROR_MESSAGE": "User is not authorized to perform: sqs:SendMessage",
    "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
    "RETRY_ATTEMPTS": "0",
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Give a world in which a message that is received once and not deleted is a dead letter."""
    with running_world(tmp_path, Schema.NONE, max_receives=1) as running:
        yield running


def put(world: World, name: str) -> Item:
    """Store an object of one inference, and return the item that names it."""
    return world.put(f"a b+{name}.jsonl", capture(csv_side("1,2.5,a"), csv_side("0.5"), inferenceId=name))


def eventbridge_event(item: Item) -> Any:
    """Return EventBridge's event for an object."""
    found = EVENT["detail"]["object"] | {name: item[name] for name in ("key", "etag", "size")}
    return EVENT | {"detail": EVENT["detail"] | {"bucket": {"name": BUCKET}, "object": found}}


def s3_notification(item: Item) -> Any:
    """Return S3's notification of an object."""
    found = {"key": quote_plus(item["key"]), "eTag": item["etag"], "size": item["size"]}
    place = {"bucket": {"name": BUCKET}, "object": found}
    return {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": place}]}


def pending_work(item: Item) -> Any:
    """Return the message of an object that the function has requeued."""
    return msgspec.to_builtins(Work(msgspec.convert(item, CaptureObject), requeue_count=3))


def pending_backfill(item: Item) -> Any:
    """Return the message of an object of a backfill that the function has requeued."""
    return msgspec.to_builtins(Work(msgspec.convert(item, CaptureObject), requeue_count=3, backfill=True))


def backfill_message(item: Item) -> Any:
    """Return a message of the command `backfill`."""
    return {"backfill": [item]}


BODIES: tuple[Callable[[Item], Any], ...] = (s3_notification, pending_work, pending_backfill, backfill_message)


def write_as_eventbridge(world: World, body: Any) -> None:
    """Write a dead letter as a rule does that could not deliver an event."""
    boto3.client("sqs").send_message(
        QueueUrl=world.dead_letters,
        MessageBody=json.dumps(body),
        MessageAttributes={
            name: {"DataType": "String", "StringValue": value} for name, value in OF_EVENTBRIDGE.items()
        },
    )


def fail(world: World, *bodies: Any) -> None:
    """Send messages, and receive them as a function that fails until the queue moves them to the dead letters."""
    world.send(*bodies)
    sqs = boto3.client("sqs")
    while sqs.receive_message(QueueUrl=world.queue, MaxNumberOfMessages=10).get("Messages"):
        pass
    assert world.waiting() == 0


def redrive(world: World) -> int:
    """Move every dead letter to the queue of captures; return how many there were."""
    sqs, count = boto3.client("sqs"), 0
    while found := sqs.receive_message(
        QueueUrl=world.dead_letters, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    ).get("Messages"):
        for message in found:
            attributes: Any = message.get("MessageAttributes", {})
            sqs.send_message(QueueUrl=world.queue, MessageBody=message["Body"], MessageAttributes=attributes)
            sqs.delete_message(QueueUrl=world.dead_letters, ReceiptHandle=message["ReceiptHandle"])
            count += 1
    return count


def test_dead_letters_of_every_origin_are_forwarded_once(world: World) -> None:
    """Those of EventBridge name no queue that they came from; those of a backfill came from another queue."""
    write_as_eventbridge(world, eventbridge_event(put(world, "eventbridge")))
    fail(world, *(body(put(world, body.__name__)) for body in BODIES))
    assert redrive(world) == 1 + len(BODIES)
    world.drain()
    names = {"eventbridge", *(body.__name__ for body in BODIES)}
    assert world.times_received() == dict.fromkeys(names, 1)
    assert world.waiting(world.dead_letters) == 0
    assert [saved.done for saved in world.progress()] == [True] * len(names)


def test_an_object_with_several_dead_letters_is_forwarded_once(world: World) -> None:
    """Its event and the messages that came of it all name the same state of the object."""
    item = put(world, "same")
    write_as_eventbridge(world, eventbridge_event(item))
    fail(world, *(body(item) for body in BODIES))
    assert redrive(world) == 1 + len(BODIES)
    world.drain()
    assert world.times_received() == {"same": 1}
    assert world.waiting(world.dead_letters) == 0


def test_a_dead_letter_of_an_object_that_was_forwarded_is_acknowledged(world: World) -> None:
    """A redrive of everything is harmless."""
    item = put(world, "before")
    world.send(s3_notification(item))
    assert world.poll() == []
    write_as_eventbridge(world, eventbridge_event(item))
    assert redrive(world) == 1
    assert world.poll() == []
    assert world.times_received() == {"before": 1}
    assert world.waiting() == world.waiting(world.dead_letters) == 0
