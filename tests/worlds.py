"""Test worlds: everything that stands around the real handler, on loopback, with or without a schema.

A world has a bucket, its queue with a dead-letter queue, quarantine, progress, a secret and the monitor.
"""

import gzip
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import boto3
from msgspec import Struct

from capture_forwarder.aws.progress import claim_in, record_in
from capture_forwarder.configuration.names import CONFIG_VARIABLE, PROGRESS_KEY, RESOURCE_VARIABLES
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.progress import RunRecord
from capture_forwarder.domain.schema import Attribute, Stage, ValueType
from capture_ops.cloud.local_aws import local_aws
from capture_ops.monitor.contract import Model
from capture_ops.monitor.server import Monitor, running_monitor
from tests.faults.poller import MAX_MESSAGES, Poller, configured_handler
from tests.support.quarantine import documents_one_by_one
from tests.support.sentinels import TOKEN
from tests.support.stack import waiting

BUCKET: Final = "captures"
QUARANTINE: Final = "quarantine"
PREFIX: Final = "datacapture/churn/"
MODEL: Final = Model(
    "churn",
    "churn",
    (
        Attribute("feature_0", Stage.PIPELINE_INPUT, ValueType.INTEGER, 0),
        Attribute("feature_1", Stage.PIPELINE_INPUT, ValueType.FLOAT, 1),
        Attribute("feature_2", Stage.PIPELINE_INPUT, ValueType.STRING, 2),
        Attribute("prediction_0", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0),
    ),
)
SECRET_NAME: Final = "token"  # of a token that a test can rotate
SECRET: Final = f"secretsmanager:{SECRET_NAME}"
_TOKEN_VARIABLE = "CAPTURE_FORWARDER_TEST_TOKEN"
_CONFIG = """
[function]
first_delay_secs = {first_delay_secs}
checkpoint_secs = {checkpoint_secs}

[[destination]]
name = "monitor"
{destination}
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
# The lines of a destination by kind, with the address of the monitor and the reference of its token.
_DESTINATIONS = {
    "arthur": 'kind = "arthur"\nurl = "{}"\nsecret = "{}"',
    "arthur-raw": 'kind = "arthur-raw"\nurl = "{}"\nsecret = "{}"',
    "webhook": 'kind = "webhook"\nurl = "{}/events"\nheaders = {{ Authorization = "{}" }}',
}
_ATTRIBUTE = """
[[route.attribute]]
name = "{0.name}"
stage = "{0.stage}"
value_type = "{0.value_type}"
position = {0.position}
"""


class Schema(StrEnum):
    """Where the route takes the attributes of its model from."""

    NONE = "none"
    ATTRIBUTES = "attributes"
    MODEL = "model"

    @property
    def toml(self) -> str:
        """The lines that a `[[route]]` of `MODEL` has for it."""
        match self:
            case Schema.NONE:
                return ""
            case Schema.ATTRIBUTES:
                return "".join(map(_ATTRIBUTE.format, MODEL.attributes))
            case Schema.MODEL:
                return 'schema = "model"\n'

    @property
    def wrong_type_code(self) -> str:
        """The code of a rejected row that has a value of another type than its attribute."""
        return "refused_by_destination" if self is Schema.NONE else "value_type_mismatch"


# For tests that take seconds: the plain path, and the compiled path with a schema that is read from the API.
BOTH_PATHS: Final = (Schema.NONE, Schema.MODEL)


class SavedProgress(Struct, frozen=True):
    """One object of the progress table: how many lines are committed, whether it is done, and the saves of its run."""

    object_state: str
    lines: int
    done: bool
    saves: int


class World:
    """One route to the monitor on loopback, with the AWS resources that the stack makes for it.

    `kind` is that of its destination.
    """

    def __init__(
        self, monitor: Monitor, folder: Path, schema: Schema, *, visibility_secs: int, max_receives: int, kind: str
    ) -> None:
        self.monitor = monitor
        self.schema = schema
        self.kind = kind
        self.config = folder / "forwarder.toml"
        self._s3, self._sqs = boto3.client("s3"), boto3.client("sqs")
        self.dead_letters = self._sqs.create_queue(QueueName="dead-letters")["QueueUrl"]
        dead = self._sqs.get_queue_attributes(QueueUrl=self.dead_letters, AttributeNames=["QueueArn"])["Attributes"]
        redrive = json.dumps({"deadLetterTargetArn": dead["QueueArn"], "maxReceiveCount": max_receives})
        self.queue = self._sqs.create_queue(
            QueueName="captures",
            Attributes={"VisibilityTimeout": str(visibility_secs), "RedrivePolicy": redrive},
        )["QueueUrl"]
        os.environ |= {
            CONFIG_VARIABLE: str(self.config),
            RESOURCE_VARIABLES["queue_url"]: self.queue,
            _TOKEN_VARIABLE: TOKEN,
        }
        self.configure()

    def configure(
        self,
        url: str | None = None,
        *,
        first_delay_secs: int = 0,
        checkpoint_secs: float = 20.0,
        max_inferences: int = 1000,
        max_in_flight: int = 8,
        secret: str = f"env:{_TOKEN_VARIABLE}",
    ) -> None:
        """Write the function's configuration, with the API at `url` or else the monitor."""
        text = _CONFIG.format(
            first_delay_secs=first_delay_secs,
            checkpoint_secs=checkpoint_secs,
            destination=_DESTINATIONS[self.kind].format(url or self.monitor.url, secret),
            max_inferences=max_inferences,
            max_in_flight=max_in_flight,
            bucket=BUCKET,
            prefix=PREFIX,
            model_id=MODEL.id,
        )
        self.config.write_text(text + self.schema.toml, encoding="utf-8")
        self._poller: Poller | None = None

    def put(self, name: str, *lines: bytes, body: bytes | None = None) -> dict[str, Any]:
        """Store an object with the route's prefix and suffix, and return the item that names it in a message."""
        key, data = f"{PREFIX}{name}.jsonl", b"".join(line + b"\n" for line in lines) if body is None else body
        etag = self._s3.put_object(Bucket=BUCKET, Key=key, Body=data)["ETag"].strip('"')
        return {"bucket": BUCKET, "key": key, "etag": etag, "size": len(data)}

    def send(self, *bodies: Any) -> None:
        """Send each of `bodies` as a message."""
        for start in range(0, len(bodies), MAX_MESSAGES):
            some = bodies[start : start + MAX_MESSAGES]
            self._sqs.send_message_batch(
                QueueUrl=self.queue,
                Entries=[{"Id": str(place), "MessageBody": json.dumps(body)} for place, body in enumerate(some)],
            )

    def poll(self, timeout_secs: float = 30.0) -> list[str]:
        """Receive messages once, invoke the function with them, and return the ids of those that failed."""
        if self._poller is None:
            self._poller = Poller(self.queue, configured_handler())
        messages = self._poller.receive()
        if not messages:
            return []
        failed = self._poller.handle(messages, timeout_secs)
        self._poller.delete(messages, failed)
        return failed

    def drain(self, timeout_secs: float = 30.0, *, within_secs: float = 60.0) -> int:
        """Poll until no message is left; return the number of polls. Raises `AssertionError` when time is up."""
        polls, end = 0, time.monotonic() + within_secs
        while waiting := self.waiting():
            assert time.monotonic() < end, f"{waiting} messages are left after {within_secs} seconds"
            assert self.poll(timeout_secs) == []
            polls += 1
        return polls

    def waiting(self, queue: str | None = None) -> int:
        """Return how many messages a queue holds in any state; the function's queue if no other is named."""
        return waiting(queue or self.queue)

    def quarantined(self) -> list[dict[str, Any]]:
        """Return every rejection in quarantine."""
        return quarantine_entries(QUARANTINE)

    def progress(self) -> list[SavedProgress]:
        """Return how far every object in the progress table is committed."""
        pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName="progress")
        items = {item[PROGRESS_KEY]["S"]: item for page in pages for item in page["Items"]}
        claims = {state: claim_in(item) for state, item in items.items() if not state.startswith("run#")}
        runs = {state: record_in(item) for state, item in items.items() if state.startswith("run#")}
        saved = []
        for state, claim in claims.items():
            record = runs.get(f"run#{claim.run}", RunRecord())
            key, _, etag = state.partition("/")[2].rpartition("#")
            reached = record.reached.get(CaptureObject(BUCKET, key, etag=etag).state_hash) or claim.progress
            saved.append(SavedProgress(state, reached.read_offset.lines, reached.done, record.saves))
        return saved

    def stored(self) -> dict[str, dict[str, Any]]:
        """Return the values of every inference that the monitor holds, by id."""
        return {one.partner_inference_id: one.inference_data for one in self.monitor.store.inferences(MODEL.id)}

    def times_received(self) -> dict[str, int]:
        """Return how often the monitor received every inference that it holds."""
        return {one.partner_inference_id: one.times_received for one in self.monitor.store.inferences(MODEL.id)}

    def conflicts(self) -> int:
        """Return how often the monitor was sent other values under the id of an inference that it holds."""
        return sum(one.conflicts for one in self.monitor.store.inferences(MODEL.id))


@contextmanager
def running_world(
    folder: Path, schema: Schema, *, visibility_secs: int = 0, max_receives: int = 5, kind: str = "arthur"
) -> Iterator[World]:
    """Run an empty world. At the end the environment is as it was before."""
    with local_aws(BUCKET), running_monitor([MODEL], token=TOKEN) as monitor:
        yield World(monitor, folder, schema, visibility_secs=visibility_secs, max_receives=max_receives, kind=kind)


def quarantine_entries(bucket: str, prefix: str = "") -> list[dict[str, Any]]:
    """Return every rejection in the quarantine files in `bucket` below `prefix`."""
    s3 = boto3.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    keys = [found["Key"] for page in pages for found in page.get("Contents", [])]
    bodies = [s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys]
    return documents_one_by_one(json.loads(line) for body in bodies for line in gzip.decompress(body).splitlines())


def eventually(
    look: Callable[[], object], wanted: object, *, within_secs: float = 240.0, every_secs: float = 0.2
) -> None:
    """Wait until `look` returns `wanted`. Raises `AssertionError` with the last result when time is up."""
    end = time.monotonic() + within_secs
    while (found := look()) != wanted:
        assert time.monotonic() < end, f"after {within_secs} seconds: {found!r:.2000}, not {wanted!r:.2000}"
        time.sleep(every_secs)
