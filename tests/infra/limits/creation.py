"""The order in which CloudFormation creates resources: permissions must exist before their users."""

from collections.abc import Iterator
from typing import Any

from tests.infra.examples import resources
from tests.infra.limits.cloudformation import needed_before


def too_early(template: dict[str, Any]) -> Iterator[str]:
    """Yield the rules, buckets and event source mappings that may exist before the resources that they need.

    Raises ValueError for a circular reference.
    """
    before = needed_before(template)
    for name, mapping in resources(template, "Lambda::EventSourceMapping").items():
        permissions = _permissions(template, mapping["Properties"]["FunctionName"]["Ref"])
        if not permissions or permissions - before[name]:
            yield f"{name} before a permission of its function"
    policies = {name for name in resources(template, "SQS::QueuePolicy") if "Backfill" not in name}
    # EventBridge drops events without permission: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    rules = resources(template, "Events::Rule")
    yield from (f"{rule} before a queue's policy" for rule in rules if policies - before[rule])
    for name, bucket in resources(template, "S3::Bucket").items():
        configuration = bucket["Properties"].get("NotificationConfiguration")
        if configuration and policies - before[name]:
            yield f"{name} before a queue's policy"
        if configuration and "EventBridgeConfiguration" in configuration:
            wanted = {rule for rule, each in rules.items() if _bucket(each) == bucket["Properties"]["BucketName"]}
            if not wanted or wanted - before[name]:
                yield f"{name} before its rule"


def _bucket(rule: dict[str, Any]) -> str:
    return str(rule["Properties"]["EventPattern"]["detail"]["bucket"]["name"][0])


def _permissions(template: dict[str, Any], function: str) -> set[str]:
    """Return the managed policies of the role of a function."""
    role = resources(template, "Lambda::Function")[function]["Properties"]["Role"]["Fn::GetAtt"][0]
    return {
        policy["Ref"] for policy in resources(template, "IAM::Role")[role]["Properties"].get("ManagedPolicyArns", [])
    }
