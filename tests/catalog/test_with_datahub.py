"""Runs tests/catalog/datahub where DataHub is installed: .venv has no DataHub, and .venv-catalog has."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTEST = ROOT / ".venv-catalog/bin/pytest"


@pytest.mark.skipif(not PYTEST.exists(), reason="needs DataHub: `make e2e` installs it in .venv-catalog")
def test_what_needs_datahub_passes() -> None:
    folder = "tests/catalog/datahub"
    command = [str(PYTEST), "-q", f"--confcutdir={folder}", folder]
    # Those that start DataHub's commands take a minute: `make e2e` runs them too.
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - ourselves
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
