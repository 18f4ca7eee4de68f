"""The world around a deployed stack: an emulated account with a shared bucket, and the monitor that it forwards to."""

import json
import os
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from msgspec import Struct

from capture_ops.monitor.server import Monitor, running_monitor
from tests.e2e.configurations import BUCKET, SECRET, models
from tests.e2e.deployment import Deployment
from tests.e2e.ministack import REGION, running_ministack
from tests.support.stack import waiting
from tests.worlds import quarantine_entries

Held = dict[tuple[str, str], dict[str, Any]]


class World(Struct, frozen=True):
    """An account on loopback, the stack in it, and the monitor."""

    deployment: Deployment
    monitor: Monitor
    token: str
    emulator_log: Path

    def put(self, key: str, content: bytes, bucket: str = BUCKET) -> None:
        """Write an object into a capture bucket."""
        boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=content)

    def held(self) -> Held:
        """Return the values of every inference that the monitor holds, by model and inference id."""
        return {
            (model.id, one.partner_inference_id): one.inference_data
            for model in models()
            for one in self.monitor.store.inferences(model.id)
        }

    def times_received(self) -> Counter[int]:
        """Return how many inferences the monitor received once, twice and so on."""
        return Counter(one.times_received for model in models() for one in self.monitor.store.inferences(model.id))

    def quarantined(self) -> Counter[tuple[str, str]]:
        """Return how many rejections lie in quarantine, by route and code."""
        entries = quarantine_entries(self.deployment.outputs()["QuarantineBucket"], "rejected/")
        return Counter((entry["route"], entry["code"]) for entry in entries)

    def messages(self, output: str) -> int:
        """Return how many messages the queue of a stack output holds in any state."""
        return waiting(self.deployment.outputs()[output])

    @contextmanager
    def quick_redelivery(self) -> Iterator[None]:
        """Let a failed message come again after a second, in place of six times the function's timeout."""
        sqs, url = boto3.client("sqs"), self.deployment.outputs()["QueueUrl"]
        before = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "1"})
        yield
        sqs.set_queue_attributes(QueueUrl=url, Attributes=before)

    def logged(self) -> list[dict[str, Any]]:
        """Return every line of the function's log that is JSON: reports and metrics."""
        function = boto3.client("lambda").get_function_configuration(
            FunctionName=self.deployment.outputs()["FunctionName"]
        )
        pages = boto3.client("logs").get_paginator("filter_log_events")
        found = pages.paginate(logGroupName=function["LoggingConfig"]["LogGroup"])
        messages = [event["message"] for page in found for event in page["events"]]
        return [json.loads(message) for message in messages if message.startswith("{")]

    def total(self, metric: str) -> float:
        """Return the sum of one of the function's metrics over the whole stack, which its alarm watches."""
        return sum(sum(line[metric]) for line in self.logged() if "stack" in line and metric in line)

    def reasons(self, key: str) -> list[str]:
        """Return the reasons why the object was not done, one for each such report."""
        reports = [line["report"] for line in self.logged() if "report" in line]
        return [report["why"] for report in reports if report["source"]["key"] == key and report["why"]]


@contextmanager
def running_world(folder: Path, variables: Mapping[str, str] | None = None) -> Iterator[World]:
    """Run a world without a stack, and point this process at it until the block is left; see `running_ministack`."""
    token = secrets.token_urlsafe(24)
    with (
        running_ministack(folder, variables) as emulator,
        _environment(emulator.environment),
        running_monitor(models(), token=token) as monitor,
    ):
        boto3.client("secretsmanager").create_secret(Name=SECRET, SecretString=token)
        boto3.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        yield World(Deployment(folder), monitor, token, emulator.log)


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(variables)
    os.environ.pop("AWS_PROFILE", None)
    boto3.setup_default_session()
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        boto3.setup_default_session()
