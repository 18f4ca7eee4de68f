"""The glossary: every word has one sentence, every type exists, and every word of the log is explained."""

import ast
import re
from enum import StrEnum
from pathlib import Path

import pytest

from capture_forwarder.domain.conservation import ObjectState
from capture_forwarder.domain.delivery import PendingCause, SkipReason

PAGE = Path("docs/glossary.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("|") and not line.startswith("|---") and not line.endswith(("| means |", "| in the code |"))
]
WORDS = [row for row in ROWS if len(row) == 3]
SOURCES = [path for folder in ("lambda_src", "capture_ops") for path in Path(folder).rglob("*.py")]
# The types of the design, of which each is a word of the field.
DESIGN = [
    "CaptureObject",
    "Work",
    "CaptureRecord",
    "Payload",
    "Reading",
    "Route",
    "ModelSchema",
    "Attribute",
    "Inference",
    "PartnerInferenceId",
    "Batch",
    "Destination",
    "Receipt",
    "Rejection",
    "Unavailable",
    "Quarantine",
    "ProgressRecord",
    "ObjectTracker",
    "ForwardReport",
    "LineSpan",
    "QuarantineEntry",
    "Claim",
    "Observer",
    "Notice",
]


def names_in(path: Path) -> set[str]:
    """Return the classes and constants of a module."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    assigned = (node.targets[0] for node in body if isinstance(node, ast.Assign))
    return {node.name for node in body if isinstance(node, ast.ClassDef)} | {
        target.id for target in assigned if isinstance(target, ast.Name)
    }


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_word_has_one_sentence(row: list[str]) -> None:
    """It begins with a capital, ends with a period, and has none in between."""
    sentence = row[1].replace("`.jsonl`", "").replace("...", "")
    assert re.fullmatch(r"[A-Z][^.]+\.", sentence)


def test_the_words_are_in_order_and_only_once() -> None:
    """A reader finds a word as in a dictionary."""
    words = [word for word, *_ in WORDS]
    assert words == sorted(set(words))
    assert len(words) > 60


def test_every_type_in_the_glossary_exists() -> None:
    """A renamed type must be renamed here."""
    named = {row[2].strip("`") for row in WORDS if row[2]}
    assert named - set().union(*map(names_in, SOURCES)) == set()
    assert set(DESIGN) <= named


@pytest.mark.parametrize(
    ("heading", "values"),
    [("States of an object", ObjectState), ("Causes of waiting", PendingCause), ("Reasons to skip a line", SkipReason)],
)
def test_every_word_of_the_log_is_explained(heading: str, values: type[StrEnum]) -> None:
    """In the order of the code."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE) == list(values)
