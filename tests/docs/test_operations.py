"""The pages for those who deploy and those who are woken: every alarm, command and policy in them is one that there is."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from capture_ops.__main__ import app

RUNBOOK = Path("docs/runbook.md").read_text(encoding="utf-8")
DEPLOY = Path("docs/deploy.md").read_text(encoding="utf-8")
ALARMS = re.findall(r'\bid="(\w+)"', Path("infra/constructs/alarms.py").read_text(encoding="utf-8"))


def test_every_alarm_has_its_section() -> None:
    """An alarm's text points here by its id; each section says what it means, what to look at and what to do."""
    chapter = RUNBOOK.split("# Alarms\n")[1].split("\n# Procedures")[0]
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", chapter, flags=re.MULTILINE | re.DOTALL))
    assert len(ALARMS) > 5
    assert set(sections) == set(ALARMS)
    for text in sections.values():
        assert re.findall(r"^\*\*(\w+(?: at)?)\*\*", text, flags=re.MULTILINE) == ["Means", "Look at", "Do"]


@pytest.mark.parametrize("command", sorted(set(re.findall(r"bin/capture-forwarder (.+)", RUNBOOK + DEPLOY))))
def test_every_command_shown_is_one(command: str) -> None:
    """Its name and its options are known."""
    name, *words = command.split()
    known = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200"})
    assert known.exit_code == 0
    for option in [word for word in words if word.startswith("--")]:
        assert option in known.stdout


def test_policies_are_json_and_name_no_action_twice() -> None:
    """To be pasted as they stand; no statement allows everything of a service."""
    policies = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", DEPLOY, flags=re.DOTALL)]
    assert len(policies) == 2
    for statement in [statement for policy in policies for statement in policy["Statement"]]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert len(actions) == len(set(actions))
        assert not [action for action in actions if "*" in action]


@pytest.mark.parametrize(("page", "text"), [("runbook", RUNBOOK), ("deploy", DEPLOY)])
def test_every_link_leads_somewhere(page: str, text: str) -> None:
    """To a page that there is, and to a heading of it."""
    for target, anchor in re.findall(r"\]\(([\w./-]*)(?:#([\w-]+))?\)", text):
        path = Path("docs") / target if target else Path("docs") / f"{page}.md"
        assert path.exists()
        headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert not anchor or anchor in {heading.lower().replace(" ", "-") for heading in headings}
