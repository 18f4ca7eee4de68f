"""Capture files made after public bug reports: each gives one of the results that its case accepts."""

import json
from pathlib import Path
from typing import Any

import pytest

from capture_forwarder.configuration.reader import parse_settings
from capture_ops.commands.inspect import Inspection, as_json

CASES = sorted((Path(__file__).parent / "cases").rglob("*.json"))

Part = dict[str, Any]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_case_gives_an_accepted_result(path: Path) -> None:
    """As `inspect --json` prints it, with the configuration of the case if it has one."""
    case = json.loads(path.read_text(encoding="utf-8"))
    settings = parse_settings(case["config"]) if "config" in case else None
    parts = Inspection(str(path.with_suffix(".jsonl")), settings, "r" if settings else None)
    found = [json.loads(as_json(part)) for part in parts]
    assert any(accepts(wanted, found) for wanted in case["accept"]), (case["situation"], case["source"], found)


def test_every_case_has_its_file() -> None:
    """The folder holds 54 cases and 15 guards."""
    assert len(CASES) == 69
    assert {path.with_suffix(".jsonl") for path in CASES} == set((Path(__file__).parent / "cases").rglob("*.jsonl"))


def accepts(wanted: dict[str, Any], found: list[Part]) -> bool:
    """Return whether `found`, the output of `inspect`, is the result `wanted`."""
    if "rejection" in wanted:
        return (
            bool(found) and len(found) <= wanted.get("at_most", len(found)) and all(fits(wanted, one) for one in found)
        )
    rows = wanted.get("rows") or wanted["inferences"]
    return len(rows) == len(found) and all(map(fits, rows, found)) and have_their_index(found)


def fits(wanted: dict[str, Any], part: Part) -> bool:
    """Return whether one part is the wanted inference or rejection."""
    if "rejection" in wanted:
        return part["kind"] == "rejection" and (wanted["rejection"] == "any" or part["code"] in wanted["rejection"])
    return part["kind"] == "inference" and all(same(wanted[side], part[side]) for side in ("inputs", "outputs"))


def same(wanted: dict[str, Any] | list[Any], values: dict[str, Any]) -> bool:
    """Compare values in order, and their names if the case gives them; 1 and 1.0 are the same here."""
    if isinstance(wanted, dict) and list(wanted) != list(values):
        return False
    expected = list(wanted.values()) if isinstance(wanted, dict) else wanted
    return [typed(one) for one in expected] == [typed(one) for one in values.values()]


def typed(value: Any) -> tuple[type, Any]:
    """Return a value with its kind, so that `true` is not 1 and `"1"` is not either."""
    return (float if type(value) is int else type(value)), value


def have_their_index(found: list[Part]) -> bool:
    """Return whether the ids of several rows of one call end in the index of the row."""
    if len(found) == 1 or len({part["line"] for part in found}) > 1:
        return True
    return all(
        part["partner_inference_id"].endswith(f"_{index}")
        for index, part in enumerate(found)
        if part["kind"] == "inference"
    )
