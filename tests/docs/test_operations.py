"""The pages on deployment and operation: every alarm, command and policy in them exists."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from capture_ops.__main__ import app

RUNBOOK = Path("docs/runbook.md").read_text(encoding="utf-8")
DEPLOY = Path("docs/deploy.md").read_text(encoding="utf-8")
ALARMS = re.findall(r'\bid="(\w+)"', Path("infra/constructs/alarms.py").read_text(encoding="utf-8"))


def test_every_alarm_has_a_section_in_the_runbook() -> None:
    """An alarm's text names its section; each section has a meaning, places to look at, and a remedy."""
    chapter = RUNBOOK.split("# Alarms\n")[1].split("\n# Procedures")[0]
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", chapter, flags=re.MULTILINE | re.DOTALL))
    assert len(ALARMS) > 5
    assert set(sections) == set(ALARMS)
    for text in sections.values():
        assert re.findall(r"^\*\*(\w+(?: at)?)\*\*", text, flags=re.MULTILINE) == ["Means", "Look at", "Do"]


@pytest.mark.parametrize("command", sorted(set(re.findall(r"bin/capture-forwarder (.+)", RUNBOOK + DEPLOY))))
def test_every_command_in_the_pages_exists(command: str) -> None:
    """The program knows its name and its options."""
    name, *words = command.split()
    known = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200"})
    assert known.exit_code == 0
    for option in [word for word in words if word.startswith("--")]:
        assert option in known.stdout


def test_policies_are_json_without_repeated_or_wildcard_actions() -> None:
    """People paste them; no statement allows all actions of a service."""
    policies = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", DEPLOY, flags=re.DOTALL)]
    assert len(policies) == 2
    for statement in [statement for policy in policies for statement in policy["Statement"]]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert len(actions) == len(set(actions))
        assert not [action for action in actions if "*" in action]


@pytest.mark.parametrize(("page", "text"), [("runbook", RUNBOOK), ("deploy", DEPLOY)])
def test_every_link_has_a_target(page: str, text: str) -> None:
    """The page exists, and so does the heading."""
    for target, anchor in re.findall(r"\]\(([\w./-]*)(?:#([\w-]+))?\)", text):
        path = Path("docs") / target if target else Path("docs") / f"{page}.md"
        assert path.exists()
        headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert not anchor or anchor in {heading.lower().replace(" ", "-") for heading in headings}
