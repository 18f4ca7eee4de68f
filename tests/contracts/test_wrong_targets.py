"""A wrong file, a missing region and an unreachable S3 at 80 columns: what `invoke` and `inspect` print and return."""

import json
import os
import shutil
from pathlib import Path

import boto3
import pytest
from typer.testing import CliRunner, Result

from capture_ops.__main__ import app
from tests.support.sentinels import PAYLOAD

ROOT = Path(__file__).parents[2]
CONFIG = """
[[destination]]
name = "arthur"
kind = "arthur"
url = "https://arthur.example.com"
secret = "SECRET"

[[route]]
name = "churn"
bucket = "captures"
prefix = "datacapture/"
destination = "arthur"
model_id = "m"
schema = "model"
"""
KEY = "datacapture/churn/a.jsonl"
SECRET = "hunter2"
REFUSED = "http://127.0.0.1:1: the connection was refused; check that a server runs there, and AWS_ENDPOINT_URL"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "a",
    "AWS_SECRET_ACCESS_KEY": "b",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_MAX_ATTEMPTS": "1",
    "AWS_ENDPOINT_URL": f"http://me:{SECRET}@127.0.0.1:1",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder with a configuration and an event the current one, and take AWS out of the environment."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("AWS_", "CAPTURE_FORWARDER_"))]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it remembers the environment
    (tmp_path / "event.json").write_text(json.dumps({"bucket": "captures", "key": KEY}), encoding="utf-8")
    return tmp_path


def configure(folder: Path, secret: str) -> None:
    """Write a configuration whose token is at `secret`. With one in the environment, S3 is the first to be asked."""
    text = CONFIG.replace("SECRET", secret)
    text = text.replace('schema = "model"\n', "") if secret.startswith("env:") else text
    (folder / "forwarder.toml").write_text(text, encoding="utf-8")


def run(*arguments: str, **variables: str) -> Result:
    """Run a command at 80 columns. No output may show a password or captured data, or the name of an error."""
    done = CliRunner(env={"COLUMNS": "80"} | variables).invoke(app, [*arguments])
    for hidden in (SECRET, PAYLOAD, "EndpointConnectionError", "Traceback"):
        assert hidden not in done.output
    return done


def words(text: str) -> str:
    """Return a text without its line ends and indents."""
    return " ".join(text.split())


def test_invoke_names_the_host_that_does_not_answer(folder: Path) -> None:
    """The table and the failure name the host. The object is pending, so the exit code is 1."""
    configure(folder, "env:TOKEN")
    done = run("invoke", "event.json", TOKEN="t", **CREDENTIALS)
    assert done.exit_code == 1
    assert f"state: pending: {REFUSED}" in words(done.stderr)
    assert f"s3://captures/{KEY}: {REFUSED}" in words(done.stderr)
    assert words(done.stderr).count(f"s3://captures/{KEY}") == 1


@pytest.mark.parametrize(
    ("missing", "step"),
    [
        ("AWS_DEFAULT_REGION", "set AWS_DEFAULT_REGION to the region of the secret"),
        ("AWS_ACCESS_KEY_ID", "give AWS credentials to this process"),
    ],
)
def test_invoke_says_what_the_secret_needs(folder: Path, missing: str, step: str) -> None:
    """A region, and credentials."""
    configure(folder, "secretsmanager:token")
    given = {name: value for name, value in CREDENTIALS.items() if name not in {missing, "AWS_ENDPOINT_URL"}}
    done = run("invoke", "event.json", **given)
    assert (done.exit_code, step in words(done.stderr)) == (1, True), done.stderr


def test_invoke_without_credentials_for_s3(folder: Path) -> None:
    """The object stays pending."""
    configure(folder, "env:TOKEN")
    done = run("invoke", "event.json", TOKEN="t", AWS_DEFAULT_REGION="eu-west-1")
    assert done.exit_code == 1
    assert "AWS credentials are missing or incomplete (NoCredentialsError); give them to this process" in words(
        done.stderr
    )


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"# Read me", "it is not one JSON document in UTF-8"),
        (b"\xff\xfe", "it is not one JSON document in UTF-8"),
        (b"[" * 100_000, "it is not one JSON document in UTF-8"),
        (json.dumps(PAYLOAD).encode(), "it holds no JSON object"),
        (b"[]", "it holds no JSON object"),
        (b"5", "it holds no JSON object"),
    ],
)
def test_invoke_with_a_wrong_file(folder: Path, content: bytes, why: str) -> None:
    """The sentence says what an event is, and shows nothing of the file."""
    (folder / "wrong.json").write_bytes(content)
    done = run("invoke", "wrong.json")
    step = "name a JSON file with an event, such as those in events/"
    assert (done.exit_code, words(done.stderr)) == (2, f"wrong.json is no event: {why}; {step}")


@pytest.mark.parametrize("command", [("invoke",), ("inspect",)])
@pytest.mark.parametrize(("target", "why"), [("none", "No such file or directory"), (".", "Is a directory")])
def test_a_target_that_is_no_file(command: tuple[str], target: str, why: str) -> None:
    """The sentence has the next step."""
    done = run(*command, target)
    assert done.exit_code == 2
    assert f"{why}; name a " in words(done.stderr)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"# Read me\n\n" + PAYLOAD.encode(), "the line is not one JSON document in UTF-8"),
        (b"5\n", "not a capture record: the line is a number, not a JSON object"),
        (b'{"captureData": 5}\n', "not a capture record: captureData is a number, not an object"),
    ],
)
def test_inspect_notes_a_file_without_captures(folder: Path, content: bytes, why: str) -> None:
    """Rejections are a result, so the exit code is 0. The help says so."""
    (folder / "wrong.jsonl").write_bytes(content)
    done = run("inspect", "wrong.jsonl")
    assert done.exit_code == 0
    assert why in words(done.output)
    assert "wrong.jsonl holds no captures. Data Capture writes one JSON object a line" in words(done.output)
    assert "Rejections are a result: the exit code is 0 with them" in words(run("inspect", "--help").stdout)


def test_inspect_of_captures_with_rejections_has_no_such_note(folder: Path) -> None:
    """The file is right, and one of its lines is not."""
    shutil.copy(ROOT / "events/sample.jsonl", folder)
    done = run("inspect", "sample.jsonl")
    assert (done.exit_code, "1 rejected" in done.output, "holds no captures" in done.output) == (0, True, False)


def test_inspect_of_a_binary_file_ends_with_1(folder: Path) -> None:
    """No line of it was read. The help says so."""
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    done = run("inspect", "picture.png")
    assert (done.exit_code, "is binary, and no capture file" in words(done.output)) == (1, True)
    assert "and 1 if the file is binary" in words(run("inspect", "--help").stdout)
