"""A hundred generated configurations would deploy, and forward the captures of every route.

Three of them are enough for every run; `make e2e` takes the others.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from capture_forwarder.configuration.reader import parse_settings, read_settings
from tests.infra.conftest import Stacks
from tests.infra.examples import EVERYTHING, EXAMPLES
from tests.infra.limits.cloudformation import needed_before
from tests.infra.limits.configurations import generated
from tests.infra.limits.conftest import Made, Templates
from tests.infra.limits.creation import too_early
from tests.infra.limits.quotas import exceeded
from tests.infra.limits.serving import unserved
from tests.infra.test_templates import IGNORED


@pytest.mark.parametrize("seeds", [range(3), pytest.param(range(3, 100), marks=pytest.mark.e2e)], ids=str)
def test_generated_stacks_deploy(synthesized: Made, tmp_path: Path, seeds: range) -> None:
    """One test for all, because making their templates takes most of the time."""
    texts = {f"G{seed}": generated(seed) for seed in seeds}
    templates = synthesized(texts)
    settings = {name: parse_settings(text) for name, text in texts.items()}
    assert _lines({name: exceeded(each, settings[name].stack.name) for name, each in templates.items()}) == {}
    assert _lines({name: list(too_early(each)) for name, each in templates.items()}) == {}
    assert _lines({name: list(unserved(settings[name], each)) for name, each in templates.items()}) == {}
    assert cfn_lint(templates, tmp_path) == ""


def _lines(found: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: lines for name, lines in found.items() if lines}


def cfn_lint(templates: Templates, folder: Path) -> str:
    """Return the findings of cfn-lint, in one run for all."""
    files = [folder / f"{name}.json" for name in templates]
    for file in files:
        file.write_text(json.dumps(templates[file.stem]), encoding="utf-8")
    command = [str(Path(sys.executable).with_name("cfn-lint")), "-r", "eu-west-1", "-i", *IGNORED, "--"]
    done = subprocess.run([*command, *map(str, files)], capture_output=True, text=True, check=False)  # noqa: S603 - our own templates
    return done.stdout + done.stderr


CONFIGURATIONS = {**EXAMPLES, "everything": EVERYTHING}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_every_example_deploys(stacks: Stacks, name: str) -> None:
    """Its quotas, its order of creation and its routes."""
    template = stacks.template(CONFIGURATIONS[name])
    settings = read_settings(CONFIGURATIONS[name])
    assert exceeded(template, settings.stack.name) == []
    assert list(too_early(template)) == []
    assert list(unserved(settings, template)) == []


def test_a_rule_before_a_policy_is_found(stacks: Stacks) -> None:
    """The check reads references and DependsOn."""
    template = json.loads(json.dumps(stacks.example("eventbridge")))
    for each in template["Resources"].values():
        each.pop("DependsOn", None)
    found = list(too_early(template))
    assert [line for line in found if "Rule" in line and line.endswith("before a queue's policy")]
    assert [line for line in found if line.endswith("before its rule")]


def test_a_circular_reference_is_found() -> None:
    """CloudFormation would refuse the template."""
    template = {"Resources": {"A": {"DependsOn": "B"}, "B": {"Properties": {"Name": {"Fn::Sub": "${A.Arn}"}}}}}
    with pytest.raises(ValueError, match="'A', 'B'"):
        needed_before(template)


def test_a_route_without_trigger_and_permission_is_found(stacks: Stacks) -> None:
    """The check looks at patterns and statements."""
    text = EXAMPLES["existing-bucket"].read_text(encoding="utf-8").replace("datacapture/churn/", "datacapture/")
    found = list(unserved(parse_settings(text), stacks.example("existing-bucket")))
    assert found == ["churn has 0 triggers", "churn cannot be read"]
