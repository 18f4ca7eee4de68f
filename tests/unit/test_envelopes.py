"""Every envelope of an event: opened to the objects that it names, or refused without a word of it."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture_forwarder.aws.envelopes import Opened, open_event, open_message
from capture_forwarder.domain.capture import CaptureObject, ReadOffset, Work
from tests.support.events import SENTINEL, bridged, cloudtrail, notification

EVENTS = Path(__file__).parents[2] / "events"
BUCKET = "sagemaker-eu-west-1-123456789012"

CSV_ROWS = (
    "datacapture/synthetic-csv-rows/AllTraffic/2026/01/15/10/00-01-691-903d3150-15ef-4a3b-8a2b-594de34e614f.jsonl"
)
XGBOOST = "datacapture/synthetic-xgboost/AllTraffic/2026/01/15/10/00-11-145-131951e9-2ae5-4956-9829-a422f29b7a56.jsonl"
QUOTED = (
    "datacapture/synthetic-quoted-csv/AllTraffic/2026/01/15/10/00-31-208-201eab82-4d20-4c59-b595-01f139171119.jsonl"
)
CSV_JSON = (
    "datacapture/synthetic-csv-json/AllTraffic/2026/01/15/10/02-21-995-dc04887e-b97a-41f9-9c27-8ae44fa65064.jsonl"
)
BASE64 = "datacapture/synthetic-base64/AllTraffic/2026/01/15/10/00-21-333-000ceac8-b46e-4bec-8b3f-d6fb990ab926.jsonl"
IMMERSION = "datacapture/aws-samples-amazon-sagemaker-immersion-day/AllTraffic/2023/03/24/13/40-21-000-3cf0d8cb-803e-4ac8-9322-174612a74d1e.jsonl"
SDK = (
    "datacapture/aws-sagemaker-python-sdk/AllTraffic/2019/11/24/07/30-50-000-12b73486-e916-45de-9d82-7fa23d4a39a6.jsonl"
)
LLM = "datacapture/aws-samples-sample-aiops-on-amazon-sagemakerai/AllTraffic/2026/02/19/01/34-30-683-55126149-826d-415a-967b-33fa7f4666f3.jsonl"
WORKSHOP = "datacapture/aws-samples-amazon-sagemaker-mlops-workshop/AllTraffic/2021/03/17/22/44-06-000-291e94f0-f02e-4270-967d-ec9148fed292.jsonl"
PACKT = "datacapture/packtpublishing-amazon-sagemaker-best-practices/AllTraffic/2021/08/03/03/10-26-000-f5677ce4-2bb2-48a9-bf05-267b8a62ebe4.jsonl"

# What each message of a sample asks for; a sample that is no queue's is one message.
SAMPLES = {
    "s3-put": [[IMMERSION]],
    "eventbridge": [[SDK]],
    "item": [[LLM]],
    "sqs-backfill": [[CSV_ROWS, QUOTED], [XGBOOST]],
    "sqs-s3": [[IMMERSION]],
    "sqs-sns-s3": [[PACKT]],
    "sqs-eventbridge": [[WORKSHOP]],
    "sqs-item": [[QUOTED]],
    "sqs-several-records": [[CSV_ROWS, XGBOOST], [SDK]],
    "sqs-test-event": [[], [CSV_ROWS]],
    "sqs-poison": [[CSV_JSON], [], [BASE64]],
    "sqs-mixed-records": [[CSV_ROWS], [XGBOOST]],
    "sqs-restored": [[CSV_ROWS], [XGBOOST]],
    "sqs-cloudtrail": [[SDK], [QUOTED], [], []],
    "sqs-ignored": [[], []],
    "sqs-odd-keys": [
        [
            "datacapture/synthetic-odd-keys//churn/AllTraffic/2026/01/15/10/03-01-999-590559be-c4bb-4924-92e7-a7802e60b5a0.jsonl",
            "datacapture/synthetic-odd-keys/endpoint=churn/AllTraffic/2026/01/15/10/03-02-657-5f1ec041-9b90-4912-b5c1-ebe6da5e15c1.jsonl",
        ],
        ["datacapture/synthetic-odd-keys/team a+b/churn/AllTraffic/2026/01/15/10/03-03-456-0905baf5-4119-4b58-b12a-24082f9d317c.jsonl"],
        ["datacapture/synthetic-odd-keys/größe 100%/churn/AllTraffic/2026/01/15/10/03-04-527-6918623f-938c-4901-97d2-b0e76cef9957.jsonl"],
    ],
}  # fmt: skip


# How many records each message of a sample is refused for; none by default.
REFUSED = {"sqs-poison": [0, 1, 0], "sqs-mixed-records": [1, 0], "sqs-cloudtrail": [0, 0, 0, 1]}


def messages(name: str) -> list[Opened]:
    """Return the objects that each message of a sample event names."""
    event = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    records = event.get("Records", [{}])
    if records[0].get("eventSource") != "aws:sqs":
        return [open_event(event)]
    return [open_message(record["body"]) for record in records]


@pytest.mark.parametrize("name", SAMPLES)
def test_sample_events_name_their_objects(name: str) -> None:
    """Every envelope leads to bucket and key, decoded exactly where that envelope encodes them."""
    found = messages(name)
    assert [[work.source.key for work in one.works] for one in found] == SAMPLES[name]
    assert {work.source.bucket for one in found for work in one.works} <= {BUCKET}
    assert [len(one.refusals) for one in found] == REFUSED.get(name, [0] * len(found))


def test_every_sample_is_tested() -> None:
    """A sample that is added is opened here too."""
    assert {path.stem for path in EVENTS.glob("*.json")} == set(SAMPLES)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
def test_keys_are_decoded_where_they_are_encoded(key: str) -> None:
    """S3 encodes keys in notifications, EventBridge and our own items do not: any key comes out as it is."""
    detail = {"bucket": {"name": "b"}, "object": {"key": key}}
    bridge = {"source": "aws.s3", "detail-type": "Object Created", "detail": detail}
    for event in (
        notification(quote_plus(key)),
        bridge,
        {"bucket": "b", "key": key},
        _queue_record(bridge),
        _sns(bridge),
    ):
        (work,) = open_event(event).works
        assert work == Work(CaptureObject("b", key))


def _queue_record(event: Any) -> dict[str, Any]:
    return {"Records": [{"eventSource": "aws:sqs", "body": json.dumps(event)}]}


def _sns(event: Any) -> dict[str, Any]:
    return {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": json.dumps(event)}}]}


def test_version_etag_and_size_of_an_event_are_kept() -> None:
    """Version and etag name the state that is read; the size is reported."""
    (work,) = open_event(notification("k", eTag="e", versionId="v", size=7)).works
    assert work.source == CaptureObject("b", "k", "v", "e", 7)
    detail = {"bucket": {"name": "b"}, "object": {"key": "k", "etag": "e", "version-id": "v", "size": 7}}
    (work,) = open_event({"source": "aws.s3", "detail-type": "Object Created", "detail": detail}).works
    assert work.source == CaptureObject("b", "k", "v", "e", 7)


def test_a_requeued_work_is_opened_to_the_same_work() -> None:
    """The message that a run puts back is one that the next run opens."""
    work = Work(CaptureObject("b", "k+ %", "v", "e", 7), ReadOffset(100, 3, compressed=True), requeue_count=2)
    source = {"bucket": "b", "key": "k+ %", "version_id": "v", "etag": "e", "size": 7}
    item = {"source": source, "read_offset": {"offset": 100, "lines": 3, "compressed": True}, "requeue_count": 2}
    assert open_message(json.dumps(item)) == Opened((work,))


def test_an_event_may_come_from_sns_directly() -> None:
    """A topic that is subscribed without a queue between."""
    assert open_event(_sns(notification("a%2Bb+c"))).works == (Work(CaptureObject("b", "a+b c")),)
    raw = {"Type": "Notification", "Message": json.dumps(notification("k"))}
    assert open_message(json.dumps(raw)).works == (Work(CaptureObject("b", "k")),)


@pytest.mark.parametrize(
    ("event", "word"),
    [
        ({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}, "test event"),
        (notification("k", "ObjectRemoved:Delete"), "deleted"),
        (notification("k", "s3:ObjectRemoved:DeleteMarkerCreated"), "deleted"),
        (notification("k", "LifecycleExpiration:Delete"), "expired"),
        (notification("k", "LifecycleExpiration:DeleteMarkerCreated"), "expired"),
        (notification("k", "ObjectTagging:Put"), "tags changed"),
        (notification("k", "ObjectTagging:Delete"), "tags changed"),
        (notification("k", "s3:ObjectAcl:Put"), "access list changed"),
        (notification("k", "LifecycleTransition"), "storage class changed"),
        (notification("k", "IntelligentTiering"), "storage class changed"),
        (notification("k", "Replication:OperationFailedReplication"), "replicated"),
        (notification("k", "ReducedRedundancyLostObject"), "lost by S3"),
        (notification("k", "ObjectRestore:Post"), "restore requested"),
        (notification("k", "ObjectRestore:Delete"), "restored copy expired"),
        (bridged("Object Deleted"), "deleted"),
        (bridged("Object Tags Added"), "tags changed"),
        (bridged("Object Tags Deleted"), "tags changed"),
        (bridged("Object ACL Updated"), "access list changed"),
        (bridged("Object Storage Class Changed"), "storage class changed"),
        (bridged("Object Access Tier Changed"), "storage class changed"),
        (bridged("Object Restore Initiated"), "restore requested"),
        (bridged("Object Restore Expired"), "restored copy expired"),
        (cloudtrail("PutObject", errorCode="AccessDenied"), "call that failed"),
    ],
)
def test_events_that_ask_for_no_work_are_ignored_by_name(event: dict[str, Any], word: str) -> None:
    """They are listed, each with the word that the log has for it."""
    assert open_event(event) == Opened(ignored=(word,))


@pytest.mark.parametrize(
    "event",
    [
        notification("k", "ObjectCreated:Put"),
        notification("k", "ObjectCreated:Post"),
        notification("k", "ObjectCreated:CompleteMultipartUpload"),
        notification("k", "s3:ObjectCreated:Copy"),
        notification("k", "ObjectRestore:Completed"),
        notification("k", "s3:ObjectRestore:Completed"),
        bridged("Object Created"),
        bridged("Object Restore Completed"),
        cloudtrail("PutObject"),
        cloudtrail("CopyObject"),
        cloudtrail("CompleteMultipartUpload"),
        cloudtrail("PostObject"),
        cloudtrail("POST Object"),
    ],
)
def test_every_event_that_makes_an_object_readable_is_opened(event: dict[str, Any]) -> None:
    """However the object came to be, by whatever kind of event, with and without the prefix of some senders."""
    assert open_event(event) == Opened((Work(CaptureObject("b", "k")),))


@pytest.mark.parametrize(
    ("event", "named"),
    [
        (notification("k", "ObjectAccessed:Get"), '"ObjectAccessed:Get"'),
        (notification("k", "ObjectRestore"), '"ObjectRestore"'),
        (notification("k", "ObjectRestore:Paused"), '"ObjectRestore:Paused"'),
        (notification("k", "ObjectRemovedX:Delete"), '"ObjectRemovedX:Delete"'),
        (notification("k", "INSERT"), '"INSERT"'),
        (notification("k", SENTINEL), "of an unknown name"),
        (notification("k", "A" * 65), "of an unknown name"),
        (notification("k", ""), "of an unknown name"),
        (bridged("Object Annotated"), '"Object Annotated"'),
        (bridged(SENTINEL), "of an unknown name"),
        (cloudtrail("GetObject"), '"GetObject"'),
        (cloudtrail("DeleteObjects"), '"DeleteObjects"'),
        (cloudtrail("RestoreObject", errorCode="AccessDenied"), '"RestoreObject"'),
    ],
)
def test_an_event_of_any_other_type_is_refused_by_its_name(event: dict[str, Any], named: str) -> None:
    """It is never acknowledged in silence. A name that is not words may be data of the sender and is not quoted."""
    opened = open_event(event)
    assert (opened.works, opened.ignored) == ((), ())
    (refusal,) = opened.refusals
    assert named in refusal
    assert "neither forwarded nor ignored; send only" in refusal


def test_a_call_in_cloudtrail_names_the_version_that_it_wrote() -> None:
    """CloudTrail has no etag, so the version is the only name of the state. Without one there is none."""
    (work,) = open_event(cloudtrail("PutObject", responseElements={"x-amz-version-id": "v"})).works
    assert work.source == CaptureObject("b", "k", "v")
    for nothing in (None, {}, {"x-amz-version-id": None}):
        (work,) = open_event(cloudtrail("PutObject", responseElements=nothing, errorCode=None)).works
        assert work.source.state_id is None


@pytest.mark.parametrize("kind", ["SubscriptionConfirmation", "UnsubscribeConfirmation"])
def test_a_question_of_sns_is_refused_with_the_next_step(kind: str) -> None:
    """A person must answer it: no event is delivered before, and a foreign topic must not be confirmed."""
    (refusal,) = open_event({"Type": kind, "Message": SENTINEL, "SubscribeURL": SENTINEL}).refusals
    assert "if the topic is yours, open the address" in refusal
    assert SENTINEL not in refusal


@pytest.mark.parametrize("version", ["2.0", "2.5", "4.0"])
def test_new_fields_and_versions_are_accepted(version: str) -> None:
    """S3 adds fields: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html."""
    event = notification("k", checksum={"new": [1]}, owner=None)
    event["Records"][0] |= {"eventVersion": version, "glacierEventData": {"x": 1}, "lifecycleEventData": None}
    event["Records"][0]["s3"] |= {"s3SchemaVersion": "9", "more": {}}
    assert open_event(event).works == (Work(CaptureObject("b", "k")),)


def test_a_backfill_message_names_its_objects_as_they_are() -> None:
    """Keys are not URL-encoded, and each work is marked, so that it is requeued to the queue of backfills."""
    objects = [{"bucket": "b", "key": "k+ %2B.jsonl", "etag": "e", "size": 7}, {"bucket": "c", "key": "ü.jsonl"}]
    expected = (
        Work(CaptureObject("b", "k+ %2B.jsonl", etag="e", size=7), backfill=True),
        Work(CaptureObject("c", "ü.jsonl"), backfill=True),
    )
    assert open_message(json.dumps({"backfill": objects})).works == expected


@pytest.mark.parametrize("backfill", [True, False])
def test_a_requeued_work_keeps_the_mark_of_a_backfill(backfill: bool) -> None:  # noqa: FBT001 - both values
    """The message is the work in JSON; opened again it is the same work."""
    work = Work(CaptureObject("b", "k", etag="e"), ReadOffset(100, 3), 2, backfill)
    assert open_message(msgspec.json.encode(work).decode()).works == (work,)
