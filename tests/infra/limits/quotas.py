"""Quotas of AWS that a template can exceed; each function yields a line for every value above its quota."""

import json
from collections.abc import Iterator
from typing import Any

from tests.infra.limits.cloudformation import Deployed, Template
from tests.infra.limits.complexity import rule_complexity

# Measured rules of complexity 9 were accepted, and of 12 refused: https://github.com/vals-ai/Valkyrie/pull/278
MAX_COMPLEXITY = 9
# Colon-separated parts of ARNs, by service; six in all others.
_ARN_PARTS = {"logs": 8, "lambda": 7, "secretsmanager": 7, "cloudwatch": 7}


def exceeded(template: Template, stack: str) -> list[str]:
    """Return every quota that the template exceeds, and every ARN that no service accepts."""
    deployed = Deployed(template, stack)
    return [*_arns(deployed), *_rules(deployed), *_roles(deployed), *_policies(deployed), *_whole(template)]


def _arns(deployed: Deployed) -> Iterator[str]:
    for text in deployed.strings():
        if text.startswith("arn:"):
            service = text.split(":")[2]
            parts = text.split(":", 5) if service == "s3" else text.split(":")
            if len(parts) != _ARN_PARTS.get(service, 6) or text.endswith(":*:*"):
                yield f"{text}: {len(parts)} parts"


def _rules(deployed: Deployed) -> Iterator[str]:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html ."""
    rules = list(deployed.properties("Events::Rule"))
    buckets = [rule["EventPattern"]["detail"]["bucket"]["name"][0] for rule in rules]
    yield from (f"{bucket}: several rules" for bucket in set(buckets) if buckets.count(bucket) > 1)
    yield from _above("rules", len(rules), 300)
    for rule, bucket in zip(rules, buckets, strict=True):
        yield from _above(f"{bucket}: complexity", rule_complexity(rule["EventPattern"]), MAX_COMPLEXITY)
        yield from _above(f"{bucket}: pattern", len(json.dumps(rule["EventPattern"])), 2048)
        yield from _above(f"{bucket}: name of the rule", len(rule.get("Name", "x" * 65)), 64)
    for bucket in deployed.properties("S3::Bucket"):
        sent = bucket.get("NotificationConfiguration", {}).get("QueueConfigurations", [])
        yield from _above("notifications", len(sent), 100)


def _roles(deployed: Deployed) -> Iterator[str]:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html ."""
    for role in deployed.properties("IAM::Role"):
        yield from _above("inline policies", len(role.get("Policies", [])), 0)
        yield from _above("managed policies", len(role.get("ManagedPolicyArns", [])), 10)
    yield from _above("inline policies", len(list(deployed.properties("IAM::Policy"))), 0)
    for policy in deployed.properties("IAM::ManagedPolicy"):
        yield from _above("managed policy", size(policy["PolicyDocument"]), 6144)


def _policies(deployed: Deployed) -> Iterator[str]:
    for policy in deployed.properties("SQS::QueuePolicy"):
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html
        document = policy["PolicyDocument"]
        conditions = [keys for each in document["Statement"] for keys in each.get("Condition", {}).values()]
        yield from _above("queue policy", size(document), 8192)
        yield from _above("statements of a queue policy", len(document["Statement"]), 20)
        yield from _above("conditions of a queue policy", sum(map(len, conditions)), 10)
    for policy in deployed.properties("S3::BucketPolicy"):
        yield from _above("bucket policy", size(policy["PolicyDocument"]), 20_480)
    bus = [policy["Statement"] for policy in deployed.properties("Events::EventBusPolicy")]
    yield from _above("policy of the event bus", size({"Version": "2012-10-17", "Statement": bus}), 10_240)
    ids = [policy["StatementId"] for policy in deployed.properties("Events::EventBusPolicy")]
    yield from _above("statements with one id", len(ids) - len(set(ids)), 0)


def _whole(template: Template) -> Iterator[str]:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html ."""
    yield from _above("template", size(template), 1_000_000)
    yield from _above("resources", len(template["Resources"]), 500)


def _above(name: str, value: int, most: int) -> Iterator[str]:
    if value > most:
        yield f"{name}: {value}, at most {most}"


def size(document: Any) -> int:
    """Return the characters of a document without white space."""
    return len(json.dumps(document, separators=(",", ":"), ensure_ascii=False))
