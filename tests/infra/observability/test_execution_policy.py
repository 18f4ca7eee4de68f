"""The policy for CloudFormation that the second stack needs beside those of the first."""

import json

import pytest

from tests.infra.conftest import Stacks, Template
from tests.infra.iam import HERE, Role, resolved
from tests.infra.limits.test_execution_policy import ALWAYS, actions, handlers, statements
from tests.infra.observability.configurations import FULL

POLICY = "execution-observability"
TYPES = (
    "AWS::CloudTrail::Trail",
    "AWS::CloudWatch::CompositeAlarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::Events::Rule",
    "AWS::Logs::LogGroup",
    "AWS::Logs::MetricFilter",
    "AWS::Logs::QueryDefinition",
    "AWS::Logs::ResourcePolicy",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
)
# The permissions of handlers that no policy grants, by the option that no template sets.
NOT_GRANTED = {
    "AWS::CloudTrail::Trail": {
        "a trail of an organisation": {
            "iam:createservicelinkedrole",
            "organizations:describeorganization",
            "organizations:listawsserviceaccessfororganization",
        },
        "insights": {"cloudtrail:putinsightselectors"},
        "enriched events": {"cloudtrail:puteventconfiguration"},
    },
    "AWS::Logs::LogGroup": {
        "BearerTokenAuthenticationEnabled": {"logs:putbearertokenauthentication"},
        "DataProtectionPolicy": {
            "firehose:tagdeliverystream",
            "logs:createlogdelivery",
            "logs:deletedataprotectionpolicy",
            "logs:putdataprotectionpolicy",
            "s3:rest.put.object",
        },
        "DeletionProtectionEnabled": {"logs:putloggroupdeletionprotection"},
    },
}
TRAIL_OPTIONS = {"CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn", "IsOrganizationTrail", "InsightSelectors"}


@pytest.fixture
def full(stacks: Stacks) -> Template:
    """Return the second stack with every option."""
    return stacks.template(FULL, "Observability")


@pytest.mark.parametrize("kind", sorted(set(TYPES) - {"AWS::S3::Bucket"}))
def test_the_policies_cover_every_permission_of_the_handlers(kind: str) -> None:
    """Buckets are like those of the first stack, whose policy grants them by the name."""
    left_out = set().union(*NOT_GRANTED.get(kind, {}).values())
    assert handlers(kind) - actions(*ALWAYS, POLICY) == left_out


def test_every_permission_of_the_policy_is_used() -> None:
    """By a handler of one of the types."""
    assert actions(POLICY) <= {permission for kind in TYPES for permission in handlers(kind)}


def test_no_option_needs_a_permission_that_is_left_out(full: Template) -> None:
    """Neither of the trail nor of the rules."""
    for resource in full["Resources"].values():
        if resource["Type"] == "AWS::CloudTrail::Trail":
            assert not TRAIL_OPTIONS & resource["Properties"].keys()
        if resource["Type"] == "AWS::Events::Rule":
            assert not [target for target in resource["Properties"]["Targets"] if "RoleArn" in target]


def test_the_policy_allows_the_names_of_the_template(full: Template) -> None:
    """CloudFormation names the rules after the stack; the group and the trail have names of their own."""
    text = json.dumps(statements(POLICY)).replace("capture-forwarder", "everything")
    role = Role(json.loads(text))
    group = resolved(full["Resources"]["AuditGroup8875F069"]["Properties"]["LogGroupName"], full, {})
    (trail,) = (each for each in full["Resources"].values() if each["Type"] == "AWS::CloudTrail::Trail")
    assert role.allows("logs:PutMetricFilter", f"arn:aws:logs:{HERE}:log-group:{group}")
    assert role.allows("cloudtrail:CreateTrail", f"arn:aws:cloudtrail:{HERE}:trail/{trail['Properties']['TrailName']}")
    assert role.allows("events:PutRule", f"arn:aws:events:{HERE}:rule/everything-observability-AuditApiCalls-1A2B")
    assert not role.allows("logs:PutMetricFilter", f"arn:aws:logs:{HERE}:log-group:/aws/events/other")
    assert not role.allows("cloudtrail:StopLogging", f"arn:aws:cloudtrail:{HERE}:trail/management-events")
