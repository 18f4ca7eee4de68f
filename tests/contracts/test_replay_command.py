"""The replay command: its problems, its plan, its report and its exit code."""

from collections.abc import Iterator
from io import StringIO
from math import inf
from pathlib import Path
from threading import Event
from typing import Any
from uuid import uuid4

import boto3
import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from capture_forwarder.aws.envelopes import open_message
from capture_forwarder.domain.capture import CaptureObject, Work
from capture_forwarder.domain.conservation import LineCounts
from capture_forwarder.domain.delivery import RejectionCode
from capture_forwarder.domain.progress import QuarantineEntry
from capture_ops.__main__ import app
from capture_ops.monitor.contract import Model
from capture_ops.monitor.server import Monitor, running_monitor
from capture_ops.replay.command import run_until
from capture_ops.replay.report import ReplayReport, print_report
from capture_ops.terminal.tables import UNBALANCED
from tests.support.fakes import RecordingObserver
from tests.support.replay_world import call_of, decode_file, encode_file, line_entry, object_entry

SOURCE = CaptureObject("captures", "churn/a.jsonl", etag="e")
CONFIG = """
[[destination]]
name = "monitor"
kind = "arthur"
url = "{url}"
secret = "env:TEST_REPLAY_TOKEN"

[[route]]
name = "churn"
bucket = "captures"
prefix = "churn/"
destination = "monitor"
model_id = "churn"
"""


@pytest.fixture
def monitor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Monitor]:
    """Serve the model of the route."""
    monkeypatch.setenv("TEST_REPLAY_TOKEN", "t")
    monkeypatch.setenv("COLUMNS", "200")
    with running_monitor([Model("churn", "churn")], token="t") as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a directory with one quarantine file."""
    (tmp_path / "rejected").mkdir()
    entries = [
        kept(call_of("e")),
        kept(call_of("f")),
        kept(b"{}", code=RejectionCode.BAD_CSV),
        kept(None),
        kept(call_of("g"), route="old"),
    ]
    (tmp_path / "rejected" / "a.jsonl.gz").write_bytes(encode_file(entries))
    return tmp_path / "rejected"


def kept(data: bytes | None, **changes: Any) -> QuarantineEntry:
    """Return the entry of a line of an object of the route."""
    return line_entry(data, source=SOURCE, **changes)


def replay(monitor: Monitor, folder: Path, *arguments: str) -> Result:
    """Run the command with a configuration for the monitor."""
    config = folder.parent / "forwarder.toml"
    config.write_text(CONFIG.format(url=monitor.url))
    return CliRunner().invoke(app, ["replay", *arguments, "--config", str(config)])


def test_a_dry_run_shows_the_plan_and_sends_nothing(monitor: Monitor, folder: Path) -> None:
    """Entries are counted by file, route, code and plan."""
    before = (folder / "a.jsonl.gz").read_bytes()
    result = replay(monitor, folder, str(folder), "--dry-run")
    assert result.exit_code == 0
    words = " ".join(result.output.split())
    assert "line_not_json" in words
    assert "bad_csv" in words
    assert "sent again" in words
    assert "stays" in words
    assert "5 entries. Nothing was sent, and nothing was written." in words
    assert monitor.store.inferences("churn") == []
    assert (folder / "a.jsonl.gz").read_bytes() == before


def test_a_replay_reports_what_is_left(monitor: Monitor, folder: Path, aws: str) -> None:
    """The exit code is 1 while entries are left; the report counts entries, lines and inferences."""
    del aws
    result = replay(monitor, folder, str(folder))
    assert result.exit_code == 1
    words = " ".join(result.output.split())
    assert "5 selected" in words
    assert "2 removed, 3 left" in words
    assert "rejected again: not_a_capture" in words
    assert "Left in quarantine" in words
    assert sorted(one.partner_inference_id for one in monitor.store.inferences("churn")) == ["e", "f"]


def test_a_replay_of_which_nothing_is_left_succeeds(monitor: Monitor, folder: Path) -> None:
    """A second replay finds no entry."""
    (folder / "a.jsonl.gz").write_bytes(encode_file([kept(call_of("e"))]))
    first, second = replay(monitor, folder, str(folder)), replay(monitor, folder, str(folder))
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "1 removed, 0 left" in " ".join(first.output.split())
    assert "There is nothing to replay." in second.output


def test_only_selected_codes_and_routes_are_replayed(monitor: Monitor, folder: Path) -> None:
    """The other entries stay and do not make the replay fail."""
    result = replay(monitor, folder, str(folder), "--code", "bad_csv", "--route", "churn", "--dry-run")
    assert result.exit_code == 0
    assert "1 entries." in result.output


def test_a_bucket_is_replayed(monitor: Monitor, folder: Path, bucket: str) -> None:
    """Its accepted entries are removed from it; the file stays without entries."""
    client = boto3.client("s3")
    client.put_object(Bucket=bucket, Key="rejected/a.jsonl.gz", Body=encode_file([kept(call_of("e"))]))
    assert replay(monitor, folder, f"s3://{bucket}/rejected/").exit_code == 0
    assert decode_file(client.get_object(Bucket=bucket, Key="rejected/a.jsonl.gz")["Body"].read()) == []


def test_whole_objects_are_sent_to_the_queue_of_the_stack(
    monitor: Monitor, folder: Path, aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The function forwards them; a dry run sends none."""
    del aws
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName=f"q-{uuid4()}")["QueueUrl"]
    monkeypatch.setenv("CAPTURE_FORWARDER_QUEUE_URL", url)
    file = folder / "a.jsonl.gz"
    file.write_bytes(encode_file([object_entry(RejectionCode.NO_ROUTE, route="unrouted", source=SOURCE)]))
    dry = replay(monitor, folder, str(folder), "--route", "unrouted", "--dry-run")
    assert "the message of its object is sent to the queue of the stack" in " ".join(dry.output.split())
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    assert replay(monitor, folder, str(folder), "--route", "unrouted").exit_code == 0
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert open_message(message["Body"]).works == (Work(SOURCE),)
    assert not file.exists()


def test_whole_objects_stay_if_there_is_no_stack(monitor: Monitor, folder: Path, aws: str) -> None:
    """The report names the stack that was looked for, and the lines are sent."""
    del aws
    entries = [object_entry(RejectionCode.GIVEN_UP, source=SOURCE), kept(call_of("e"))]
    (folder / "a.jsonl.gz").write_bytes(encode_file(entries))
    result = replay(monitor, folder, str(folder), "--stack", "none")
    assert result.exit_code == 1
    words = " ".join(result.output.split())
    assert "its message could not be sent: there is no stack none in this account and region" in words
    assert "1 removed, 1 left" in words
    assert decode_file((folder / "a.jsonl.gz").read_bytes()) == entries[:1]


def test_all_problems_are_printed_at_once(monitor: Monitor, folder: Path) -> None:
    """No row is sent if a file is not quarantine or if an option has an unknown value."""
    for number in range(25):
        (folder / f"{number:02}.txt").write_bytes(b"text")
    (folder / "b\x1b.jsonl.gz").write_bytes(b"text")
    result = replay(monitor, folder, str(folder), "--code", "none", "--route", "no")
    assert result.exit_code == 2
    words = " ".join(result.output.split())
    assert "--code none: unknown; write one of object_gone, " in words
    assert "--route no: unknown; write one of churn, unrouted" in words
    assert words.count("is not a .jsonl.gz file") == 20
    assert "and 6 files more" in words
    assert "nothing was sent: move away the files that are not quarantine files" in words
    assert monitor.store.inferences("churn") == []


def test_a_name_that_is_not_printable_is_escaped(monitor: Monitor, folder: Path) -> None:
    """A terminal shows it and does not obey it."""
    (folder / "b\x1b.jsonl.gz").write_bytes(b"text")
    result = replay(monitor, folder, str(folder))
    assert result.exit_code == 2
    assert "\x1b" not in result.output
    assert "is not whole gzip" in result.output


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("s3://", "s3:// names no bucket; write s3://bucket/rejected/"),
        ("none", "none does not exist; write a directory of quarantine files, or s3://bucket/rejected/"),
    ],
)
def test_a_target_that_is_not_there_is_a_problem(monitor: Monitor, folder: Path, target: str, problem: str) -> None:
    """The sentence has the correction."""
    result = replay(monitor, folder, target)
    assert result.exit_code == 2
    assert problem in " ".join(result.output.split())


def test_a_report_that_is_not_balanced_says_so() -> None:
    """A line that is counted in no place is a bug, and must not be overlooked."""
    report, output = ReplayReport(), StringIO()
    report.lines = LineCounts(read=1)
    print_report(report, Console(file=output, width=200))
    assert UNBALANCED in output.getvalue()


def test_a_run_ends_when_it_is_stopped() -> None:
    """It has no time limit before, and it does not sleep any more after."""
    stopped = Event()
    run = run_until(stopped, RecordingObserver())
    assert run.deadline.left_secs(1) == inf
    stopped.set()
    assert run.deadline.left_secs(0) <= 0
    run.sleep(3600.0)
