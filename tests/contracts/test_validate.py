"""`validate`: a configuration is checked without AWS, CDK and network."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from capture_ops.__main__ import app

OVERLAPPING = """
[[destination]]
name = "arthur"
kind = "arthur"
url = "https://arthur.example.com"
secret = "ssm:/arthur"

[[route]]
name = "one"
bucket = "captures"
prefix = "a/"
suffix = ".jsonl.gz"
destination = "arthur"
model_id = "m"

[[route]]
name = "two"
bucket = "captures"
prefix = "a/b/"
suffix = ".gz"
destination = "arthur"
model_id = "m"

[[bucket]]
name = "captures"
create = true
"""


def run(*arguments: object) -> Result:
    """Run `validate`."""
    return CliRunner().invoke(app, ["validate", *map(str, arguments)])


def test_a_valid_file_is_named_with_its_contents(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is found by the argument, by --config, by the environment, and in the folder."""
    line = "forwarder.toml is valid: 1 destination, 1 route, 1 bucket.\n"
    for arguments in ((), ("forwarder.toml",), ("--config", "forwarder.toml"), ("forwarder.toml", "--config", "forwarder.toml")):  # fmt: skip
        assert (run(*arguments).exit_code, run(*arguments).stdout) == (0, line)
    monkeypatch.setenv("CAPTURE_FORWARDER_CONFIG", "examples/ten-models.toml")
    assert run().stdout.startswith("examples/ten-models.toml is valid: 1 destination, 10 routes")
    assert run("forwarder.toml").stdout == line


def test_two_files_are_a_wrong_call() -> None:
    """One of them would be ignored."""
    done = run("forwarder.toml", "--config", "examples/kms.toml")
    assert (done.exit_code, "write one of them" in " ".join(done.stderr.split())) == (2, True)


def test_a_file_that_cannot_be_deployed_has_a_note() -> None:
    """The demo's file is valid on this machine."""
    done = run("events/forwarder.toml")
    assert done.exit_code == 0
    assert 'note: destination "monitor" reads its secret from the environment' in done.stdout


def test_notifications_that_s3_refuses_are_a_problem(tmp_path: Path) -> None:
    """It is shown with the line of the first route."""
    (tmp_path / "forwarder.toml").write_text(OVERLAPPING)
    done = run(tmp_path / "forwarder.toml")
    assert done.exit_code == 3
    assert "line 8, route 'one' and route 'two': S3 refuses two overlapping notifications" in " ".join(
        done.stderr.split()
    )


@pytest.mark.parametrize("text", ["", OVERLAPPING.replace("create = true", "")], ids=["wrong", "valid"])
def test_no_library_of_aws_is_loaded(tmp_path: Path, text: str) -> None:
    """So it takes less than half a second."""
    (tmp_path / "forwarder.toml").write_text(text)
    code = (
        "import sys; from capture_ops.entry import main\n"
        "sys.argv[1:] = ['validate', sys.argv[1]]\n"
        "try: main()\n"
        "finally: print(*sys.modules)"
    )
    done = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-c", code, str(tmp_path / "forwarder.toml")], capture_output=True, text=True, check=False
    )
    loaded = set(done.stdout.split())
    assert "capture_forwarder.configuration.reader" in loaded
    assert not {"boto3", "botocore.session", "requests", "flask", "moto", "aws_cdk"} & loaded
