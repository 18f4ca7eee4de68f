"""The policies for the second stack: they cover CloudFormation's handlers, and name the resources of the stack."""

import pytest

from tests.infra.conftest import Stacks, Template
from tests.infra.examples import resources
from tests.infra.iam import HERE, Call, Role, resolved
from tests.infra.limits.differences import BEYOND_HANDLERS, NOT_GRANTED, UNUSED_PROPERTIES
from tests.infra.limits.test_execution_policy import ALWAYS, actions, found, handlers, statements
from tests.infra.observability.configurations import FULL

SECOND = ("execution-observability", "execution-delivery")
# The template has every option of the observability stack, and the stack's default name.
RENAMED = ('name = "everything"', 'name = "capture-forwarder"')


@pytest.fixture(scope="module")
def second(stacks: Stacks) -> Template:
    """Return the template of the second stack."""
    text = FULL.read_text(encoding="utf-8")
    assert RENAMED[0] in text
    return stacks.template(text.replace(*RENAMED, 1), "Observability")


def test_the_policies_cover_every_permission_of_the_handlers(second: Template) -> None:
    """A permission that is not granted stands on a list, with its reason."""
    granted = actions(*ALWAYS, *SECOND)
    for kind in found([second]):
        reasons = {action.lower() for each in UNUSED_PROPERTIES.get(kind, {}).values() for action in each}
        reasons |= {action.lower() for action in NOT_GRANTED.get(kind, {})}
        assert handlers(kind) - granted - reasons == set(), kind


def test_every_permission_of_the_policies_is_used(second: Template) -> None:
    """A handler needs it, or it stands on a list, with its reason."""
    needed = {permission for kind in found([second]) for permission in handlers(kind)}
    for name in SECOND:
        assert actions(name) - needed == {action.lower() for action in BEYOND_HANDLERS.get(name, {})}, name


def test_the_policies_allow_the_names_in_the_template(second: Template) -> None:
    """CloudFormation makes the other names, which begin with that of the stack."""
    role = Role(statements(*ALWAYS, *SECOND))
    named = {
        ("cloudwatch:PutMetricAlarm", "CloudWatch::Alarm", "AlarmName"): f"arn:aws:cloudwatch:{HERE}:alarm:{{}}",
        ("cloudwatch:PutCompositeAlarm", "CloudWatch::CompositeAlarm", "AlarmName"): (
            f"arn:aws:cloudwatch:{HERE}:alarm:{{}}"
        ),
        ("cloudwatch:PutDashboard", "CloudWatch::Dashboard", "DashboardName"): (
            "arn:aws:cloudwatch::123456789012:dashboard/{}"
        ),
        ("logs:CreateLogGroup", "Logs::LogGroup", "LogGroupName"): f"arn:aws:logs:{HERE}:log-group:{{}}",
        ("logs:PutSubscriptionFilter", "Logs::SubscriptionFilter", "LogGroupName"): (
            f"arn:aws:logs:{HERE}:log-group:{{}}"
        ),
        ("cloudwatch:PutMetricStream", "CloudWatch::MetricStream", "Name"): (
            f"arn:aws:cloudwatch:{HERE}:metric-stream/{{}}"
        ),
        ("cloudtrail:CreateTrail", "CloudTrail::Trail", "TrailName"): f"arn:aws:cloudtrail:{HERE}:trail/{{}}",
    }
    for (action, kind, name), arn in named.items():
        names = [resolved(each["Properties"][name], second, {}) for each in resources(second, kind).values()]
        assert names
        assert [each for each in names if not role.allows(action, arn.format(each))] == []


IAM = "arn:aws:iam::123456789012:role"
CALLS: dict[str, tuple[Call, bool]] = {
    "an own stream": (
        ("firehose:CreateDeliveryStream", f"arn:aws:firehose:{HERE}:deliverystream/capture-forwarder-observa-1", {}),
        True,
    ),
    "another stream": (("firehose:UpdateDestination", f"arn:aws:firehose:{HERE}:deliverystream/billing", {}), False),
    "an own rule": (
        ("events:PutRule", f"arn:aws:events:{HERE}:rule/capture-forwarder-observability-Audit-1", {}),
        True,
    ),
    "another rule": (("events:PutRule", f"arn:aws:events:{HERE}:rule/billing", {}), False),
    "another alarm": (("cloudwatch:PutMetricAlarm", f"arn:aws:cloudwatch:{HERE}:alarm:billing/x", {}), False),
    "another trail": (("cloudtrail:StopLogging", f"arn:aws:cloudtrail:{HERE}:trail/organisation", {}), False),
    "another log": (("logs:PutSubscriptionFilter", f"arn:aws:logs:{HERE}:log-group:/aws/lambda/billing", {}), False),
    "the role to Firehose": (
        ("iam:PassRole", f"{IAM}/capture-forwarder-observa-1", {"iam:PassedToService": "firehose.amazonaws.com"}),
        True,
    ),
    "the role to another service": (
        ("iam:PassRole", f"{IAM}/capture-forwarder-observa-1", {"iam:PassedToService": "ec2.amazonaws.com"}),
        False,
    ),
    "a URL": (("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:sumo/urls-AbCdEf", {}), True),
    "a token": (
        ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:capture-forwarder/arthur-A1", {}),
        False,
    ),
}


@pytest.mark.parametrize(("call", "allowed"), CALLS.values(), ids=CALLS)
def test_the_policies_name_resources_of_the_stack(call: Call, *, allowed: bool) -> None:
    """Together with the two policies that every stack needs."""
    assert Role(statements(*ALWAYS, *SECOND)).allows(*call) is allowed
