"""A deployed stack as the commands see it, in local AWS: two queues, their dead letters, and the outputs."""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import boto3
import pytest
from moto.s3.models import s3_backends
from msgspec import Struct

from capture_forwarder.configuration.names import CONFIG_VARIABLE, RESOURCE_VARIABLES, StackOutput
from capture_forwarder.configuration.reader import read_settings
from capture_ops.cloud.local_aws import local_aws
from capture_ops.commands.monitor import models_of
from capture_ops.monitor.server import Monitor, running_monitor

_CONFIG: Final = Path("events/forwarder.toml")
_ACCOUNT: Final = "123456789012"
STACK: Final = "forwarder"
_STATES: Final = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


class DeployedStack(Struct, frozen=True):
    """The URLs of its queues."""

    captures: str
    backfill: str
    dead_letters: str


def deploy_stack(*, visibility_secs: int = 30, max_receives: int = 3) -> DeployedStack:
    """Make the queues, name them to the function by the environment, and to the commands by outputs."""
    sqs = boto3.client("sqs")
    dead_letters = sqs.create_queue(QueueName="dead-letters")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead_letters, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": max_receives})
    attributes: Any = {"VisibilityTimeout": str(visibility_secs), "RedrivePolicy": redrive}
    captures, backfill = (
        sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"] for name in ("captures", "backfill")
    )
    os.environ |= {RESOURCE_VARIABLES["queue_url"]: captures, RESOURCE_VARIABLES["backfill_queue_url"]: backfill}
    outputs = {
        StackOutput.PROGRESS_TABLE: "progress",
        StackOutput.QUARANTINE_BUCKET: "quarantine",
        StackOutput.QUEUE_URL: captures,
        StackOutput.BACKFILL_QUEUE_URL: backfill,
        StackOutput.DEAD_LETTER_QUEUE_URL: dead_letters,
    }
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {str(name): {"Value": value} for name, value in outputs.items()},
    }
    boto3.client("cloudformation").create_stack(StackName=STACK, TemplateBody=json.dumps(template))
    return DeployedStack(captures, backfill, dead_letters)


@contextmanager
def configured(bucket: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Monitor]:
    """Run local AWS with an empty `bucket`, and the monitor, and configure commands and function for them."""
    settings = read_settings(_CONFIG)
    with local_aws(bucket), running_monitor(models_of(settings), token="t") as running:
        text = _CONFIG.read_text(encoding="utf-8").replace("http://127.0.0.1:8765", running.url)
        (folder / "forwarder.toml").write_text(text, encoding="utf-8")
        monkeypatch.setenv(CONFIG_VARIABLE, str(folder / "forwarder.toml"))
        monkeypatch.setenv("MONITOR_TOKEN", "t")
        yield running


def put_many(bucket: str, objects: Iterable[tuple[str, bytes]]) -> None:
    """Put objects into local S3 without a request for each: keys and bodies."""
    s3 = s3_backends[_ACCOUNT]["aws"]
    for key, body in objects:
        s3.put_object(bucket, key, body, disable_notification=True)


def waiting(queue: str) -> int:
    """Return how many messages the queue holds in any state."""
    answer = boto3.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])
    return sum(int(answer["Attributes"][name]) for name in _STATES)
