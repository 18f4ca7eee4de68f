"""AWS's own checks of lineage, run where they lie against the fake: the notebook, and the SDK's integration tests.

make e2e LINEAGE_NOTEBOOK=PATH SDK_TESTS=PATH, both of the repository aws/sagemaker-python-sdk:
v3-examples/ml-ops-examples/v3-lineage-tracking-example.ipynb of its main branch, and the tree of its second version
(commit 2a52478e7), where the tests are. Nothing of them is copied into this project.
"""

import os
import re
from pathlib import Path

import pytest

from tests.e2e.lineage_sdk_environment import SCRIPTS, run, served
from tests.lineage_fake.plugin import Fake

pytestmark = pytest.mark.e2e

TESTS = Path("tests", "integ", "sagemaker", "lineage")
PASSED, SKIPPED = 35, 26
"""Of the 26, AWS skips 25; the other needs a pipeline that ran. AWS also skips both load tests, which run here."""


def given_path(variable: str, what: str) -> Path:
    """Return the path that a variable of the environment names, or skip the test."""
    value = os.environ.get(variable)
    if not value:
        pytest.skip(f"{what} is not here: make e2e {variable}=PATH")
    path = Path(value).resolve()
    assert path.exists(), f"{variable}: {path} does not exist"
    return path


def left_in(fake: Fake) -> list[str]:
    """Return what the store still holds."""
    store = fake.store()
    return [*store.entities, *(f"{each.source} > {each.destination}" for each in store.associations())]


def test_awss_notebook_runs_unchanged_and_leaves_nothing(tmp_path: Path) -> None:
    """Issue 18, proof 2."""
    notebook = given_path("LINEAGE_NOTEBOOK", "AWS's notebook")
    with served(tmp_path) as (fake, environment):
        ran = run([SCRIPTS / "run_notebook.py", notebook], environment, tmp_path)
        assert ran.returncode == 0, ran.stderr[-3000:]
        assert ran.stdout.endswith("Cleanup complete\n")
        assert fake.counts["CreateArtifact"] == 3
        assert left_in(fake) == []


def test_the_sdks_integration_tests_pass(tmp_path: Path) -> None:
    """Issue 18, proof 2: passed and skipped are pinned, so that a test that no longer runs is noticed."""
    tree = given_path("SDK_TESTS", "the SDK's tree")
    with served(tmp_path) as (_, environment):
        paths = {"PYTHONPATH": f"{tree}:{SCRIPTS}"}
        options = [
            "-q",
            "-p",
            "stand_ins",
            "-p",
            "no:cacheprovider",
            f"--rootdir={tree}",
            f"--confcutdir={tree / TESTS}",
        ]
        ran = run(["-B", "-m", "pytest", *options, tree / TESTS], {**environment, **paths}, tmp_path)
        assert ran.returncode == 0, ran.stdout[-5000:] + ran.stderr[-3000:]
        assert re.search(rf"\n{PASSED} passed, {SKIPPED} skipped", ran.stdout), ran.stdout[-300:]
