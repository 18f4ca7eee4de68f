"""The tutorial: its commands run in their order, in a folder with the configuration that it shows."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

ROOT = Path.cwd()
PAGE = Path("docs/tutorial.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, flags=re.DOTALL) for line in block.splitlines()]
# The reader has no AWS account: no region, no credentials, and no other configuration.
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith("AWS_") and name != "CAPTURE_FORWARDER_CONFIG"
} | {"COLUMNS": "80"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with links to the project, and the `forwarder.toml` of the tutorial."""
    folder = tmp_path_factory.mktemp("clone")
    for entry in ROOT.iterdir():
        if entry.name not in {".git", "cdk.out", "forwarder.toml"}:
            (folder / entry.name).symlink_to(entry)
    (shown,) = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
    (folder / "forwarder.toml").write_text(shown, encoding="utf-8")
    return folder


def run(command: str, folder: Path) -> str:
    """Run a command in `folder`, and return its output."""
    done = subprocess.run(  # noqa: S603 - our own page
        shlex.split(command), cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=200
    )
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


@pytest.mark.timeout(600)
def test_the_commands_of_the_tutorial_run_in_their_order(folder: Path) -> None:
    """One reader runs them all, from the set-up to the templates. `test_readme.py` runs the demo."""
    printed = {command: run(command, folder) for command in COMMANDS if not command.startswith("make ")}
    assert len(printed) == len(COMMANDS) - 2
    by_name = {command.split()[1]: output for command, output in printed.items()}
    assert "forwarder.toml is valid: 1 destination, 1 route, 1 bucket." in by_name["validate"]
    assert "feature_0" in by_name["inspect"]
    assert '{"batchItemFailures": []}' in by_name["invoke"]
    assert len(list((folder / "cdk.out").glob("*.template.json"))) == 1


def test_the_rejection_of_the_sample_is_the_one_that_the_tutorial_explains(folder: Path) -> None:
    """Line 4 is rejected, line 5 is skipped, and the named option makes line 4 an inference."""
    inspect = ".venv/bin/capture-forwarder inspect events/sample.jsonl"
    printed = run(inspect, folder)
    assert "line 4: rejection row_count_mismatch" in printed
    assert "line 5: skipped shadow" in printed
    (option,) = re.findall(r'`(input_layout = "\w+")`', PAGE)
    decided = folder / "decided.toml"
    decided.write_text((folder / "forwarder.toml").read_text(encoding="utf-8") + option, encoding="utf-8")
    assert "line 4, row 0: inference" in run(f"{inspect} --config decided.toml --route churn", folder)
