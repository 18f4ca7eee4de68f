"""Everything around the function on loopback: a bucket of captures, its queue, quarantine, progress, the monitor."""

import gzip
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote_plus

import boto3

from capture_forwarder.configuration.names import CONFIG_VARIABLE, PROGRESS_KEY, RESOURCE_VARIABLES
from capture_ops.cloud.local_aws import local_aws
from capture_ops.monitor.server import Monitor, running_monitor
from tests.faults.load import MODEL, PREFIX, CaptureLoad
from tests.support.sentinels import TOKEN, has_sentinel

BUCKET = "captures"
_TOKEN_VARIABLE = "CAPTURE_FORWARDER_TEST_TOKEN"
_WAITING: Final = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)
_MAX_ENTRIES = 10
_CONFIG = """
[function]
checkpoint_secs = {checkpoint_secs}

[[destination]]
name = "monitor"
kind = "arthur"
url = "{url}"
secret = "env:{variable}"
max_inferences = {max_inferences}
max_in_flight = {max_in_flight}
read_timeout_secs = 10.0

[[route]]
name = "churn"
bucket = "{bucket}"
prefix = "{prefix}"
destination = "monitor"
model_id = "{model_id}"
"""


class World:
    """Captures go in, and what must become of all of them is known."""

    def __init__(self, monitor: Monitor, folder: Path, *, visibility_secs: int, max_receives: int) -> None:
        self.monitor = monitor
        self.log = folder / "worker.log"
        self.objects = 0
        self.inferences: dict[str, dict[str, Any]] = {}
        self.rejections: dict[tuple[str, int, int | None], str] = {}
        self._line_of: dict[str, dict[str, int]] = {}
        self._folder = folder
        self._s3, self._sqs = boto3.client("s3"), boto3.client("sqs")
        self.dead_letters = self._sqs.create_queue(QueueName="dead-letters")["QueueUrl"]
        redrive = {"deadLetterTargetArn": _arn(self._sqs, self.dead_letters), "maxReceiveCount": max_receives}
        self.queue = self._sqs.create_queue(
            QueueName="captures",
            Attributes={"VisibilityTimeout": str(visibility_secs), "RedrivePolicy": json.dumps(redrive)},
        )["QueueUrl"]

    def configure(self, url: str, *, checkpoint_secs: float, max_inferences: int, max_in_flight: int) -> None:
        """Write the function's configuration and name it and the resources in the environment."""
        config = self._folder / "forwarder.toml"
        text = _CONFIG.format(
            url=url,
            variable=_TOKEN_VARIABLE,
            bucket=BUCKET,
            prefix=PREFIX,
            model_id=MODEL.id,
            checkpoint_secs=checkpoint_secs,
            max_inferences=max_inferences,
            max_in_flight=max_in_flight,
        )
        config.write_text(text, encoding="utf-8")
        os.environ |= {
            CONFIG_VARIABLE: str(config),
            _TOKEN_VARIABLE: TOKEN,
            RESOURCE_VARIABLES["queue_url"]: self.queue,
        }

    def offer(self, messages: Iterable[Iterable[CaptureLoad]]) -> None:
        """Put capture objects into the bucket and tell of them in messages, each of which names its own."""
        bodies = [json.dumps({"Records": [self._put(load) for load in loads]}) for loads in messages]
        for start in range(0, len(bodies), _MAX_ENTRIES):
            some = bodies[start : start + _MAX_ENTRIES]
            self._sqs.send_message_batch(
                QueueUrl=self.queue,
                Entries=[{"Id": str(place), "MessageBody": body} for place, body in enumerate(some)],
            )

    def _put(self, load: CaptureLoad) -> dict[str, Any]:
        etag = self._s3.put_object(Bucket=BUCKET, Key=load.key, Body=load.body)["ETag"].strip('"')
        self.objects += 1
        self.inferences |= load.inferences
        self._line_of[f"{BUCKET}/{load.key}#{etag}"] = load.line_of
        self.rejections |= {(load.key, *place): code for place, code in load.rejections.items()}
        found = {"key": quote_plus(load.key), "eTag": etag, "size": len(load.body)}
        return {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": BUCKET}, "object": found}}

    def waiting(self, queue: str | None = None) -> int:
        """Return how many messages a queue, that of the function if none is named, holds in any state."""
        answer = self._sqs.get_queue_attributes(QueueUrl=queue or self.queue, AttributeNames=["All"])
        return sum(int(answer["Attributes"][name]) for name in _WAITING)

    def quarantined(self) -> Counter[tuple[str, int, int | None, str]]:
        """Return how often every rejection stands in quarantine."""
        found: Counter[tuple[str, int, int | None, str]] = Counter()
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket="quarantine"):
            for each in page.get("Contents", []):
                body = self._s3.get_object(Bucket="quarantine", Key=each["Key"])["Body"].read()
                for line in gzip.decompress(body).splitlines():
                    entry = json.loads(line)
                    found[entry["key"], entry["line"], entry["row_index"], entry["code"]] += 1
        return found

    def progress(self) -> list[dict[str, Any]]:
        """Return every item of the progress table."""
        pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName="progress")
        return [item for page in pages for item in page["Items"]]

    def written_down(self) -> set[str]:
        """Return which inferences progress says are settled, so that nobody may send them again."""
        found = set()
        for item in self.progress():
            behind = float("inf") if item["done"]["BOOL"] else int(item["lines"]["N"])
            found |= {one for one, line in self._line_of[item[PROGRESS_KEY]["S"]].items() if line <= behind}
        return found

    def times_received(self) -> dict[str, int]:
        """Return how often the monitor received every inference that it holds."""
        return {one.partner_inference_id: one.times_received for one in self.monitor.store.inferences(MODEL.id)}

    def check(self) -> None:
        """Assert that everything is where it must be, and nowhere else."""
        stored = self.monitor.store.inferences(MODEL.id)
        _check_same({one.partner_inference_id: one.inference_data for one in stored}, self.inferences, "monitor")
        assert not any(one.conflicts for one in stored)
        once = Counter((*place, code) for place, code in self.rejections.items())
        _check_same(self.quarantined(), once, "quarantine")
        assert self.waiting() == self.waiting(self.dead_letters) == 0
        items = self.progress()
        assert len(items) == self.objects
        assert all(item["done"]["BOOL"] for item in items)
        log = self.log.read_text(encoding="utf-8")
        assert '"balanced":true' in log
        assert '"balanced":false' not in log
        assert '"state":"failed"' not in log
        assert "Traceback" not in log
        assert not has_sentinel(log)


@contextmanager
def running_world(folder: Path, *, visibility_secs: int, max_receives: int) -> Iterator[World]:
    """Run a world with nothing in it; the environment is as before at the end."""
    with ExitStack() as stack:
        stack.enter_context(local_aws(BUCKET))
        monitor = stack.enter_context(running_monitor([MODEL], token=TOKEN))
        yield World(monitor, folder, visibility_secs=visibility_secs, max_receives=max_receives)


def _arn(sqs: Any, queue: str) -> str:
    return str(sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"])


def _check_same(found: Mapping[Any, Any], expected: Mapping[Any, Any], where: str) -> None:
    wrong = [key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key)]
    told = [f"{key}: {found.get(key)} instead of {expected.get(key)}" for key in wrong[:5]]
    assert not wrong, f"{where}: {len(wrong)} of {len(expected)} are wrong, such as {told}"
