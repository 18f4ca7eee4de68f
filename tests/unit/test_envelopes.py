"""Every envelope in which an event arrives: opened to the objects that it names, or refused without a word of it."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture_forwarder.aws.envelopes import Opened, open_event, open_message, summary
from capture_forwarder.domain.capture import CaptureObject, ReadOffset, Work

EVENTS = Path(__file__).parents[2] / "events"
BUCKET = "sagemaker-eu-west-1-123456789012"
SENTINEL = "sEnTiNeL-51"

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
    """Return what each message of a sample event is opened to."""
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


def notification(key: str, name: str = "ObjectCreated:Put", **more: Any) -> dict[str, Any]:
    """Return one S3 notification of one record."""
    record = {"eventName": name, "s3": {"bucket": {"name": "b"}, "object": {"key": key} | more}}
    return {"Records": [record]}


def bridged(detail_type: str, **found: Any) -> dict[str, Any]:
    """Return one event of EventBridge about the object `k`."""
    detail = {"bucket": {"name": "b"}, "object": {"key": "k"} | found}
    return {"source": "aws.s3", "detail-type": detail_type, "detail": detail}


def cloudtrail(call: str, **more: Any) -> dict[str, Any]:
    """Return one data event of CloudTrail about the object `k`, in the envelope of EventBridge."""
    detail = {"eventName": call, "requestParameters": {"bucketName": "b", "key": "k"}} | more
    return {"source": "aws.s3", "detail-type": "AWS API Call via CloudTrail", "detail": detail}


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
    """A person must answer it: nothing is delivered before, and a foreign topic must not be confirmed."""
    (refusal,) = open_event({"Type": kind, "Message": SENTINEL, "SubscribeURL": SENTINEL}).refusals
    assert "if the topic is yours, open the address" in refusal
    assert SENTINEL not in refusal


def test_each_record_of_a_message_is_judged_alone() -> None:
    """One that is foreign, incomplete or impossible never keeps the others from being forwarded."""
    good = [*notification("a")["Records"], *notification("z")["Records"]]
    bad: list[Any] = [
        None,
        SENTINEL,
        [],
        {},
        {"eventName": "INSERT", "dynamodb": {}},
        {"eventName": "ObjectCreated:Put"},
        {"eventName": "ObjectCreated:Put", "s3": None},
        {"eventName": 1, "s3": good[0]["s3"]},
        *notification("%ff")["Records"],
        *notification("")["Records"],
        *notification("k" * 1025)["Records"],
        *notification("k", eTag="e\r\nX: y")["Records"],
        *notification("k", eTag=1)["Records"],
        {"Sns": {"Message": SENTINEL}},
        {"eventSource": "aws:sqs", "body": json.dumps({"Records": [SENTINEL]})},
    ]
    opened = open_event({"Records": [good[0], *bad, *notification("k", "ObjectAcl:Put")["Records"], good[1]]})
    assert [work.source.key for work in opened.works] == ["a", "z"]
    assert opened.ignored == ("access list changed",)
    assert [refusal.partition(":")[0] for refusal in opened.refusals] == [
        f"record {number} of {len(bad) + 3}" for number in range(2, len(bad) + 2)
    ]
    assert SENTINEL not in " ".join(opened.refusals)


def test_each_object_of_a_backfill_message_is_judged_alone() -> None:
    """The good ones are forwarded, and the message fails because of the bad one."""
    objects: list[Any] = [{"bucket": "b", "key": "a"}, {"bucket": "b"}, SENTINEL, {"bucket": "b", "key": "z"}]
    opened = open_message(json.dumps({"backfill": objects}))
    assert [work.source.key for work in opened.works] == ["a", "z"]
    assert [refusal.partition(":")[0] for refusal in opened.refusals] == ["object 2 of 4", "object 3 of 4"]


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
    """DynamoDB takes keys of 2048 bytes, and refuses all objects of a request for one that is longer."""
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


@pytest.mark.parametrize("version", ["2.0", "2.5", "4.0"])
def test_new_fields_and_versions_are_accepted(version: str) -> None:
    """S3 adds fields: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html."""
    event = notification("k", checksum={"new": [1]}, owner=None)
    event["Records"][0] |= {"eventVersion": version, "glacierEventData": {"x": 1}, "lifecycleEventData": None}
    event["Records"][0]["s3"] |= {"s3SchemaVersion": "9", "more": {}}
    assert open_event(event).works == (Work(CaptureObject("b", "k")),)


def test_a_message_of_ten_thousand_records_is_opened_whole() -> None:
    """Works keep their order, each refusal its number; the sentence for the log has a bound."""
    records = [record for number in range(5_000) for record in (*notification(f"{number}")["Records"], SENTINEL)]
    opened = open_message(json.dumps({"Records": records}))
    assert [work.source.key for work in opened.works] == [str(number) for number in range(5_000)]
    assert len(opened.refusals) == 5_000
    logged = summary(opened.refusals)
    assert logged.startswith("record 2 of 10000: ")
    assert logged.endswith("; and 4997 more")
    assert logged.count("of 10000: ") == 3
    assert summary(opened.refusals[:3]).count("of 10000: ") == 3
    assert "more" not in summary(opened.refusals[:3])


def test_nan_spoils_the_record_that_has_it_and_no_other() -> None:
    """Python reads it, JSON does not have it. It is read as null."""
    bad = '{"eventName": NaN, "s3": Infinity}'
    good = json.dumps(notification("k", size=1)["Records"][0]).replace('"size": 1', '"size": NaN, "more": -Infinity')
    opened = open_message(f'{{"Records": [{bad}, {good}]}}')
    assert opened.works == (Work(CaptureObject("b", "k")),)
    assert len(opened.refusals) == 1


def test_records_of_one_message_are_opened_together() -> None:
    """Works in their order, what asks for nothing counted beside them."""
    records = [
        *notification("a")["Records"],
        *notification("b", "ObjectRemoved:Delete")["Records"],
        *notification("c")["Records"],
    ]
    opened = open_event({"Records": records})
    assert ([work.source.key for work in opened.works], opened.ignored) == (["a", "c"], ("deleted",))


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


BAD = {
    "no JSON": SENTINEL,
    "half a document": '{"bucket": "' + SENTINEL,
    "deep": "[" * 100_000,
    "a number": "1",
    "a list": f'["{SENTINEL}"]',
    "another object": json.dumps({"hello": SENTINEL}),
    "a record without a place": json.dumps({"Records": [{"eventName": "ObjectCreated:Put", "x": SENTINEL}]}),
    "a record that is none": json.dumps({"Records": [SENTINEL]}),
    "a key of another type": json.dumps(notification({"key": SENTINEL})),  # type: ignore[arg-type]  # wrong on purpose
    "a key that is no UTF-8": json.dumps(notification(f"{SENTINEL}%ff")),
    "an item without a text": json.dumps({"bucket": SENTINEL, "key": 1}),
    "a continuation that goes nowhere": json.dumps({"source": {"bucket": "b", "key": "k"}, "read_offset": SENTINEL}),
    "a requeue count below 0": json.dumps({"source": {"bucket": SENTINEL, "key": "k"}, "requeue_count": -(10**30)}),
    "an endless requeue count": json.dumps({"source": {"bucket": SENTINEL, "key": "k"}, "requeue_count": 10**9}),
    "a line below 0": json.dumps({"source": {"bucket": SENTINEL, "key": "k"}, "read_offset": {"lines": -1}}),
    "an age of NaN": '{"source": {"bucket": "b", "key": "k"}, "pending_since_secs": NaN}',
    "an age of infinity": '{"source": {"bucket": "b", "key": "k"}, "pending_since_secs": Infinity}',
    "an age before 1970": json.dumps({"source": {"bucket": SENTINEL, "key": "k"}, "pending_since_secs": -1}),
    "a key that is too long": json.dumps({"bucket": "b", "key": SENTINEL + "ü" * 512}),
    "a key with half a character": '{"bucket": "b", "key": "' + SENTINEL + '\\ud800.jsonl"}',
    "EventBridge without an object": json.dumps({"source": "aws.s3", "detail-type": "Object Created", "detail": SENTINEL}),
    "a backfill of nothing": json.dumps({"backfill": []}),
    "a backfill that is no list": json.dumps({"backfill": SENTINEL}),
    "a backfill of a text": json.dumps({"backfill": [SENTINEL]}),
    "no records": json.dumps({"Records": [], "more": SENTINEL}),
    "records that are no list": json.dumps({"Records": SENTINEL}),
    "CloudTrail without a call": json.dumps(cloudtrail(SENTINEL) | {"detail": {"requestParameters": SENTINEL}}),
    "CloudTrail without a key": json.dumps(cloudtrail("PutObject", requestParameters={"bucketName": SENTINEL})),
    "CloudTrail without parameters": json.dumps(cloudtrail("PutObject", requestParameters=None)),
    "a number too long to read": '{"bucket": "b", "key": "k", "size": ' + "9" * 5000 + "}",
    "a backfill with a key of another type": json.dumps({"backfill": [{"bucket": SENTINEL, "key": 1}]}),
    "SNS around nothing": json.dumps({"Type": "Notification", "Message": SENTINEL}),
}  # fmt: skip


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
def test_a_bad_message_is_refused_without_quoting_it(body: str) -> None:
    """It fails alone, with a sentence that says what was expected and goes into logs without a word of the message."""
    opened = open_message(body)
    assert (opened.works, opened.ignored) == ((), ())
    (refusal,) = opened.refusals
    assert SENTINEL not in refusal
    assert len(refusal) > 30


DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "Records",
                    "backfill",
                    "Message",
                    "Type",
                    "body",
                    "eventSource",
                    "s3",
                    "bucket",
                    "key",
                    "source",
                    "detail",
                    "eventName",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@given(st.lists(DOCUMENTS, max_size=4), st.lists(DOCUMENTS, max_size=4))
def test_no_record_keeps_its_neighbours_from_being_opened(before: list[Any], after: list[Any]) -> None:
    """Whatever lies beside a good record: it is opened, and all else has works, a word or a refusal of its own."""
    (good,) = notification("good")["Records"]
    opened = open_message(json.dumps({"Records": [*before, good, *after]}))
    assert Work(CaptureObject("b", "good")) in opened.works
    assert len(opened.works) + len(opened.ignored) + len(opened.refusals) >= len(before) + 1 + len(after)


@given(DOCUMENTS)
def test_any_message_gives_works_or_refusals(document: Any) -> None:
    """Any JSON in the queue is opened, and never acknowledged without a word."""
    opened = open_message(json.dumps(document))
    assert opened.works or opened.ignored or opened.refusals
