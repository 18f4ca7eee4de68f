"""The command line: what it prints where, and what it ends with."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote
from urllib.request import Request, urlopen

import boto3
import pytest
from typer.testing import CliRunner, Result

from capture_forwarder.configuration.reader import read_settings
from capture_ops.__main__ import app
from capture_ops.cloud.local_aws import local_aws
from capture_ops.commands.monitor import models_of
from capture_ops.monitor.server import running_monitor

CAPTURES = Path("events/captures")
MIXED = next((CAPTURES / "datacapture/synthetic-mixed-lines").rglob("*.jsonl"))
HEADER = next((CAPTURES / "datacapture/synthetic-csv-header").rglob("*.jsonl"))
CONFIG = Path("events/forwarder.toml")


def run(*arguments: object) -> Result:
    """Run one command."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_inspect_prints_one_json_object_a_line() -> None:
    """Every line of the file is there, as an inference, a rejection or a skipped line, and nothing else is printed."""
    done = run("inspect", "--json", MIXED)
    assert done.exit_code == 0
    parts = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(part["kind"], part["line"]) for part in parts] == [
        ("inference", 1),
        ("skipped", 2),
        ("skipped", 3),
        ("rejection", 4),
        ("skipped", 5),
        ("rejection", 6),
        ("rejection", 7),
        ("inference", 8),
    ]
    assert set(parts[0]) == {
        "kind",
        "partner_inference_id",
        "inference_timestamp",
        "inputs",
        "outputs",
        "line",
        "index",
    }
    assert set(parts[1]) == {"kind", "reason", "line"}
    assert set(parts[3]) == {"kind", "code", "line", "why"}


def test_inspect_shows_captured_text_and_never_interprets_it(tmp_path: Path) -> None:
    """Markup and control characters in captured data are text to be seen, not to be obeyed."""
    line = json.loads(MIXED.read_bytes().splitlines()[0])
    line["captureData"]["endpointInput"]["data"] = "[bold red]x[/],\u001b[31mred"
    (tmp_path / "a.jsonl").write_text(json.dumps(line))
    done = run("inspect", tmp_path / "a.jsonl")
    assert "[bold red]" in done.stdout
    assert "\u001b" not in done.stdout
    assert "\\x1b[31mred" in done.stdout


def test_inspect_reads_by_a_route_of_the_configuration() -> None:
    """With --config and --route a file is read as the function would read it."""
    done = run("inspect", "--json", HEADER, "--config", CONFIG, "--route", "synthetic-csv-header")
    assert all(not name.startswith("feature_") for name in json.loads(done.stdout.splitlines()[0])["inputs"])


def test_inspect_reads_from_s3(bucket: str) -> None:
    """An S3 address works in place of a file."""
    boto3.client("s3").put_object(Bucket=bucket, Key="a b/c.jsonl", Body=MIXED.read_bytes())
    assert run("inspect", "--json", f"s3://{bucket}/a b/c.jsonl").stdout == run("inspect", "--json", MIXED).stdout


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("inspect", "no-such-file"), 2, "no-such-file cannot be read"),
        (("inspect", "s3://bucket"), 2, "write s3://bucket/key"),
        (("inspect", MIXED, "--config", CONFIG), 2, "give --route with one of"),
        (("inspect", MIXED, "--config", CONFIG, "--route", "none"), 2, "give --route with one of"),
        (("inspect", MIXED, "--config", "no-such-file"), 3, "cannot be read"),
        (("invoke", "no-such-file"), 2, "no event"),
        (("invoke", "events/captures/SOURCES.md"), 2, "no event"),
        (("invoke", "events/item.json", "--config", "README.md"), 3, "is not TOML"),
        (("monitor", "--port", "99999"), 2, "less than or equal to 65535"),
    ],
)
def test_a_wrong_call_ends_with_its_code_and_a_sentence(arguments: tuple[object, ...], code: int, told: str) -> None:
    """Errors go to stderr as a sentence with what to do; stdout stays empty."""
    done = run(*arguments)
    assert done.exit_code == code
    assert told in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_inspect_says_when_s3_has_no_such_object(bucket: str) -> None:
    """An object that is not there is a wrong call; a bucket that is not there cannot be reached."""
    assert run("inspect", f"s3://{bucket}/none").exit_code == 2
    assert run("inspect", "s3://no-such-bucket-at-all/none").exit_code == 4


def test_invoke_runs_the_handler_and_tells_success_from_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is on stdout, the table on stderr; what is not settled ends with 1."""
    monkeypatch.setenv("MONITOR_TOKEN", "t")
    settings = read_settings(CONFIG)
    with local_aws(settings.route[0].bucket), running_monitor(models_of(settings), token="t") as monitor:
        config = tmp_path / "forwarder.toml"
        config.write_text(CONFIG.read_text().replace("http://127.0.0.1:8765", monitor.url))
        missing = run("invoke", "events/sqs-s3.json", "--config", config)
        for path in (CAPTURES / "datacapture").rglob("*.jsonl"):
            key = unquote(path.relative_to(CAPTURES).as_posix())
            boto3.client("s3").put_object(Bucket=settings.route[0].bucket, Key=key, Body=path.read_bytes())
        good = run("invoke", "events/sqs-s3.json", "--config", config)
        poison = run("invoke", "events/sqs-poison.json", "--config", config)
        monkeypatch.setenv("MONITOR_TOKEN", "wrong")
        denied = run("invoke", "events/item.json", "--config", config)
    assert (good.exit_code, json.loads(good.stdout)) == (0, {"batchItemFailures": []})
    assert "done" in good.stderr
    assert (missing.exit_code, "deleted before it was read" in missing.stderr) == (0, True)
    assert poison.exit_code == 1
    assert len(json.loads(poison.stdout)["batchItemFailures"]) == 1
    assert denied.exit_code == 1
    assert "put a valid one into the destination's secret" in " ".join(denied.stderr.split())


def test_the_monitor_serves_until_it_is_interrupted() -> None:
    """It prints where it listens and its token, answers, and ends well on Ctrl-C."""
    command = [sys.executable, "-m", "capture_ops", "monitor", "--port", "0", "--model", "churn"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ourselves
        assert process.stdout is not None
        printed = [process.stdout.readline() for _ in range(3)]
        url = next(word for word in printed[2].split() if word.startswith("http"))
        token = printed[1].removeprefix("token:").strip()
        request = Request(f"{url}/models/churn", headers={"Authorization": token})  # noqa: S310 - loopback
        with urlopen(request, timeout=5) as answer:  # noqa: S310 - loopback
            assert json.load(answer)["id"] == "churn"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0


@pytest.mark.parametrize(
    "command", ["demo", "invoke", "inspect", "monitor", "replay", "backfill", "enable-eventbridge", "policy"]
)
def test_help_names_the_exit_codes(command: str) -> None:
    """Every command's help says what it does and what it ends with."""
    done = run(command, "--help")
    assert done.exit_code == 0
    assert "Exit codes" in done.stdout
