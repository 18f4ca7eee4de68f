"""Backfills in both forms, against S3, the progress table and the monitor on loopback."""

import itertools
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from typer.testing import CliRunner, Result

from capture_forwarder.bootstrap import build_runtime
from capture_forwarder.configuration.reader import read_settings
from capture_forwarder.configuration.settings import CONFIG_VARIABLE, RESOURCE_VARIABLES
from capture_forwarder.handler import make_handler
from capture_ops.__main__ import app
from capture_ops.cloud.local_aws import local_aws
from capture_ops.commands.invoke import LocalContext, Reports
from capture_ops.commands.monitor import models_of
from capture_ops.monitor.server import Monitor, running_monitor
from tests.support.captures import capture, csv_side
from tests.support.map_runs import STATE_MACHINE, StepFunctions, serving

EVENTS = Path("events")
BUCKET = "sagemaker-eu-west-1-123456789012"
BELOW = f"s3://{BUCKET}/datacapture/"
SAMPLES = sorted((EVENTS / "captures/datacapture").rglob("*.jsonl*"))
JANUARY = [path for path in SAMPLES if "/2026/01/15/10/" in path.as_posix()]
DEFINITION = Path("tests/infra/backfill_definition.json")


@pytest.fixture
def monitor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Monitor]:
    """Put every sample capture into the bucket, which nobody has listened to, and configure the forwarder."""
    settings = read_settings(EVENTS / "forwarder.toml")
    with local_aws(BUCKET), running_monitor(models_of(settings), token="t") as running:
        text = (EVENTS / "forwarder.toml").read_text(encoding="utf-8")
        (tmp_path / "forwarder.toml").write_text(text.replace("http://127.0.0.1:8765", running.url), encoding="utf-8")
        monkeypatch.setenv(CONFIG_VARIABLE, str(tmp_path / "forwarder.toml"))
        monkeypatch.setenv("MONITOR_TOKEN", "t")
        for path in SAMPLES:
            key = unquote(path.relative_to(EVENTS / "captures").as_posix())
            boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=path.read_bytes())
        yield running


def run(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(app, ["backfill", *arguments])


def ledger(done: Result, name: str) -> str:
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
    """The monitor holds exactly what it should; the second time an object costs one read, and nothing is sent."""
    done = run(BELOW)
    assert done.exit_code == 0, done.output
    assert ledger(done, "objects") == f"objects {len(SAMPLES)} listed {len(SAMPLES)} done, 0 outside"
    made = ledger(done, "inferences")
    assert "0 pending" in made
    assert stored(monitor) == expected() == int(made.split()[3])
    again = run(BELOW, "--threads", "2")
    assert again.exit_code == 0
    assert ledger(again, "objects") == f"objects {len(SAMPLES)} listed {len(SAMPLES)} done before, 0 outside"
    assert ledger(again, "lines") == "lines 0 read 0 decoded, 0 rejected, 0 skipped"


def test_an_hour_is_cut_out_by_the_keys(monitor: Monitor) -> None:
    """All were written just now; the hour in the key decides."""
    done = run(BELOW, "--since", "2026-01-15T10", "--until", "2026-01-15T11")
    assert done.exit_code == 0
    outside = len(SAMPLES) - len(JANUARY)
    assert ledger(done, "objects") == f"objects {len(SAMPLES)} listed {len(JANUARY)} done, {outside} outside"
    assert 0 < stored(monitor) < expected()


def test_a_dry_run_forwards_nothing(monitor: Monitor) -> None:
    """It counts by route."""
    done = run(BELOW, "--dry-run", "--until", "2021-01-01")
    assert done.exit_code == 0
    assert "aws-sagemaker-python-sdk" in done.stdout
    assert "2019-11-24T07" in done.stdout
    assert "2026" not in done.stdout
    assert f"{len(SAMPLES) - 2} objects are outside" in done.stdout
    assert stored(monitor) == 0


def test_a_destination_that_denies_ends_it(monitor: Monitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was settled: it says why and how many, and ends with 1; mended and run again, all is delivered."""
    monkeypatch.setenv("MONITOR_TOKEN", "wrong")
    denied = run(BELOW)
    assert denied.exit_code == 1
    assert "given up" in denied.stdout
    assert "put a valid one into the destination's secret" in " ".join(denied.stdout.split())
    assert "Run it again" in denied.stdout
    assert stored(monitor) == 0
    monkeypatch.setenv("MONITOR_TOKEN", "t")
    assert run(BELOW).exit_code == 0
    assert stored(monitor) == expected()


def test_one_object_that_cannot_be_read_now_costs_the_others_nothing(monitor: Monitor) -> None:
    """It is left over with its reason, and found again by the next run."""
    key = unquote(JANUARY[0].relative_to(EVENTS / "captures").as_posix())
    refuse = failing_reads(key)
    session = boto3.DEFAULT_SESSION
    assert session
    session.events.register_first("before-send.s3.GetObject", refuse)
    try:
        done = run(BELOW)
    finally:
        session.events.unregister("before-send.s3.GetObject", refuse)
    assert done.exit_code == 1
    assert ledger(done, "objects") == f"objects {len(SAMPLES)} listed {len(SAMPLES) - 1} done, 1 pending, 0 outside"
    assert "given up" not in done.stdout
    assert run(BELOW).exit_code == 0
    assert stored(monitor) == expected()


def failing_reads(key: str) -> Callable[..., Any]:
    """Return a hook by which S3 forbids to read `key`."""

    class Body:
        def read(self) -> bytes:
            return b"<Error><Code>AccessDenied</Code></Error>"

        def stream(self, **_: Any) -> Iterator[bytes]:
            yield self.read()

    def hook(request: Any, **_: Any) -> Any:
        return AWSResponse(request.url, 403, HTTPHeaders(), Body()) if unquote(request.url).endswith(key) else None

    return hook


def test_ctrl_c_ends_it_in_order(monitor: Monitor) -> None:
    """What is under way is settled as far as it got, nothing is begun any more, and the next run does the rest."""
    s3, calls = boto3.client("s3"), itertools.count(1)
    for number in range(120):
        body = capture(csv_side("1"), csv_side("2"), eventId=f"many-{number}")
        s3.put_object(Bucket=BUCKET, Key=f"datacapture/many/AllTraffic/2026/03/04/05/{number}.jsonl", Body=body)

    def interrupt(**_: Any) -> None:
        if next(calls) == 60:
            os.kill(os.getpid(), signal.SIGINT)

    session = boto3.DEFAULT_SESSION
    assert session
    session.events.register("before-send.s3.GetObject", interrupt)
    try:
        done = run(f"{BELOW}many/", "--threads", "1")
    finally:
        session.events.unregister("before-send.s3.GetObject", interrupt)
    assert done.exit_code == 1
    assert "It was interrupted" in done.stdout
    assert "given up" not in done.stdout
    assert 50 <= monitor.store.count("everything-else") < 120
    again = run(f"{BELOW}many/")
    assert again.exit_code == 0
    assert monitor.store.count("everything-else") == 120
    assert "done before" in ledger(again, "objects")


def test_without_a_table_or_a_quarantine_it_says_what_that_means(monitor: Monitor) -> None:
    """Everything is sent, and sent again as duplicates; objects with rejections stay unsettled."""
    for name in ("progress_table", "quarantine_bucket"):
        del os.environ[RESOURCE_VARIABLES[name]]  # put back with the rest of what is local
    done = run(BELOW)
    assert done.exit_code == 1
    assert "No progress table is named" in done.stdout
    assert "No quarantine is named" in done.stdout
    assert "there is no quarantine for its rejections" in " ".join(done.stdout.split())
    again = run(BELOW)
    assert f"0 accepted, {expected()} duplicate" in ledger(again, "inferences")
    assert stored(monitor) == expected()


def test_the_stack_says_where_progress_and_quarantine_are(monitor: Monitor) -> None:
    """By its outputs, in place of the environment."""
    for name in ("progress_table", "quarantine_bucket"):
        del os.environ[RESOURCE_VARIABLES[name]]  # put back with the rest of what is local
    outputs = {"ProgressTable": {"Value": "progress"}, "QuarantineBucket": {"Value": "quarantine"}}
    template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}, "Outputs": outputs}
    boto3.client("cloudformation").create_stack(StackName="forwarder", TemplateBody=json.dumps(template))
    assert run(BELOW, "--stack", "forwarder").exit_code == 0
    assert boto3.client("dynamodb").scan(TableName="progress", Select="COUNT")["Count"] == len(SAMPLES)
    assert boto3.client("s3").list_objects_v2(Bucket="quarantine", Prefix="rejected/")["KeyCount"] > 0
    missing = run(BELOW, "--stack", "another")
    assert (missing.exit_code, "there is no stack another" in missing.stderr) == (2, True)
    distributed = run(BELOW, "--distributed", "--stack", "forwarder")
    assert (distributed.exit_code, "no output BackfillStateMachineArn" in distributed.stderr) == (2, True)
    assert stored(monitor) == expected()


def test_a_wrong_call_is_told(monitor: Monitor) -> None:
    """Before anything is listed or sent."""
    assert run("s3://another/").exit_code == 2
    local = run(BELOW, "--state-machine", STATE_MACHINE)
    assert (local.exit_code, "--state-machine goes with --distributed" in local.stderr) == (2, True)
    boto3.client("s3").delete_bucket(Bucket="quarantine")
    assert stored(monitor) == 0


def test_a_bucket_that_cannot_be_listed_is_told(monitor: Monitor, tmp_path: Path) -> None:
    """With what to check, and the exit code of what cannot be reached."""
    del monitor
    text = (tmp_path / "forwarder.toml").read_text(encoding="utf-8").replace(BUCKET, "not-made-yet")
    (tmp_path / "forwarder.toml").write_text(text, encoding="utf-8")
    done = run("s3://not-made-yet/datacapture/")
    assert (done.exit_code, "NoSuchBucket" in done.stderr, "s3:ListBucket" in done.stderr) == (4, True, True)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, monitor: Monitor) -> Iterator[StepFunctions]:
    """Serve Step Functions with the stack's own definition and the function's own handler."""
    del monitor
    handler = make_handler(build_runtime(os.environ, Reports()))  # its log is not what the command prints
    definition = json.loads(DEFINITION.read_text(encoding="utf-8").replace('"results"', '"quarantine"'))
    state_machine = StepFunctions(definition, lambda event: handler(event, LocalContext()))
    with serving(state_machine) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SFN", url)
        yield state_machine


def distributed(*arguments: str) -> Result:
    """Run the command in its distributed form."""
    return run(BELOW, "--distributed", "--state-machine", STATE_MACHINE, *arguments)


def test_the_state_machine_forwards_everything_once(monitor: Monitor, machine: StepFunctions) -> None:
    """In batches of three; the sums of all batches are those of one run, and both forms know each other's progress."""
    done = distributed()
    assert done.exit_code == 0, done.output
    assert ledger(done, "objects") == f"objects {len(SAMPLES)} listed {len(SAMPLES)} done, 0 outside"
    assert f"{expected()} accepted, 0 duplicate" in ledger(done, "inferences")
    assert stored(monitor) == expected()
    (execution,) = machine.executions.values()
    assert execution.arn in done.stdout
    again = run(BELOW)
    assert ledger(again, "objects") == f"objects {len(SAMPLES)} listed {len(SAMPLES)} done before, 0 outside"


def test_the_function_cuts_the_hours(monitor: Monitor, machine: StepFunctions) -> None:
    """The state machine lists all, and the function leaves out and counts what is outside."""
    done = distributed("--since", "2026-01-15T10", "--until", "2026-01-15T11")
    assert done.exit_code == 0
    outside = len(SAMPLES) - len(JANUARY)
    assert ledger(done, "objects") == f"objects {len(SAMPLES)} listed {len(JANUARY)} done, {outside} outside"
    (execution,) = machine.executions.values()
    assert execution.asked["since"] == "2026-01-15T10:00:00+00:00"
    assert 0 < stored(monitor) < expected()


def test_an_execution_that_fails_is_told_with_what_is_left(
    monitor: Monitor, machine: StepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no output: the results are found by the definition, and tell what failed and what never began."""
    monkeypatch.setenv("MONITOR_TOKEN", "wrong")
    done = distributed()
    assert done.exit_code == 1
    text = " ".join(done.stdout.split())
    assert "The execution is FAILED: States.ExceedToleratedFailureThreshold" in text
    assert "put a valid one" in text
    assert f"{len(SAMPLES) - 3} │ the map run ended before them" in text
    assert f"objects {len(SAMPLES)} listed 0 outside, {len(SAMPLES)} not forwarded" in ledger(done, "objects")
    assert stored(monitor) == 0
    assert len(machine.executions) == 1


def test_a_bucket_that_the_state_machine_cannot_list_is_told(machine: StepFunctions, tmp_path: Path) -> None:
    """Its execution fails before there is a map run."""
    text = (tmp_path / "forwarder.toml").read_text(encoding="utf-8").replace(BUCKET, "not-made-yet")
    (tmp_path / "forwarder.toml").write_text(text, encoding="utf-8")
    done = run("s3://not-made-yet/", "--distributed", "--state-machine", STATE_MACHINE)
    assert done.exit_code == 1
    assert "States.ItemReaderFailed" in done.stdout
    assert machine.executions


def test_a_prefix_without_objects_is_no_error(monitor: Monitor, machine: StepFunctions) -> None:
    """It is told, in case that it was a slip of the pen."""
    done = run(f"{BELOW}nothing/here/", "--distributed", "--state-machine", STATE_MACHINE)
    assert (done.exit_code, "nothing below that prefix" in done.stdout) == (0, True)
    assert (stored(monitor), len(machine.executions)) == (0, 1)


def test_answers_without_a_result_writer_are_added_up(monitor: Monitor, machine: StepFunctions) -> None:
    """An emulator hands over what the batches answered as the execution's output."""

    def end(execution: Any, children: list[dict[str, Any]]) -> None:
        execution.output = json.dumps([json.loads(child["Output"]) for child in children])
        execution.status = "SUCCEEDED"

    machine._end = end  # type: ignore[method-assign]  # the stand-in's, not ours
    done = distributed()
    assert done.exit_code == 0
    assert f"{expected()} accepted" in ledger(done, "inferences")
    assert stored(monitor) == expected()


def test_ctrl_c_leaves_the_execution_going(monitor: Monitor, machine: StepFunctions) -> None:
    """It ends the watching, in order, and says how to end the execution too, which goes on to its end."""
    function, interrupted, told = machine.function, threading.Event(), threading.Event()

    def slow(event: dict[str, Any]) -> dict[str, Any]:
        if not interrupted.is_set():
            interrupted.set()
            os.kill(os.getpid(), signal.SIGINT)
            told.wait(20)
        return function(event)

    machine.function = slow
    done = distributed()
    told.set()
    assert done.exit_code == 1
    assert "It goes on without you" in done.stdout
    assert next(iter(machine.executions)) in done.stdout.replace("\n", "")
    machine.wait()
    assert stored(monitor) == expected()


def test_a_state_machine_that_is_not_there_is_told(machine: StepFunctions, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to check, and the exit code of what cannot be reached."""
    del machine
    monkeypatch.delenv("AWS_ENDPOINT_URL_SFN")
    done = distributed()
    assert (done.exit_code, "states:StartExecution" in done.stderr) == (4, True)
