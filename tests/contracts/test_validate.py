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


def test_dashboards_and_alarms_that_cloudwatch_refuses_are_problems(tmp_path: Path) -> None:
    """With each other, and before `cdk synth` says the same."""
    config = tmp_path / "endpoints.toml"
    text = Path("examples/observability.toml").read_text(encoding="utf-8")
    text += "".join(f'\n[[observability.endpoint]]\nname = "e{index}"\n' for index in range(30))
    text += "".join(
        f'\n[[observability.endpoint]]\nname = "churn"\nvariant = "v{index}"\nkind = "asynchronous"\n'
        for index in range(40)
    )
    config.write_text(text, encoding="utf-8")
    done = run(config)
    said = " ".join(done.stderr.split())
    assert (done.exit_code, "has 2 problem(s)" in said) == (3, True)
    assert "'endpoints' would have 62 log widgets, and CloudWatch takes at most 50" in said
    assert "a composite alarm takes at most 100 alarms" in said


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ("[[observability.alert]]\nname = 'delete_calls'\nthreshold = inf", "write a number from 0 to 1000000000000"),
        ("[[observability.alert]]\nname = 'delete_calls'\nthreshold = nan", "write a number from 0 to 1000000000000"),
        ("[observability]\naccounts = {123456789012 = ''}", "names have letters, digits, . _ -; at most 63"),
    ],
)
def test_numbers_and_names_that_no_template_holds_are_refused(tmp_path: Path, option: str, sentence: str) -> None:
    """JSON has no infinity, so the template could not be written."""
    config = tmp_path / "forwarder.toml"
    base = Path("forwarder.toml").read_text(encoding="utf-8")
    config.write_text(f"{base}\n{option}\n", encoding="utf-8")
    done = run(config)
    assert (done.exit_code, sentence in " ".join(done.stderr.split())) == (3, True), done.stderr


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
