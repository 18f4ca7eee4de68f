"""Whole templates: cfn-lint accepts every one, and two of them match their reviewed snapshots."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.infra.conftest import Stacks
from tests.infra.examples import DEFAULT, EVERYTHING, EXAMPLES

SNAPSHOTS = Path(__file__).with_name("snapshots")
UPDATE = "UPDATE_SNAPSHOTS"
# CDK repeats dependencies in DependsOn that a reference already implies.
IGNORED = ["W3005"]


def test_cfn_lint_finds_nothing(stacks: Stacks) -> None:
    """It knows AWS's limits, actions and runtimes, and the visibility timeout that a function needs."""
    files = [str(stacks.template_file(path)) for path in (DEFAULT, EVERYTHING, *EXAMPLES.values())]
    command = [str(Path(sys.executable).with_name("cfn-lint")), "-r", "eu-west-1", "-i", *IGNORED, "--", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)  # noqa: S603 - our own templates
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("config", [EXAMPLES["new-bucket"], EVERYTHING], ids=lambda path: path.stem)
def test_a_template_matches_its_snapshot(stacks: Stacks, config: Path) -> None:
    """After an intended change, run with UPDATE_SNAPSHOTS=1 and review the difference."""
    snapshot = SNAPSHOTS / f"{config.stem}.json"
    template = stacks.template(config)
    if os.environ.get(UPDATE):
        snapshot.write_text(json.dumps(template, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    assert json.loads(snapshot.read_text(encoding="utf-8")) == template
