"""The asset by itself: AWS's runtime client starts it, with no other package to import, and it forwards captures."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import boto3
import pytest

from capture_forwarder.configuration.names import RESOURCE_VARIABLES
from capture_forwarder.configuration.reader import read_settings
from capture_ops.cloud.local_aws import local_aws
from capture_ops.commands.monitor import models_of
from capture_ops.monitor.server import Monitor, running_monitor
from infra.bundling.asset import build_asset
from infra.bundling.wheels import Target, install_wheels
from tests.e2e.tls import write_certificate
from tests.faults.flaky import Script, flaky
from tests.infra.runtime_api import Answer, RuntimeApi, running_runtime_api
from tests.support.tunnel import tunnel_proxy

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="awslambdaric has wheels for Linux alone")

BUCKET = "sagemaker-eu-west-1-123456789012"
RUNTIME_CLIENT = Path("requirements/ric.lock")
CAPTURES = Path("events/captures")
CONFIG = """
[function]
first_delay_secs = 0

[[destination]]
name = "by-secrets-manager"
kind = "arthur"
url = "{tls_url}"
secret = "secretsmanager:token#value"
ca_bundle = "loopback.pem"
proxy = "{proxy_url}"

[[destination]]
name = "by-parameter-store"
kind = "arthur"
url = "{url}"
secret = "ssm:/token"

[[destination]]
name = "down"
kind = "arthur"
url = "http://127.0.0.1:1"
secret = "ssm:/token"

[[route]]
name = "immersion-day"
bucket = "sagemaker-eu-west-1-123456789012"
prefix = "datacapture/aws-samples-amazon-sagemaker-immersion-day/"
destination = "by-secrets-manager"
model_id = "aws-samples-amazon-sagemaker-immersion-day"

[[route]]
name = "error-body"
bucket = "sagemaker-eu-west-1-123456789012"
prefix = "datacapture/synthetic-error-body/"
destination = "by-parameter-store"
model_id = "everything-else"

[[route]]
name = "down"
bucket = "sagemaker-eu-west-1-123456789012"
prefix = "datacapture/aws-sagemaker-python-sdk/"
destination = "down"
model_id = "never-there"
"""


@contextmanager
def started(asset: Path, folder: Path) -> Iterator[RuntimeApi]:
    """Run the function as Lambda does: isolated from this environment, with the runtime client in another folder."""
    client, empty = folder / "runtime-client", folder / "empty"
    install_wheels(RUNTIME_CLIENT, client, Target.here())
    empty.mkdir()
    kept = {name: value for name, value in os.environ.items() if name.startswith(("AWS_", "CAPTURE_FORWARDER_"))}
    with running_runtime_api() as api:
        environment = kept | {
            "PYTHONPATH": f"{asset}:{client}",
            "LAMBDA_TASK_ROOT": str(asset),
            "AWS_LAMBDA_RUNTIME_API": api.address,
            "AWS_LAMBDA_FUNCTION_NAME": "capture-forwarder",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        }
        command = [sys.executable, "-S", "-m", "awslambdaric", "capture_forwarder.entry.lambda_handler"]
        with subprocess.Popen(command, cwd=empty, env=environment) as process:  # noqa: S603 - made here
            try:
                yield api
            finally:
                process.terminate()


def message(folder: str) -> dict[str, Any]:
    """Put the sample capture in `folder` into the bucket; return the queue's event for it."""
    (path,) = (CAPTURES / "datacapture" / folder).rglob("*.jsonl")
    key, data = path.relative_to(CAPTURES).as_posix(), path.read_bytes()
    etag = boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=data)["ETag"].strip('"')
    found = {"bucket": {"name": BUCKET}, "object": {"key": quote_plus(key), "size": len(data), "eTag": etag}}
    record = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": found}
    return {"Records": [{"messageId": "m", "eventSource": "aws:sqs", "body": json.dumps({"Records": [record]})}]}


def expected(model_id: str) -> dict[str, Any]:
    """Return the expected inferences of a model, by id."""
    lines = map(json.loads, Path("events/expected.jsonl").read_bytes().splitlines())
    return {one["partner_inference_id"]: one["inference_data"] for one in lines if one["model_id"] == model_id}


def stored(monitor: Monitor, model_id: str) -> dict[str, Any]:
    """Return the inferences of a model at the monitor, by id."""
    return {one.partner_inference_id: one.inference_data for one in monitor.store.inferences(model_id)}


def quarantined() -> list[tuple[str, str]]:
    """Return the route and the code of every rejection in quarantine."""
    s3 = boto3.client("s3")
    found = s3.list_objects_v2(Bucket="quarantine").get("Contents", [])
    files = (gzip.decompress(s3.get_object(Bucket="quarantine", Key=one["Key"])["Body"].read()) for one in found)
    entries = (json.loads(line) for text in files for line in text.splitlines())
    return [(entry["route"], one["code"]) for entry in entries for one in entry["rejections"]]


def requeued_keys(queue_url: str) -> list[str]:
    """Return the keys of the objects that the function requeued."""
    messages = boto3.client("sqs").receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10)["Messages"]
    return [json.loads(one["Body"])["source"]["key"] for one in messages]


def files_of(asset: Path) -> dict[Path, int]:
    """Return the time of the last write of every file."""
    return {path: path.stat().st_mtime_ns for path in asset.rglob("*")}


def test_the_asset_forwards_with_nothing_else_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It reads S3, progress and both kinds of secret, sends, writes quarantine, and requeues pending work.

    One destination has a certificate of a private authority, and a proxy.
    """
    config, asset, certificate = tmp_path / "forwarder.toml", tmp_path / "asset", write_certificate(tmp_path)
    urls = dict.fromkeys(("url", "tls_url", "proxy_url"), "https://127.0.0.1:1")
    config.write_text(CONFIG.format(**urls), encoding="utf-8")
    with (
        local_aws(BUCKET),
        running_monitor(models_of(read_settings(config)), token="t") as monitor,
        flaky(monitor.url, Script(), certificate) as tls_url,
        tunnel_proxy() as proxy,
    ):
        urls = {"url": monitor.url, "tls_url": tls_url, "proxy_url": proxy.url}
        config.write_text(CONFIG.format(**urls), encoding="utf-8")
        build_asset(asset, config, Target.here())
        built = files_of(asset)
        boto3.client("secretsmanager").create_secret(Name="token", SecretString='{"user": "u", "value": "t"}')
        boto3.client("ssm").put_parameter(Name="/token", Value="t", Type="SecureString")
        queue_url = boto3.client("sqs").create_queue(QueueName="captures")["QueueUrl"]
        monkeypatch.setenv(RESOURCE_VARIABLES["queue_url"], queue_url)

        with started(asset, tmp_path) as api:
            answers = [
                api.invoke(message("aws-samples-amazon-sagemaker-immersion-day"), timeout_secs=20),
                api.invoke(message("synthetic-error-body"), timeout_secs=20),
                api.invoke(message("aws-sagemaker-python-sdk"), timeout_secs=2),
            ]

        assert answers == [Answer("response", {"batchItemFailures": []})] * 3
        model_id = "aws-samples-amazon-sagemaker-immersion-day"
        assert stored(monitor, model_id) == expected(model_id)
        assert set(proxy.lines) == {f"CONNECT {tls_url.removeprefix('https://')}"}
        answered = {"feature_0": 1.0, "feature_1": 2.0, "prediction_0": 0.5}
        assert stored(monitor, "everything-else") == {"d15dcaeb-1108-4c19-9170-e1a284767d32": answered}
        assert quarantined() == [("error-body", "error_body")] * 3
        assert [key.split("/")[1] for key in requeued_keys(queue_url)] == ["aws-sagemaker-python-sdk"]
    assert files_of(asset) == built, "Python used the bytecode of the asset and wrote none"
