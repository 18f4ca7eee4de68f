"""The dashboards in the template: the bodies of the catalogue, and the limits of CloudWatch before a deployment."""

import json
from pathlib import Path
from typing import Any

import pytest

from capture_forwarder.configuration.reader import SettingsError, read_settings
from infra.application import deployment_problems
from integrations.observability.boards.registry import boards
from integrations.observability.body import dashboard_body
from tests.infra.conftest import Stacks
from tests.infra.examples import EXAMPLES, resources

REGION, ACCOUNT = "eu-west-1", "123456789012"
PARAMETERS = {"AWS::Region": REGION, "AWS::AccountId": ACCOUNT}


def resolved(value: Any) -> str:
    """Return a text of the template as CloudFormation fills it in."""
    match value:
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(resolved(part) for part in parts)
        case {"Ref": name}:
            return PARAMETERS[name]
        case _:
            return str(value)


def test_the_template_has_the_bodies_of_the_catalogue(stacks: Stacks) -> None:
    """The same values are deployed, rendered and documented."""
    template = stacks.template(EXAMPLES["observability"], "Observability")
    made = {
        resolved(each["Properties"]["DashboardName"]): json.loads(resolved(each["Properties"]["DashboardBody"]))
        for each in resources(template, "CloudWatch::Dashboard").values()
    }
    expected = boards(read_settings(EXAMPLES["observability"]))
    assert made == {
        f"capture-forwarder-{board.name}-{REGION}": dashboard_body(board, REGION, ACCOUNT) for board in expected
    }


def test_limits_and_other_problems_are_refused_at_once(tmp_path: Path) -> None:
    """Too many log widgets, and an endpoint that is listed twice, in one error."""
    endpoint = '\n[[observability.endpoint]]\nname = "e{}"\n'
    many = "".join(endpoint.format(index) for index in range(30)) + endpoint.format(1)
    config = tmp_path / "forwarder.toml"
    config.write_text(EXAMPLES["observability"].read_text(encoding="utf-8") + many, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        read_settings(config, extra_checks=deployment_problems)
    assert len(caught.value.problems) == 2
    assert "is listed twice" in str(caught.value)
    assert "'endpoints' would have 62 log widgets, and CloudWatch takes at most 50" in str(caught.value)
