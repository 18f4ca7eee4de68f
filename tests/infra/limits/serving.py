"""Whether the trigger and the permissions of a template serve every route."""

import json
from collections.abc import Iterator
from typing import Any

from capture_forwarder.configuration.filters import Filter
from capture_forwarder.configuration.route_settings import RouteSettings
from capture_forwarder.configuration.settings import Settings
from capture_forwarder.configuration.stack import BucketSettings, Trigger
from tests.infra.iam import Role
from tests.infra.limits.cloudformation import Deployed
from tests.infra.limits.matching import matches, new_object


def unserved(settings: Settings, template: dict[str, Any]) -> Iterator[str]:
    """Yield the routes whose captures have not one trigger, or cannot be read, listed or decrypted."""
    deployed = Deployed(template, settings.stack.name)
    statements = [
        statement
        for policy in deployed.properties("IAM::ManagedPolicy")
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    # Evaluating the statements about other buckets for each route would take long.
    roles = {name: Role(each for each in statements if f":::{name}" in json.dumps(each)) for name in settings.buckets}
    patterns = [rule["EventPattern"] for rule in deployed.properties("Events::Rule")]
    notified = {each.get("BucketName"): each for each in deployed.properties("S3::Bucket")}
    for route in settings.route:
        bucket = settings.buckets[route.bucket]
        key = f"{route.prefix}AllTraffic/2026/01/15/10/a{route.suffix}"
        if bucket.chosen_trigger is Trigger.EVENTBRIDGE:
            event = new_object(bucket.name, key, bucket.account or "123456789012")
            triggers = [matches(pattern, event) for pattern in patterns].count(True)
        else:
            triggers = _notifications(notified[bucket.name], route)
        if triggers != 1:
            yield f"{route.name} has {triggers} triggers"
        if not _reads(roles[route.bucket], bucket, key):
            yield f"{route.name} cannot be read"


def _notifications(bucket: dict[str, Any], route: RouteSettings) -> int:
    """Return how many notifications of a bucket captures of a route pass."""
    sent = bucket["NotificationConfiguration"]["QueueConfigurations"]
    wanted = Filter(route.prefix, route.suffix, route.name).notified
    return [_passes(wanted, each["Filter"]["S3Key"]["Rules"]) for each in sent].count(True)


def _passes(wanted: dict[str, str], rules: list[dict[str, str]]) -> bool:
    """Tell whether encoded keys with this prefix and suffix pass the rules of a notification."""
    found = {rule["Name"]: rule["Value"] for rule in rules}
    prefix, suffix = wanted.get("prefix", ""), wanted.get("suffix", "")
    return prefix.startswith(found.get("prefix", "")) and suffix.endswith(found.get("suffix", ""))


def _reads(role: Role, bucket: BucketSettings, key: str) -> bool:
    arn = f"arn:aws:s3:::{bucket.name}"
    contexts = [{"kms:EncryptionContext:aws:s3:arn": context} for context in (arn, f"{arn}/{key}")]
    return (
        role.allows("s3:GetObject", f"{arn}/{key}")
        and role.allows("s3:ListBucket", arn, {"s3:prefix": key})
        and all(role.allows("kms:Decrypt", each, context) for each in bucket.kms_key_arns for context in contexts)
    )
