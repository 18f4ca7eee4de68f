"""The contract of quarantine, on S3 as moto has it."""

import gzip
import json
from array import array
from typing import Any
from uuid import uuid4

import boto3
import pytest

from capture_forwarder.aws.quarantine import S3Quarantine
from capture_forwarder.aws.timed import TimedCalls
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import Reason, RejectionCode, Unavailable
from capture_forwarder.domain.progress import LineRejection, QuarantineEntry, QuarantineFile

SOURCE = CaptureObject("captures", "a/ü +.jsonl", etag="e1")
ENTRY = QuarantineEntry(
    source=SOURCE,
    route="churn",
    line=3,
    offset=99,
    inference_id="id",
    row_count=3,
    rejections=(LineRejection(Reason(RejectionCode.BAD_CSV, "a quoted cell is malformed"), array("I", [1])),),
    data='{"a":"é"}'.encode(),
)


def quarantine_file(*entries: QuarantineEntry, **fields: Any) -> QuarantineFile:
    """Return a file of the run "r1"."""
    chosen: dict[str, Any] = {"start": 50, "day": "2026/03/04", "run": "r1"} | fields
    return QuarantineFile(source=SOURCE, route="churn", entries=list(entries), **chosen)


def test_quarantine_is_readable_and_a_file_is_created_once(bucket: str) -> None:
    """Files are gzip JSONL by route and day; a later write of the same run makes no change, unless it replaces the file."""
    client = boto3.client("s3")
    quarantine = S3Quarantine(client, bucket, TimedCalls())
    for entries in ([ENTRY], [ENTRY, ENTRY]):
        quarantine.keep(quarantine_file(*entries), within_secs=30)
    quarantine.keep(quarantine_file(ENTRY, run="r2"), within_secs=30)
    keys = [one["Key"] for one in client.list_objects_v2(Bucket=bucket)["Contents"]]
    folder = f"rejected/route=churn/2026/03/04/{SOURCE.state_hash}"
    assert keys == [f"{folder}-0000000000000050-r1.jsonl.gz", f"{folder}-0000000000000050-r2.jsonl.gz"]
    quarantine.keep(quarantine_file(run="r2", replaces=True), within_secs=30)
    assert gzip.decompress(client.get_object(Bucket=bucket, Key=keys[1])["Body"].read()) == b""
    body = gzip.decompress(client.get_object(Bucket=bucket, Key=keys[0])["Body"].read())
    (line,) = body.splitlines()
    assert json.loads(line) == {
        "bucket": "captures",
        "key": "a/ü +.jsonl",
        "version_id": None,
        "etag": "e1",
        "route": "churn",
        "line": 3,
        "byte_offset": 99,
        "inference_id": "id",
        "row_count": 3,
        "rejections": [{"code": "bad_csv", "why": "a quoted cell is malformed", "rows": [1]}],
        "data": '{"a":"é"}',
    }


def test_a_missing_quarantine_is_unavailable(aws: str) -> None:
    """The object of the entries stays pending."""
    del aws
    quarantine = S3Quarantine(boto3.client("s3"), f"none-{uuid4()}", TimedCalls())
    with pytest.raises(Unavailable, match="NoSuchBucket"):
        quarantine.keep(quarantine_file(ENTRY), within_secs=30)
