"""The metric `CapturesRead`: by listed variant and minute, at the time of the calls."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.conservation import ForwardReport, ObjectState
from capture_forwarder.domain.notices import Notice, ObjectForwarded, RunBegan, RunEnded
from capture_forwarder.telemetry.observer import Telemetry

# CloudWatch compares times with its own clock, and so does Powertools.
NOW = datetime.now(UTC)
HOUR = NOW.replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)
LISTED = frozenset({("churn", "AllTraffic"), ("churn", "canary")})


def read(captures: int, *, variant: str = "churn/AllTraffic", time: datetime | None = None, key: str = "") -> Notice:
    """Return the notice of an object with so many captured calls, in a key of `HOUR` if no other is given."""
    source = CaptureObject("captures", key or f"datacapture/{variant}/{HOUR:%Y/%m/%d/%H}/{captures}.jsonl")
    report = ForwardReport(
        source=source,
        state=ObjectState.DONE,
        route="churn",
        destination="arthur",
        captures=captures,
        newest_inference=time,
    )
    return ObjectForwarded(report)


def emitted(
    capsys: pytest.CaptureFixture[str], *events: Notice, listed: frozenset[tuple[str, str]] = LISTED
) -> list[dict[str, Any]]:
    """Return the documents of the metric that a run writes."""
    telemetry = Telemetry(lambda: NOW, "forwarder", listed=listed)
    for event in (RunBegan("request-1"), *events, RunEnded()):
        telemetry.notice(event)
    documents = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    return [document for document in documents if "CapturesRead" in document]


def values(document: dict[str, Any]) -> tuple[str, str, datetime, list[float]]:
    """Return the endpoint, the variant, the time and the value of a document."""
    time = datetime.fromtimestamp(document["_aws"]["Timestamp"] / 1000, UTC)
    return document["endpoint"], document["variant"], time, document["CapturesRead"]


def test_objects_of_one_minute_and_variant_share_a_document(capsys: pytest.CaptureFixture[str]) -> None:
    """Each other minute, and each other variant, has its own."""
    at = HOUR + timedelta(minutes=7)
    documents = emitted(
        capsys,
        read(3, time=at),
        read(4, time=at + timedelta(seconds=59, microseconds=999)),
        read(5, time=at + timedelta(minutes=1)),
        read(6, time=at, variant="churn/canary"),
    )
    assert [values(each) for each in documents] == [
        ("churn", "AllTraffic", at, [7.0]),
        ("churn", "AllTraffic", at + timedelta(minutes=1), [5.0]),
        ("churn", "canary", at, [6.0]),
    ]


def test_a_document_is_as_cloudwatch_reads_it(capsys: pytest.CaptureFixture[str]) -> None:
    """One metric with two dimensions, beside the ids of the invocation."""
    (document,) = emitted(capsys, read(3, time=HOUR))
    (metric,) = document["_aws"]["CloudWatchMetrics"]
    assert metric == {
        "Namespace": "CaptureForwarder",
        "Dimensions": [["endpoint", "variant"]],
        "Metrics": [{"Name": "CapturesRead", "Unit": "Count"}],
    }
    assert document["function_request_id"] == "request-1"


def test_without_a_list_there_is_no_metric(capsys: pytest.CaptureFixture[str]) -> None:
    """CloudWatch bills each metric that is emitted."""
    assert emitted(capsys, read(3, time=HOUR), listed=frozenset()) == []


@pytest.mark.parametrize(
    "notice",
    [
        read(0, time=HOUR),
        read(3, time=HOUR, variant="churn/blue"),
        read(3, time=HOUR, variant="Churn/AllTraffic"),
        read(3, time=HOUR, key="datacapture/churn/AllTraffic/a.jsonl"),
        read(3, time=HOUR, key="churn/AllTraffic/2026/01/15/a.jsonl"),
        read(3, time=HOUR, key="a.jsonl"),
    ],
)
def test_other_objects_emit_nothing(capsys: pytest.CaptureFixture[str], notice: Notice) -> None:
    """Without captured calls, of another variant, or with a key that SageMaker did not make."""
    assert emitted(capsys, notice) == []


def test_an_object_without_a_forwarded_call_counts_in_the_hour_of_its_key(capsys: pytest.CaptureFixture[str]) -> None:
    """Shadow copies are not forwarded, and their times are not read."""
    (document,) = emitted(capsys, read(3))
    assert values(document) == ("churn", "AllTraffic", HOUR, [3.0])


@pytest.mark.parametrize("age", [timedelta(days=13, hours=23), timedelta(hours=-1)])
def test_late_and_early_calls_count_at_their_time(capsys: pytest.CaptureFixture[str], age: timedelta) -> None:
    """CloudWatch takes values from 14 days ago to two hours ahead."""
    time = (NOW - age).replace(second=0, microsecond=0)
    (document,) = emitted(capsys, read(3, time=time))
    assert values(document)[2] == time


@pytest.mark.parametrize("age", [timedelta(days=15), timedelta(hours=-3), timedelta(days=20_000)])
def test_an_impossible_time_is_replaced_by_the_hour_of_the_key(
    capsys: pytest.CaptureFixture[str], age: timedelta
) -> None:
    """The line of one caller must not hide the calls of the others."""
    (document,) = emitted(capsys, read(3, time=NOW - age))
    assert values(document)[2] == HOUR


def test_calls_of_long_ago_are_not_emitted(capsys: pytest.CaptureFixture[str]) -> None:
    """CloudWatch would drop them: a backfill of last year shows no coverage."""
    key = "datacapture/churn/AllTraffic/2024/01/15/10/a.jsonl"
    assert emitted(capsys, read(3, time=datetime(2024, 1, 15, 10, tzinfo=UTC), key=key)) == []


def test_a_run_does_not_repeat_the_calls_of_the_one_before(capsys: pytest.CaptureFixture[str]) -> None:
    """One process serves many invocations."""
    telemetry = Telemetry(lambda: NOW, "forwarder", listed=LISTED)
    for event in (read(3, time=HOUR), RunEnded(), read(4, time=HOUR), RunEnded(), RunEnded()):
        telemetry.notice(event)
    documents = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "CapturesRead" in line]
    assert [each["CapturesRead"] for each in documents if "_aws" in each] == [[3.0], [4.0]]
