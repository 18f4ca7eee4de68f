"""The permissions of the function, as data: each statement allows actions on exact resources, with its reason."""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from capture_forwarder.configuration.filters import covering_prefixes, filters
from capture_forwarder.configuration.names import QUARANTINE_PREFIX
from capture_forwarder.configuration.secret_reference import SecretKind, SecretReference
from capture_forwarder.configuration.settings import Settings
from capture_forwarder.configuration.stack import BucketSettings


class Statement(Struct, frozen=True, kw_only=True):
    """One statement of the policy; `why` is for readers of this file and is not deployed."""

    sid: str
    why: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: dict[str, dict[str, Any]] = {}


class Location(Struct, frozen=True):
    """Partition, region and account of the stack; each may be a token that CloudFormation replaces."""

    partition: str
    region: str
    account: str

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource at this location."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def bucket_arn(self, name: str) -> str:
        """Return the ARN of a bucket; it has no region and no account."""
        return f"arn:{self.partition}:s3:::{name}"


class StackResources(Struct, frozen=True, kw_only=True):
    """The ARNs of the resources that the stack makes for the function."""

    queue_arn: str
    backfill_queue_arn: str
    table_arn: str
    quarantine_arn: str
    log_group_arn: str


def statements(settings: Settings, location: Location, made: StackResources) -> list[Statement]:
    """Return all permissions of the function."""
    return [
        *_captures(settings, location),
        *_stack(made),
        *_secrets(settings, location),
        *([_stack_key(settings.stack.kms_key_arn, location)] if settings.stack.kms_key_arn else []),
        *([_NETWORK] if settings.stack.vpc else []),
    ]


def _captures(settings: Settings, location: Location) -> Iterator[Statement]:
    for index, bucket in enumerate(settings.buckets.values()):
        arn = location.bucket_arn(bucket.name)
        prefixes = covering_prefixes(filters(settings, bucket.name))
        objects = tuple(f"{arn}/{escape_iam_wildcards(prefix)}*" for prefix in prefixes)
        yield Statement(
            sid=f"ReadCaptures{index}",
            why="reads a capture, in the version that the event names if the bucket has versions",
            actions=("s3:GetObject", "s3:GetObjectVersion"),
            resources=objects,
        )
        # For a missing object S3 checks s3:ListBucket with the key as the prefix: https://github.com/ceph/ceph/pull/68577
        yield Statement(
            sid=f"ListCaptures{index}",
            why="without it S3 answers 403 instead of 404 for a deleted object, and the function would retry",
            actions=("s3:ListBucket",),
            resources=(arn,),
            conditions={"StringLike": {"s3:prefix": [f"{escape_iam_wildcards(prefix)}*" for prefix in prefixes]}},
        )
        if bucket.kms_key_arn:
            yield _decrypt(bucket, bucket.kms_key_arn, index, [arn, *objects])


def _decrypt(bucket: BucketSettings, key: str, index: int, contexts: list[str]) -> Statement:
    """Allow decryption; the encryption context is the bucket if it has a bucket key, else the object.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
    """
    return Statement(
        sid=f"DecryptCaptures{index}",
        why=f"the captures in {bucket.name} are encrypted with this key",
        actions=("kms:Decrypt",),
        resources=(key,),
        conditions={"StringLike": {"kms:EncryptionContext:aws:s3:arn": contexts}},
    )


def _stack(made: StackResources) -> Iterator[Statement]:
    yield Statement(
        sid="WriteQuarantine",
        why="writes rejections to quarantine; the function never reads them",
        actions=("s3:PutObject",),
        resources=(f"{made.quarantine_arn}/{QUARANTINE_PREFIX}*",),
    )
    yield Statement(
        sid="SaveProgress",
        why="reads and saves how far each object is committed",
        actions=("dynamodb:BatchGetItem", "dynamodb:PutItem"),
        resources=(made.table_arn,),
    )
    yield Statement(
        sid="UseQueues",
        why="the event source mappings receive and delete with this role; the function sends pending work back",
        actions=(
            "sqs:ChangeMessageVisibility",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ReceiveMessage",
            "sqs:SendMessage",
        ),
        resources=(made.queue_arn, made.backfill_queue_arn),
    )
    yield Statement(
        sid="WriteLogs",
        why="writes to its own log group; Lambda names the streams",
        actions=("logs:CreateLogStream", "logs:PutLogEvents"),
        resources=(made.log_group_arn,),
    )


def _secrets(settings: Settings, location: Location) -> Iterator[Statement]:
    references = [SecretReference.parse(destination.secret) for destination in settings.destination]
    kinds = (
        (SecretKind.SECRETS_MANAGER, "ReadSecrets", "secretsmanager:GetSecretValue", _secret_arn),
        (SecretKind.PARAMETER_STORE, "ReadParameters", "ssm:GetParameter", _parameter_arn),
    )
    for kind, sid, action, arn in kinds:
        arns = dict.fromkeys(arn(reference, location) for reference in references if reference.kind is kind)
        if arns:
            yield Statement(
                sid=sid,
                why="reads the tokens of the destinations",
                actions=(action,),
                resources=tuple(arns),
            )


def _secret_arn(secret: SecretReference, location: Location) -> str:
    """Return the ARN of a secret; Secrets Manager appends a hyphen and six random characters to a name.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html
    """
    if secret.is_arn:
        return secret.name
    return location.arn("secretsmanager", f"secret:{escape_iam_wildcards(secret.name)}-??????")


def _parameter_arn(secret: SecretReference, location: Location) -> str:
    if secret.is_arn:
        return secret.name
    return location.arn("ssm", f"parameter/{escape_iam_wildcards(secret.name.removeprefix('/'))}")


def _stack_key(key: str, location: Location) -> Statement:
    services = ("dynamodb", "s3", "secretsmanager", "sqs", "ssm")
    return Statement(
        sid="UseStackKey",
        why="uses the key of queue, table, quarantine and perhaps of a token, only through these services",
        actions=("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"),
        resources=(key,),
        conditions={
            "StringEquals": {"kms:ViaService": [f"{service}.{location.region}.amazonaws.com" for service in services]}
        },
    )


# https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
_NETWORK = Statement(
    sid="JoinNetwork",
    why="Lambda creates network interfaces with this role; they have no ARN before",
    actions=(
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
    ),
    resources=("*",),
)


def escape_iam_wildcards(text: str) -> str:
    """Return `text` with IAM's wildcards escaped, so that IAM matches it literally.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-specialchars
    """
    return "".join(f"${{{char}}}" if char in "*?$" else char for char in text)
