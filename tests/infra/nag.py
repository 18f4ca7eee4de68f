"""The findings of cdk-nag (AwsSolutions and NIST 800-53 R5) that the stack keeps, each with its reason."""

import re
from collections.abc import Iterator

import aws_cdk as cdk
from constructs import IConstruct
from msgspec import Struct
from msgspec.structs import replace

from capture_forwarder.configuration.names import QUARANTINE_PREFIX
from capture_forwarder.configuration.packing import readable_prefixes
from capture_forwarder.configuration.permissions import escape_iam_wildcards
from capture_forwarder.configuration.settings import Settings
from capture_forwarder.configuration.stack import PythonRuntime, StackSettings

SOLUTIONS = "AwsSolutions"
NIST = "NIST.800.53.R5"


class Acknowledged(Struct, frozen=True):
    """A finding of a pack of rules at the construct at `path`, below the stack, and the reason to keep it."""

    path: str
    finding: str
    reason: str
    pack: str = SOLUTIONS

    @property
    def rule(self) -> str:
        """The name of the rule in reports."""
        return f"{self.pack}-{self.finding}"


ALWAYS = (
    Acknowledged(
        "Quarantine",
        "S1",
        "access logs would need another bucket; CloudTrail's data events record the readers",
    ),
    Acknowledged(
        "Forwarder",
        f"IAM5[Resource::<QuarantineBucket2B128B57.Arn>/{QUARANTINE_PREFIX}*]",
        f"the names of quarantine files come from the captures; the function may only write below {QUARANTINE_PREFIX}",
    ),
)
OLDER_RUNTIME = Acknowledged(
    "Forwarder",
    "L1",
    "forwarder.toml chooses the runtime: the machine that deploys must have its version of Python to compile bytecode",
)
NETWORK = Acknowledged("Forwarder", "IAM5[Resource::*]", "network interfaces have no ARN before Lambda creates them")
QUEUES_CATCH_FAILURES = Acknowledged(
    "Forwarder",
    "LambdaDLQ",
    "only the two queues invoke the function, and their failed messages go to the dead-letter queue",
    NIST,
)
NO_RESERVED_CONCURRENCY = Acknowledged(
    "Forwarder",
    "LambdaConcurrency",
    "max_concurrency limits the invocations of each queue; reserved_concurrency takes from other functions",
    NIST,
)
NO_NETWORK = Acknowledged(
    "Forwarder",
    "LambdaInsideVPC",
    "the function has no inbound access, and reaches AWS and the destinations over TLS; [stack.vpc] is optional",
    NIST,
)
LOG_WITHOUT_KEY = Acknowledged(
    "Log",
    "CloudWatchLogGroupEncrypted",
    "CloudWatch encrypts logs with its own key, and they hold no captured data; kms_key_arn is optional",
    NIST,
)
NO_BACKUP_PLAN = Acknowledged(
    "Progress",
    "DynamoDBInBackupPlan",
    "point-in-time recovery covers 35 days; a lost item costs duplicates at the destination and no data",
    NIST,
)
OWN_BUCKET = Acknowledged(
    "Trigger-{bucket}/Captures",
    "S1",
    "access logs would need another bucket; CloudTrail's data events record the readers",
)
OF_EVERY_BUCKET = (
    Acknowledged(
        "{path}",
        "S3BucketLoggingEnabled",
        "access logs would need another bucket; CloudTrail's data events record the readers",
        NIST,
    ),
    Acknowledged(
        "{path}",
        "S3BucketReplicationEnabled",
        "captures may be personal data, which the stack copies to no other region",
        NIST,
    ),
)
CAPTURES_WITHOUT_VERSIONS = Acknowledged(
    "Trigger-{bucket}/Captures",
    "S3BucketVersioningEnabled",
    "a capture is written once under its name; older versions would outlive the retention of captured data",
    NIST,
)
BUCKET_WITHOUT_KEY = Acknowledged(
    "{path}",
    "S3DefaultEncryptionKMS",
    "S3 encrypts the bucket with its own key; a key of the customer is optional",
    NIST,
)
CAPTURES = Acknowledged(
    "Forwarder",
    "IAM5[Resource::arn:<AWS::Partition>:s3:::{bucket}/{prefix}*]",
    "SageMaker names the captures; the function may only read below the prefixes of its routes",
)

_LINEAGE_ENTITIES = "SageMaker makes the ids of artifacts, and names of routes make those of actions and contexts"
LINEAGE = (
    Acknowledged("Lineage", "IAM5[Resource::*]", "lists of lineage know no resources"),
    *(
        Acknowledged(
            "Lineage",
            f"IAM5[Resource::arn:<AWS::Partition>:sagemaker:<AWS::Region>:<AWS::AccountId>:{kind}/*]",
            reason,
        )
        for kind, reason in (
            ("action", _LINEAGE_ENTITIES),
            ("artifact", _LINEAGE_ENTITIES),
            ("context", _LINEAGE_ENTITIES),
            ("endpoint", "the prefix of a route does not say which of its folders is the endpoint"),
        )
    ),
    Acknowledged(
        "Lineage", "LambdaDLQ", "CloudFormation waits for the answer, and repeats a request that has none", NIST
    ),
    Acknowledged("Lineage", "LambdaConcurrency", "a deployment invokes the function at most eight times", NIST),
    Acknowledged(
        "Lineage",
        "LambdaInsideVPC",
        "the function calls SageMaker and CloudFormation only, and has no inbound access",
        NIST,
    ),
)


def acknowledged(settings: Settings) -> Iterator[Acknowledged]:
    """Yield the findings that a stack of `settings` keeps."""
    yield from ALWAYS
    yield from _of_options(settings.stack)
    yield from of_bucket("Quarantine", encrypted=bool(settings.stack.kms_key_arn))
    if settings.lineage.register:
        yield from LINEAGE
        yield from (replace(row, path="Lineage") for row in _of_function(settings.stack))
    for bucket in settings.buckets.values():
        if bucket.create:
            yield _filled(OWN_BUCKET, bucket=bucket.name)
            yield _filled(CAPTURES_WITHOUT_VERSIONS, bucket=bucket.name)
            yield from of_bucket(f"Trigger-{bucket.name}/Captures", encrypted=bool(bucket.kms_key_arns))
    for name, prefixes in readable_prefixes(settings).items():
        for prefix in prefixes:
            yield _filled(CAPTURES, bucket=name, prefix=_printed(escape_iam_wildcards(prefix)))


def _printed(resource: str) -> str:
    """Return `resource` as cdk-nag prints it: a variable of CloudFormation or IAM, `${*}`, becomes `<*>`."""
    return re.sub(r"\$\{(.)\}", r"<\1>", resource)


def _of_options(stack: StackSettings) -> Iterator[Acknowledged]:
    yield QUEUES_CATCH_FAILURES
    yield NO_BACKUP_PLAN
    yield from _of_function(stack)
    yield NETWORK if stack.vpc else NO_NETWORK
    if stack.reserved_concurrency is None:
        yield NO_RESERVED_CONCURRENCY


def _of_function(stack: StackSettings) -> Iterator[Acknowledged]:
    if stack.runtime is not list(PythonRuntime)[-1]:
        yield OLDER_RUNTIME
    if not stack.kms_key_arn:
        yield LOG_WITHOUT_KEY


def of_bucket(path: str, *, encrypted: bool) -> Iterator[Acknowledged]:
    """Yield the findings of a bucket of a stack."""
    for row in (*OF_EVERY_BUCKET, *([] if encrypted else [BUCKET_WITHOUT_KEY])):
        yield _filled(row, path=path)


def _filled(row: Acknowledged, **names: str) -> Acknowledged:
    return Acknowledged(row.path.format(**names), row.finding.format(**names), row.reason, row.pack)


def acknowledge(stack: cdk.Stack, settings: Settings) -> None:
    """Record each row of the table at its construct."""
    for row in acknowledged(settings):
        construct: IConstruct = stack
        for name in row.path.split("/"):
            construct = construct.node.find_child(name)
        cdk.Validations.of(construct).acknowledge(cdk.Acknowledgment(id=f"{row.pack}::{row.rule}", reason=row.reason))
