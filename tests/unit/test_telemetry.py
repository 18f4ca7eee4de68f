"""Metrics: each count by route and destination, and the totals for alarms by stack."""

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from capture_forwarder.configuration.metrics import OF_REQUESTS
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.conservation import ForwardReport, InferenceCounts, LineCounts, ObjectState
from capture_forwarder.domain.delivery import PendingCause, RejectionCode, SkipReason
from capture_forwarder.domain.notices import (
    BatchSent,
    MessageRejected,
    Notice,
    ObjectForwarded,
    RecordsIgnored,
    RunEnded,
)
from capture_forwarder.telemetry.observer import Telemetry

NOW = datetime(2026, 1, 15, 10, 0, tzinfo=UTC)


def emitted(capsys: pytest.CaptureFixture[str], *events: Notice, totals_only: bool = False) -> list[dict[str, Any]]:
    """Return the metrics that telemetry writes for `events` at the end of a run."""
    telemetry = Telemetry(lambda: NOW, "forwarder", totals_only=totals_only)
    for event in (*events, RunEnded()):
        telemetry.notice(event)
    documents = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    return [document for document in documents if "_aws" in document]


def report(state: ObjectState, **counts: Any) -> ForwardReport:
    """Return the report of one object."""
    return ForwardReport(
        source=CaptureObject("captures", "a"), state=state, route="churn", destination="arthur", **counts
    )


def test_every_count_is_written_by_route_and_destination(capsys: pytest.CaptureFixture[str]) -> None:
    """The counts of lines and inferences, summed over reasons and codes, and the age of the newest inference."""
    lines = LineCounts(
        read=5, decoded=3, rejected=Counter({RejectionCode.BAD_CSV: 1}), skipped=Counter({SkipReason.SHADOW: 1})
    )
    inferences = InferenceCounts(
        made=6, accepted=3, duplicate=1, rejected=Counter({RejectionCode.REFUSED_BY_DESTINATION: 1}), pending=1
    )
    newest = datetime(2026, 1, 15, 9, 59, tzinfo=UTC)
    done = report(ObjectState.PENDING, lines=lines, inferences=inferences, newest_inference=newest)
    (by_route,) = (one for one in emitted(capsys, ObjectForwarded(done)) if one.get("route"))
    assert (by_route["route"], by_route["destination"]) == ("churn", "arthur")
    wanted = {
        "ObjectsForwarded": [1.0],
        "ObjectsRejected": [0.0],
        "RecordsRead": [5.0],
        "RecordsRejected": [1.0],
        "RecordsSkipped": [1.0],
        "InferencesAccepted": [3.0],
        "InferencesDuplicate": [1.0],
        "InferencesRejected": [1.0],
        "InferencesPending": [1.0],
        "ConservationViolations": [0.0],
        "CaptureLag": [60.0],
    }
    assert {name: by_route[name] for name in wanted} == wanted


def test_skipped_objects_are_counted_and_logged_together(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A run may skip thousands: one line has their number and three addresses, one metric their sum."""
    telemetry = Telemetry(lambda: NOW, "forwarder")
    for run in (5, 2, 0):
        for number in range(run):
            source = CaptureObject("captures", f"{run}/{number}.csv")
            telemetry.notice(ObjectForwarded(ForwardReport(source=source, state=ObjectState.SKIPPED)))
        telemetry.notice(RunEnded())
    logged = [(record.message, vars(record)["count"], vars(record)["examples"]) for record in caplog.records]
    assert logged == [
        ("objects skipped", 5, ["s3://captures/5/0.csv", "s3://captures/5/1.csv", "s3://captures/5/2.csv"]),
        ("objects skipped", 2, ["s3://captures/2/0.csv", "s3://captures/2/1.csv"]),
    ]
    documents = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert [(one["stack"], one["ObjectsSkipped"]) for one in documents] == [("forwarder", [5.0]), ("forwarder", [2.0])]


@pytest.mark.parametrize(("pending_secs", "written"), [(1860.5, [1860.5]), (0.0, [0.0]), (None, None)])
def test_the_age_of_a_pending_object_is_written_by_route_and_by_stack(
    capsys: pytest.CaptureFixture[str], pending_secs: float | None, written: list[float] | None
) -> None:
    """An object that does not wait for a retry has no age, so the alarm is over when all objects are forwarded."""
    waiting = report(ObjectState.REQUEUED, pending_secs=pending_secs)
    documents = emitted(capsys, ObjectForwarded(waiting))
    assert [one.get("PendingAge") for one in documents if "route" in one] == [written]
    assert [one.get("PendingAge") for one in documents if "stack" in one] == [written]


@pytest.mark.parametrize("cause", PendingCause)
def test_an_object_that_waits_for_a_person_has_an_age_a_cause_and_a_next_step(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, cause: PendingCause
) -> None:
    """By route and by stack, so that the alarm goes off and the dashboard shows where. Other causes pass by themselves."""
    blocked_secs = 1860.5 if cause.needs_person else None
    waiting = report(ObjectState.REQUEUED, pending_secs=2000.0, cause=cause, blocked_secs=blocked_secs)
    documents = emitted(capsys, ObjectForwarded(waiting))
    written = [1860.5] if cause in {PendingCause.DESTINATION_DENIED, PendingCause.SOURCE_DENIED} else None
    assert [one.get("BlockedAge") for one in documents if "route" in one] == [written]
    assert [one.get("BlockedAge") for one in documents if "stack" in one] == [written]
    (line,) = caplog.records
    assert line.levelname == ("ERROR" if written else "INFO")
    assert vars(line)["report"]["cause"] == cause.value
    assert len(vars(line)["next_step"]) > 20


def test_an_object_that_is_forwarded_has_no_cause_and_no_next_step(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Its line stays short."""
    documents = emitted(capsys, ObjectForwarded(report(ObjectState.DONE)))
    (line,) = caplog.records
    assert "next_step" not in vars(line)
    assert not [one for one in documents if "BlockedAge" in one]


@pytest.mark.parametrize(
    ("state", "changes", "level"),
    [
        (ObjectState.DONE, {}, "INFO"),
        (ObjectState.REQUEUED, {"inferences": InferenceCounts(made=1, pending=1)}, "WARNING"),
        (ObjectState.PENDING, {}, "ERROR"),
        (ObjectState.GIVEN_UP, {}, "WARNING"),
        (ObjectState.GIVEN_UP, {"unquarantined": 1}, "ERROR"),
        (ObjectState.FAILED, {}, "ERROR"),
        (ObjectState.REQUEUED, {"cause": PendingCause.SOURCE_DENIED}, "ERROR"),
    ],
)
def test_the_level_of_a_line_says_who_must_act(
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    state: ObjectState,
    changes: dict[str, Any],
    level: str,
) -> None:
    """No person, no person yet, or a person."""
    emitted(capsys, ObjectForwarded(report(state, **changes)))
    assert [record.levelname for record in caplog.records] == [level]


@pytest.mark.parametrize("totals_only", [False, True])
def test_objects_that_are_given_up_are_counted(capsys: pytest.CaptureFixture[str], totals_only: bool) -> None:  # noqa: FBT001 - a table
    """By stack for the alarm, and by route."""
    given_up, done = report(ObjectState.GIVEN_UP), report(ObjectState.DONE)
    events = [ObjectForwarded(one) for one in (given_up, done, given_up)]
    documents = emitted(capsys, *events, totals_only=totals_only)
    assert [one["ObjectsGivenUp"] for one in documents] == [[2.0]] * (1 if totals_only else 2)


@pytest.mark.parametrize("totals_only", [False, True])
def test_unrouted_and_refused_objects_are_logged_together(
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    totals_only: bool,  # noqa: FBT001 - a table
) -> None:
    """One line for each state with its level, and a metric of objects in quarantine."""
    sources = [CaptureObject("captures", f"{number}.jsonl") for number in range(5)]
    unrouted = [ForwardReport(source=each, state=ObjectState.UNROUTED, route="unrouted") for each in sources]
    refused = ForwardReport(source=CaptureObject("foreign", "a"), state=ObjectState.REFUSED, why="not configured")
    events = [ObjectForwarded(each) for each in (*unrouted, refused)]
    (document,) = emitted(capsys, *events, totals_only=totals_only)
    assert values(document) == {"stack": "forwarder", "ObjectsUnrouted": [5.0]}
    logged = [(one.levelname, one.message, vars(one)["count"], vars(one)["examples"]) for one in caplog.records]
    assert logged == [
        ("WARNING", "objects unrouted", 5, [each.uri for each in sources[:3]]),
        ("ERROR", "objects refused", 1, ["s3://foreign/a"]),
    ]


def test_an_unrouted_object_that_is_not_in_quarantine_yet_is_an_error(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """It comes again, so it is not counted as unrouted yet."""
    pending = ForwardReport(source=CaptureObject("captures", "a"), state=ObjectState.UNROUTED, unquarantined=1)
    documents = emitted(capsys, ObjectForwarded(pending))
    assert [(record.levelname, record.message) for record in caplog.records] == [("ERROR", "object forwarded")]
    assert not [one for one in documents if "ObjectsUnrouted" in one]
    assert {(one["route"], one["destination"]) for one in documents if "route" in one} == {("none", "none")}


def test_ignored_and_rejected_messages_are_logged(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Ignored records by kind, and each failed message with its reason."""
    emitted(capsys, RecordsIgnored({"deleted": 2}), MessageRejected("m1", "record 2 of 2: it is foreign"))
    ignored, rejected = (vars(record) for record in caplog.records)
    assert (ignored["levelname"], ignored["message"], ignored["counts"]) == ("INFO", "records ignored", {"deleted": 2})
    assert (rejected["levelname"], rejected["message"]) == ("ERROR", "message rejected")
    assert (rejected["message_id"], rejected["why"]) == ("m1", "record 2 of 2: it is foreign")


def test_metrics_of_requests_have_no_route(capsys: pytest.CaptureFixture[str]) -> None:
    """The dashboard and the reference page take the dimensions from the registry."""
    sent = [
        BatchSent(destination="arthur", inferences=1, latency_secs=0.1),
        BatchSent(destination="arthur", inferences=1, latency_secs=0.1, error="status 500"),
        BatchSent(destination="arthur", inferences=1, latency_secs=0.1, error="status 401", denied=True),
    ]
    documents = emitted(capsys, *sent)
    names = {name for one in documents if "stack" not in one for name in one if name[0].isupper()}
    assert names == {metric.value.name for metric in OF_REQUESTS}
    assert not [one for one in documents if "route" in one]


def test_with_totals_only_the_stack_is_the_only_dimension(capsys: pytest.CaptureFixture[str]) -> None:
    """The totals are the same as with every route."""
    done = report(ObjectState.DONE, lines=LineCounts(read=3, decoded=3))
    sent = BatchSent(destination="arthur", inferences=1, latency_secs=0.1, error="status 401", denied=True)
    everything = emitted(capsys, ObjectForwarded(done), sent)
    totals = emitted(capsys, ObjectForwarded(done), sent, totals_only=True)
    assert len(totals) == 1
    assert [values(one) for one in totals] == [values(one) for one in everything if "stack" in one]


def test_with_totals_only_skipped_objects_are_still_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """Their metric has no other dimension than the stack."""
    skipped = ForwardReport(source=CaptureObject("captures", "a.csv"), state=ObjectState.SKIPPED)
    (document,) = emitted(capsys, ObjectForwarded(skipped), totals_only=True)
    assert document["ObjectsSkipped"] == [1.0]


@pytest.mark.parametrize("totals_only", [False, True])
def test_only_new_captures_count_as_arrived(capsys: pytest.CaptureFixture[str], totals_only: bool) -> None:  # noqa: FBT001 - a table
    """An alarm watches for the arrival of captures; an object that is read again every 15 minutes must not silence it."""
    new, again = report(ObjectState.DONE, arrived=True), report(ObjectState.REQUEUED)
    documents = emitted(capsys, ObjectForwarded(new), ObjectForwarded(again), totals_only=totals_only)
    assert [one["ObjectsArrived"] for one in documents if "ObjectsArrived" in one] == [[1.0]]
    assert not [one for one in documents if "ObjectsArrived" in one and "route" in one]


def values(document: dict[str, Any]) -> dict[str, Any]:
    """Return the metrics and dimensions in a document."""
    return {name: value for name, value in document.items() if name != "_aws"}


def test_an_object_that_is_rejected_as_a_whole_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """It has no lines, so no other metric shows it."""
    (by_route,) = (one for one in emitted(capsys, ObjectForwarded(report(ObjectState.REJECTED))) if one.get("route"))
    assert by_route["ObjectsRejected"] == [1.0]


def test_counts_that_do_not_add_up_are_a_conservation_violation(capsys: pytest.CaptureFixture[str]) -> None:
    """The metric has the stack as its only dimension, as the alarm needs it."""
    lost = report(ObjectState.DONE, lines=LineCounts(read=2, decoded=1))
    (by_stack,) = (one for one in emitted(capsys, ObjectForwarded(lost)) if one.get("stack"))
    assert by_stack["stack"] == "forwarder"
    assert by_stack["ConservationViolations"] == [1.0]


def test_a_denial_is_logged_once_for_each_run(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Several denied requests give one error line with the remedy."""
    denied = BatchSent(
        destination="arthur", inferences=1, latency_secs=0.1, error="status 401: correct the token", denied=True
    )
    telemetry = Telemetry(lambda: NOW, "forwarder")
    for event in (denied, denied, RunEnded(), denied, RunEnded()):
        telemetry.notice(event)
    assert [record.message for record in caplog.records] == ["request denied"] * 2
    assert capsys.readouterr().out.count('"RequestsDenied":[2.0]') == 2  # by destination, and by stack


def test_counts_are_summed_over_a_run_and_times_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    """Alarms and graphs need sums of counts and the slowest requests; the next run starts at zero."""
    sent = [BatchSent(destination="arthur", inferences=1, latency_secs=secs) for secs in (0.25, 4.0)]
    done = report(ObjectState.DONE, lines=LineCounts(read=3, decoded=3))
    documents = emitted(capsys, *sent, ObjectForwarded(done), ObjectForwarded(done), RunEnded(), sent[0])
    of_requests = [one for one in documents if "RequestsSent" in one]
    assert [(one["RequestsSent"], one["RequestLatency"]) for one in of_requests] == [
        ([2.0], [0.25, 4.0]),
        ([1.0], [0.25]),
    ]
    assert [one["RecordsRead"] for one in documents if "RecordsRead" in one] == [[6.0], [6.0]]
