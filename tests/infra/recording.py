"""Records the AWS calls of a run of the function, on loopback, in IAM's terms."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import handlers
from botocore.model import OperationModel

from capture_forwarder.bootstrap import build_runtime
from capture_forwarder.configuration.names import CONFIG_VARIABLE, RESOURCE_VARIABLES
from capture_forwarder.handler import make_handler
from capture_ops.cloud.local_aws import local_aws
from capture_ops.monitor.contract import Model
from capture_ops.monitor.server import running_monitor
from tests.infra.iam import HERE, Call
from tests.support.captures import capture, csv_side

BUCKET = "captures"
CONFIG = f"""
[[destination]]
name = "monitor"
kind = "arthur"
url = "URL"
secret = "secretsmanager:forwarder/token"

[[destination]]
name = "away"
kind = "arthur"
url = "http://127.0.0.1:1"
secret = "ssm:/forwarder/token"

[[route]]
name = "churn"
bucket = "{BUCKET}"
prefix = "datacapture/churn/"
destination = "monitor"
model_id = "churn"

[[route]]
name = "pending"
bucket = "{BUCKET}"
prefix = "datacapture/pending/"
destination = "away"
model_id = "pending"
"""


class Recorder:
    """Records the AWS calls of all clients that are made after it, as actions on ARNs."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[Call] = []
        registered = [*handlers.BUILTIN_HANDLERS, ("provide-client-params", self._record)]
        monkeypatch.setattr(handlers, "BUILTIN_HANDLERS", registered)
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # the next client makes a session that records

    def _record(self, params: dict[str, Any], model: OperationModel, **_: object) -> None:
        service = model.service_model.endpoint_prefix
        self.calls += [(f"{service}:{action}", arn, {}) for action, arn in _needed(model.name, params)]


def _needed(operation: str, params: dict[str, Any]) -> Iterator[tuple[str, str]]:
    match operation, params:
        case "CreateMultipartUpload" | "UploadPart" | "CompleteMultipartUpload", {"Bucket": bucket, "Key": key}:
            yield "PutObject", f"arn:aws:s3:::{bucket}/{key}"
        case "GetObject" | "PutObject", {"Bucket": bucket, "Key": key}:
            versioned = "Version" if "VersionId" in params else ""
            yield f"{operation}{versioned}", f"arn:aws:s3:::{bucket}/{key}"
        case "GetItem" | "PutItem" | "UpdateItem", {"TableName": table}:
            yield operation, f"arn:aws:dynamodb:{HERE}:table/{table}"
        case "SendMessage" | "SendMessageBatch", {"QueueUrl": url}:
            yield "SendMessage", f"arn:aws:sqs:{HERE}:{url.rsplit('/', 1)[-1]}"
        case "GetSecretValue", {"SecretId": name}:
            yield operation, f"arn:aws:secretsmanager:{HERE}:secret:{name}-AbC123"
        case "GetParameter", {"Name": name}:
            yield operation, f"arn:aws:ssm:{HERE}:parameter{name}"
        case _:
            raise NotImplementedError(operation)


class ShortContext:
    """The context of an invocation of six seconds, enough for a few small objects."""

    def __init__(self) -> None:
        self._end = time.monotonic() + 6

    def get_remaining_time_in_millis(self) -> int:
        """Return the time that is left."""
        return int((self._end - time.monotonic()) * 1000)


@contextmanager
def recorded_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Call]]:
    """Run the function on four objects: a good one, one with a bad line, one that stays pending, and a deleted one."""
    with local_aws(BUCKET), running_monitor([Model("churn", "churn")], token="t") as monitor:
        s3, sqs = boto3.client("s3"), boto3.client("sqs")
        monkeypatch.setenv(RESOURCE_VARIABLES["queue_url"], sqs.create_queue(QueueName="captures")["QueueUrl"])
        boto3.client("secretsmanager").create_secret(Name="forwarder/token", SecretString="t")
        boto3.client("ssm").put_parameter(Name="/forwarder/token", Value="t", Type="SecureString")
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        (folder / "forwarder.toml").write_text(CONFIG.replace("URL", monitor.url), encoding="utf-8")
        monkeypatch.setenv(CONFIG_VARIABLE, str(folder / "forwarder.toml"))
        line = capture(csv_side("1,2"), csv_side("0.5"))
        items = []
        for key, body in (("churn/good.jsonl", line), ("churn/bad.jsonl", b"{"), ("pending/one.jsonl", line)):
            put = s3.put_object(Bucket=BUCKET, Key=f"datacapture/{key}", Body=body)
            items.append({"bucket": BUCKET, "key": f"datacapture/{key}", "version_id": put["VersionId"]})
        items.append({"bucket": BUCKET, "key": "datacapture/churn/gone.jsonl", "etag": "e"})
        records = [
            {"messageId": str(index), "eventSource": "aws:sqs", "body": json.dumps(item)}
            for index, item in enumerate(items)
        ]
        with monkeypatch.context() as patched:
            recorder = Recorder(patched)
            handler = make_handler(build_runtime(os.environ))
            answer = handler({"Records": records}, ShortContext())
            assert answer == {"batchItemFailures": []}
            yield recorder.calls
