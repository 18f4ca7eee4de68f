"""The findings of cdk-nag (AwsSolutions) that the stack keeps, each with its reason."""

from collections.abc import Iterator

import aws_cdk as cdk
from constructs import IConstruct
from msgspec import Struct

from capture_forwarder.configuration.filters import covering_prefixes, filters
from capture_forwarder.configuration.names import QUARANTINE_PREFIX
from capture_forwarder.configuration.permissions import escape_iam_wildcards
from capture_forwarder.configuration.settings import Settings
from capture_forwarder.configuration.stack import PythonRuntime


class Acknowledged(Struct, frozen=True):
    """A finding at the construct at `path`, below the stack, and the reason to keep it."""

    path: str
    finding: str
    reason: str


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
OWN_BUCKET = Acknowledged(
    "Trigger-{bucket}/Captures",
    "S1",
    "access logs would need another bucket; CloudTrail's data events record the readers",
)
CAPTURES = Acknowledged(
    "Forwarder",
    "IAM5[Resource::arn:<AWS::Partition>:s3:::{bucket}/{prefix}*]",
    "SageMaker names the captures; the function may only read below the prefixes of its routes",
)


def acknowledged(settings: Settings) -> Iterator[Acknowledged]:
    """Yield the findings that a stack of `settings` keeps."""
    yield from ALWAYS
    if settings.stack.runtime is not list(PythonRuntime)[-1]:
        yield OLDER_RUNTIME
    if settings.stack.vpc:
        yield NETWORK
    for bucket in settings.buckets.values():
        if bucket.create:
            yield _filled(OWN_BUCKET, bucket=bucket.name)
        for prefix in covering_prefixes(filters(settings, bucket.name)):
            yield _filled(CAPTURES, bucket=bucket.name, prefix=escape_iam_wildcards(prefix))


def _filled(row: Acknowledged, **names: str) -> Acknowledged:
    return Acknowledged(row.path.format(**names), row.finding.format(**names), row.reason)


def acknowledge(stack: cdk.Stack, settings: Settings) -> None:
    """Record each row of the table at its construct."""
    for row in acknowledged(settings):
        construct: IConstruct = stack
        for name in row.path.split("/"):
            construct = construct.node.find_child(name)
        cdk.Validations.of(construct).acknowledge(
            cdk.Acknowledgment(id=f"AwsSolutions::AwsSolutions-{row.finding}", reason=row.reason)
        )
