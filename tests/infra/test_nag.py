"""cdk-nag (AwsSolutions and NIST 800-53 R5): the findings of every example are those of the table and no others."""

import json
import shutil
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_lambda as lambda_
from cdk_nag import AwsSolutionsChecks, NIST80053R5Checks

from capture_forwarder.configuration.reader import parse_settings, read_settings
from infra.stacks.forwarder_stack import ForwarderStack
from tests.infra.examples import EXAMPLES
from tests.infra.limits.configurations import generated
from tests.infra.nag import acknowledge, acknowledged


def findings(example: Path, folder: Path, *, acknowledging: bool) -> list[tuple[str, str]]:
    """Return the construct's path and the rule of every finding."""
    settings = read_settings(example)
    app = cdk.App(outdir=str(folder))
    stack = ForwarderStack(app, "Forwarder", settings=settings, code=lambda_.Code.from_inline("# not bundled"))
    if acknowledging:
        acknowledge(stack, settings)
    return findings_of(app, stack, folder)


def findings_of(app: cdk.App, stack: cdk.Stack, folder: Path) -> list[tuple[str, str]]:
    """Return the construct's path and the rule of every finding in a stack of `app`, which writes into `folder`."""
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app), NIST80053R5Checks(app))
    try:
        app.synth()
    except RuntimeError as error:
        assert "ValidationFailed" in str(error)  # noqa: PT017 - other errors are none of the plug-in's
    report: dict[str, Any] = json.loads((folder / "validation-report.json").read_text(encoding="utf-8"))
    shutil.rmtree(folder)
    return [
        (where["constructPath"].removeprefix(f"{stack.node.id}/"), violation["ruleName"])
        for plugin in report["pluginReports"]
        for violation in plugin["violations"]
        for where in violation["violatingConstructs"]
        if where["constructPath"].startswith(f"{stack.node.id}/")
    ]


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_table_and_the_findings_are_the_same(example: str, tmp_path: Path) -> None:
    """A new wildcard fails here, and so does a row without a finding."""
    table = [(row.path, row.rule) for row in acknowledged(read_settings(EXAMPLES[example]))]
    found = findings(EXAMPLES[example], tmp_path / "raw", acknowledging=False)
    agree(table, found)


def agree(table: list[tuple[str, str]], found: list[tuple[str, str]]) -> None:
    """Fail on a finding without a row of the table, and on a row without a finding."""
    for path, rule in found:
        assert [row for row in table if path.startswith(row[0]) and row[1] == rule], (path, rule)
    for path, rule in table:
        assert [one for one in found if one[0].startswith(path) and one[1] == rule], (path, rule)


def test_no_finding_is_left_after_acknowledging(tmp_path: Path) -> None:
    """The largest example has none."""
    assert findings(EXAMPLES["nested-prefixes"], tmp_path / "acknowledged", acknowledging=True) == []


@pytest.mark.parametrize("seeds", [range(3), pytest.param(range(3, 100), marks=pytest.mark.e2e)], ids=str)
def test_the_table_has_all_findings_of_generated_stacks(seeds: range, tmp_path: Path) -> None:
    """Synthesis fails with the findings that the table lacks; `make e2e` takes most of the hundred configurations."""
    app = cdk.App(outdir=str(tmp_path))
    for seed in seeds:
        settings = parse_settings(generated(seed))
        stack = ForwarderStack(app, f"G{seed}", settings=settings, code=lambda_.Code.from_inline("# not bundled"))
        acknowledge(stack, settings)
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app), NIST80053R5Checks(app))
    app.synth()
