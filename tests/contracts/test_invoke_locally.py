"""`invoke --local`: every sample event runs with no other set-up, and its failures have reasons."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from capture_ops.__main__ import app

EVENTS = Path("events")
SAMPLES = sorted(EVENTS.glob("*.json"))
# Each holds a message that is wrong on purpose; the others end with 0.
FAILING = {
    "sqs-poison.json": "message 6f088b46-e375-4815-a659-5bb1ec05783d: the message is not JSON",
    "sqs-mixed-records.json": 'record 2 of 2: the type of the S3 notification, "INSERT", is neither',
    "sqs-cloudtrail.json": 'the type of the CloudTrail event, "GetObject", is neither forwarded nor ignored',
}


def run(*arguments: object) -> Result:
    """Run `invoke --local`."""
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, ["invoke", "--local", *map(str, arguments)])


@pytest.fixture(autouse=True)
def no_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away the set-up that other commands need."""
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("CAPTURE_FORWARDER_CONFIG", "none.toml")


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_a_sample_runs_without_a_set_up(sample: Path) -> None:
    """Its objects exist, all that can be forwarded is accepted, and a failure says why."""
    done = run(sample)
    shown = " ".join(done.stderr.split())
    assert FAILING.get(sample.name, "") in shown
    assert done.exit_code == (1 if sample.name in FAILING else 0), shown
    assert bool(json.loads(done.stdout).get("batchItemFailures")) == (sample.name in FAILING)
    assert "object_gone" not in shown
    assert "pending:" not in shown


def test_an_object_that_is_not_there_has_a_sentence(tmp_path: Path) -> None:
    """It may never have existed."""
    event = json.loads((EVENTS / "item.json").read_text()) | {"key": "datacapture/none.jsonl"}
    (tmp_path / "event.json").write_text(json.dumps(event))
    done = run(tmp_path / "event.json")
    assert "(never existed, or deleted)" in " ".join(done.stderr.replace("│", " ").split()), done.stderr


def test_the_reason_of_a_message_shows_no_control_characters(tmp_path: Path) -> None:
    """An event comes from outside."""
    record = {"messageId": "\u001b[31m", "eventSource": "aws:sqs", "body": "{"}
    (tmp_path / "event.json").write_text(json.dumps({"Records": [record]}))
    done = run(tmp_path / "event.json")
    assert (done.exit_code, "\u001b" in done.stderr, "message \\x1b[31m: " in done.stderr) == (1, False, True)


def test_a_configuration_beside_it_is_refused() -> None:
    """The samples have one."""
    done = run(EVENTS / "item.json", "--config", "mine.toml")
    assert (done.exit_code, "leave out --config" in " ".join(done.stderr.split())) == (2, True)
