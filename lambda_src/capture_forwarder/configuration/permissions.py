"""The permissions of the function as data: statements on exact resources, each with its reason."""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from capture_forwarder.configuration.filters import covering_prefixes, filters
from capture_forwarder.configuration.settings import Settings
from capture_forwarder.configuration.stack import BucketSettings

_REJECTED = "rejected/"


class Statement(Struct, frozen=True, kw_only=True):
    """One permission; `why` is for readers of this code, because IAM keeps no reasons."""

    sid: str
    why: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: dict[str, dict[str, Any]] = {}


class Location(Struct, frozen=True):
    """The place of the stack; each part may be a token that CloudFormation fills in."""

    partition: str
    region: str
    account: str

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of something in this place."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def bucket_arn(self, name: str) -> str:
        """Return the ARN of a bucket, which names no place."""
        return f"arn:{self.partition}:s3:::{name}"


class StackResources(Struct, frozen=True, kw_only=True):
    """The ARNs of the resources that the stack makes for the function."""

    queue_arn: str
    backfill_queue_arn: str
    table_arn: str
    quarantine_arn: str
    log_group_arn: str


def statements(settings: Settings, place: Location, own: StackResources) -> list[Statement]:
    """Return all permissions of the function."""
    return [
        *_captures(settings, place),
        *_own(own),
        *_secrets(settings, place),
        *([_own_key(settings.stack.kms_key_arn, place)] if settings.stack.kms_key_arn else []),
        *([_NETWORK] if settings.stack.vpc else []),
    ]


def _captures(settings: Settings, place: Location) -> Iterator[Statement]:
    for index, bucket in enumerate(settings.buckets.values()):
        arn = place.bucket_arn(bucket.name)
        prefixes = covering_prefixes(filters(settings, bucket.name))
        objects = tuple(f"{arn}/{escape_iam_wildcards(prefix)}*" for prefix in prefixes)
        yield Statement(
            sid=f"ReadCaptures{index}",
            why="captures are read in the version that the event names, where there are versions",
            actions=("s3:GetObject", "s3:GetObjectVersion"),
            resources=objects,
        )
        # For an object that is missing S3 asks whether its key could have been listed: https://github.com/ceph/ceph/pull/68577
        yield Statement(
            sid=f"MissCaptures{index}",
            why="without s3:ListBucket S3 answers 403, not 404, for a deleted object, and the function would retry",
            actions=("s3:ListBucket",),
            resources=(arn,),
            conditions={"StringLike": {"s3:prefix": [f"{escape_iam_wildcards(prefix)}*" for prefix in prefixes]}},
        )
        if bucket.kms_key_arn:
            yield _decrypt(bucket, bucket.kms_key_arn, index, [arn, *objects])


def _decrypt(bucket: BucketSettings, key: str, index: int, contexts: list[str]) -> Statement:
    """Allow to decrypt data that S3 encrypted for the bucket, or, without bucket keys, for its objects.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
    """
    return Statement(
        sid=f"DecryptCaptures{index}",
        why=f"the captures in {bucket.name} are encrypted with a key of their owner",
        actions=("kms:Decrypt",),
        resources=(key,),
        conditions={"StringLike": {"kms:EncryptionContext:aws:s3:arn": contexts}},
    )


def _own(own: StackResources) -> Iterator[Statement]:
    yield Statement(
        sid="KeepRejections",
        why="rejections are written to quarantine; the function never reads it",
        actions=("s3:PutObject",),
        resources=(f"{own.quarantine_arn}/{_REJECTED}*",),
    )
    yield Statement(
        sid="RememberProgress",
        why="how far each object is acknowledged",
        actions=("dynamodb:BatchGetItem", "dynamodb:PutItem"),
        resources=(own.table_arn,),
    )
    yield Statement(
        sid="WorkTheQueues",
        why="the event source mappings receive and delete in the function's name; the function requeues pending work",
        actions=(
            "sqs:ChangeMessageVisibility",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ReceiveMessage",
            "sqs:SendMessage",
        ),
        resources=(own.queue_arn, own.backfill_queue_arn),
    )
    yield Statement(
        sid="WriteLogs",
        why="its own log group, whose streams Lambda names",
        actions=("logs:CreateLogStream", "logs:PutLogEvents"),
        resources=(own.log_group_arn,),
    )


def _secrets(settings: Settings, place: Location) -> Iterator[Statement]:
    references = dict.fromkeys(destination.secret for destination in settings.destination)
    kinds = (
        ("secretsmanager", "ReadSecrets", "secretsmanager:GetSecretValue", _secret_arn),
        ("ssm", "ReadParameters", "ssm:GetParameter", _parameter_arn),
    )
    for kind, sid, action, arn in kinds:
        names = [name for found, _, name in (one.partition(":") for one in references) if found == kind]
        if names:
            yield Statement(
                sid=sid,
                why="the tokens of the destinations",
                actions=(action,),
                resources=tuple(arn(name, place) for name in names),
            )


def _secret_arn(name: str, place: Location) -> str:
    """Return the ARN of a secret; to a bare name Secrets Manager adds a hyphen and six characters of its choice.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html
    """
    return (
        name if name.startswith("arn:") else place.arn("secretsmanager", f"secret:{escape_iam_wildcards(name)}-??????")
    )


def _parameter_arn(name: str, place: Location) -> str:
    return (
        name
        if name.startswith("arn:")
        else place.arn("ssm", f"parameter/{escape_iam_wildcards(name.removeprefix('/'))}")
    )


def _own_key(key: str, place: Location) -> Statement:
    services = ("dynamodb", "s3", "secretsmanager", "sqs", "ssm")
    return Statement(
        sid="UseOwnKey",
        why="the key of queues, table and quarantine, and perhaps of a token; only through these services",
        actions=("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"),
        resources=(key,),
        conditions={
            "StringEquals": {"kms:ViaService": [f"{service}.{place.region}.amazonaws.com" for service in services]}
        },
    )


# https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
_NETWORK = Statement(
    sid="JoinNetwork",
    why="Lambda makes network interfaces in the function's name; they have no ARN before they are there",
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
    """Return `text` so that IAM reads each of its characters as itself, its own wildcards included.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-specialchars
    """
    return "".join(f"${{{char}}}" if char in "*?$" else char for char in text)
