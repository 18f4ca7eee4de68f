"""Each record of a message is judged alone: a bad one is refused with a sentence that does not quote it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture_forwarder.aws.envelopes import open_event, open_message, summary
from capture_forwarder.domain.capture import CaptureObject, Work
from tests.support.events import SENTINEL, cloudtrail, notification


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
    """Works in their order; ignored records are counted beside them."""
    records = [
        *notification("a")["Records"],
        *notification("b", "ObjectRemoved:Delete")["Records"],
        *notification("c")["Records"],
    ]
    opened = open_event({"Records": records})
    assert ([work.source.key for work in opened.works], opened.ignored) == (["a", "c"], ("deleted",))


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
    """It fails alone, with a sentence that names the expected form and goes into logs without a word of the message."""
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
