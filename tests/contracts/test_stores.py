"""The contracts of object store, progress table, quarantine and queue; fakes and real adapters obey the same rules."""

import gzip
import json
from array import array
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from math import inf
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config
from msgspec.structs import replace

from capture_forwarder.aws.envelopes import open_message
from capture_forwarder.aws.progress import DynamoProgress
from capture_forwarder.aws.quarantine import S3Quarantine
from capture_forwarder.aws.queue import SqsQueue
from capture_forwarder.aws.s3 import S3ObjectStore
from capture_forwarder.bootstrap import s3_client
from capture_forwarder.domain.capture import CaptureObject, ReadOffset, Work
from capture_forwarder.domain.delivery import (
    LeaseLost,
    Reason,
    RejectionCode,
    SourceUnavailable,
    Superseded,
    Unavailable,
)
from capture_forwarder.domain.progress import LineRejection, ProgressRecord, QuarantineEntry, QuarantineFile
from capture_forwarder.ports import ObjectStore, OpenObject, Progress
from tests.support.fakes import MemoryProgress, MemoryStore

PutObject = Callable[[str, bytes], CaptureObject]


@pytest.fixture(params=["fake", "s3"])
def store(request: pytest.FixtureRequest) -> Iterator[tuple[ObjectStore, PutObject]]:
    """Give a store, and a function that puts an object into it."""
    if request.param == "fake":
        memory = MemoryStore()
        yield memory, memory.put
        return
    name = request.getfixturevalue("bucket")
    client = boto3.client("s3")

    def put(key: str, data: bytes) -> CaptureObject:
        answer = client.put_object(Bucket=name, Key=key, Body=data + b"\n")
        return CaptureObject(name, key, etag=answer["ETag"].strip('"'))

    yield S3ObjectStore(client), put


def test_an_object_is_read_whole_or_from_a_byte_on(store: tuple[ObjectStore, PutObject]) -> None:
    """The joined chunks are the object from that byte on; past the end they are empty."""
    captures, put = store
    source = put("a", b"hello")
    for start, expected in ((0, b"hello\n"), (2, b"llo\n"), (6, b"")):
        opened = captures.open(source, start, lambda: inf)
        assert isinstance(opened, OpenObject)
        assert b"".join(opened.chunks) == expected


def test_an_overwritten_object_is_superseded(store: tuple[ObjectStore, PutObject]) -> None:
    """Only the version that the event named is read."""
    captures, put = store
    stale = put("a", b"1")
    fresh = put("a", b"2")
    assert isinstance(captures.open(stale, 0, lambda: inf), Superseded)
    assert isinstance(captures.open(fresh, 0, lambda: inf), OpenObject)


def test_a_deleted_object_is_rejected(store: tuple[ObjectStore, PutObject]) -> None:
    """It is a permanent failure: reading it again would fail again."""
    captures, put = store
    found = put("a", b"1")
    gone = captures.open(CaptureObject(found.bucket, "never", etag="x"), 0, lambda: inf)
    assert isinstance(gone, Reason)
    assert gone.code is RejectionCode.OBJECT_GONE


def test_n_keys_are_used_unchanged(bucket: str) -> None:
    """Scenario N: plus, space, percent, equals, double slash and unicode in a key find the object."""
    client = boto3.client("s3")
    for key in ("a+b c/x=1/%41//ü.jsonl",):
        client.put_object(Bucket=bucket, Key=key, Body=b"1")
        opened = S3ObjectStore(client).open(CaptureObject(bucket, key), 0, lambda: inf)
        assert isinstance(opened, OpenObject)
        assert b"".join(opened.chunks) == b"1"


def test_a_version_is_read_even_after_it_was_overwritten(bucket: str) -> None:
    """In a bucket with versioning the version of the event is read."""
    client = boto3.client("s3")
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = client.put_object(Bucket=bucket, Key="a", Body=b"1")["VersionId"]
    client.put_object(Bucket=bucket, Key="a", Body=b"2")
    opened = S3ObjectStore(client).open(CaptureObject(bucket, "a", version_id=first), 0, lambda: inf)
    assert isinstance(opened, OpenObject)
    assert b"".join(opened.chunks) == b"1"


def test_an_archived_object_is_rejected(bucket: str) -> None:
    """An object in Glacier cannot be read until a person restores it."""
    client = boto3.client("s3")
    client.put_object(Bucket=bucket, Key="a", Body=b"1", StorageClass="GLACIER")
    found = S3ObjectStore(client).open(CaptureObject(bucket, "a"), 0, lambda: inf)
    assert isinstance(found, Reason)
    assert found.code is RejectionCode.OBJECT_ARCHIVED


def test_a_missing_bucket_is_a_temporary_error(aws: str) -> None:
    """A person can correct it, so the objects stay pending, and the error says what to correct."""
    del aws
    with pytest.raises(SourceUnavailable, match="does not exist"):
        S3ObjectStore(boto3.client("s3")).open(CaptureObject(f"none-{uuid4()}", "a"), 0, lambda: inf)


def test_an_unreachable_server_is_a_temporary_error() -> None:
    """It is unknown whether the object exists."""
    client = boto3.client("s3", endpoint_url="http://127.0.0.1:1", config=Config(retries={"max_attempts": 0}))
    with pytest.raises(SourceUnavailable, match="EndpointConnectionError"):
        S3ObjectStore(client).open(CaptureObject("bucket", "a"), 0, lambda: inf)


def test_requests_to_s3_name_the_forwarder(bucket: str) -> None:
    """Audit logs show which reads are those of the forwarder."""
    client, agents = s3_client(), list[bytes]()
    client.meta.events.register("before-send.s3", lambda request, **_: agents.append(request.headers["User-Agent"]))
    S3ObjectStore(client).open(CaptureObject(bucket, "a"), 0, lambda: inf)
    assert [b"capture-forwarder" in agent.split() for agent in agents] == [True]


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
    line=3,
    offset=99,
    inference_id="id",
    row_count=3,
    rejections=(LineRejection(Reason(RejectionCode.BAD_CSV, "a quoted cell is malformed"), array("I", [1])),),
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
        "inference_id": "id",
        "row_count": 3,
        "rejections": [{"code": "bad_csv", "why": "a quoted cell is malformed", "rows": [1]}],
        "data": '{"a":"é"}',
    }


def test_a_missing_quarantine_is_unavailable(aws: str) -> None:
    """The object of the entries stays pending."""
    del aws
    quarantine = S3Quarantine(boto3.client("s3"), f"none-{uuid4()}")
    with pytest.raises(Unavailable, match="NoSuchBucket"):
        quarantine.keep(QuarantineFile(source=SOURCE, route="r", start=0, modified=None, entries=[ENTRY]))


def test_a_requeued_work_is_received_as_the_same_work(aws: str) -> None:
    """Its message has the offset and the number of requeues."""
    del aws
    client = boto3.client("sqs")
    url = client.create_queue(QueueName=f"q-{uuid4()}")["QueueUrl"]
    work = Work(CaptureObject("b", "k", "v", "e", 5), ReadOffset(9, 2, compressed=True), requeue_count=3)
    SqsQueue(client, url).put(work, delay_secs=0)
    (message,) = client.receive_message(QueueUrl=url)["Messages"]
    assert open_message(message["Body"]).works == (work,)


def test_a_missing_queue_is_unavailable(aws: str) -> None:
    """The original message is kept if the work was not requeued."""
    queue = SqsQueue(boto3.client("sqs"), f"{aws}/123456789012/none-{uuid4()}")
    with pytest.raises(Unavailable, match="NonExistentQueue"):
        queue.put(Work(CaptureObject("b", "k")), delay_secs=0)
