"""The observability stack: made only if the file asks for it, and without a change of the first stack."""

import json

from tests.infra.conftest import Stacks
from tests.infra.examples import EXAMPLES, resources


def test_without_the_section_the_first_stack_is_the_same(stacks: Stacks) -> None:
    """Only the output of the topic is new, because the alarms of the second stack use it."""
    text = EXAMPLES["observability"].read_text(encoding="utf-8")
    with_it = stacks.template(text)
    without = stacks.template(text[: text.index("[observability]")])
    exports = {name for name in with_it["Outputs"] if name.startswith("PublishOutput")}
    assert {name: value for name, value in with_it["Outputs"].items() if name not in exports} == without["Outputs"]
    assert with_it["Resources"] == without["Resources"]


def test_every_dashboard_has_a_body(stacks: Stacks) -> None:
    """Its name has the region, because a dashboard belongs to no region."""
    template = stacks.template(EXAMPLES["observability"], "Observability")
    made = resources(template, "CloudWatch::Dashboard")
    assert made
    for dashboard in made.values():
        assert json.dumps(dashboard["Properties"]["DashboardName"]).count("AWS::Region") == 1
