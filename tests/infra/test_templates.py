"""The templates of all examples: accepted by cfn-lint, and of the shape that was last looked at."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.infra.conftest import Stacks
from tests.infra.examples import DEFAULT, EXAMPLES

SNAPSHOTS = Path(__file__).with_name("snapshots")
UPDATE = "UPDATE_SNAPSHOTS"
# The CDK repeats in DependsOn what a reference says already.
IGNORED = ["W3005"]


def test_cfn_lint_finds_nothing(stacks: Stacks) -> None:
    """Limits, unknown actions, old runtimes, a queue that is visible too soon: what AWS would refuse or regret."""
    files = [str(stacks.template_file(path)) for path in (DEFAULT, *EXAMPLES.values())]
    command = [str(Path(sys.executable).with_name("cfn-lint")), "-r", "eu-west-1", "-i", *IGNORED, "--", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)  # noqa: S603 - our own templates
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_template_has_the_shape_that_was_looked_at(stacks: Stacks, example: str) -> None:
    """After a change that is meant, run with UPDATE_SNAPSHOTS=1 and read the difference."""
    snapshot = SNAPSHOTS / f"{example}.json"
    template = stacks.template(EXAMPLES[example])
    if os.environ.get(UPDATE):
        snapshot.write_text(json.dumps(template, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    assert json.loads(snapshot.read_text(encoding="utf-8")) == template


def test_every_snapshot_is_of_an_example() -> None:
    """None is left behind."""
    assert {path.stem for path in SNAPSHOTS.iterdir()} == set(EXAMPLES)
    assert len(EXAMPLES) >= 7
