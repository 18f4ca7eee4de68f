"""Figures of the last run that was recorded: later runs print them beside their own. `--record` replaces them.

A ratio of two programs that ran side by side can be compared with the same ratio of another day, a speed cannot.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from benchmarks.processes import ROOT

_FOLDER: Final = ROOT / "benchmarks" / "figures"


class Recorded(Struct, frozen=True):
    """Figures by name, and the commit and command that they belong to; empty if there are none."""

    figures: Mapping[str, float] = {}
    commit: str = ""
    command: str = ""

    def __str__(self) -> str:
        """Say where the figures come from."""
        return f"before: {self.command} at {self.commit}"


def path_of(name: str, folder: Path = _FOLDER) -> Path:
    """Return the path of the recorded figures of a benchmark."""
    return folder / f"{name}.json"


def recorded(path: Path) -> Recorded:
    """Return the figures of a file that `--json` or `--record` wrote; none if it does not exist."""
    if not path.exists():
        return Recorded()
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    figures = {figure["what"]: figure["measured"] for figure in document["figures"]}
    return Recorded(figures, document["commit"], document["command"])
