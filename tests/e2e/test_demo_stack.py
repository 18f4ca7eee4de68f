"""What `make demo-stack` shows a human ends by itself, and well."""

import subprocess
import sys

import pytest


@pytest.mark.e2e
def test_the_demo_deploys_shows_what_arrives_and_ends() -> None:
    """It counts the same captures as `make demo`, and leaves by itself with exit code 0."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.e2e.demo_stack"], capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stderr
    assert "31 objects: 183 inferences accepted, 10 rejections in quarantine, 0 dead letters." in done.stdout
    assert "The monitor holds exactly what it should." in done.stdout
