"""The log and the metrics that the deployed function writes for the sample events."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import pytest

from capture_forwarder.configuration.metrics import TOTALS, Metric
from capture_ops.commands.invoke import LocalContext
from capture_ops.monitor.server import Monitor
from tests.support.samples import EVENTS, running_samples, sample


@pytest.fixture
def monitor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Monitor]:
    """Run the monitor, with every sample capture in its bucket."""
    with running_samples(tmp_path, monkeypatch) as running:
        yield running


def test_the_log_has_every_object_and_the_metrics_have_every_route(monitor: Monitor) -> None:
    """One structured line an object, metrics by route and destination, and the metrics of alarms as sums by stack."""
    del monitor
    lines = logged("sqs-several-records.json")
    forwarded = [line for line in lines if line.get("message") == "object forwarded"]
    assert [line["report"]["state"] for line in forwarded] == ["done"] * 3
    assert all(line["balanced"] for line in forwarded)
    emitted = [line for line in lines if "_aws" in line]
    assert dimensions(emitted) == {("route", "destination"), ("destination",), ("stack",)}
    accepted = sum(line["report"]["inferences"]["accepted"] for line in forwarded)
    (total,) = (line for line in emitted if line.get("stack") == "capture-forwarder")
    assert sum(total["InferencesAccepted"]) == accepted
    assert sum(sum(line["InferencesAccepted"]) for line in emitted if "route" in line) == accepted
    assert {name for name in total if name[0].isupper()} == {
        metric.value.name
        for metric in (TOTALS - {Metric.REQUESTS_DENIED, Metric.PENDING_AGE, Metric.BLOCKED_AGE})
        | {Metric.OBJECTS_ARRIVED}
    }
    assert {line["ConservationViolations"][0] for line in emitted if "route" in line} == {0.0}


@pytest.mark.parametrize("name", ["sqs-several-records.json", "sqs-mixed-records.json", "item.json"])
def test_every_line_of_the_log_has_the_ids_of_request_and_messages(monitor: Monitor, name: str) -> None:
    """So the log leads from `Task timed out`, and from a dead letter, to the objects."""
    del monitor
    event, lines = sample(name), logged(name)
    ids = [record["messageId"] for record in event.get("Records", [])]
    assert {line["function_request_id"] for line in lines} == {LocalContext.aws_request_id}
    assert all(set(line["message_ids"]) <= set(ids) for line in lines)
    received = [line["message_ids"] for line in lines if line.get("message") == "messages received"]
    assert received == ([ids] if ids else [])
    for line in lines:
        if line.get("message") == "object forwarded":
            key, records = line["report"]["source"]["key"], event.get("Records", [])
            assert line["message_ids"] == [one["messageId"] for one in records if key in unquote_plus(one["body"])]


def test_metrics_can_be_limited_to_the_totals_of_the_stack(monitor: Monitor, tmp_path: Path) -> None:
    """CloudWatch bills each metric of each route."""
    del monitor
    with (tmp_path / "forwarder.toml").open("a", encoding="utf-8") as config:
        config.write('\n[stack]\nmetrics = "stack"\n')
    emitted = [line for line in logged("sqs-several-records.json") if "_aws" in line]
    assert dimensions(emitted) == {("stack",)}


def logged(event: str) -> list[dict[str, Any]]:
    """Return the lines that the deployed function writes for a sample event."""
    code = (
        "import json, sys; from capture_ops.commands.invoke import LocalContext; from capture_forwarder import entry;"
        "entry.lambda_handler(json.load(open(sys.argv[1])), LocalContext())"
    )
    path = EVENTS / event
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, check=True)  # noqa: S603 - ourselves
    return [json.loads(line) for line in done.stdout.splitlines()]


def dimensions(emitted: list[dict[str, Any]]) -> set[tuple[str, ...]]:
    """Return the names of the dimensions of metrics."""
    return {tuple(each) for line in emitted for each in line["_aws"]["CloudWatchMetrics"][0]["Dimensions"]}
