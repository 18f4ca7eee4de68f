"""The policies in docs/policies: they cover CloudFormation's handlers, and give no access to resources of other teams.

The schemas of cfn-lint name the permissions that the handlers of each resource type need:
https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from tests.infra.conftest import Stacks, Template
from tests.infra.examples import DEFAULT, EVERYTHING, EXAMPLES
from tests.infra.iam import HERE, Call, Role, resolved
from tests.infra.limits.differences import BEYOND_HANDLERS, NOT_GRANTED, UNUSED_PROPERTIES
from tests.infra.observability.configurations import FULL

POLICIES = {path.stem: path for path in sorted(Path("docs/policies").glob("*.json"))}
# Each of these is needed for some resource types only; docs/deploy.md says when.
OPTIONAL = {
    "execution-topic": {"AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "AWS::SNS::Subscription", "AWS::KMS::Key"},
    "execution-foreign-buckets": {"AWS::Events::EventBusPolicy"},
    "execution-lineage": {"AWS::CloudFormation::CustomResource"},
}
ALWAYS = ("execution", "execution-roles")
MAX_CHARACTERS = 6144  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
# Types that this test knows, so that a new one in a template is noticed here.
KNOWN = {*UNUSED_PROPERTIES, *NOT_GRANTED}


def statements(*names: str) -> list[dict[str, Any]]:
    """Return the statements of policies."""
    return [each for name in names for each in json.loads(POLICIES[name].read_text(encoding="utf-8"))["Statement"]]


def actions(*names: str) -> set[str]:
    """Return the actions that policies allow or deny, in lower case: IAM does not distinguish it."""
    return {action.lower() for each in statements(*names) for action in listed(each["Action"])}


def listed(value: str | list[str]) -> list[str]:
    """Return a list for an element that may be a single text."""
    return value if isinstance(value, list) else [value]


def handlers(kind: str) -> set[str]:
    """Return the permissions that the handlers of a resource type need in a deployment.

    `list` is left out: only CloudFormation's generator of templates lists resources.
    """
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    # A custom resource has no handler of AWS.
    needed = [each["permissions"] for name, each in schema.get("handlers", {}).items() if name != "list"]
    tagging = schema.get("tagging", {}).get("permissions", [])
    return {permission.lower() for each in [*needed, tagging] for permission in each}


@pytest.fixture(scope="module")
def templates(stacks: Stacks) -> list[Template]:
    """Return the templates of all configurations in the repository."""
    return [stacks.template(path) for path in (DEFAULT, EVERYTHING, *EXAMPLES.values())]


def found(templates: list[Template]) -> dict[str, set[str]]:
    """Return the resource types of templates, each with the properties that some template sets."""
    types: dict[str, set[str]] = {}
    for resource in (each for template in templates for each in template["Resources"].values()):
        types.setdefault(resource["Type"], set()).update(resource.get("Properties", {}))
    return types


def test_the_policies_cover_every_permission_of_the_handlers(templates: list[Template]) -> None:
    """A permission that is not granted stands on a list, with its reason."""
    for kind in found(templates):
        granted = actions(*ALWAYS, *(name for name, kinds in OPTIONAL.items() if kind in kinds))
        reasons = {action for each in UNUSED_PROPERTIES.get(kind, {}).values() for action in each}
        reasons |= set(NOT_GRANTED.get(kind, {}))
        assert handlers(kind) - granted == {action.lower() for action in reasons}, kind


def test_no_template_sets_a_property_that_needs_further_permissions(templates: list[Template]) -> None:
    """The permissions for these properties are left out of the policies."""
    types = found(templates)
    for kind, properties in UNUSED_PROPERTIES.items():
        assert not types.get(kind, set()) & {name for group in properties for name in group.split()}, kind


def test_every_permission_of_the_policies_is_used(templates: list[Template]) -> None:
    """A handler needs it, or it stands on a list, with its reason."""
    for name in (*ALWAYS, *OPTIONAL):
        kinds = OPTIONAL.get(name) or set(found(templates)) | KNOWN
        needed = {permission for kind in kinds for permission in handlers(kind)}
        assert actions(name) - needed == {action.lower() for action in BEYOND_HANDLERS.get(name, {})}, name


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_fits_into_a_managed_policy(name: str) -> None:
    """IAM does not count white space. Account ids keep their length; a stack's name may grow to 24 characters."""
    text = POLICIES[name].read_text(encoding="utf-8").replace("capture-forwarder", "x" * 24)
    assert len(re.sub(r"\s", "", text)) <= MAX_CHARACTERS


ON_ALL_RESOURCES = {
    "DescribeWithoutResources": "the actions only describe, and know no resources",
    "Subscriptions": "SNS knows no resources for these; the id of a subscription is a random uuid",
    "KeyOfTheTopic": "a key has no name, and CloudFormation cannot tag it with the stack; docs/deploy.md says what to do",
    "QueriesAndPoliciesOfLogs": "CloudWatch Logs knows no resources for these",
    "DescribeTrails": "CloudTrail knows no resources for a description of trails",
    "FindLineage": "SageMaker knows no resources for lists",
    "JoinNetwork": "a network interface has no ARN before Lambda creates it; the next statement denies it to the code",
}


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_names_its_actions_and_resources(name: str) -> None:
    """No action has a wildcard; all resources are allowed only under a condition, or for a reason on the list."""
    for statement in statements(name):
        named = listed(statement["Action"])
        assert len(named) == len(set(named))
        assert not [action for action in named if "*" in action]
        if statement["Resource"] == "*" and "Condition" not in statement:
            assert statement["Sid"] in ON_ALL_RESOURCES


def test_every_reason_for_all_resources_is_used() -> None:
    """A statement that is gone takes its reason with it."""
    unlimited = {each["Sid"] for each in statements(*POLICIES) if each["Resource"] == "*" and "Condition" not in each}
    assert unlimited == set(ON_ALL_RESOURCES)


def test_the_policies_name_the_bootstrap_of_cdk_json() -> None:
    """`cdk bootstrap` names its roles and its bucket by the qualifier."""
    qualifier = json.loads(Path("cdk.json").read_text(encoding="utf-8"))["context"]["@aws-cdk/core:bootstrapQualifier"]
    for name in ("deployer", "execution"):
        assert set(re.findall(r"cdk-(?!bootstrap/)(\w+)", POLICIES[name].read_text(encoding="utf-8"))) == {qualifier}
    assert f"parameter/cdk-bootstrap/{qualifier}/version" in POLICIES["execution"].read_text(encoding="utf-8")


def test_the_policies_allow_the_names_in_the_template(default: Template) -> None:
    """The stack of the default name has some names of its own; CloudFormation makes the others."""
    role = Role(statements(*ALWAYS))
    named = {
        ("sqs:CreateQueue", "AWS::SQS::Queue", "QueueName"): "arn:aws:sqs:{}:{}",
        ("events:PutRule", "AWS::Events::Rule", "Name"): "arn:aws:events:{}:rule/{}",
        ("cloudwatch:PutDashboard", "AWS::CloudWatch::Dashboard", "DashboardName"): (
            "arn:aws:cloudwatch::123456789012:dashboard/{1}"
        ),
    }
    for (action, kind, name), arn in named.items():
        found = [each["Properties"][name] for each in default["Resources"].values() if each["Type"] == kind]
        assert found
        for each in found:
            assert role.allows(action, arn.format(HERE, resolved(each, default, {}))), each


def test_the_boundary_allows_every_action_of_the_function(stacks: Stacks, templates: list[Template]) -> None:
    """And of the roles of delivery. A boundary gives no permission; it only must not take away a needed one."""
    documents = [
        each["Properties"]["PolicyDocument"]
        for template in (*templates, stacks.template(FULL, "Observability"))
        for each in template["Resources"].values()
        if each["Type"] == "AWS::IAM::ManagedPolicy"
    ]
    needed = {
        action.lower()
        for document in documents
        for each in document["Statement"]
        if each["Effect"] == "Allow"
        for action in listed(each["Action"])
    }
    allowed = {
        action.lower()
        for each in statements("boundary")
        if each["Effect"] == "Allow"
        for action in listed(each["Action"])
    }
    assert needed
    assert needed == allowed


IAM = "arn:aws:iam::123456789012"
BOUNDARY = {"iam:PermissionsBoundary": f"{IAM}:policy/boundary-of-capture-forwarder"}
OWN_ROLE = f"{IAM}:role/capture-forwarder-ForwarderRole-1"
OWN_POLICY = f"{IAM}:policy/capture-forwarder-ForwarderPolicy0-1"
MAPPING = f"arn:aws:lambda:{HERE}:event-source-mapping:5f3c0d5e-2a5b-4f6e-9b1a-0d8f6c1a2b3c"
OWN_FUNCTION = {"lambda:FunctionArn": f"arn:aws:lambda:{HERE}:function:capture-forwarder-Forwarder-1"}
ALLOWED: dict[str, Call] = {
    "a role under the boundary": ("iam:CreateRole", OWN_ROLE, BOUNDARY),
    "an own policy": ("iam:AttachRolePolicy", OWN_ROLE, {**BOUNDARY, "iam:PolicyARN": OWN_POLICY}),
    "a new version of an own policy": ("iam:CreatePolicyVersion", OWN_POLICY, {}),
    "the role to Lambda": ("iam:PassRole", OWN_ROLE, {"iam:PassedToService": "lambda.amazonaws.com"}),
    "an own mapping": ("lambda:DeleteEventSourceMapping", MAPPING, OWN_FUNCTION),
    "the dashboard": (
        "cloudwatch:PutDashboard",
        "arn:aws:cloudwatch::123456789012:dashboard/capture-forwarder-eu-west-1",
        {},
    ),
    "recursion": ("lambda:PutFunctionRecursionConfig", OWN_FUNCTION["lambda:FunctionArn"], {}),
    "the captures queue": ("sqs:CreateQueue", f"arn:aws:sqs:{HERE}:capture-forwarder-captures", {}),
    "an own rule": ("events:PutRule", f"arn:aws:events:{HERE}:rule/capture-forwarder-captures-0a1b2c3d", {}),
    "the asset": ("s3:GetObject", "arn:aws:s3:::cdk-fwdcap-assets-123456789012-eu-west-1/asset.zip", {}),
}
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
OTHER_FUNCTION = {"lambda:FunctionArn": f"arn:aws:lambda:{HERE}:function:billing"}
DENIED: dict[str, Call] = {
    "another key's policy": ("kms:PutKeyPolicy", f"arn:aws:kms:{HERE}:key/66666666-7777-8888-9999-000000000000", {}),
    "another key's end": ("kms:ScheduleKeyDeletion", f"arn:aws:kms:{HERE}:key/66666666-7777-8888-9999-0000000", {}),
    "a role without a boundary": ("iam:CreateRole", OWN_ROLE, {}),
    "a role under another boundary": ("iam:CreateRole", OWN_ROLE, {"iam:PermissionsBoundary": ADMIN}),
    "another role": ("iam:CreateRole", f"{IAM}:role/billing", BOUNDARY),
    "another role's trust": ("iam:UpdateAssumeRolePolicy", f"{IAM}:role/billing", BOUNDARY),
    "removal of the boundary": ("iam:DeleteRolePermissionsBoundary", OWN_ROLE, BOUNDARY),
    "a change of the boundary": ("iam:CreatePolicyVersion", BOUNDARY["iam:PermissionsBoundary"], {}),
    "another boundary": ("iam:PutRolePermissionsBoundary", OWN_ROLE, {"iam:PermissionsBoundary": ADMIN}),
    "an inline policy": ("iam:PutRolePolicy", OWN_ROLE, BOUNDARY),
    "administration": ("iam:AttachRolePolicy", OWN_ROLE, {**BOUNDARY, "iam:PolicyARN": ADMIN}),
    "an own policy without the boundary": ("iam:AttachRolePolicy", OWN_ROLE, {"iam:PolicyARN": OWN_POLICY}),
    "the role to another service": ("iam:PassRole", OWN_ROLE, {"iam:PassedToService": "ec2.amazonaws.com"}),
    "another role to Lambda": ("iam:PassRole", f"{IAM}:role/billing", {"iam:PassedToService": "lambda.amazonaws.com"}),
    "the role of the bootstrap": ("iam:GetRole", f"{IAM}:role/cdk-fwdcap-cfn-exec-role-123456789012-eu-west-1", {}),
    "another mapping": ("lambda:DeleteEventSourceMapping", MAPPING, OTHER_FUNCTION),
    "another function": ("lambda:UpdateFunctionCode", OTHER_FUNCTION["lambda:FunctionArn"], {}),
    "another dashboard": ("cloudwatch:DeleteDashboards", "arn:aws:cloudwatch::123456789012:dashboard/billing", {}),
    "another queue": ("sqs:SetQueueAttributes", f"arn:aws:sqs:{HERE}:capture-forwarder-test-captures", {}),
    "another rule": ("events:PutRule", f"arn:aws:events:{HERE}:rule/billing", {}),
    "another table": ("dynamodb:DeleteTable", f"arn:aws:dynamodb:{HERE}:table/billing", {}),
    "another bucket": ("s3:PutBucketPolicy", "arn:aws:s3:::sagemaker-eu-west-1-123456789012", {}),
    "captures": ("s3:GetObject", "arn:aws:s3:::sagemaker-eu-west-1-123456789012/datacapture/churn/a.jsonl", {}),
    "the event bus": ("events:PutPermission", f"arn:aws:events:{HERE}:event-bus/default", {}),
    "a token": (
        "secretsmanager:GetSecretValue",
        f"arn:aws:secretsmanager:{HERE}:secret:capture-forwarder/arthur-A1",
        {},
    ),
}


@pytest.mark.parametrize("call", ALLOWED.values(), ids=ALLOWED)
def test_cloudformation_may_change_the_stack(call: Call) -> None:
    """The two policies that every stack needs allow it."""
    assert Role(statements(*ALWAYS)).allows(*call)


@pytest.mark.parametrize("call", DENIED.values(), ids=DENIED)
def test_cloudformation_may_not_change_what_others_own(call: Call) -> None:
    """Neither directly nor by a role that it makes."""
    assert not Role(statements(*ALWAYS)).allows(*call)
