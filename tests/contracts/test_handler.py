"""The Lambda's handler on every sample event, against S3 and the monitor on loopback."""

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import boto3
import pytest

from capture_forwarder.aws.envelopes import EventError
from capture_forwarder.bootstrap import Runtime, build_runtime
from capture_forwarder.configuration.names import PROGRESS_EXPIRY
from capture_forwarder.configuration.reader import read_settings
from capture_forwarder.domain.capture import CaptureObject, Work
from capture_forwarder.domain.conservation import ForwardReport, ObjectState
from capture_forwarder.domain.notices import MessageRejected, Notice, RecordsIgnored, RunBegan, RunEnded
from capture_forwarder.handler import ForwardingIncomplete, make_handler
from capture_ops.commands.invoke import LocalContext, Reports
from capture_ops.commands.monitor import models_of
from capture_ops.monitor.server import Monitor
from tests.support.samples import BUCKET, EVENTS, running_samples, sample


@pytest.fixture
def monitor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Monitor]:
    """Run the monitor, with every sample capture in its bucket."""
    with running_samples(tmp_path, monkeypatch) as running:
        yield running


class Seen(Reports):
    """Keeps every notice beside the reports."""

    def __init__(self) -> None:
        super().__init__()
        self.notices: list[Notice] = []

    def notice(self, event: Notice) -> None:
        """Keep `event`."""
        self.notices.append(event)
        super().notice(event)


def handled(event: dict[str, Any]) -> tuple[dict[str, Any], Seen]:
    """Return the handler's answer, and the notices of its observer."""
    seen = Seen()
    handler = make_handler(build_runtime(os.environ, seen))
    return handler(event, LocalContext()), seen


def stored(monitor: Monitor) -> int:
    """Return how many inferences the monitor holds."""
    return sum(monitor.store.count(model.id) for model in models_of(read_settings(EVENTS / "forwarder.toml")))


@pytest.mark.parametrize("name", ["s3-put.json", "eventbridge.json", "item.json"])
def test_a_direct_event_has_an_empty_answer(monitor: Monitor, name: str) -> None:
    """Outside a queue there is no partial-batch response; an empty answer means success."""
    answer, seen = handled(sample(name))
    assert answer == {}
    assert [report.complete for report in seen.reports] == [True]
    assert stored(monitor) == seen.reports[0].inferences.accepted > 0


@pytest.mark.parametrize(
    ("name", "objects"),
    [
        ("sqs-s3.json", 1),
        ("sqs-sns-s3.json", 1),
        ("sqs-eventbridge.json", 1),
        ("sqs-item.json", 1),
        ("sqs-odd-keys.json", 4),
        ("sqs-several-records.json", 3),
    ],
)
def test_every_envelope_in_a_queue_is_forwarded(monitor: Monitor, name: str, objects: int) -> None:
    """Scenarios C and N: all records of all messages, with any characters in their keys."""
    answer, seen = handled(sample(name))
    assert answer == {"batchItemFailures": []}
    assert len(seen.reports) == objects
    assert all(report.complete and report.inferences.accepted for report in seen.reports)
    assert stored(monitor) == sum(report.inferences.accepted for report in seen.reports)


def test_a_message_of_a_backfill_is_forwarded_like_any_other(monitor: Monitor) -> None:
    """All objects that it names, once; sent again, none is read."""
    answer, seen = handled(sample("sqs-backfill.json"))
    assert answer == {"batchItemFailures": []}
    assert [report.state for report in seen.reports] == [ObjectState.DONE] * 3
    assert stored(monitor) == sum(report.inferences.accepted for report in seen.reports) > 0
    again, seen = handled(sample("sqs-backfill.json"))
    assert again == {"batchItemFailures": []}
    assert [report.state for report in seen.reports] == [ObjectState.DONE_BEFORE] * 3
    assert [report.lines.read for report in seen.reports] == [0] * 3


def test_a_message_of_a_backfill_with_pending_objects_fails(monitor: Monitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a queue to requeue them, the message comes again; invoked directly it is an error."""
    monkeypatch.setenv("MONITOR_TOKEN", "wrong")
    event = sample("sqs-backfill.json")
    answer, _ = handled(event)
    assert len(answer["batchItemFailures"]) == len(event["Records"]) == 2
    with pytest.raises(ForwardingIncomplete, match="put a valid one"):
        handled(json.loads(event["Records"][0]["body"]))
    assert stored(monitor) == 0


def test_a_backfill_message_that_is_malformed_fails_alone(monitor: Monitor) -> None:
    """Its other object, and the other message of its batch, are forwarded."""
    event = sample("sqs-backfill.json")
    event["Records"][0]["body"] = event["Records"][0]["body"].replace('"key"', '"name"', 1)
    answer, seen = handled(event)
    assert answer == {"batchItemFailures": [{"itemIdentifier": event["Records"][0]["messageId"]}]}
    assert [report.state for report in seen.reports] == [ObjectState.DONE] * 2
    assert stored(monitor) > 0


def test_a_backfill_skips_objects_that_were_forwarded_before(monitor: Monitor) -> None:
    """A listing names no version, an event does: both mean the same state of the object."""
    s3, key = boto3.client("s3"), json.loads(sample("sqs-backfill.json")["Records"][0]["body"])["backfill"][0]["key"]
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    body = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    found = s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    event = message(key)
    event["Records"][0]["body"] = event["Records"][0]["body"].replace(
        '"object": {', f'"object": {{"versionId": "{found["VersionId"]}", "eTag": {found["ETag"]}, '
    )
    handled(event)
    before = stored(monitor)
    _, seen = handled({"backfill": [{"bucket": BUCKET, "key": key, "etag": found["ETag"].strip('"')}]})
    assert [(report.state, report.lines.read) for report in seen.reports] == [(ObjectState.DONE_BEFORE, 0)]
    assert stored(monitor) == before > 0


def test_b_a_test_event_does_not_affect_other_messages(monitor: Monitor) -> None:
    """Scenario B: S3's test event is first in the batch. It is acknowledged, and the other messages are forwarded."""
    answer, seen = handled(sample("sqs-test-event.json"))
    assert answer == {"batchItemFailures": []}
    assert [report.complete for report in seen.reports] == [True]
    assert stored(monitor) > 0


def test_an_invalid_message_fails_alone(monitor: Monitor) -> None:
    """Only the messages without an object fail; the others are forwarded."""
    event = sample("sqs-poison.json")
    answer, seen = handled(event)
    failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
    good = [record for record in event["Records"] if record["messageId"] not in failed]
    assert len(failed) == 1
    assert len(seen.reports) == len(good) > 0
    assert all(report.complete for report in seen.reports)
    assert stored(monitor) > 0


def test_a_record_that_is_refused_does_not_keep_the_others_from_being_forwarded(monitor: Monitor) -> None:
    """Its message fails and comes again; then the object of the good record is done."""
    event = sample("sqs-mixed-records.json")
    bad, good = (record["messageId"] for record in event["Records"])
    answer, seen = handled(event)
    assert answer == {"batchItemFailures": [{"itemIdentifier": bad}]}
    assert [report.state for report in seen.reports] == [ObjectState.DONE] * 2
    before = stored(monitor)
    assert before == sum(report.inferences.accepted for report in seen.reports) > 0
    assert good not in str(seen.notices[1:])  # the first has the ids of all messages
    rejected = [notice for notice in seen.notices if isinstance(notice, MessageRejected)]
    assert [(notice.message_id, notice.why.partition(":")[0]) for notice in rejected] == [(bad, "record 2 of 2")]
    answer, seen = handled({"Records": event["Records"][:1]})
    assert answer == {"batchItemFailures": [{"itemIdentifier": bad}]}
    assert [report.state for report in seen.reports] == [ObjectState.DONE_BEFORE]
    assert stored(monitor) == before


def test_a_direct_event_with_a_record_that_is_refused_is_an_error_after_the_others(monitor: Monitor) -> None:
    """The good record is forwarded first."""
    event = json.loads(sample("sqs-mixed-records.json")["Records"][0]["body"])
    with pytest.raises(EventError, match="record 2 of 2: the type of the S3 notification"):
        handled(event)
    assert stored(monitor) > 0


class RefusingRuntime(Runtime):
    """A runtime without a route for the bucket of any object."""

    def __init__(self, observer: Seen) -> None:
        self.observer = observer

    def forward(self, works: Sequence[Work], left_millis: Callable[[], float]) -> list[ForwardReport]:
        """Return one report a work: it is refused."""
        del left_millis
        return [ForwardReport(source=each.source, state=ObjectState.REFUSED, why="no such bucket") for each in works]


def test_an_object_that_is_refused_fails_its_message_and_is_named() -> None:
    """Its bucket is not configured, so only a person can say whose event it is."""
    seen = Seen()
    handler = make_handler(RefusingRuntime(seen))
    event = message("a.jsonl")
    assert handler(event, LocalContext()) == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    refused = f"s3://{BUCKET}/a.jsonl: no such bucket"
    began = RunBegan(LocalContext.aws_request_id, {"m1": [CaptureObject(BUCKET, "a.jsonl")]})
    assert seen.notices == [began, MessageRejected("m1", refused), RunEnded()]
    with pytest.raises(EventError, match="no such bucket"):
        handler(json.loads(event["Records"][0]["body"]), LocalContext())


@pytest.mark.parametrize(("name", "objects"), [("sqs-restored.json", 2), ("sqs-cloudtrail.json", 2)])
def test_restored_objects_and_calls_in_cloudtrail_are_forwarded(monitor: Monitor, name: str, objects: int) -> None:
    """They are new objects to read as any other; a call that reads is refused, because the rule is too wide."""
    _, seen = handled(sample(name))
    assert [report.complete for report in seen.reports] == [True] * objects
    assert stored(monitor) == sum(report.inferences.accepted for report in seen.reports) > 0


def test_ignored_records_are_counted_by_kind(monitor: Monitor) -> None:
    """One log line has the words for all messages of an invocation."""
    answer, seen = handled(sample("sqs-ignored.json"))
    assert answer == {"batchItemFailures": []}
    (ignored,) = (notice for notice in seen.notices if isinstance(notice, RecordsIgnored))
    assert ignored.counts == {"deleted": 1, "tags changed": 1, "restore requested": 1}
    assert stored(monitor) == 0


def test_a_direct_event_without_an_object_is_an_error(monitor: Monitor) -> None:
    """So the platform retries it and moves it to its dead letters."""
    del monitor
    with pytest.raises(EventError, match="bucket and key"):
        handled({"hello": "world"})


def test_a_direct_event_with_pending_objects_is_an_error(monitor: Monitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pending inferences are never reported as success."""
    monkeypatch.setenv("MONITOR_TOKEN", "wrong")
    with pytest.raises(ForwardingIncomplete, match="put a valid one"):
        handled(sample("s3-put.json"))
    assert stored(monitor) == 0


def test_progress_expires_after_the_configured_days(monitor: Monitor, tmp_path: Path) -> None:
    """Until then a redriven message finds the object done."""
    del monitor
    with (tmp_path / "forwarder.toml").open("a", encoding="utf-8") as config:
        config.write("\n[stack]\nprogress_retention_days = 31\n")
    item = sample("item.json")
    etag = boto3.client("s3").head_object(Bucket=item["bucket"], Key=item["key"])["ETag"].strip('"')
    handled(item | {"etag": etag})
    items = boto3.client("dynamodb").scan(TableName="progress")["Items"]
    days = sorted((float(item[PROGRESS_EXPIRY]["N"]) - time.time()) / 86_400 for item in items)
    assert days == pytest.approx([31, 32], abs=0.01)  # the claim, and the record of its run


def message(key: str) -> dict[str, Any]:
    """Return a queue's event with one message of one record, as S3 writes it."""
    record = {
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": BUCKET}, "object": {"key": quote_plus(key)}},
    }
    return {"Records": [{"messageId": "m1", "eventSource": "aws:sqs", "body": json.dumps({"Records": [record]})}]}
