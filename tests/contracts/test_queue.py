"""The contract of the queue: each work is sent once, or its reason is returned; the queue never raises."""

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from itertools import chain
from math import inf
from typing import Any
from uuid import uuid4

import pytest

from capture_forwarder.aws.envelopes import open_message
from capture_forwarder.aws.queue import SqsQueue
from capture_forwarder.aws.session import CONFIG, aws_session
from capture_forwarder.domain.capture import CaptureObject, ReadOffset, Work
from tests.support.memory_stores import MemoryQueue
from tests.support.peer_server import Peer, raw_url

BATCH = "SendMessageBatch"


def works(count: int, **fields: Any) -> list[tuple[Work, int]]:
    """Return works for `count` objects, without delay."""
    return [(Work(CaptureObject("b", f"k{number}"), **fields), 0) for number in range(count)]


def new_queue() -> tuple[Any, str]:
    """Return a client and the URL of an empty queue."""
    client = aws_session().client("sqs", config=CONFIG)
    return client, client.create_queue(QueueName=f"q-{uuid4()}")["QueueUrl"]


def received(client: Any, url: str) -> Iterator[Work]:
    """Yield the works in a queue that are not delayed."""
    while messages := client.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=600).get(
        "Messages"
    ):
        for message in messages:
            yield from open_message(message["Body"]).works


def record_batches(client: Any) -> list[list[dict[str, Any]]]:
    """Record the entries of each call."""
    batches: list[list[dict[str, Any]]] = []
    client.meta.events.register(
        f"provide-client-params.sqs.{BATCH}", lambda params, **_: batches.append(params["Entries"])
    )
    return batches


def fail_entries(client: Any, ids: set[str], times: int, *, sender_fault: bool) -> None:
    """Answer `times` calls as if SQS had refused the entries with `ids`."""
    left = [times]

    def fail(parsed: dict[str, Any], **_: object) -> None:
        failing = [one for one in parsed["Successful"] if one["Id"] in ids]
        if failing and left[0] > 0:
            left[0] -= 1
            parsed["Successful"] = [one for one in parsed["Successful"] if one not in failing]
            parsed["Failed"] = [
                {"Id": one["Id"], "Code": "InternalError", "SenderFault": sender_fault} for one in failing
            ]

    client.meta.events.register(f"after-call.sqs.{BATCH}", fail)


def test_a_requeued_work_is_received_as_the_same_work(aws: str) -> None:
    """Its message has the offset and the number of requeues; any key is kept."""
    del aws
    client, url = new_queue()
    sent = [
        Work(CaptureObject("b", key, "v", "e", 5), ReadOffset(9, 2, compressed=True), requeue_count=3)
        for key in ("k", "a/ü +\t\x01\ufffe\U0001f600.jsonl")
    ]
    assert SqsQueue(client, url).put([(work, 0) for work in sent], within_secs=inf) == [None, None]
    assert set(received(client, url)) == set(sent)


@pytest.mark.parametrize("count", [0, 1, 10, 11, 45])
def test_ten_messages_are_sent_by_one_call(aws: str, count: int) -> None:
    """All are sent exactly once, and in as few calls as SQS allows."""
    del aws
    client, url = new_queue()
    batches = record_batches(client)
    assert SqsQueue(client, url).put(works(count), within_secs=60) == [None] * count
    assert sorted(work.source.key for work in received(client, url)) == sorted(f"k{number}" for number in range(count))
    assert sorted(len(entries) for entries in batches) == sorted(
        [10] * (count // 10) + ([count % 10] if count % 10 else [])
    )


def test_a_call_is_not_larger_than_sqs_allows(aws: str) -> None:
    """256 KiB of messages in UTF-8."""
    del aws
    client, url = new_queue()
    batches = record_batches(client)
    large = [(Work(CaptureObject("b", "ü" * 10_000 + str(number))), 0) for number in range(10)]
    assert SqsQueue(client, url).put(large, within_secs=60) == [None] * 10
    sizes = [sum(len(entry["MessageBody"].encode()) for entry in entries) for entries in batches]
    assert max(sizes) <= 256 * 1024
    assert len(sizes) == 3


def test_each_message_has_its_delay_and_its_queue(aws: str) -> None:
    """Work of a backfill waits in its own queue."""
    del aws
    client, url = new_queue()
    _, backfill_url = new_queue()
    batches = record_batches(client)
    (live, _), (waiting, _) = works(2)
    ((backfill, _),) = works(1, backfill=True)
    queue = SqsQueue(client, url, backfill_url=backfill_url)
    assert queue.put([(live, 0), (backfill, 0), (waiting, 900)], within_secs=60) == [None] * 3
    assert list(received(client, url)) == [live]
    assert list(received(client, backfill_url)) == [backfill]
    delays = {json.loads(entry["MessageBody"])["source"]["key"]: entry["DelaySeconds"] for entry in chain(*batches)}
    assert delays == {"k0": 0, "k1": 900}


def test_without_a_queue_of_its_own_a_backfill_uses_the_other(aws: str) -> None:
    """A stack without backfills has one queue."""
    del aws
    client, url = new_queue()
    assert SqsQueue(client, url).put(works(1, backfill=True), within_secs=60) == [None]
    assert len(list(received(client, url))) == 1


def test_a_message_that_sqs_failed_to_store_is_sent_once_more(aws: str) -> None:
    """The others of its call are not."""
    del aws
    client, url = new_queue()
    batches = record_batches(client)
    fail_entries(client, {"3"}, 1, sender_fault=False)
    assert SqsQueue(client, url).put(works(5), within_secs=60) == [None] * 5
    assert [[entry["Id"] for entry in entries] for entries in batches] == [["0", "1", "2", "3", "4"], ["3"]]


@pytest.mark.parametrize(("sender_fault", "calls"), [(True, 1), (False, 2)])
def test_a_message_that_is_refused_has_a_reason(aws: str, *, sender_fault: bool, calls: int) -> None:
    """One that is our fault is not sent again; all others are sent."""
    del aws
    client, url = new_queue()
    batches = record_batches(client)
    fail_entries(client, {"3"}, 9, sender_fault=sender_fault)
    reasons = SqsQueue(client, url).put(works(5), within_secs=60)
    assert reasons == [None, None, None, "the queue refuses the message with InternalError", None]
    assert len(batches) == calls


def test_a_missing_queue_is_a_reason_for_each(aws: str) -> None:
    """The original messages are kept if the work was not requeued. The other queue is used."""
    client, url = new_queue()
    queue = SqsQueue(client, f"{aws}/123456789012/none-{uuid4()}", backfill_url=url)
    reasons = queue.put([*works(12), *works(1, backfill=True)], within_secs=60)
    assert reasons[12] is None
    assert all("NonExistentQueue" in str(reason) for reason in reasons[:12])


def test_an_answer_that_names_no_message_sends_none(aws: str) -> None:
    """Only messages that SQS names as sent count; an id that was not requested is ignored."""
    del aws
    client, url = new_queue()

    def forget(parsed: dict[str, Any], **_: object) -> None:
        parsed["Successful"] = [{"Id": "77"}]
        parsed["Failed"] = [{"Id": "78", "Code": "InternalError", "SenderFault": False}]

    client.meta.events.register(f"after-call.sqs.{BATCH}", forget)
    (reason,) = SqsQueue(client, url).put(works(1), within_secs=60)
    assert reason == "the queue gave no answer in time"


def test_an_unreadable_answer_is_a_reason_and_stops_no_other_call() -> None:
    """Each of 50 calls is made, though botocore cannot read the answers."""
    requests: list[bytes] = []

    def serve(peer: Peer) -> None:
        while request := peer.request():
            requests.append(request)
            peer.answer("400 Bad Request", b"[1]", Content_Type="application/x-amz-json-1.0")

    with raw_url(serve) as url:
        client = aws_session().client("sqs", endpoint_url=url, config=CONFIG)
        reasons = SqsQueue(client, f"{url}/1/q").put(works(500), within_secs=60)
    assert len(requests) == 50
    assert set(reasons) == {"the queue answers AttributeError; look at the queue, and allow the function to send to it"}


def test_a_queue_that_hangs_holds_nobody_up() -> None:
    """A message that was not sent in time is not sent later either: no call begins after the end of the time."""
    calls: list[bytes] = []

    def serve(peer: Peer) -> None:
        while request := peer.request():
            calls.append(request)
            peer.wait_for_close()

    with raw_url(serve) as url:
        client = aws_session().client("sqs", endpoint_url=url, config=CONFIG)
        begun = time.monotonic()
        reasons = SqsQueue(client, f"{url}/1/q").put(works(500), within_secs=0.5)
        assert time.monotonic() - begun < 5
        assert reasons == ["the queue gave no answer in time"] * 500
        time.sleep(0.5)
        assert len(calls) == 4


def test_one_call_that_hangs_holds_no_other_up() -> None:
    """The messages of all other calls are sent."""
    lock, count = threading.Lock(), [0]

    def serve(peer: Peer) -> None:
        while peer.request():
            with lock:
                count[0] += 1
                first = count[0] == 1
            if first:
                peer.wait_for_close()
                return
            peer.answer("200 OK", body(peer), Content_Type="application/x-amz-json-1.0")

    def body(peer: Peer) -> bytes:
        entries = json.loads(peer.body)["Entries"]
        return json.dumps(
            {"Successful": [{"Id": one["Id"], "MessageId": "m", "MD5OfMessageBody": md5(one)} for one in entries]}
        ).encode()

    def md5(one: dict[str, Any]) -> str:
        return hashlib.md5(one["MessageBody"].encode(), usedforsecurity=False).hexdigest()

    with raw_url(serve) as url:
        client = aws_session().client("sqs", endpoint_url=url, config=CONFIG)
        reasons = SqsQueue(client, f"{url}/1/q").put(works(200), within_secs=5)
    assert reasons.count(None) == 190
    assert reasons.count("the queue gave no answer in time") == 10


@pytest.mark.parametrize("within_secs", [0, -5])
def test_without_time_nothing_is_sent(aws: str, within_secs: float) -> None:
    """The caller keeps the original messages, so a message that is sent late would be a second one."""
    del aws
    client, url = new_queue()
    assert SqsQueue(client, url).put(works(1), within_secs=within_secs) == ["the queue gave no answer in time"]
    assert list(received(client, url)) == []


def test_the_fake_returns_reasons_like_the_queue() -> None:
    """Tests of the core rely on it."""
    fake = MemoryQueue()
    assert fake.put(works(2), within_secs=1) == [None, None]
    assert fake.messages == works(2)
    fake.failure = "it is full"
    assert fake.put(works(2), within_secs=1) == ["it is full"] * 2
    assert len(fake.messages) == 2
