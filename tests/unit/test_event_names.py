"""The names and sizes in an event: a name that S3 cannot have is refused, and every other name is kept."""

import json
from typing import Any

import pytest

from capture_forwarder.aws.envelopes import open_event, open_message
from capture_forwarder.domain.capture import CaptureObject, Work
from tests.support.events import bridged, cloudtrail, notification


@pytest.mark.parametrize("size", ["7", 7.5, -1, True, False, None, [], {}, 2**63, float("nan"), float("inf")])
def test_a_size_is_only_a_hint(size: Any) -> None:
    """A size that is none is dropped, in every envelope, and the object is forwarded."""
    item = {"bucket": "b", "key": "k", "size": size}
    events = (notification("k", size=size), bridged("Object Created", size=size), item, {"source": item})
    for event in (*events, {"backfill": [item]}):
        for opened in (open_event(event), open_message(json.dumps(event))):
            (work,) = opened.works
            assert (work.source.size, opened.refusals) == (None, ())


@pytest.mark.parametrize("size", [0, 7, 2**63 - 1])
def test_a_size_in_bytes_is_kept(size: int) -> None:
    """Every number of bytes that an object can have."""
    assert open_event(notification("k", size=size)).works[0].source.size == size


@pytest.mark.parametrize(
    "name", ["e\r\nX-Amz-Acl: public-read", "e\n", "\0", "e\x7f", "\x85", "ü", "\u20ac", "a b", "e" * 1025]
)
def test_an_etag_or_version_that_no_request_can_carry_is_refused(name: str) -> None:
    """The etag becomes a header and the version a part of the query; neither may add another header."""
    for event in (
        notification("k", eTag=name),
        notification("k", versionId=name),
        bridged("Object Created", etag=name),
        bridged("Object Created", **{"version-id": name}),
        cloudtrail("PutObject", responseElements={"x-amz-version-id": name}),
        {"bucket": "b", "key": "k", "etag": name},
        {"source": {"bucket": "b", "key": "k", "version_id": name}},
        {"backfill": [{"bucket": "b", "key": "k", "etag": name}]},
    ):
        opened = open_event(event)
        assert opened.works == ()
        (refusal,) = opened.refusals
        assert "is not printable ASCII of at most 1024 characters" in refusal
        assert name not in refusal


@pytest.mark.parametrize("name", ["", "d41d8cd98f00b204e9800998ecf8427e-12", "null", "3/L4kqtJl.40Nr8X_8!", "v" * 1024])
def test_an_etag_or_version_of_s3_is_kept(name: str) -> None:
    """With every character that S3 uses, up to the longest version."""
    (work,) = open_event(notification("k", eTag=name, versionId=name)).works
    assert (work.source.etag, work.source.version_id) == (name, name)


@pytest.mark.parametrize("bucket", ["", "a/b", "b?x", "arn:aws:s3:::b", "ü", "b\n", "b" * 256, "b c"])
def test_a_bucket_must_look_like_one(bucket: str) -> None:
    """So that no address in a log or an error is misleading."""
    for event in ({"bucket": bucket, "key": "k"}, {"source": {"bucket": bucket, "key": "k"}}):
        (refusal,) = open_event(event).refusals
        assert "is not the name of a bucket" in refusal


@pytest.mark.parametrize("bucket", ["captures", "my.captures-1", "Old_Bucket.Of.2007", "b" * 255])
def test_every_name_of_a_bucket_is_accepted(bucket: str) -> None:
    """Also one that is older than the rules of today."""
    assert open_event({"bucket": bucket, "key": "k"}).works == (Work(CaptureObject(bucket, "k")),)


def test_names_that_are_too_long_for_the_progress_table_together_are_refused() -> None:
    """DynamoDB takes keys of 2048 bytes. It would refuse the claim each time, and the object would be requeued."""
    longest = {"bucket": "b", "key": "k" * 1024, "etag": "e" * 1021}
    assert open_event(longest).works
    (refusal,) = open_event(longest | {"etag": "e" * 1022}).refusals
    assert "2048 bytes together" in refusal


@pytest.mark.parametrize(
    "more",
    [
        {"read_offset": {"offset": 2**63}},
        {"read_offset": {"lines": 2**63}},
        {"pending_since_secs": float("inf")},
    ],
)
def test_a_requeued_work_that_cannot_be_written_again_is_refused(more: dict[str, Any]) -> None:
    """Its next message would fail, in the middle of a run."""
    opened = open_event({"source": {"bucket": "b", "key": "k"}} | more)
    assert opened.works == ()
    assert "larger than any object or time" in opened.refusals[0]
