"""The pages on deployment and operation: every alarm, command, link and file in them exists."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from capture_ops.__main__ import app
from integrations.observability.alerts import ALERTS
from integrations.observability.composites import SECTION

PAGES = [
    *(Path(name) for name in ("README.md", "CHANGELOG.md", "benchmarks/README.md", "events/captures/SOURCES.md")),
    *sorted(Path("docs").rglob("*.md")),
    *sorted(Path("tests").rglob("*.md")),
]
RUNBOOK = Path("docs/runbook.md").read_text(encoding="utf-8")
ALARMS = [
    *re.findall(r'\bid="(\w+)"', Path("infra/constructs/alarms.py").read_text(encoding="utf-8")),
    *(alert.section for alert in ALERTS.values()),
    SECTION,
]
COMMANDS = {
    command for page in PAGES for command in re.findall(r"bin/capture-forwarder (.+)", page.read_text(encoding="utf-8"))
}
# Pages that name code and tests; their paths are below one of these folders.
SHOWING = [Path("docs/security.md"), Path("docs/aws-review.md"), Path("docs/adr/0011-emulator.md")]
FOLDERS = [Path(folder) for folder in ("", "tests", "tests/infra", "lambda_src/capture_forwarder", "docs/policies")]


def test_every_alarm_has_a_section_in_the_runbook() -> None:
    """An alarm's text names its section; each section has a meaning, places to look at, and a remedy."""
    chapter = RUNBOOK.split("# Alarms\n")[1].split("\n# Procedures")[0]
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", chapter, flags=re.MULTILINE | re.DOTALL))
    assert len(ALARMS) == len(set(ALARMS)) > 5
    assert set(sections) == set(ALARMS)
    for text in sections.values():
        assert re.findall(r"^\*\*(\w+(?: at)?)\*\*", text, flags=re.MULTILINE) == ["Means", "Look at", "Do"]


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_in_the_pages_exists(command: str) -> None:
    """The program knows its name and its options."""
    name, *words = command.split()
    names = [name, words[0]] if name in {"catalog", "lineage", "quarantine", "sumo"} else [name]
    known = CliRunner().invoke(app, [*names, "--help"], env={"COLUMNS": "200"})
    assert known.exit_code == 0
    for option in [word for word in words if word.startswith("--")]:
        assert option in known.stdout


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_has_a_target(page: Path) -> None:
    """The file exists, and so does the heading."""
    for target, anchor in re.findall(r"\]\(([\w./-]*)(?:#([\w-]+))?\)", page.read_text(encoding="utf-8")):
        path = page.parent / target if target else page
        assert path.exists(), target
        assert not anchor or anchor in headings(path), f"{target}#{anchor}"


def headings(page: Path) -> set[str]:
    """Return the anchors of the headings of a page."""
    found = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("page", SHOWING, ids=str)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    """A reader can follow each claim to its code or test."""
    named = set(re.findall(r"`([\w./-]+\.(?:py|json|toml|lock))`", page.read_text(encoding="utf-8")))
    assert len(named) > 5
    assert {name for name in named if not any((folder / name).exists() for folder in FOLDERS)} == set()


@pytest.mark.parametrize("page", sorted(Path("docs").glob("*.md")), ids=str)
def test_a_reader_of_the_readme_finds_every_page(page: Path) -> None:
    """The README links it, or a page does that the README links."""
    linked = pages_linked_from(Path("README.md"))
    assert page in linked | set().union(*map(pages_linked_from, linked))


def pages_linked_from(page: Path) -> set[Path]:
    """Return the Markdown files that a page links."""
    targets = re.findall(r"\]\(([\w./-]+\.md)", page.read_text(encoding="utf-8"))
    return {(page.parent / target).resolve().relative_to(Path.cwd()) for target in targets}
