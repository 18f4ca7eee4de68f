"""The contract of the object store; the fake and S3 obey the same rules."""

from collections.abc import Callable, Iterator
from math import inf
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config

from capture_forwarder.aws.s3 import S3ObjectStore
from capture_forwarder.bootstrap import s3_client
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import (
    Reason,
    RejectionCode,
    SourceDamaged,
    SourceDenied,
    SourceUnavailable,
    Superseded,
)
from capture_forwarder.ports import ObjectStore, OpenObject
from tests.support.memory_stores import MemoryStore

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
    """The joined chunks are the object from that byte on; at its end there are none."""
    captures, put = store
    source = put("a", b"hello")
    for start, expected in ((0, b"hello\n"), (2, b"llo\n"), (6, b"")):
        opened = captures.open(source, start, lambda: inf)
        assert isinstance(opened, OpenObject)
        assert b"".join(opened.chunks) == expected


def test_an_offset_past_the_end_is_damage(store: tuple[ObjectStore, PutObject]) -> None:
    """The stored offset belongs to other bytes, so the object must be read again from its start."""
    captures, put = store
    with pytest.raises(SourceDamaged, match="past the end"):
        captures.open(put("a", b"hello"), 7, lambda: inf)


def test_an_overwritten_object_is_superseded(store: tuple[ObjectStore, PutObject]) -> None:
    """Only the version that the event named is read."""
    captures, put = store
    stale = put("a", b"1")
    fresh = put("a", b"2")
    assert isinstance(captures.open(stale, 0, lambda: inf), Superseded)
    opened = captures.open(fresh, 0, lambda: inf)
    assert isinstance(opened, OpenObject)
    assert b"".join(opened.chunks) == b"2\n"


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


def test_a_missing_bucket_is_denied(aws: str) -> None:
    """A person can correct it, so the objects stay pending, and the error names the correction."""
    del aws
    with pytest.raises(SourceDenied, match="does not exist"):
        S3ObjectStore(boto3.client("s3")).open(CaptureObject(f"none-{uuid4()}", "a"), 0, lambda: inf)


def test_an_unreachable_server_is_a_temporary_error() -> None:
    """It is unknown whether the object exists."""
    client = boto3.client("s3", endpoint_url="http://127.0.0.1:1", config=Config(retries={"max_attempts": 0}))
    with pytest.raises(
        SourceUnavailable, match=r"s3://bucket/a: http://127.0.0.1:1: the connection was refused; check"
    ):
        S3ObjectStore(client).open(CaptureObject("bucket", "a"), 0, lambda: inf)


def test_requests_to_s3_name_the_forwarder(bucket: str) -> None:
    """Audit logs distinguish the reads of the forwarder."""
    client, agents = s3_client(), list[bytes]()
    client.meta.events.register("before-send.s3", lambda request, **_: agents.append(request.headers["User-Agent"]))
    S3ObjectStore(client).open(CaptureObject(bucket, "a"), 0, lambda: inf)
    assert [b"capture-forwarder" in agent.split() for agent in agents] == [True]
