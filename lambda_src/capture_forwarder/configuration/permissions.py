"""The permissions of the function, as data: statements about exact actions and resources, each with its reason."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from capture_forwarder.configuration.names import QUARANTINE_PREFIX
from capture_forwarder.configuration.secret_reference import SecretKind, SecretReference
from capture_forwarder.configuration.settings import Settings


class Statement(Struct, frozen=True, kw_only=True):
    """One statement of a policy; `why` is for readers of this file and is not deployed.

    `listed` are prefixes of keys: the statement holds for requests that list one of them.
    """

    sid: str
    why: str
    effect: Literal["Allow", "Deny"] = "Allow"
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: dict[str, dict[str, Any]] = {}
    listed: tuple[str, ...] = ()

    @property
    def document(self) -> dict[str, Any]:
        """The statement as IAM writes it."""
        listing = {"StringLike": {"s3:prefix": list(self.listed)}} if self.listed else {}
        conditions = self.conditions | listing
        return {
            "Sid": self.sid,
            "Effect": self.effect,
            "Action": list(self.actions),
            "Resource": list(self.resources),
            **({"Condition": conditions} if conditions else {}),
        }

    @property
    def parts(self) -> Iterator["Statement"]:
        """Statements for one listed prefix each, or for one resource each; together they equal this one."""
        if self.listed:
            return (replace(self, listed=(prefix,)) for prefix in self.listed)
        return (replace(self, resources=(resource,)) for resource in self.resources)

    def joined(self, part: "Statement") -> "Statement":
        """Return this statement with another part of the same statement."""
        if self.listed:
            return replace(self, listed=self.listed + part.listed)
        return replace(self, resources=self.resources + part.resources)


class Location(Struct, frozen=True):
    """Partition, region, account and DNS suffix of the stack; each may be a token that CloudFormation replaces."""

    partition: str
    region: str
    account: str
    url_suffix: str

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource at this location."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def bucket_arn(self, name: str) -> str:
        """Return the ARN of a bucket; it has no region and no account."""
        return f"arn:{self.partition}:s3:::{name}"

    def via(self, *services: str) -> dict[str, dict[str, Any]]:
        """Return the condition that a key is used through one of `services`, which China names by its own domain.

        https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
        """
        endpoints = [f"{service}.{self.region}.{self.url_suffix}" for service in services]
        return {"StringEquals": {"kms:ViaService": endpoints}}


class StackResources(Struct, frozen=True, kw_only=True):
    """The ARNs of the resources that the stack makes for the function."""

    queue_arn: str
    backfill_queue_arn: str
    table_arn: str
    quarantine_arn: str
    log_group_arn: str


def statements(
    settings: Settings, location: Location, made: StackResources, readable: Mapping[str, Sequence[str]]
) -> list[Statement]:
    """Return all permissions of the function; `readable` are the prefixes that it may read, by bucket."""
    network = _network(location) if settings.stack.vpc else ()
    return [
        *_stack(made),
        *_secrets(settings, location),
        *([_stack_key(settings.stack.kms_key_arn, location)] if settings.stack.kms_key_arn else []),
        *network,
        *_captures(settings, location, readable),
    ]


def _captures(settings: Settings, location: Location, readable: Mapping[str, Sequence[str]]) -> Iterator[Statement]:
    for index, name in enumerate(sorted(readable)):
        arn = location.bucket_arn(name)
        prefixes = [f"{escape_iam_wildcards(prefix)}*" for prefix in readable[name]]
        yield Statement(
            sid=f"ReadCaptures{index}",
            why="reads a capture, in the version that the event names if the bucket has versions",
            actions=("s3:GetObject", "s3:GetObjectVersion"),
            resources=tuple(f"{arn}/{prefix}" for prefix in prefixes),
        )
        # For a missing object S3 checks s3:ListBucket with the key as the prefix: https://github.com/ceph/ceph/pull/68577
        yield Statement(
            sid=f"ListCaptures{index}",
            why="without it S3 answers 403 instead of 404 for a deleted object, and the function would retry",
            actions=("s3:ListBucket",),
            resources=(arn,),
            listed=tuple(prefixes),
        )
        if keys := settings.buckets[name].kms_key_arns:
            yield Statement(
                sid=f"DecryptCaptures{index}",
                why="the captures of the bucket are encrypted with these keys; s3:GetObject limits the objects",
                actions=("kms:Decrypt",),
                resources=keys,
                conditions={"StringLike": {"kms:EncryptionContext:aws:s3:arn": bucket_contexts(arn)}},
            )


def bucket_contexts(arn: str) -> list[str]:
    """Return the encryption contexts of the objects of a bucket: the bucket if it has a bucket key, else the object.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
    """
    return [arn, f"{arn}/*"]


def _stack(made: StackResources) -> Iterator[Statement]:
    yield Statement(
        sid="WriteQuarantine",
        why="writes rejections to quarantine, in parts if there are many; the function never reads them",
        actions=("s3:PutObject",),
        resources=(f"{made.quarantine_arn}/{QUARANTINE_PREFIX}*",),
    )
    yield Statement(
        sid="SaveProgress",
        why="claims objects, saves how far each is committed, and takes over the objects of a run that was killed",
        actions=("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"),
        resources=(made.table_arn,),
    )
    yield Statement(
        sid="UseQueues",
        why="the event source mappings receive and delete with this role; the function requeues pending work",
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
    kinds = (
        (SecretKind.SECRETS_MANAGER, "Secrets", "secretsmanager:GetSecretValue", _secret_arn),
        (SecretKind.PARAMETER_STORE, "Parameters", "ssm:GetParameter", _parameter_arn),
    )
    references = [(one, SecretReference.parse(text)) for one in settings.destination for text in one.secrets.values()]
    for kind, title, action, arn in kinds:
        found = [(one, reference) for one, reference in references if reference.kind is kind]
        if found:
            arns = dict.fromkeys(arn(reference, location) for _, reference in found)
            yield Statement(
                sid=f"Read{title}",
                why="reads the secrets of the destinations",
                actions=(action,),
                resources=tuple(arns),
            )
        if keys := tuple(dict.fromkeys(one.secret_kms_key_arn for one, _ in found if one.secret_kms_key_arn)):
            yield Statement(
                sid=f"Decrypt{title}",
                why="these secrets are encrypted with keys of their own",
                actions=("kms:Decrypt",),
                resources=keys,
                conditions=location.via(kind),
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
    return Statement(
        sid="UseStackKey",
        why="uses the key of queue, table, quarantine and perhaps of a token, only through these services",
        actions=("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"),
        resources=(key,),
        conditions=location.via("dynamodb", "s3", "secretsmanager", "sqs", "ssm"),
    )


_NETWORK_ACTIONS = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)


def _network(location: Location) -> Iterator[Statement]:
    """Yield the permissions that Lambda needs to join a network, and a denial of the same to the function's code.

    Only requests of code name a function: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
    """
    yield Statement(
        sid="JoinNetwork",
        why="Lambda creates network interfaces with this role; they have no ARN before",
        actions=_NETWORK_ACTIONS,
        resources=("*",),
    )
    yield Statement(
        sid="DenyNetworkToCode",
        why="the code of the function manages no network; the function's own ARN would be a circular reference",
        effect="Deny",
        actions=_NETWORK_ACTIONS,
        resources=("*",),
        conditions={"ArnLike": {"lambda:SourceFunctionArn": location.arn("lambda", "function:*")}},
    )


def escape_iam_wildcards(text: str) -> str:
    """Return `text` with IAM's wildcards escaped, so that IAM matches it literally.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-specialchars
    """
    return "".join(f"${{{char}}}" if char in "*?$" else char for char in text)
