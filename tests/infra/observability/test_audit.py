"""The audit log in the template: the rules, who may write, the metrics, the trail, and the saved queries."""

import json
from typing import Any

import pytest

from integrations.observability.definitions import definitions
from tests.infra.conftest import Stacks, Template
from tests.infra.examples import EXAMPLES, properties, resources
from tests.infra.iam import HERE, Role, resolved
from tests.infra.observability.configurations import FULL, full_settings

GROUP = "/aws/events/everything-audit"
GROUP_ARN = f"arn:aws:logs:{HERE}:log-group:{GROUP}"


@pytest.fixture
def small(stacks: Stacks) -> Template:
    """Return the second stack of the example, with the defaults."""
    return stacks.template(EXAMPLES["observability"], "Observability")


@pytest.fixture
def full(stacks: Stacks) -> Template:
    """Return the second stack with every option."""
    return stacks.template(FULL, "Observability")


def test_read_only_calls_need_a_state_of_their_own(small: Template, full: Template) -> None:
    """The page's own sample is ListTags, and the state ENABLED does not deliver it."""
    assert properties(small, "Events::Rule", "AuditApiCalls")["State"] == (
        "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
    )
    assert properties(full, "Events::Rule", "AuditApiCalls")["State"] == "ENABLED"


def test_the_rule_fills_the_group_of_the_queries(full: Template) -> None:
    """EventBridge takes the ARN without the `:*` of its end, and writes below `/aws/events/` only."""
    (target,) = properties(full, "Events::Rule", "AuditApiCalls")["Targets"]
    assert resolved(target["Arn"], full, {}) == GROUP_ARN
    group = properties(full, "Logs::LogGroup", "AuditGroup")
    assert (group["LogGroupName"], group["RetentionInDays"]) == (GROUP, 30)
    assert group["KmsKeyId"].startswith("arn:aws:kms:")
    (rule,) = (name for name in resources(full, "Events::Rule") if name.startswith("AuditApiCalls"))
    assert full["Resources"][rule]["DependsOn"] == ["AuditGroup8875F069"]


def test_only_the_rule_may_write(full: Template) -> None:
    """Only to this group, and events for this rule only."""
    (rule,) = (name for name in resources(full, "Events::Rule") if name.startswith("AuditApiCalls"))
    text = resolved(properties(full, "Logs::ResourcePolicy")["PolicyDocument"], full, {rule: "audit"})
    statements = json.loads(text)["Statement"]
    services = ["delivery.logs.amazonaws.com", "events.amazonaws.com"]
    assert [sorted(each["Principal"]["Service"]) for each in statements] == [services] * 2
    policy, stream = Role(statements), f"{GROUP_ARN}:log-stream:a"
    own = {"aws:SourceArn": f"arn:aws:events:{HERE}:rule/audit"}
    assert policy.allows("logs:CreateLogStream", stream)
    assert policy.allows("logs:PutLogEvents", stream, own)
    assert not policy.allows("logs:PutLogEvents", stream, {"aws:SourceArn": f"arn:aws:events:{HERE}:rule/other"})
    assert not policy.allows("logs:PutLogEvents", f"arn:aws:logs:{HERE}:log-group:/aws/events/other:log-stream:a", own)
    assert not policy.allows("logs:DeleteLogStream", stream, own)


def test_filters_make_the_metrics_of_the_alarms(small: Template) -> None:
    """Without the default of 0 an alarm would stay in its state between two calls."""
    made = {
        change["MetricName"]: change
        for each in resources(small, "Logs::MetricFilter").values()
        for change in each["Properties"]["MetricTransformations"]
    }
    assert made == {
        name: {"MetricName": name, "MetricNamespace": "CaptureForwarder/Audit", "MetricValue": "1", "DefaultValue": 0}
        for name in ("DeleteCalls", "DeniedCalls")
    }


def test_the_index_has_fields_of_the_queries(small: Template) -> None:
    """At most 20, and every one stands in a saved query."""
    (policy,) = properties(small, "Logs::LogGroup", "AuditGroup")["FieldIndexPolicies"]
    texts = " ".join(each["Properties"]["QueryString"] for each in _audit_queries(small))
    assert 0 < len(policy["Fields"]) <= 20
    assert all(f"`{field}`" in texts for field in policy["Fields"])


def _audit_queries(template: Template) -> list[dict[str, Any]]:
    made = resources(template, "Logs::QueryDefinition")
    return [each for name, each in made.items() if name.startswith("QueriesAudit")]


def test_saved_queries_are_those_of_the_catalogue(full: Template) -> None:
    """In SQL, with the same texts as those that run in DuckDB."""
    made = [each["Properties"] for each in resources(full, "Logs::QueryDefinition").values()]
    assert {each["QueryLanguage"] for each in made} == {"SQL"}
    found = {each["Name"]: resolved(each["QueryString"], full, {}) for each in made}
    expected = {f"everything/{each.name}": each.sql for each in definitions(full_settings(), "eu-west-1")}
    assert found == expected


def test_a_notice_goes_to_the_topic_which_accepts_it(small: Template, stacks: Stacks) -> None:
    """The policies of topic and key let EventBridge publish, and without the section they do not."""
    (target,) = properties(small, "Events::Rule", "AuditDeleteNotices")["Targets"]
    assert "AlarmTopic" in json.dumps(target["Arn"])
    text = EXAMPLES["observability"].read_text(encoding="utf-8")
    without = text[: text.index("[observability]")]
    assert _publishers(stacks.template(EXAMPLES["observability"])) == {
        "cloudwatch.amazonaws.com",
        "events.amazonaws.com",
    }
    assert _publishers(stacks.template(without)) == {"cloudwatch.amazonaws.com"}


def _publishers(first: Template) -> set[str]:
    of_topic = properties(first, "SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    of_key = properties(first, "KMS::Key", "AlarmTopic")["KeyPolicy"]["Statement"]
    allowed = [
        {each["Principal"]["Service"] for each in statements if "Service" in each["Principal"]}
        for statements in (
            [each for each in of_topic if each["Effect"] == "Allow"],
            [each for each in of_key if each["Effect"] == "Allow"],
        )
    ]
    assert allowed[0] == allowed[1]
    return allowed[0]


def test_without_the_alert_there_is_no_notice(full: Template) -> None:
    """The metric stays: dashboards draw it."""
    assert not [name for name in resources(full, "Events::Rule") if name.startswith("AuditDeleteNotices")]
    assert len(resources(full, "Logs::MetricFilter")) == 2


def test_a_trail_is_made_only_if_asked_for(small: Template, full: Template) -> None:
    """It records calls of this region, without read-only ones if the settings say so, and invocations if they do."""
    assert not resources(small, "CloudTrail::Trail")
    trail = properties(full, "CloudTrail::Trail")
    assert (trail["IsLogging"], trail["EnableLogFileValidation"], trail["IsMultiRegionTrail"]) == (True, True, False)
    selectors = [
        {each["Field"]: each["Equals"] for each in selector["FieldSelectors"]}
        for selector in trail["AdvancedEventSelectors"]
    ]
    assert selectors == [
        {"eventCategory": ["Management"], "readOnly": ["false"]},
        {"eventCategory": ["Data"], "resources.type": ["AWS::SageMaker::Endpoint"]},
    ]


def test_only_the_trail_may_write_to_its_bucket(full: Template) -> None:
    """The policy must be there when CloudTrail tests it; the files expire with the audit log."""
    bucket = resolved(properties(full, "S3::BucketPolicy", "TrailBucket")["PolicyDocument"]["Statement"], full, {})
    (name,) = (each for each in resources(full, "S3::Bucket") if each.startswith("TrailBucket"))
    policy = Role([each for each in bucket if each["Effect"] == "Allow"])
    own = {
        "aws:SourceArn": f"arn:aws:cloudtrail:{HERE}:trail/everything-audit",
        "s3:x-amz-acl": "bucket-owner-full-control",
    }
    files = f"arn:aws:s3:::{name}/AWSLogs/123456789012/a"
    assert policy.allows("s3:PutObject", files, own)
    assert policy.allows("s3:GetBucketAcl", f"arn:aws:s3:::{name}", own)
    assert not policy.allows("s3:PutObject", files, own | {"aws:SourceArn": f"arn:aws:cloudtrail:{HERE}:trail/x"})
    assert not policy.allows("s3:PutObject", f"arn:aws:s3:::{name}/AWSLogs/210987654321/a", own)
    (trail,) = resources(full, "CloudTrail::Trail").values()
    assert set(resources(full, "S3::BucketPolicy")) <= set(trail["DependsOn"])
    (rule,) = properties(full, "S3::Bucket", "TrailBucket")["LifecycleConfiguration"]["Rules"]
    assert rule["ExpirationInDays"] == 30


def test_the_stack_has_no_function_and_no_role_for_the_audit_log(full: Template) -> None:
    """The CDK's own target for log groups would deploy a function that may change policies of all logs."""
    assert not resources(full, "Lambda::Function")
    assert not [each for each in full["Resources"].values() if each["Type"].startswith("Custom::")]
