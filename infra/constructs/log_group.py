"""A log group with a retention."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct


def log_group(
    scope: Construct,
    *,
    retention_days: int,
    kept: bool,
    key: kms.IKey | None,
    name: str | None = None,
    indexed: Sequence[str] = (),
) -> logs.LogGroup:
    """Make the log group `Group`. If `kept`, it outlives the stack. `indexed` are the fields of its index."""
    group = logs.LogGroup(
        scope,
        "Group",
        log_group_name=name,
        encryption_key=key,
        removal_policy=cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if kept else cdk.RemovalPolicy.DESTROY,
        field_index_policies=[logs.FieldIndexPolicy(fields=list(indexed))] if indexed else None,
    )
    resource = group.node.default_child
    if not isinstance(resource, logs.CfnLogGroup):
        raise TypeError("a log group is made of a CfnLogGroup")
    resource.retention_in_days = retention_days
    return group
