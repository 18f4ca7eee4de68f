"""`policy`: prints the policies that the owner of a capture bucket in another account must add, as JSON.

Both accounts must allow an access across accounts; the stack writes the side of its own account:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
"""

from collections.abc import Sequence
from typing import Any

from capture_forwarder.aws.errors import AwsError, code_of
from capture_forwarder.aws.session import CONFIG, aws_session
from capture_forwarder.configuration.filters import covering_prefixes, filters
from capture_forwarder.configuration.names import StackOutput
from capture_forwarder.configuration.permissions import escape_iam_wildcards
from capture_forwarder.configuration.settings import Settings
from capture_forwarder.domain.delivery import Unavailable
from capture_ops.cloud.deployed import output
from capture_ops.terminal.errors import CommandError

Document = dict[str, Any]


def policies(settings: Settings, roles: Sequence[str], bucket: str | None) -> list[Document]:
    """Return the policies for `bucket`, or for every bucket of another account.

    Each document has the `bucket`, a `bucket_policy`, and a `key_policy_statement` if the bucket has a key. `roles` are
    ARNs; without any, the role of the deployed function is used. Raises `CommandError`, `Unavailable`.
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
    prefixes = [escape_iam_wildcards(prefix) for prefix in covering_prefixes(filters(settings, bucket))]
    arn = f"arn:{roles[0].split(':')[1]}:s3:::{bucket}"
    objects = [f"{arn}/{prefix}*" for prefix in prefixes]
    statements = [
        {
            "Sid": "CaptureForwarderReads",
            "Effect": "Allow",
            "Principal": {"AWS": roles},
            "Action": ["s3:GetObject", "s3:GetObjectVersion"],
            "Resource": objects,
        },
        {
            # Without it S3 answers 403 for a deleted object, and the function would retry it.
            "Sid": "CaptureForwarderLists",
            "Effect": "Allow",
            "Principal": {"AWS": roles},
            "Action": "s3:ListBucket",
            "Resource": arn,
            "Condition": {"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in prefixes]}},
        },
    ]
    document: Document = {"bucket": bucket, "bucket_policy": {"Version": "2012-10-17", "Statement": statements}}
    if any(one.name == bucket and one.kms_key_arn for one in settings.bucket):
        document["key_policy_statement"] = _key_statement(roles, [arn, *objects])
    return document


def _key_statement(roles: list[str], contexts: list[str]) -> Document:
    """Let `roles` decrypt the captures: the context is the bucket if it has a bucket key, else the object."""
    return {
        "Sid": "CaptureForwarderDecrypts",
        "Effect": "Allow",
        "Principal": {"AWS": roles},
        "Action": "kms:Decrypt",
        "Resource": "*",
        "Condition": {"StringLike": {"kms:EncryptionContext:aws:s3:arn": contexts}},
    }


def _deployed_role(stack: str) -> str:
    name = output(stack, StackOutput.FUNCTION_NAME)
    try:
        client = aws_session().client("lambda", config=CONFIG)
        return str(client.get_function_configuration(FunctionName=name)["Role"])
    except AwsError as error:
        raise Unavailable(
            f"the function {name} cannot be read: {code_of(error)}; give its role by --role-arn"
        ) from error
