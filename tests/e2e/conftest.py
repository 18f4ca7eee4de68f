"""A world of its own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.world import World, running_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Serve an account and a monitor for this test alone; nothing is deployed yet."""
    with running_world(tmp_path) as running:
        yield running
        # What pytest shows of a test that failed.
        print(running.emulator_log.read_text(encoding="utf-8", errors="replace")[-10_000:])
