"""The contracts of progress table and quarantine; fakes and real adapters obey the same rules."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import boto3
import pytest
from msgspec.structs import replace

from capture_forwarder.aws.progress import DynamoProgress
from capture_forwarder.aws.quarantine import S3Quarantine
from capture_forwarder.domain.capture import CaptureObject, ReadOffset
from capture_forwarder.domain.delivery import (
    LeaseLost,
    RejectionCode,
    Unavailable,
)
from capture_forwarder.domain.progress import ProgressRecord, QuarantineEntry, QuarantineFile
from capture_forwarder.ports import Progress
from tests.support.fakes import MemoryProgress

PutObject = Callable[[str, bytes], CaptureObject]


@pytest.fixture(params=["fake", "dynamodb"])
def progress(request: pytest.FixtureRequest) -> Progress:
    """Give an empty progress table."""
    if request.param == "fake":
        return MemoryProgress()
    request.getfixturevalue("aws")
    client, table = boto3.client("dynamodb"), f"progress-{uuid4()}"
    client.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "object_state", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "object_state", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return DynamoProgress(client, table, now=lambda: 1_700_000_000.0)


SOURCE = CaptureObject("captures", "a/ü +.jsonl", etag="e1")
RECORD = ProgressRecord(
    read_offset=ReadOffset(7, 2, compressed=True), fence=1, leased_until=12.5, accepted=3, rejected=4
)


@pytest.mark.parametrize("quarantined_up_to", [None, 0, 7])
def test_a_record_is_loaded_as_it_was_saved(progress: Progress, quarantined_up_to: int | None) -> None:
    """Every field is stored, and only for the version of the object that it was saved for."""
    record = replace(RECORD, quarantined_up_to=quarantined_up_to)
    progress.save(SOURCE, record, expected_fence=0)
    other = CaptureObject(SOURCE.bucket, SOURCE.key, etag="e2")
    assert progress.load([SOURCE, other]) == {SOURCE.state_id: record}


def test_saving_fails_after_another_run_raised_the_fence(progress: Progress) -> None:
    """A run that loaded an older fence must not write any more."""
    progress.save(SOURCE, RECORD, expected_fence=0)
    with pytest.raises(LeaseLost):
        progress.save(SOURCE, RECORD, expected_fence=0)
    progress.save(SOURCE, RECORD, expected_fence=1)


def test_an_object_without_etag_and_version_has_no_record(progress: Progress) -> None:
    """Another object may be stored under the same key later."""
    progress.save(CaptureObject("b", "k"), RECORD, expected_fence=0)
    assert progress.load([CaptureObject("b", "k")]) == {}


def test_records_of_more_than_a_hundred_objects_are_loaded(progress: Progress) -> None:
    """One request to DynamoDB takes a hundred keys; an invocation may have more."""
    sources = [CaptureObject("b", str(number), etag="e") for number in range(120)]
    for source in sources:
        progress.save(source, RECORD, expected_fence=0)
    assert len(progress.load([*sources, *sources])) == 120


def test_keys_that_a_throttled_table_left_out_are_asked_for_again(aws: str) -> None:
    """The pauses double. After five requests the table is unavailable."""
    del aws
    client, table, left_out = boto3.client("dynamodb"), f"progress-{uuid4()}", [4]
    client.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "object_state", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "object_state", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )

    def leave_out(parsed: dict[str, Any], **_: object) -> None:
        left_out[0] -= 1
        if left_out[0] >= 0:
            parsed |= {
                "Responses": {},
                "UnprocessedKeys": {table: {"Keys": [{"object_state": {"S": SOURCE.state_id}}]}},
            }

    pauses: list[float] = []
    progress = DynamoProgress(client, table, now=lambda: 0.0, sleep=pauses.append)
    progress.save(SOURCE, RECORD, expected_fence=0)
    client.meta.events.register("after-call.dynamodb.BatchGetItem", leave_out)
    assert progress.load([SOURCE]) == {SOURCE.state_id: RECORD}
    assert pauses == [0.05, 0.1, 0.2, 0.4]
    left_out[0] = 5
    with pytest.raises(Unavailable, match=r"^the progress table is throttled; raise its capacity$"):
        progress.load([SOURCE])


def test_a_missing_table_is_unavailable(aws: str) -> None:
    """The errors of loading and saving say what to correct."""
    del aws
    table = DynamoProgress(boto3.client("dynamodb"), f"none-{uuid4()}", now=lambda: 0.0)
    with pytest.raises(Unavailable, match="ResourceNotFoundException"):
        table.load([SOURCE])
    with pytest.raises(Unavailable, match="ResourceNotFoundException"):
        table.save(SOURCE, RECORD, expected_fence=0)


ENTRY = QuarantineEntry(
    source=SOURCE,
    route="churn",
    code=RejectionCode.BAD_CSV,
    why="a quoted cell is malformed",
    line=3,
    offset=99,
    index=1,
    partner_inference_id="id_1",
    data='{"a":"é"}'.encode(),
)


def test_quarantine_is_readable_and_overwritten_by_a_retry(bucket: str) -> None:
    """Files are gzip JSONL by route and day; the same version and start give the same name."""
    client = boto3.client("s3")
    quarantine = S3Quarantine(client, bucket)
    written = datetime(2026, 3, 4, tzinfo=UTC)
    for entries in ([ENTRY, ENTRY], [ENTRY]):
        quarantine.keep(QuarantineFile(source=SOURCE, route="churn", start=50, modified=written, entries=entries))
    quarantine.keep(QuarantineFile(source=SOURCE, route="churn", start=99, modified=None, entries=[ENTRY]))
    keys = [one["Key"] for one in client.list_objects_v2(Bucket=bucket)["Contents"]]
    assert [key.rsplit("/", 1)[0] for key in keys] == [
        "rejected/route=churn/2026/03/04",
        "rejected/route=churn/undated",
    ]
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
        "row_index": 1,
        "partner_inference_id": "id_1",
        "code": "bad_csv",
        "why": "a quoted cell is malformed",
        "data": '{"a":"é"}',
    }


def test_a_missing_quarantine_is_unavailable(aws: str) -> None:
    """The object of the entries stays pending."""
    del aws
    quarantine = S3Quarantine(boto3.client("s3"), f"none-{uuid4()}")
    with pytest.raises(Unavailable, match="NoSuchBucket"):
        quarantine.keep(QuarantineFile(source=SOURCE, route="r", start=0, modified=None, entries=[ENTRY]))
