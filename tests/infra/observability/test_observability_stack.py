"""The observability stack: made only if the file asks for it, and without a change of the first stack."""

import json

from tests.infra.conftest import Stacks
from tests.infra.examples import EXAMPLES, resources


def test_without_the_section_the_first_stack_is_the_same(stacks: Stacks) -> None:
    """Only the export of the topic and the permission to send notices to it are new: the second stack uses them."""
    text = EXAMPLES["observability"].read_text(encoding="utf-8")
    with_it = stacks.template(EXAMPLES["observability"])
    without = stacks.template(text[: text.index("[observability]")])
    exports = with_it["Outputs"].keys() - without["Outputs"].keys()
    assert all("AlarmTopic" in name for name in exports)
    assert {name: value for name, value in with_it["Outputs"].items() if name not in exports} == without["Outputs"]
    changed = {name for name, each in with_it["Resources"].items() if each != without["Resources"][name]}
    assert sorted(with_it["Resources"][name]["Type"] for name in changed) == ["AWS::KMS::Key", "AWS::SNS::TopicPolicy"]
    assert with_it["Resources"].keys() == without["Resources"].keys()


def test_every_dashboard_has_a_body(stacks: Stacks) -> None:
    """Its name has the region, because a dashboard belongs to no region."""
    template = stacks.template(EXAMPLES["observability"], "Observability")
    made = resources(template, "CloudWatch::Dashboard")
    assert made
    for dashboard in made.values():
        assert json.dumps(dashboard["Properties"]["DashboardName"]).count("AWS::Region") == 1
