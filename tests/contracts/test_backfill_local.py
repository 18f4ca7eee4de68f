"""Backfills with --local, against S3, the progress table and the monitor on loopback."""

import itertools
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from typer.testing import CliRunner, Result

from capture_forwarder.aws.session import aws_session
from capture_forwarder.configuration.names import PROGRESS_KEY, RESOURCE_VARIABLES
from capture_forwarder.configuration.reader import read_settings
from capture_ops.__main__ import app
from capture_ops.commands.monitor import models_of
from capture_ops.monitor.server import Monitor
from tests.support.captures import capture, csv_side
from tests.support.stack import STACK, configured, deploy_stack

EVENTS = Path("events")
BUCKET = "sagemaker-eu-west-1-123456789012"
BELOW = f"s3://{BUCKET}/datacapture/"
SAMPLES = sorted((EVENTS / "captures/datacapture").rglob("*.jsonl*"))
JANUARY = [path for path in SAMPLES if "/2026/01/15/10/" in path.as_posix()]


@pytest.fixture
def monitor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Monitor]:
    """Put every sample capture into the bucket, without any event, and configure the forwarder."""
    with configured(BUCKET, tmp_path, monkeypatch) as running:
        for path in SAMPLES:
            key = unquote(path.relative_to(EVENTS / "captures").as_posix())
            boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=path.read_bytes())
        yield running


def run(*arguments: str) -> Result:
    """Run the command in its local form."""
    return CliRunner().invoke(app, ["backfill", "--local", *arguments])


def counts_of(done: Result, name: str) -> str:
    """Return one row of the conservation table, and its continuation, as words."""
    lines = done.stdout.split("Conservation")[1].splitlines()
    words = [" ".join(line.replace("│", " ").split()) for line in lines]
    start = next(index for index, line in enumerate(words) if line.startswith(f"{name} "))
    rest = [line for line in words[start + 1 :] if line]
    ends = next(index for index, line in enumerate(rest) if line.startswith(("lines ", "inferences ", "└")))
    return " ".join([words[start], *rest[:ends]])


def stored(monitor: Monitor) -> int:
    """Return how many inferences the monitor holds."""
    return sum(monitor.store.count(model.id) for model in models_of(read_settings(EVENTS / "forwarder.toml")))


def expected() -> int:
    """Return how many inferences the samples hold."""
    return len((EVENTS / "expected.jsonl").read_bytes().splitlines())


def test_everything_below_a_prefix_is_forwarded_once(monitor: Monitor) -> None:
    """The monitor holds exactly the samples' inferences; run again, no object is read and no row is sent."""
    done = run(BELOW)
    assert done.exit_code == 0, done.output
    assert counts_of(done, "objects") == f"objects {len(SAMPLES)} listed {len(SAMPLES)} done, 0 outside"
    made = counts_of(done, "inferences")
    assert "0 pending" in made
    assert stored(monitor) == expected() == int(made.split()[3])
    again = run(BELOW, "--threads", "2")
    assert again.exit_code == 0
    assert counts_of(again, "objects") == f"objects {len(SAMPLES)} listed {len(SAMPLES)} done before, 0 outside"
    assert counts_of(again, "lines") == "lines 0 read 0 decoded, 0 rejected, 0 skipped"


def test_an_hour_is_selected_by_the_keys(monitor: Monitor) -> None:
    """All objects were written just now, and the hour in the key decides."""
    done = run(BELOW, "--since", "2026-01-15T10", "--until", "2026-01-15T11")
    assert done.exit_code == 0
    outside = len(SAMPLES) - len(JANUARY)
    assert counts_of(done, "objects") == f"objects {len(SAMPLES)} listed {len(JANUARY)} done, {outside} outside"
    assert 0 < stored(monitor) < expected()


def test_a_dry_run_forwards_nothing(monitor: Monitor) -> None:
    """It counts the objects by route."""
    done = run(BELOW, "--dry-run", "--until", "2021-01-01")
    assert done.exit_code == 0
    assert "aws-sagemaker-python-sdk" in done.stdout
    assert "2019-11-24T07" in done.stdout
    assert "2026" not in done.stdout
    assert f"{len(SAMPLES) - 2} of the listed objects are outside" in done.stdout
    assert stored(monitor) == 0


def test_a_destination_that_denies_the_token_ends_the_run(monitor: Monitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """The exit code is 1, with the reason and the number of objects; with the right token, all is delivered."""
    monkeypatch.setenv("MONITOR_TOKEN", "wrong")
    denied = run(BELOW)
    assert denied.exit_code == 1
    assert "nothing of a whole batch was accepted" in denied.stdout
    assert "put a valid one into the destination's secret" in " ".join(denied.stdout.split())
    assert "Run the command again" in denied.stdout
    assert stored(monitor) == 0
    monkeypatch.setenv("MONITOR_TOKEN", "t")
    assert run(BELOW).exit_code == 0
    assert stored(monitor) == expected()


def test_one_unreadable_object_does_not_affect_the_others(monitor: Monitor) -> None:
    """It is reported with its reason, and forwarded by the next run."""
    key = unquote(JANUARY[0].relative_to(EVENTS / "captures").as_posix())
    refuse = failing_reads(key)
    session = aws_session()
    session.events.register_first("before-send.s3.GetObject", refuse)
    try:
        done = run(BELOW)
    finally:
        session.events.unregister("before-send.s3.GetObject", refuse)
    assert done.exit_code == 1
    assert counts_of(done, "objects") == f"objects {len(SAMPLES)} listed {len(SAMPLES) - 1} done, 1 pending, 0 outside"
    assert "nothing of a whole batch" not in done.stdout
    assert run(BELOW).exit_code == 0
    assert stored(monitor) == expected()


def failing_reads(key: str) -> Callable[..., Any]:
    """Return a hook that makes S3 forbid to read `key`."""

    class Body:
        def read(self) -> bytes:
            return b"<Error><Code>AccessDenied</Code></Error>"

        def stream(self, **_: Any) -> Iterator[bytes]:
            yield self.read()

    def hook(request: Any, **_: Any) -> Any:
        return AWSResponse(request.url, 403, HTTPHeaders(), Body()) if unquote(request.url).endswith(key) else None

    return hook


def test_ctrl_c_ends_the_run_in_order(monitor: Monitor) -> None:
    """Batches under way are committed as far as they got, no other is begun, and the next run does the rest."""
    s3, calls = boto3.client("s3"), itertools.count(1)
    for number in range(120):
        body = capture(csv_side("1"), csv_side("2"), eventId=f"many-{number}")
        s3.put_object(Bucket=BUCKET, Key=f"datacapture/many/AllTraffic/2026/03/04/05/{number}.jsonl", Body=body)

    def interrupt(**_: Any) -> None:
        if next(calls) == 60:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.5)  # so that the batch is under way when the run learns of it

    session = aws_session()
    session.events.register("before-send.s3.GetObject", interrupt)
    try:
        done = run(f"{BELOW}many/", "--threads", "1")
    finally:
        session.events.unregister("before-send.s3.GetObject", interrupt)
    assert done.exit_code == 1
    assert "It was interrupted" in done.stdout
    assert "nothing of a whole batch" not in done.stdout
    assert 50 <= monitor.store.count("everything-else") < 120
    again = run(f"{BELOW}many/")
    assert again.exit_code == 0, "the first run has not released its objects"
    assert monitor.store.count("everything-else") == 120
    assert "done before" in counts_of(again, "objects")


def test_a_missing_table_or_quarantine_is_reported(monitor: Monitor) -> None:
    """Everything is sent, and sent again as duplicates; objects with rejections stay unfinished."""
    for name in ("progress_table", "quarantine_bucket"):
        del os.environ[RESOURCE_VARIABLES[name]]  # the fixture restores it
    done = run(BELOW)
    assert done.exit_code == 1
    assert "No progress table is named" in done.stdout
    assert "No quarantine is named" in done.stdout
    assert "there is no quarantine for its rejections" in " ".join(done.stdout.split())
    again = run(BELOW)
    assert f"0 accepted, {expected()} duplicate" in counts_of(again, "inferences")
    assert stored(monitor) == expected()


def test_the_stack_names_progress_and_quarantine(monitor: Monitor) -> None:
    """Its outputs take the place of the environment."""
    for name in ("progress_table", "quarantine_bucket"):
        del os.environ[RESOURCE_VARIABLES[name]]  # the fixture restores it
    deploy_stack()
    assert run(BELOW, "--stack", STACK).exit_code == 0
    items = boto3.client("dynamodb").scan(TableName="progress")["Items"]
    assert sum(not item[PROGRESS_KEY]["S"].startswith("run#") for item in items) == len(SAMPLES)
    assert boto3.client("s3").list_objects_v2(Bucket="quarantine", Prefix="rejected/")["KeyCount"] > 0
    missing = run(BELOW, "--stack", "another")
    assert (missing.exit_code, "there is no stack another" in missing.stderr) == (2, True)
    assert stored(monitor) == expected()


def test_a_wrong_call_is_refused(monitor: Monitor) -> None:
    """All problems are named before anything is listed or sent."""
    wrong = run("s3://another/", "--wait", "--since", "monday")
    assert wrong.exit_code == 2
    assert "no route covers" in wrong.stderr
    assert "--wait goes with the queue" in wrong.stderr
    assert "--since monday" in wrong.stderr
    assert stored(monitor) == 0


def test_a_bucket_that_cannot_be_listed_is_reported(monitor: Monitor, tmp_path: Path) -> None:
    """The sentence names the next step; the exit code is 4."""
    del monitor
    text = (tmp_path / "forwarder.toml").read_text(encoding="utf-8").replace(BUCKET, "not-made-yet")
    (tmp_path / "forwarder.toml").write_text(text, encoding="utf-8")
    done = run("s3://not-made-yet/datacapture/")
    assert (done.exit_code, "NoSuchBucket" in done.stderr, "s3:ListBucket" in done.stderr) == (4, True, True)
