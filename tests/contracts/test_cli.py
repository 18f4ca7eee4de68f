"""The command line: its output and its exit codes."""

import json
from pathlib import Path
from urllib.parse import unquote

import boto3
import pytest

from capture_forwarder.configuration.reader import read_settings
from capture_ops.cloud.local_aws import local_aws
from capture_ops.commands.monitor import models_of
from capture_ops.monitor.server import running_monitor
from tests.support.captures import capture, csv_side
from tests.support.command_line import run

CAPTURES = Path("events/captures")
MIXED = next((CAPTURES / "datacapture/synthetic-mixed-lines").rglob("*.jsonl"))
HEADER = next((CAPTURES / "datacapture/synthetic-csv-header").rglob("*.jsonl"))
CONFIG = Path("events/forwarder.toml")


def test_inspect_prints_one_json_object_a_line() -> None:
    """Every line of the file is an inference, a rejection or a skipped line. No other line is printed."""
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


REUSED = (
    "{} call(s) have an inference id that came before with other content: line {}. Set the route's id_source = "
    '"event-id", or let callers send an id of its own for each call.'
)


@pytest.mark.parametrize(
    ("numbers", "note"),
    [
        ([1, 1, 1], ""),
        ([1, 2, 1, 3], REUSED.format(2, "2, 4")),
        (range(20), REUSED.format(19, "2, 3, 4, 5, 6, 7, 8, 9, 10, 11, ...")),
    ],
    ids=["the same call", "two others", "many others"],
)
def test_inspect_reports_inference_ids_that_came_before(tmp_path: Path, numbers: list[int], note: str) -> None:
    """They are counted for the whole file, below the table, or on standard error. The rows are the same."""
    target = tmp_path / "a.jsonl"
    calls = [capture(csv_side(f"{number}"), csv_side("0.5"), inferenceId="0") for number in numbers]
    target.write_bytes(b"\n".join(calls))
    table, lines = run("inspect", target), run("inspect", "--json", target)
    *notes, summary = lines.stderr.splitlines()
    assert (" ".join(notes), summary.startswith("lines:")) == (note, True)
    assert note in " ".join(table.stdout.split())
    assert len(lines.stdout.splitlines()) == len(numbers)


def test_inspect_reports_no_reused_ids_where_they_are_not_sent(tmp_path: Path) -> None:
    """With `id_source = "event-id"` each call has another id."""
    calls = [capture(csv_side(f"{number}"), csv_side("0.5"), inferenceId="0") for number in range(3)]
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(calls))
    route = CONFIG.read_text().replace('name = "synthetic-csv-header"', 'name = "ids"\nid_source = "event-id"')
    (tmp_path / "forwarder.toml").write_text(route.replace("input_csv_header = true", ""))
    done = run("inspect", "--json", tmp_path / "a.jsonl", "--config", tmp_path / "forwarder.toml", "--route", "ids")
    assert (done.exit_code, len(done.stderr.splitlines())) == (0, 1)


def test_inspect_prints_captured_text_escaped(tmp_path: Path) -> None:
    """The terminal never interprets markup or control characters of captured data."""
    line = json.loads(MIXED.read_bytes().splitlines()[0])
    line["captureData"]["endpointInput"]["data"] = "[bold red]x[/],\u001b[31mred"
    (tmp_path / "a.jsonl").write_text(json.dumps(line))
    done = run("inspect", tmp_path / "a.jsonl")
    assert "[bold red]" in done.stdout
    assert "\u001b" not in done.stdout
    assert "\\x1b[31mred" in done.stdout


def test_inspect_uses_the_options_of_a_route() -> None:
    """With --config and --route, a file is read as the function reads it."""
    done = run("inspect", "--json", HEADER, "--config", CONFIG, "--route", "synthetic-csv-header")
    assert all(not name.startswith("feature_") for name in json.loads(done.stdout.splitlines()[0])["inputs"])


def test_inspect_reads_from_s3(bucket: str) -> None:
    """An S3 address works in place of a file."""
    boto3.client("s3").put_object(Bucket=bucket, Key="a b/c.jsonl", Body=MIXED.read_bytes())
    assert run("inspect", "--json", f"s3://{bucket}/a b/c.jsonl").stdout == run("inspect", "--json", MIXED).stdout


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("inspect", "no-such-file"), 2, "no-such-file cannot be read"),
        (("inspect", "s3://bucket"), 2, "write s3://bucket/key"),
        (("inspect", MIXED, "--config", CONFIG), 2, "give --route with one of"),
        (
            ("inspect", MIXED, "--config", CONFIG, "--route", "none"),
            2,
            "no route is named none; give --route with one of",
        ),
        (
            ("inspect", "s3://elsewhere/a.csv", "--config", CONFIG),
            2,
            "no route has the prefix and suffix of the target",
        ),
        (("inspect", MIXED, "--config", "no-such-file"), 3, "cannot be read"),
        (("invoke", "no-such-file"), 2, "no event"),
        (("invoke", "events/captures/SOURCES.md"), 2, "no event"),
        (("invoke", "events/item.json", "--config", "README.md"), 3, "is not TOML"),
        (("monitor", "--port", "99999"), 2, "less than or equal to 65535"),
    ],
)
def test_a_wrong_call_ends_with_its_code_and_a_sentence(
    arguments: tuple[object, ...], code: int, sentence: str
) -> None:
    """An error is a sentence on stderr with the next step. stdout stays empty."""
    done = run(*arguments)
    assert done.exit_code == code
    assert sentence in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_inspect_reports_an_object_that_s3_does_not_have(bucket: str) -> None:
    """A missing object is a wrong call. A missing bucket cannot be reached."""
    assert run("inspect", f"s3://{bucket}/none").exit_code == 2
    assert run("inspect", "s3://no-such-bucket-at-all/none").exit_code == 4


def test_invoke_says_that_an_object_has_no_route(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An object with another suffix is acknowledged, as in AWS. One of another bucket fails. The table has the reason."""
    monkeypatch.setenv("MONITOR_TOKEN", "t")
    monkeypatch.setenv("COLUMNS", "300")
    route = read_settings(CONFIG).route[0]
    (tmp_path / "event.json").write_text(json.dumps({"bucket": route.bucket, "key": f"{route.prefix}a.csv"}))
    done = run("invoke", tmp_path / "event.json", "--config", CONFIG)
    assert (done.exit_code, json.loads(done.stdout)) == (0, {})
    assert "skipped: no route has the suffix" in done.stderr
    (tmp_path / "event.json").write_text(json.dumps({"bucket": "elsewhere", "key": "a.jsonl"}))
    done = run("invoke", tmp_path / "event.json", "--config", CONFIG)
    assert done.exit_code == 1
    assert "no route names its bucket" in " ".join(done.stderr.split())


def test_invoke_runs_the_handler_and_reports_success_or_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is on stdout, the table on stderr. Pending or failed messages end with 1."""
    monkeypatch.setenv("MONITOR_TOKEN", "t")
    monkeypatch.setenv("COLUMNS", "300")
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
    assert (missing.exit_code, "(never existed," in " ".join(missing.stderr.split())) == (0, True)
    assert poison.exit_code == 1
    assert len(json.loads(poison.stdout)["batchItemFailures"]) == 1
    assert denied.exit_code == 1
    assert "put a valid one into the destination's secret" in " ".join(denied.stderr.split())


def test_the_demo_forwards_to_a_webhook() -> None:
    """The monitor receives the events, and holds exactly the same values as by Arthur's API."""
    done = run("demo", "--destination", "webhook")
    assert done.exit_code == 0, done.output
    assert "The monitor holds exactly what it should." in done.output


@pytest.mark.parametrize("bucket", ["elsewhere", "sagemaker-eu-west-1-123456789012"])
def test_invoke_prints_keys_escaped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bucket: str) -> None:
    """A key comes from the writer of the bucket. It is in the table, and in the sentence of a failure."""
    monkeypatch.setenv("MONITOR_TOKEN", "t")
    key = "datacapture/\x1b[2J\u202e\nforged"
    (tmp_path / "event.json").write_text(json.dumps({"bucket": bucket, "key": key}))
    done = run("invoke", tmp_path / "event.json", "--config", CONFIG)
    assert "\\x1b[2J\\u202e\\nforged" in done.stderr
    assert all(line.isprintable() for line in done.stderr.split("\n"))


def test_an_error_prints_names_escaped(tmp_path: Path) -> None:
    """The name of a file may be hostile too."""
    done = run("inspect", tmp_path / "\x1b[2Jnone")
    assert (done.exit_code, "\\x1b[2Jnone cannot be read" in done.stderr, "\x1b" in done.stderr) == (2, True, False)
