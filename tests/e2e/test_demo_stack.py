"""`make demo-stack` ends by itself with exit code 0."""

import subprocess
import sys

import pytest


@pytest.mark.e2e
def test_the_demo_deploys_forwards_all_samples_and_ends() -> None:
    """It counts the same inferences as `make demo`."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.e2e.demo_stack"], capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stderr
    assert "31 objects: 183 inferences accepted, 10 rejections in quarantine, 0 dead letters." in done.stdout
    assert "The monitor holds exactly what it should." in done.stdout
