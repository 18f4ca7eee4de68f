"""Every envelope in which an event arrives: opened to the objects that it names, or refused without a word of it."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture_forwarder.aws.envelopes import EventError, Opened, open_event, open_message
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
    "sqs-odd-keys": [
        [
            "datacapture/synthetic-odd-keys//churn/AllTraffic/2026/01/15/10/03-01-999-590559be-c4bb-4924-92e7-a7802e60b5a0.jsonl",
            "datacapture/synthetic-odd-keys/endpoint=churn/AllTraffic/2026/01/15/10/03-02-657-5f1ec041-9b90-4912-b5c1-ebe6da5e15c1.jsonl",
        ],
        ["datacapture/synthetic-odd-keys/team a+b/churn/AllTraffic/2026/01/15/10/03-03-456-0905baf5-4119-4b58-b12a-24082f9d317c.jsonl"],
        ["datacapture/synthetic-odd-keys/größe 100%/churn/AllTraffic/2026/01/15/10/03-04-527-6918623f-938c-4901-97d2-b0e76cef9957.jsonl"],
    ],
}  # fmt: skip


def messages(name: str) -> list[Opened | EventError]:
    """Return what each message of a sample event is opened to."""
    event = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    records = event.get("Records", [{}])
    if records[0].get("eventSource") != "aws:sqs":
        return [open_event(event)]
    return [_opened(record["body"]) for record in records]


def _opened(body: str) -> Opened | EventError:
    try:
        return open_message(body)
    except EventError as error:
        return error


@pytest.mark.parametrize("name", SAMPLES)
def test_sample_events_name_their_objects(name: str) -> None:
    """Every envelope leads to bucket and key, decoded exactly where that envelope encodes them."""
    found = messages(name)
    assert all(isinstance(one, Opened) for one in found)
    keys = [[work.source.key for work in one.works] for one in found if isinstance(one, Opened)]
    assert keys == SAMPLES[name]
    assert {work.source.bucket for one in found if isinstance(one, Opened) for work in one.works} == {BUCKET}


def test_a_message_without_an_object_fails_alone() -> None:
    """A message that names no object is refused, those before and after it are not."""
    before, poison, after = messages("sqs-poison")
    assert isinstance(poison, EventError)
    found = [[work.source.key for work in one.works] for one in (before, after) if isinstance(one, Opened)]
    assert found == [[CSV_JSON], [BASE64]]


def test_every_sample_is_tested() -> None:
    """A sample that is added is opened here too."""
    assert {path.stem for path in EVENTS.glob("*.json")} == set(SAMPLES) | {"sqs-poison"}


def notification(key: str, name: str = "ObjectCreated:Put", **more: Any) -> dict[str, Any]:
    """Return one S3 notification of one record."""
    record = {"eventName": name, "s3": {"bucket": {"name": "b"}, "object": {"key": key} | more}}
    return {"Records": [record]}


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
    "event",
    [
        {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"},
        notification("k", "ObjectRemoved:Delete"),
        notification("k", "s3:ObjectRemoved:DeleteMarkerCreated"),
        notification("k", "LifecycleExpiration:Delete"),
        {"source": "aws.s3", "detail-type": "Object Deleted", "detail": {}},
    ],
    ids=["test event", "deleted", "delete marker", "expired", "deleted by EventBridge"],
)
def test_events_that_create_no_object_are_ignored_and_counted(event: dict[str, Any]) -> None:
    """S3's test event on set-up and deletions ask for nothing, and are no errors."""
    assert open_event(event) == Opened(ignored=1)


@pytest.mark.parametrize(
    "name", ["ObjectCreated:Put", "ObjectCreated:CompleteMultipartUpload", "s3:ObjectCreated:Copy"]
)
def test_every_kind_of_creation_is_opened(name: str) -> None:
    """However the object came to be, with and without the prefix that some senders write."""
    assert open_event(notification("k", name)).works == (Work(CaptureObject("b", "k")),)


def test_records_of_one_message_are_opened_together() -> None:
    """Works in their order, what asks for nothing counted beside them."""
    records = [
        *notification("a")["Records"],
        *notification("b", "ObjectRemoved:Delete")["Records"],
        *notification("c")["Records"],
    ]
    opened = open_event({"Records": records})
    assert ([work.source.key for work in opened.works], opened.ignored) == (["a", "c"], 1)


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
    "a size of another type": json.dumps(notification("k", size=SENTINEL)),
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
    "a backfill with one bad object": json.dumps({"backfill": [{"bucket": SENTINEL, "key": "k"}, {"bucket": SENTINEL}]}),
    "a backfill with a key of another type": json.dumps({"backfill": [{"bucket": SENTINEL, "key": 1}]}),
    "SNS around nothing": json.dumps({"Type": "Notification", "Message": SENTINEL}),
}  # fmt: skip


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
def test_a_bad_message_is_refused_without_quoting_it(body: str) -> None:
    """It fails alone, with a sentence that says what was expected and goes into logs without a word of the message."""
    with pytest.raises(EventError) as caught:
        open_message(body)
    assert SENTINEL not in str(caught.value)
    assert caught.value.__cause__ is None
    assert len(str(caught.value)) > 30


@given(
    st.recursive(
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
)
def test_any_message_gives_works_or_an_event_error(document: Any) -> None:
    """Any JSON in the queue is opened to works, or refused with an `EventError`."""
    assert isinstance(_opened(json.dumps(document)), Opened | EventError)
