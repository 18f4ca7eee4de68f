"""`policy`: what the owner of a capture bucket in another account must allow, as JSON to paste.

Both sides must allow an access across accounts; the stack writes its own side:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
"""

from collections.abc import Iterator, Sequence
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from capture_forwarder.aws.errors import code_of
from capture_forwarder.configuration.settings import Settings
from capture_forwarder.domain.delivery import Unavailable
from capture_ops.cloud.deployed import FUNCTION_NAME, output
from capture_ops.terminal.errors import CommandError

Document = dict[str, Any]


def policies(settings: Settings, roles: Sequence[str], bucket: str | None) -> list[Document]:
    """Return, for `bucket` or every bucket of another account, its name and what its owner must add.

    Each has a `bucket_policy`, and a `key_policy_statement` if the bucket has a key. `roles` are ARNs; if none is
    given, that of the deployed function is asked for. Raises `CommandError`, `Unavailable`.
    """
    names = _buckets(settings, bucket)
    readers = sorted(roles) or [_deployed_role(settings.stack.name)]
    return [_policy(settings, name, readers) for name in names]


def _buckets(settings: Settings, bucket: str | None) -> list[str]:
    routed = sorted({route.bucket for route in settings.route})
    if bucket:
        if bucket not in routed:
            raise CommandError(f"no route names the bucket {bucket}; routes name {', '.join(routed)}")
        return [bucket]
    if foreign := [one.name for one in settings.bucket if one.account]:
        return foreign
    raise CommandError('no [[bucket]] has an account; write account = "..." for it, or name one with --bucket')


def _policy(settings: Settings, bucket: str, roles: list[str]) -> Document:
    prefixes = _outermost(route.prefix for route in settings.route if route.bucket == bucket)
    arn = f"arn:{roles[0].split(':')[1]}:s3:::{bucket}"
    objects = [f"{arn}/{_literal(prefix)}*" for prefix in prefixes]
    statements = [
        {
            "Sid": "CaptureForwarderReads",
            "Effect": "Allow",
            "Principal": {"AWS": roles},
            "Action": ["s3:GetObject", "s3:GetObjectVersion"],
            "Resource": objects,
        },
        {
            # Without it S3 says of a deleted object that it is forbidden, and it would be waited for.
            "Sid": "CaptureForwarderLists",
            "Effect": "Allow",
            "Principal": {"AWS": roles},
            "Action": "s3:ListBucket",
            "Resource": arn,
            "Condition": {"StringLike": {"s3:prefix": [f"{_literal(prefix)}*" for prefix in prefixes]}},
        },
    ]
    document: Document = {"bucket": bucket, "bucket_policy": {"Version": "2012-10-17", "Statement": statements}}
    if any(one.name == bucket and one.kms_key_arn for one in settings.bucket):
        document["key_policy_statement"] = _key_statement(roles, [arn, *objects])
    return document


def _key_statement(roles: list[str], contexts: list[str]) -> Document:
    """Return what lets `roles` decrypt what S3 encrypted for the bucket, or, without bucket keys, for its objects."""
    return {
        "Sid": "CaptureForwarderDecrypts",
        "Effect": "Allow",
        "Principal": {"AWS": roles},
        "Action": "kms:Decrypt",
        "Resource": "*",
        "Condition": {"StringLike": {"kms:EncryptionContext:aws:s3:arn": contexts}},
    }


def _outermost(prefixes: Iterator[str]) -> list[str]:
    """Return `prefixes` without those that another one covers."""
    kept: list[str] = []
    for prefix in sorted(prefixes):
        if not kept or not prefix.startswith(kept[-1]):
            kept.append(prefix)
    return kept


def _literal(text: str) -> str:
    """Return `text` so that IAM takes it as it stands, though it may hold IAM's wildcards.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-specialchars
    """
    return "".join(f"${{{char}}}" if char in "*?$" else char for char in text)


def _deployed_role(stack: str) -> str:
    name = output(stack, FUNCTION_NAME)
    try:
        return str(boto3.client("lambda").get_function_configuration(FunctionName=name)["Role"])
    except (BotoCoreError, ClientError) as error:
        raise Unavailable(
            f"the function {name} cannot be read: {code_of(error)}; give its role by --role-arn"
        ) from error
