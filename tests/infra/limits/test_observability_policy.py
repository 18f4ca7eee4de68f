"""The policy for the second stack: it covers CloudFormation's handlers and the names in the template, and no others."""

import pytest

from tests.infra.conftest import Stacks, Template
from tests.infra.examples import EXAMPLES
from tests.infra.iam import HERE, Call, Role, resolved
from tests.infra.limits.differences import NOT_GRANTED, UNUSED_PROPERTIES
from tests.infra.limits.test_execution_policy import ALWAYS, actions, found, handlers, statements

POLICY = "execution-observability"
# Insights, larger events, and a trail of an organization: the stack has none of them.
UNUSED_BY_THE_TRAIL = {
    "cloudtrail:puteventconfiguration",
    "cloudtrail:putinsightselectors",
    "iam:createservicelinkedrole",
    "organizations:describeorganization",
    "organizations:listawsserviceaccessfororganization",
}


@pytest.fixture
def template(stacks: Stacks) -> Template:
    """Return a second stack with a trail of its own."""
    text = EXAMPLES["observability"].read_text(encoding="utf-8")
    return stacks.template(text.replace("[observability]", '[observability]\ntrail = "create"'), "Observability")


def test_the_policy_covers_every_permission_of_the_handlers(template: Template) -> None:
    """Together with the policies that every stack needs."""
    granted = actions(*ALWAYS, POLICY)
    for kind, used in found([template]).items():
        unused = {
            action.lower()
            for properties, needed in UNUSED_PROPERTIES.get(kind, {}).items()
            if not used & set(properties.split())
            for action in needed
        }
        unused |= {action.lower() for action in NOT_GRANTED.get(kind, {})}
        unused |= UNUSED_BY_THE_TRAIL if kind == "AWS::CloudTrail::Trail" else set()
        assert handlers(kind) - granted <= unused, kind


def test_every_permission_is_used(template: Template) -> None:
    """A handler of a type in the template names it."""
    assert actions(POLICY) <= {permission for kind in found([template]) for permission in handlers(kind)}


def test_the_policies_allow_the_names_in_the_template(template: Template) -> None:
    """The names of alarms have slashes, and those of the first stack have none."""
    role, checked = Role(statements(*ALWAYS, POLICY)), set()
    named = {
        "AWS::CloudWatch::Alarm": ("cloudwatch:PutMetricAlarm", "AlarmName", f"arn:aws:cloudwatch:{HERE}:alarm:{{}}"),
        "AWS::CloudWatch::CompositeAlarm": (
            "cloudwatch:PutCompositeAlarm",
            "AlarmName",
            f"arn:aws:cloudwatch:{HERE}:alarm:{{}}",
        ),
        "AWS::CloudWatch::Dashboard": (
            "cloudwatch:PutDashboard",
            "DashboardName",
            "arn:aws:cloudwatch::123456789012:dashboard/{}",
        ),
        "AWS::Logs::LogGroup": ("logs:PutIndexPolicy", "LogGroupName", f"arn:aws:logs:{HERE}:log-group:{{}}"),
        "AWS::CloudTrail::Trail": ("cloudtrail:CreateTrail", "TrailName", f"arn:aws:cloudtrail:{HERE}:trail/{{}}"),
    }
    for each in template["Resources"].values():
        if each["Type"] in named:
            action, name, arn = named[each["Type"]]
            assert role.allows(action, arn.format(resolved(each["Properties"][name], template, {}))), each
            checked.add(each["Type"])
    assert checked == set(named)
    # CloudFormation begins the names that it makes with the stack's.
    assert role.allows("events:PutRule", f"arn:aws:events:{HERE}:rule/capture-forwarder-observability-AuditApiCalls-1")
    assert role.allows("s3:CreateBucket", "arn:aws:s3:::capture-forwarder-observability-trailbucket-1")


DENIED: dict[str, Call] = {
    "another audit log": ("logs:DeleteLogGroup", f"arn:aws:logs:{HERE}:log-group:/aws/events/billing-audit", {}),
    "the log of an endpoint": ("logs:DeleteLogGroup", f"arn:aws:logs:{HERE}:log-group:/aws/sagemaker/Endpoints/a", {}),
    "another alarm": ("cloudwatch:DeleteAlarms", f"arn:aws:cloudwatch:{HERE}:alarm:billing", {}),
    "another trail": ("cloudtrail:StopLogging", f"arn:aws:cloudtrail:{HERE}:trail/organization", {}),
    "another rule": ("events:PutRule", f"arn:aws:events:{HERE}:rule/billing", {}),
}


@pytest.mark.parametrize("call", DENIED.values(), ids=DENIED)
def test_cloudformation_may_not_change_what_others_own(call: Call) -> None:
    """The audit of other teams is theirs."""
    assert not Role(statements(*ALWAYS, POLICY)).allows(*call)
