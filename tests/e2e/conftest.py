"""An own world for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.world import World, running_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Give a world without a stack."""
    with running_world(tmp_path) as running:
        yield running
        # pytest shows it for a failed test.
        print(running.emulator_log.read_text(encoding="utf-8", errors="replace")[-10_000:])
