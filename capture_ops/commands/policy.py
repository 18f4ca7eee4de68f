"""`policy`: prints the policies that others must add, as JSON: the owner of a bucket in another account, or of a key.

Both accounts must allow an access across accounts; the stack writes the side of its own account:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
"""

import json
import re
from collections.abc import Sequence
from typing import Any

from capture_forwarder.aws.errors import AwsError, code_of
from capture_forwarder.aws.session import CONFIG, aws_session
from capture_forwarder.configuration.filters import event_pattern, fitting_prefixes, rule_prefixes
from capture_forwarder.configuration.names import StackOutput, rule_name
from capture_forwarder.configuration.permissions import bucket_contexts, escape_iam_wildcards
from capture_forwarder.configuration.settings import Settings
from capture_forwarder.configuration.stack import BucketSettings
from capture_forwarder.domain.delivery import Unavailable
from capture_ops.cloud.deployed import output
from capture_ops.terminal.errors import CommandError

_MAX_BUCKET_POLICY_BYTES = 20_480  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/BucketRestrictions.html
_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/\S+")
Document = dict[str, Any]


def documents(settings: Settings, roles: Sequence[str], bucket: str | None, *, own_key: bool) -> list[Document]:
    """Return the statements for the stack's key, or the policies of buckets. Raises `CommandError`, `Unavailable`."""
    return _own_key_statements(settings) if own_key else _policies(settings, roles, bucket)


def _policies(settings: Settings, roles: Sequence[str], bucket: str | None) -> list[Document]:
    """Return the policies for `bucket`, or for every bucket of another account.

    Each document has the `bucket` and a `bucket_policy`, for a bucket with keys the `kms_key_arns` and the
    `key_policy_statement` of each, and for a bucket of another account the `event_rule` that it needs there. `roles`
    are ARNs, and the first is of the stack's account; without any, the role of the deployed function is used.
    """
    names = _buckets(settings, bucket)
    if wrong := [role for role in roles if not _ROLE_ARN.fullmatch(role)]:
        raise CommandError(f"{', '.join(wrong)}: write the ARN of a role, arn:aws:iam::123456789012:role/NAME")
    readers = list(dict.fromkeys(roles)) or [_deployed_role(settings.stack.name)]
    return [_policies_of(settings, settings.buckets[name], readers) for name in names]


def _buckets(settings: Settings, bucket: str | None) -> list[str]:
    routed = sorted({route.bucket for route in settings.route})
    if bucket:
        if bucket not in routed:
            raise CommandError(f"no route names the bucket {bucket}; routes name {', '.join(routed)}")
        return [bucket]
    if foreign := [one.name for one in settings.bucket if one.account]:
        return foreign
    raise CommandError('no [[bucket]] has an account; write account = "..." for it, or name one with --bucket')


def _policies_of(settings: Settings, bucket: BucketSettings, roles: list[str]) -> Document:
    found: Document = {"bucket": bucket.name, "bucket_policy": _bucket_policy(settings, bucket.name, roles)}
    if bucket.kms_key_arns:
        found["kms_key_arns"] = list(bucket.kms_key_arns)
        found["key_policy_statement"] = _key_statement(bucket.name, roles)
    if bucket.account:
        found["event_rule"] = _event_rule(settings, bucket, bucket.account, roles)
    return found


def _bucket_policy(settings: Settings, bucket: str, roles: list[str]) -> Document:
    """Return a policy for the prefixes of the routes, or for wider ones if S3 would refuse its size."""

    def fits(prefixes: Sequence[str]) -> bool:
        return _bytes(_reading(bucket, roles, prefixes)) <= _MAX_BUCKET_POLICY_BYTES

    policy = _reading(bucket, roles, fitting_prefixes(settings, bucket, fits))
    if (size := _bytes(policy)) > _MAX_BUCKET_POLICY_BYTES:
        raise CommandError(
            f"the policy of the bucket {bucket} would have {size:,} bytes for {len(roles)} roles, and S3 accepts "
            f"{_MAX_BUCKET_POLICY_BYTES:,}; name fewer roles with --role-arn"
        )
    return policy


def _bytes(policy: Document) -> int:
    """Return the size of `policy` with indentation: S3 does not say that it leaves white space out."""
    return len(json.dumps(policy, indent=2).encode())


def _reading(bucket: str, roles: list[str], prefixes: Sequence[str]) -> Document:
    arn = _bucket_arn(bucket, roles)
    keys = [f"{escape_iam_wildcards(prefix)}*" for prefix in prefixes]
    statements = [
        {
            "Sid": "CaptureForwarderReads",
            "Effect": "Allow",
            "Principal": {"AWS": roles},
            "Action": ["s3:GetObject", "s3:GetObjectVersion"],
            "Resource": [f"{arn}/{key}" for key in keys],
        },
        {
            # Without it S3 answers 403 for a deleted object, and the function would retry it.
            "Sid": "CaptureForwarderLists",
            "Effect": "Allow",
            "Principal": {"AWS": roles},
            "Action": "s3:ListBucket",
            "Resource": arn,
            "Condition": {"StringLike": {"s3:prefix": keys}},
        },
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _bucket_arn(bucket: str, roles: list[str]) -> str:
    return f"arn:{_partition(roles[0])}:s3:::{bucket}"


def _key_statement(bucket: str, roles: list[str]) -> Document:
    """Let `roles` decrypt the objects of a bucket."""
    return {
        "Sid": "CaptureForwarderDecrypts",
        "Effect": "Allow",
        "Principal": {"AWS": roles},
        "Action": "kms:Decrypt",
        "Resource": "*",
        "Condition": {"StringLike": {"kms:EncryptionContext:aws:s3:arn": bucket_contexts(_bucket_arn(bucket, roles))}},
    }


def _event_rule(settings: Settings, bucket: BucketSettings, owner: str, roles: list[str]) -> Document:
    """Return the rule that the owner of the bucket needs, with its target and the policies of its target's role.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html
    """
    partition, region, account = _partition(roles[0]), _region(), roles[0].split(":")[4]
    name = rule_name(settings.stack.name, bucket.name)
    bus = f"arn:{partition}:events:{region}:{account}:event-bus/default"
    return {
        "name": name,
        "event_pattern": event_pattern(bucket.name, None, rule_prefixes(settings, bucket)),
        "target_arn": bus,
        "role_trust_policy": _document(
            {
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": owner},
                    "ArnEquals": {"aws:SourceArn": f"arn:{partition}:events:{region}:{owner}:rule/{name}"},
                },
            }
        ),
        "role_policy": _document({"Effect": "Allow", "Action": "events:PutEvents", "Resource": bus}),
    }


def _document(statement: Document) -> Document:
    return {"Version": "2012-10-17", "Statement": [statement]}


def _partition(arn: str) -> str:
    return arn.split(":")[1]


def _region() -> str:
    region = aws_session().region_name
    if not region:
        raise CommandError("no region is configured; set AWS_DEFAULT_REGION to the region of the stack")
    return region


def _deployed_role(stack: str) -> str:
    name = output(stack, StackOutput.FUNCTION_NAME)
    try:
        client = aws_session().client("lambda", config=CONFIG)
        return str(client.get_function_configuration(FunctionName=name)["Role"])
    except AwsError as error:
        raise Unavailable(
            f"the function {name} cannot be read: {code_of(error)}; give its role by --role-arn"
        ) from error


def _own_key_statements(settings: Settings) -> list[Document]:
    """Return the statements that the policy of the stack's key needs for services.

    IAM allows the function to use the key, as far as the key's policy lets the account's IAM policies apply.
    """
    if not settings.stack.kms_key_arn:
        raise CommandError("[stack] has no kms_key_arn; the queues, the table and the buckets use keys of AWS")
    _, partition, _, region, account, _ = settings.stack.kms_key_arn.split(":", 5)
    domain = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    return [
        # EventBridge gives KMS no aws:SourceArn and no aws:SourceAccount: with such a condition it sends no event.
        _fills_queue("EventBridge", "events.amazonaws.com"),
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
        _fills_queue("S3", "s3.amazonaws.com") | {"Condition": {"StringEquals": {"aws:SourceAccount": account}}},
        {
            # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
            "Sid": "CaptureForwarderWritesLogs",
            "Effect": "Allow",
            "Principal": {"Service": f"logs.{region}.{domain}"},
            "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
            "Resource": "*",
            "Condition": {
                "ArnLike": {
                    "kms:EncryptionContext:aws:logs:arn": f"arn:{partition}:logs:{region}:{account}:log-group:*"
                }
            },
        },
    ]


def _fills_queue(name: str, service: str) -> Document:
    """Return the statement that lets a service send to a queue under the key."""
    return {
        "Sid": f"CaptureForwarder{name}FillsQueue",
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": "*",
    }
