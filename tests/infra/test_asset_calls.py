"""Calls to AWS with the botocore of the asset, whose data is cut down: one cut too far starts, and fails here."""

import json
import os
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from infra.bundling.asset import build_asset
from infra.bundling.target import Target
from tests.infra import asset_calls
from tests.infra.refusing_s3 import refusing_s3

NAME = "asset-calls"
COMES_TO = {
    "GetObject": "hello",
    "GetObject from a byte on": "llo",
    "GetObject from the end on": "",
    "GetObject of another state": "superseded",
    "GetObject of what is gone": "object_gone",
    "GetObject of what is archived": "object_archived",
    "GetObject from no bucket": "SourceUnavailable: s3://nowhere/here: S3 answers NoSuchBucket",
    "GetObject denied": "SourceUnavailable: s3://denied/here: S3 answers AccessDenied",
    "GetObject from another region": "from there",
    "PutObject": None,
    "PutObject into no bucket": "Unavailable: the quarantine bucket answers NoSuchBucket",
    "PutObject denied": "Unavailable: the quarantine bucket answers AccessDenied",
    "PutObject on a condition": "Unavailable: the quarantine bucket answers PreconditionFailed",
    "PutItem": None,
    "PutItem behind another's": "LeaseLost: s3://asset-calls/here: another invocation has taken it over",
    "PutItem into no table": "Unavailable: the progress table answers ResourceNotFoundException",
    "BatchGetItem": [True],
    "BatchGetItem from no table": "Unavailable: the progress table answers ResourceNotFoundException",
    "SendMessage": None,
    "SendMessage into no queue": "Unavailable: the queue answers AWS.SimpleQueueService.NonExistentQueue",
    "GetSecretValue": "t1",
    "GetSecretValue of none": (
        "DestinationDenied: the secret secretsmanager:lost cannot be read (ResourceNotFoundException)"
    ),
    "GetParameter": "t2",
    "GetParameter of none": "DestinationDenied: the secret ssm:/lost cannot be read (ParameterNotFound)",
}
# Standard library and asset are all that there is to import.
ALONE = """
import runpy, sys
script, asset = sys.argv.pop(1), sys.argv.pop(1)
sys.path[:0] = [asset]
import boto3, botocore
assert botocore.__file__.startswith(asset) and boto3.__file__.startswith(asset)
runpy.run_path(script, run_name="__main__")
"""


@pytest.fixture
def queue_url(aws: str) -> str:
    """Make all that is called for; return the queue's address."""
    del aws
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=NAME, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket=NAME, Key="here", Body=b"hello")
    s3.put_object(Bucket=NAME, Key="archived", Body=b"cold", StorageClass="GLACIER")
    boto3.client("dynamodb").create_table(
        TableName=NAME,
        KeySchema=[{"AttributeName": "object_state", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "object_state", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    boto3.client("secretsmanager").create_secret(Name=NAME, SecretString="t1")
    boto3.client("ssm").put_parameter(Name=f"/{NAME}", Value="t2", Type="SecureString")
    return boto3.client("sqs").create_queue(QueueName=NAME)["QueueUrl"]


def test_every_call_and_every_answer_is_understood_by_the_asset_alone(queue_url: str, tmp_path: Path) -> None:
    """Each operation that the function calls succeeds, and each refusal is told apart from the others."""
    asset = tmp_path / "asset"
    asset.mkdir()
    build_asset(asset, Path("events/forwarder.toml"), Target.here())
    with refusing_s3() as refusing:
        command = [sys.executable, "-I", "-S", "-B", "-c", ALONE, asset_calls.__file__, str(asset), queue_url, refusing]
        aws = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        ran = subprocess.run(command, env=aws, capture_output=True, text=True, check=False)  # noqa: S603 - ourselves
    assert ran.stderr == ""
    assert json.loads(ran.stdout) == COMES_TO
    (kept,) = boto3.client("s3").list_objects_v2(Bucket=NAME, Prefix="rejected/")["Contents"]
    assert kept["Key"].startswith("rejected/route=r/2026/01/02/")
    (message,) = boto3.client("sqs").receive_message(QueueUrl=queue_url, WaitTimeSeconds=2)["Messages"]
    assert json.loads(message["Body"])["source"]["key"] == "here"
