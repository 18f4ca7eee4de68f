"""What every capture store, progress table, quarantine and queue does: the fakes and the real ones alike."""

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
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
from capture_forwarder.domain.progress import ProgressRecord, QuarantineEntry, QuarantineFile
from capture_forwarder.kinds.quarantine.entries import decode_entry, encode_entry
from capture_forwarder.ports import ObjectStore, OpenObject, Progress
from tests.support.fakes import MemoryProgress, MemoryStore

Put = Callable[[str, bytes], CaptureObject]


@pytest.fixture(params=["fake", "s3"])
def store(request: pytest.FixtureRequest) -> Iterator[tuple[ObjectStore, Put]]:
    """Give a store and how to put an object into it."""
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


def test_an_object_is_read_whole_or_from_a_byte_on(store: tuple[ObjectStore, Put]) -> None:
    """Chunks joined are the object; a start leaves out what is behind it; past the end there is nothing."""
    captures, put = store
    source = put("a", b"hello")
    for start, expected in ((0, b"hello\n"), (2, b"llo\n"), (6, b"")):
        opened = captures.open(source, start)
        assert isinstance(opened, OpenObject)
        assert b"".join(opened.chunks) == expected


def test_an_overwritten_object_is_superseded(store: tuple[ObjectStore, Put]) -> None:
    """The state that an event named is read, or none."""
    captures, put = store
    stale = put("a", b"1")
    fresh = put("a", b"2")
    assert isinstance(captures.open(stale, 0), Superseded)
    assert isinstance(captures.open(fresh, 0), OpenObject)


def test_a_deleted_object_is_a_refusal(store: tuple[ObjectStore, Put]) -> None:
    """What is gone is a permanent no, not a reason to try for ever."""
    captures, put = store
    found = put("a", b"1")
    gone = captures.open(CaptureObject(found.bucket, "never", etag="x"), 0)
    assert isinstance(gone, Reason)
    assert gone.code is RejectionCode.OBJECT_GONE


def test_n_keys_are_taken_as_they_are(bucket: str) -> None:
    """Scenario N: plus, space, percent, equals, double slash and unicode in a key find the object."""
    client = boto3.client("s3")
    for key in ("a+b c/x=1/%41//ü.jsonl",):
        client.put_object(Bucket=bucket, Key=key, Body=b"1")
        opened = S3ObjectStore(client).open(CaptureObject(bucket, key), 0)
        assert isinstance(opened, OpenObject)
        assert b"".join(opened.chunks) == b"1"


def test_a_version_is_read_even_after_it_was_overwritten(bucket: str) -> None:
    """In a bucket with versions the very version of the event is read."""
    client = boto3.client("s3")
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = client.put_object(Bucket=bucket, Key="a", Body=b"1")["VersionId"]
    client.put_object(Bucket=bucket, Key="a", Body=b"2")
    opened = S3ObjectStore(client).open(CaptureObject(bucket, "a", version_id=first), 0)
    assert isinstance(opened, OpenObject)
    assert b"".join(opened.chunks) == b"1"


def test_an_archived_object_is_a_refusal(bucket: str) -> None:
    """Glacier gives nothing back until somebody restores it."""
    client = boto3.client("s3")
    client.put_object(Bucket=bucket, Key="a", Body=b"1", StorageClass="GLACIER")
    found = S3ObjectStore(client).open(CaptureObject(bucket, "a"), 0)
    assert isinstance(found, Reason)
    assert found.code is RejectionCode.OBJECT_ARCHIVED


def test_a_missing_bucket_is_loud_and_still_owed(aws: str) -> None:
    """What a person can mend is transient, and says what to mend."""
    del aws
    with pytest.raises(SourceUnavailable, match="does not exist"):
        S3ObjectStore(boto3.client("s3")).open(CaptureObject(f"none-{uuid4()}", "a"), 0)


def test_a_server_that_is_not_there_is_transient() -> None:
    """No answer is not an answer."""
    client = boto3.client("s3", endpoint_url="http://127.0.0.1:1", config=Config(retries={"max_attempts": 0}))
    with pytest.raises(SourceUnavailable, match="EndpointConnectionError"):
        S3ObjectStore(client).open(CaptureObject("bucket", "a"), 0)


def test_trails_and_access_logs_say_who_reads(bucket: str) -> None:
    """A platform's audit tells the forwarder's reads from those of others."""
    client, agents = s3_client(), list[bytes]()
    client.meta.events.register("before-send.s3", lambda request, **_: agents.append(request.headers["User-Agent"]))
    S3ObjectStore(client).open(CaptureObject(bucket, "a"), 0)
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
POSITION = ProgressRecord(
    read_offset=ReadOffset(7, 2, compressed=True), fence=1, leased_until=12.5, accepted=3, rejected=4
)


@pytest.mark.parametrize("quarantined_up_to", [None, 0, 7])
def test_a_position_is_remembered_whole(progress: Progress, quarantined_up_to: int | None) -> None:
    """What was saved is what is loaded, field for field, and only for the state that it was saved for."""
    position = replace(POSITION, quarantined_up_to=quarantined_up_to)
    progress.save(SOURCE, position, expected_fence=0)
    other = CaptureObject(SOURCE.bucket, SOURCE.key, etag="e2")
    assert progress.load([SOURCE, other]) == {SOURCE.state_id: position}


def test_a_fence_that_was_raised_refuses_the_late_writer(progress: Progress) -> None:
    """Whoever saw an older fence may not write any more."""
    progress.save(SOURCE, POSITION, expected_fence=0)
    with pytest.raises(LeaseLost):
        progress.save(SOURCE, POSITION, expected_fence=0)
    progress.save(SOURCE, POSITION, expected_fence=1)


def test_an_object_without_a_state_is_not_remembered(progress: Progress) -> None:
    """A place without version or etag could hold something else tomorrow."""
    progress.save(CaptureObject("b", "k"), POSITION, expected_fence=0)
    assert progress.load([CaptureObject("b", "k")]) == {}


def test_more_than_a_hundred_objects_are_read(progress: Progress) -> None:
    """A batch read takes a hundred keys; an invocation may have more."""
    sources = [CaptureObject("b", str(number), etag="e") for number in range(120)]
    for source in sources:
        progress.save(source, POSITION, expected_fence=0)
    assert len(progress.load([*sources, *sources])) == 120


def test_a_table_that_is_not_there_is_unavailable(aws: str) -> None:
    """Reading and writing both say what to mend."""
    del aws
    table = DynamoProgress(boto3.client("dynamodb"), f"none-{uuid4()}", now=lambda: 0.0)
    with pytest.raises(Unavailable, match="ResourceNotFoundException"):
        table.load([SOURCE])
    with pytest.raises(Unavailable, match="ResourceNotFoundException"):
        table.save(SOURCE, POSITION, expected_fence=0)


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


@pytest.mark.parametrize("data", [b"text", "é".encode(), b"\xff\x00", b"", None])
def test_a_quarantined_line_comes_back_byte_for_byte(data: bytes | None) -> None:
    """Whatever a line held, the entry gives it back."""
    entry = QuarantineEntry(source=SOURCE, route="r", code=RejectionCode.LINE_NOT_JSON, why="w", data=data)
    assert decode_entry(encode_entry(entry)) == entry


def test_quarantine_is_readable_and_overwritten_by_a_retry(bucket: str) -> None:
    """Gzip JSONL by route and day; the same state and start is the same name."""
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


def test_a_quarantine_that_is_not_there_is_unavailable(aws: str) -> None:
    """What cannot be kept is still owed."""
    del aws
    quarantine = S3Quarantine(boto3.client("s3"), f"none-{uuid4()}")
    with pytest.raises(Unavailable, match="NoSuchBucket"):
        quarantine.keep(QuarantineFile(source=SOURCE, route="r", start=0, modified=None, entries=[ENTRY]))


def test_what_is_put_back_comes_out_of_the_queue_as_the_same_work(aws: str) -> None:
    """A continuation is a message like any other, and says where to go on."""
    del aws
    client = boto3.client("sqs")
    url = client.create_queue(QueueName=f"q-{uuid4()}")["QueueUrl"]
    work = Work(CaptureObject("b", "k", "v", "e", 5), ReadOffset(9, 2, compressed=True), requeue_count=3)
    SqsQueue(client, url).put(work, delay_secs=0)
    (message,) = client.receive_message(QueueUrl=url)["Messages"]
    assert open_message(message["Body"]).works == (work,)


@pytest.mark.parametrize("backfill", [True, False])
def test_work_of_a_backfill_is_requeued_to_the_queue_of_backfills(aws: str, backfill: bool) -> None:  # noqa: FBT001 - both
    """It never waits in front of live captures."""
    del aws
    client = boto3.client("sqs")
    live, old = (client.create_queue(QueueName=f"q-{uuid4()}")["QueueUrl"] for _ in range(2))
    work = Work(CaptureObject("b", "k", "v", "e", 5), requeue_count=3, backfill=backfill)
    SqsQueue(client, live, backfill_url=old).put(work, delay_secs=0)
    (message,) = client.receive_message(QueueUrl=old if backfill else live)["Messages"]
    assert open_message(message["Body"]).works == (work,)
    assert "Messages" not in client.receive_message(QueueUrl=live if backfill else old)


def test_a_queue_that_is_not_there_is_unavailable(aws: str) -> None:
    """A continuation that was not sent keeps the original message."""
    queue = SqsQueue(boto3.client("sqs"), f"{aws}/123456789012/none-{uuid4()}")
    with pytest.raises(Unavailable, match="NonExistentQueue"):
        queue.put(Work(CaptureObject("b", "k")), delay_secs=0)
