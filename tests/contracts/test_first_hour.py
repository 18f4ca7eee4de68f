"""The documented commands in an empty folder and in a checkout, at 80 columns, without a region and credentials.

Each ends with its documented code and one sentence, and none with a traceback.
"""

import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import boto3
import pytest
from typer.testing import CliRunner

from capture_ops.__main__ import app

ROOT = Path(__file__).parents[2]
SAMPLE = next((ROOT / "events/captures/datacapture/synthetic-csv-rows").rglob("*.jsonl"))
COMMAND = [sys.executable, "-c", "from capture_ops.entry import main; main()"]
CONFIG = """
[[destination]]
name = "arthur"
kind = "arthur"
url = "URL"
secret = "env:MONITOR_TOKEN"
connect_timeout_secs = 0.5
read_timeout_secs = 0.5

[[route]]
name = "churn"
bucket = "captures"
prefix = "datacapture/churn/"
destination = "arthur"
model_id = "m"
schema = "model"
"""


def environment(**more: str) -> dict[str, str]:
    """Return an environment without AWS, at 80 columns."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CAPTURE_FORWARDER_"))}
    silent = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), "/nonexistent")
    paths = {"PYTHONPATH": f"{ROOT}:{ROOT / 'lambda_src'}", "COLUMNS": "80", "AWS_EC2_METADATA_DISABLED": "true"}
    return kept | silent | paths | {"MONITOR_TOKEN": "t"} | more


CREDENTIALS = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_DEFAULT_REGION": "eu-west-1", "AWS_MAX_ATTEMPTS": "1"}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make an empty folder the current one, and take AWS out of the environment."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ.keys() - environment().keys():
        monkeypatch.delenv(name)
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    return tmp_path


def check(arguments: str, code: int, sentence: str, **variables: str) -> list[str]:
    """Run one command; return a list with its output if it has another code, another sentence, or a traceback."""
    boto3.DEFAULT_SESSION = None  # it remembers the environment
    done = CliRunner(env=variables).invoke(app, arguments.split())
    shown = " ".join(done.stderr.split())
    is_right = done.exit_code == code and sentence in shown and "Traceback" not in shown
    is_right = is_right and isinstance(done.exception, SystemExit | None)
    return [] if is_right else [f"{arguments}: {done.exit_code}, not {code} with {sentence!r}: {done.stderr[-2000:]}"]


def walk(calls: list[tuple[str, int, str]], **variables: str) -> list[str]:
    """Check all `calls`; return their problems."""
    return [wrong for arguments, code, sentence in calls for wrong in check(arguments, code, sentence, **variables)]


NO_FILE = "forwarder.toml has 1 problem(s): cannot be read: No such file or directory; write it, or name another file"
NO_REGION = "the AWS region is missing; set AWS_DEFAULT_REGION"
NO_CREDENTIALS = "AWS credentials are missing; log in"


def test_the_commands_in_an_empty_folder(folder: Path) -> None:
    """Commands that need a configuration say where they look for one. The others run, or name the missing part."""
    (folder / "event.json").write_text('{"bucket": "b", "key": "k"}', encoding="utf-8")
    shutil.copy(SAMPLE, folder / "sample.jsonl")
    assert (
        walk(
            [
                ("--help", 0, ""),
                ("version", 0, ""),
                ("validate", 3, NO_FILE),
                ("validate none.toml", 3, "none.toml has 1 problem(s): cannot be read"),
                ("invoke event.json", 3, NO_FILE),
                ("invoke none.json", 2, "none.json is no event"),
                ("replay .", 3, NO_FILE),
                ("backfill s3://bucket/", 3, NO_FILE),
                ("policy", 3, NO_FILE),
                ("inspect sample.jsonl", 0, ""),
                ("inspect sample.jsonl --route churn", 2, "give --config FILE too"),
                ("inspect s3://bucket/key", 4, NO_CREDENTIALS),
                ("enable-eventbridge s3://bucket", 4, NO_REGION),
                ("no-such-command", 2, "No such command"),
            ]
        )
        == []
    )


def test_the_commands_in_a_checkout_without_a_region(folder: Path) -> None:
    """The file of the environment is used by all commands. The part that is missing for AWS is named."""
    (folder / "forwarder.toml").write_text(CONFIG.replace("URL", "https://arthur.invalid"), encoding="utf-8")
    (folder / "event.json").write_text('{"bucket": "captures", "key": "datacapture/churn/a.jsonl"}', encoding="utf-8")
    shutil.copy(SAMPLE, folder / "sample.jsonl")
    secret = CONFIG.replace("URL", "https://arthur.invalid").replace("env:MONITOR_TOKEN", "secretsmanager:arthur")
    (folder / "secret.toml").write_text(secret, encoding="utf-8")
    assert walk(
        [
            ("validate", 0, ""),
            ("inspect sample.jsonl --route churn", 4, "the name of the host has no address"),
            ("inspect sample.jsonl --route churn --config secret.toml", 4, NO_REGION),
            ("backfill s3://captures/ --dry-run", 4, NO_CREDENTIALS),
            ("backfill s3://captures/", 4, NO_REGION),
            ("replay s3://captures/rejected/", 4, NO_CREDENTIALS),
            ("policy --bucket captures", 4, NO_REGION),
            ("invoke event.json", 1, "captures/datacapture/churn/a.jsonl"),
        ]
    ) == []  # fmt: skip


def test_every_command_lists_the_problems_of_a_wrong_file(folder: Path) -> None:
    """Each finds the file by the environment, and ends with 3."""
    (folder / "mine.toml").write_text(CONFIG.replace('model_id = "m"', 'modelid = "m"'), encoding="utf-8")
    (folder / "event.json").write_text("{}", encoding="utf-8")
    sentence = 'line 15, route "churn", modelid: no such option; did you mean model_id?'
    calls = ["validate", "invoke event.json", "replay .", "backfill s3://captures/", "policy", "monitor", f"inspect {SAMPLE} --route churn"]  # fmt: skip
    wrong = [(call, 3, sentence) for call in calls]
    assert walk(wrong, CAPTURE_FORWARDER_CONFIG="mine.toml") == []
    assert check("validate --config mine.toml", 3, sentence) == []


@contextmanager
def server(*, answer: bytes | None) -> Iterator[str]:
    """Serve an address that accepts connections: it resets them, sends `answer`, or (`None`) stays silent."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    accepted: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            accepted.append(connection)
            if answer == b"":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()
            elif answer:
                connection.sendall(answer)

    thread = Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)
        for connection in accepted:
            connection.close()


def test_each_way_not_to_answer_has_its_sentence(folder: Path) -> None:
    """Of AWS, and of the destination. Each ends with 4."""
    shutil.copy(SAMPLE, folder / "sample.jsonl")
    with server(answer=b"") as reset, server(answer=None) as silent, server(answer=b"no HTTP\r\n\r\n") as other:
        addresses = {
            "http://127.0.0.1:9": "the connection was refused; check that a server runs there",
            "http://no-such-host.invalid": "the name of the host has no address",
            reset: "the connection was closed before the answer",
            silent: "no ",
            other.replace("http", "https"): "the server does not speak TLS as expected",
        }
        wrong = []
        for number, (address, sentence) in enumerate(addresses.items()):
            config = CONFIG.replace("URL", address.replace("http://no", "https://no"))
            (folder / f"{number}.toml").write_text(config, encoding="utf-8")
            wrong += check(f"inspect sample.jsonl --route churn --config {number}.toml", 4, sentence)
            if address != silent:  # boto3 waits for ten seconds
                wrong += check("inspect s3://b/k", 4, sentence, AWS_ENDPOINT_URL=address, **CREDENTIALS)
        assert wrong == []


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"AWS_PROFILE": "none"}, "the AWS profile does not exist; correct AWS_PROFILE"),
        ({"AWS_ENDPOINT_URL": "nonsense"}, "AWS_ENDPOINT_URL is no URL; correct it, or remove it"),
        ({"AWS_SECRET_ACCESS_KEY": ""}, "AWS credentials are"),
        ({"AWS_DEFAULT_REGION": "eu west 1"}, "the AWS region is no region; correct AWS_DEFAULT_REGION"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_wrong_set_up_of_aws_has_its_sentence(variables: dict[str, str], sentence: str) -> None:
    """boto3 raises an error of another kind for each."""
    assert check("enable-eventbridge bucket", 4, sentence, **(CREDENTIALS | variables)) == []


@pytest.mark.usefixtures("folder")
def test_only_with_debug_an_error_has_its_traceback() -> None:
    """The option may stand before or behind the command. The exit code stays."""
    for arguments in ("--debug validate", "validate --debug", "validate none.toml --debug"):
        done = CliRunner().invoke(app, arguments.split())
        assert (done.exit_code, "Traceback" in done.stderr) == (3, True), done.stderr


def test_a_reader_that_ends_early_causes_no_error(folder: Path) -> None:
    """As `| head` does."""
    with subprocess.Popen(  # noqa: S603 - ourselves
        [*COMMAND, "inspect", "--json", str(SAMPLE)], cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""


@pytest.mark.parametrize(
    ("number", "arguments"),
    [(signal.SIGINT, "inspect s3://b/k"), (signal.SIGTERM, "invoke --local events/item.json")],
)
def test_a_signal_in_the_first_second_shows_no_traceback(number: signal.Signals, arguments: str) -> None:
    """While modules are loaded, while servers start, and while a request waits. The exit code is 130."""
    with server(answer=None) as silent:
        variables = environment(AWS_ENDPOINT_URL=silent, **CREDENTIALS)
        found = []
        for pause_secs in (0.1, 0.25, 0.5, 0.8, 1.2):
            with subprocess.Popen(  # noqa: S603 - ourselves
                [*COMMAND, *arguments.split()], cwd=ROOT, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            ) as process:  # fmt: skip
                time.sleep(pause_secs)
                process.send_signal(number)
                _, shown = process.communicate(timeout=60)
            found.append((pause_secs, process.returncode, shown))
        # Python itself may not have begun after the first pause; the signal then ends it.
        allowed = {130, -number}
        assert [
            one for one in found if one[1] not in (allowed if one[0] < 0.2 else {130, 0}) or "Traceback" in one[2]
        ] == []
