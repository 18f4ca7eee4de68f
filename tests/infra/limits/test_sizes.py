"""Sizes of everything that grows with routes and buckets, against AWS's quotas."""

import json
from typing import Any

import pytest

from capture_forwarder.configuration.reader import parse_settings
from tests.infra.limits.cloudformation import Deployed
from tests.infra.limits.configurations import bucket, destination, route, sagemaker_bucket, sized
from tests.infra.limits.conftest import Made
from tests.infra.limits.quotas import exceeded
from tests.infra.limits.serving import unserved

STACK = "capture-forwarder"
LONG_FOLDER = f"{'department-of-long-names/' * 4}datacapture/"
COUNTS = [
    (1, 1),
    (10, 1),
    (50, 1),
    (100, 1),
    (500, 1),
    (10, 5),
    (50, 5),
    (100, 5),
    (500, 5),
    (50, 20),
    (100, 20),
    (500, 20),
]
SIZES = {
    **{f"Keyed{routes}in{buckets}": sized(routes, buckets, keyed=True) for routes, buckets in COUNTS},
    **{f"Plain{routes}in{buckets}": sized(routes, buckets, keyed=False) for routes, buckets in COUNTS if routes == 500},
    "Long50in1": sized(50, 1, keyed=True, folder=LONG_FOLDER),
    "Long500in20": sized(500, 20, keyed=True, folder=LONG_FOLDER),
}


def test_every_size_of_stack_is_within_the_quotas(synthesized: Made) -> None:
    """From 1 to 500 routes in 1, 5 and 20 buckets, with and without keys, and with prefixes of over 100 characters."""
    templates = synthesized(SIZES)
    assert {name: lines for name, each in templates.items() if (lines := exceeded(each, STACK))} == {}
    lost = {name: list(unserved(parse_settings(text), templates[name])) for name, text in SIZES.items()}
    assert {name: lines for name, lines in lost.items() if lines} == {}
    policies = [resources_of(each, "SQS::QueuePolicy") for each in templates.values()]
    assert all(each == policies[0] for each in policies), "the policies of queues grow"


def resources_of(template: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """Return the properties of the resources of a type."""
    return list(Deployed(template, STACK).properties(kind))


def test_twenty_foreign_accounts_fit_into_the_policy_of_the_bus(synthesized: Made) -> None:
    """And none of them replaces another."""
    accounts = [f"{index:012}" for index in range(20)]
    tables = [bucket(sagemaker_bucket(index), f'account = "{each}"') for index, each in enumerate(accounts)]
    template = synthesized({"Foreign": sized(20, 20, keyed=False) + "".join(tables)})["Foreign"]
    assert exceeded(template, STACK) == []
    policies = json.dumps(resources_of(template, "Events::EventBusPolicy"))
    assert [account for account in accounts if account not in policies] == []


def test_the_tokens_of_two_hundred_destinations_fit(synthesized: Made) -> None:
    """They need several policies."""
    text = "".join(map(destination, range(200))) + route(0, "b00", "datacapture/churn/")
    template = synthesized({"Tokens": text})["Tokens"]
    assert exceeded(template, STACK) == []
    policies = resources_of(template, "IAM::ManagedPolicy")
    assert len(policies) > 2
    assert json.dumps(policies).count(":secret:capture-forwarder/arthur-") == 200


def template_with(kind: str, **properties: Any) -> dict[str, Any]:
    """Return a template with a log group and one other resource."""
    log = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "log"}}
    return {"Resources": {"Log": log, "One": {"Type": f"AWS::{kind}", "Properties": properties}}}


def rule_with(*keys: dict[str, str]) -> dict[str, Any]:
    """Return a template with a rule."""
    detail = {"bucket": {"name": ["b"]}, "object": {"key": list(keys)}}
    return template_with("Events::Rule", Name="n", EventPattern={"detail": detail})


WITH_STAR = {"Fn::Join": ["", [{"Fn::GetAtt": ["Log", "Arn"]}, ":*"]]}
LONG = {"Version": "2012-10-17", "Statement": [{"Sid": "x" * 1000, "Condition": {"A": {"a": 1}}}] * 21}
EXCEEDED = {
    "a doubled star": (template_with("StepFunctions::StateMachine", LogGroupArn=WITH_STAR), ["arn:aws:logs"]),
    "wildcards": (rule_with(*({"wildcard": f"{index}/*.jsonl"} for index in range(10))), ["b: complexity: 10"]),
    "a long pattern": (rule_with(*({"prefix": f"{index}/{'x' * 40}/"} for index in range(40))), ["b: pattern"]),
    "an inline policy": (template_with("IAM::Role", Policies=[{}]), ["inline policies: 1"]),
    "many managed policies": (template_with("IAM::Role", ManagedPolicyArns=[""] * 11), ["managed policies: 11"]),
    "a long managed policy": (template_with("IAM::ManagedPolicy", PolicyDocument=LONG), ["managed policy"]),
    "a long queue policy": (
        template_with("SQS::QueuePolicy", PolicyDocument=LONG),
        ["queue policy", "statements of a queue policy: 21", "conditions of a queue policy: 21"],
    ),
    "a long bucket policy": (template_with("S3::BucketPolicy", PolicyDocument=LONG), ["bucket policy"]),
    "a long bus policy": (
        template_with("Events::EventBusPolicy", StatementId="a", Statement=LONG),
        ["policy of the event bus"],
    ),
    "notifications": (
        template_with("S3::Bucket", NotificationConfiguration={"QueueConfigurations": [{}] * 101}),
        ["notifications: 101"],
    ),
}


@pytest.mark.parametrize(("template", "lines"), EXCEEDED.values(), ids=EXCEEDED)
def test_the_check_finds_what_is_above_a_quota(template: dict[str, Any], lines: list[str]) -> None:
    """Otherwise the tests of whole stacks would be worthless."""
    found = exceeded(template, STACK)
    assert len(found) == len(lines)
    for one, line in zip(found, lines, strict=True):
        assert one.startswith(line)
