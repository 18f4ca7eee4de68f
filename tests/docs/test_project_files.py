"""The files for contributors: CI runs the commands of the README, and every command, link and version is right."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

WORKFLOW = Path(".github/workflows/ci.yml")
PAGES = [Path("CONTRIBUTING.md"), Path("SECURITY.md")]
PROJECT = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
TARGETS = set(re.findall(r"^([a-z0-9-]+):", Path("Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))


def job() -> dict[str, Any]:
    """Return the job of the workflow."""
    document = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    job: dict[str, Any] = document["jobs"]["test"]
    return job


def test_ci_runs_every_supported_version_of_python() -> None:
    """The same versions as in the metadata of the package, the oldest first."""
    prefix = "Programming Language :: Python :: "
    named = [each.removeprefix(prefix) for each in PROJECT["classifiers"] if each.startswith(prefix)]
    assert job()["strategy"]["matrix"]["python"] == named == ["3.11", "3.12", "3.13", "3.14"]
    assert PROJECT["requires-python"] == f">={named[0]}"


def test_ci_runs_the_commands_of_the_readme() -> None:
    """The README's `make` commands in their order; `make test` runs the others."""
    steps = [step["run"] for step in job()["steps"] if "run" in step]
    readme = Path("README.md").read_text(encoding="utf-8")
    commands = [line for block in re.findall(r"```sh\n(.*?)```", readme, re.DOTALL) for line in block.splitlines()]
    assert [step for step in steps if step in commands] == [each for each in commands if each.startswith("make ")]
    assert all(step.removeprefix("make ") in TARGETS for step in steps)


def test_ci_can_write_nothing_and_names_no_registry() -> None:
    """A pull request of a stranger runs in it."""
    text = WORKFLOW.read_text(encoding="utf-8")
    assert yaml.safe_load(text)["permissions"] == {"contents": "read"}
    assert not re.search(r"https?://|secrets\.|index-url|pull_request_target", text)


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_the_commands_and_links_of_a_page_exist(page: Path) -> None:
    """Each target of make, each file and each heading."""
    text = page.read_text(encoding="utf-8")
    assert set(re.findall(r"make ([a-z]+)`?$", text, flags=re.MULTILINE)) <= TARGETS
    for target, anchor in re.findall(r"\]\(([\w./-]+)(?:#([\w-]+))?\)", text):
        assert Path(target).exists(), target
        headings = re.findall(r"^#+ (.+)$", Path(target).read_text(encoding="utf-8"), re.MULTILINE) if anchor else []
        assert not anchor or anchor in {heading.lower().replace(" ", "-") for heading in headings}
