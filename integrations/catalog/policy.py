"""The read-only IAM policy for exactly the calls of a recipe: no action has a wildcard.

A listing has no resource of its own, so it is allowed on all; a description is allowed on the kind of its entity.
Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html
"""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import UnknownRegionError
from botocore.loaders import Loader
from botocore.regions import EndpointResolver

from capture_forwarder.configuration.permissions import Statement
from integrations.catalog.options import Connection, Options
from integrations.catalog.reading import operations
from integrations.catalog.reading.operations import Listing


def policy(options: Options, connection: Connection) -> dict[str, Any]:
    """Return the policy for a recipe with these options. Of the connection it uses the region and the roles."""
    return {
        "Version": "2012-10-17",
        "Statement": [each.document for each in _statements(options, connection) if each.actions],
    }


def _statements(options: Options, connection: Connection) -> Iterator[Statement]:
    listings = [listing for listing, _ in operations.listings(options)]
    prefix = f"arn:{_partition(connection)}:sagemaker:{connection.region or '*'}:{_account(connection)}"
    yield Statement(
        sid="ListEntities",
        why="finds the entities; SageMaker checks a listing without a resource",
        actions=_sorted([each.list for each in listings], _searches(options, listings), _lineage(options)),
        resources=("*",),
    )
    described = [(each.describe, each.resource) for each in listings]
    if options.needs_endpoints:
        described.append((operations.DESCRIBE_CONFIG, operations.CONFIG_RESOURCE))
    yield Statement(
        sid="DescribeEntities",
        why="reads what the catalog shows of each entity",
        actions=_sorted([operation for operation, _ in described]),
        resources=tuple(f"{prefix}:{resource}/*" for _, resource in described),
    )
    yield Statement(
        sid="ReadPipelineExecutions",
        why="finds the jobs that the steps of pipelines started",
        actions=_sorted([operations.LIST_EXECUTIONS, operations.LIST_STEPS] if options.needs_executions else []),
        resources=(f"{prefix}:{operations.PIPELINES.resource}/*",),
    )
    tagged = [each.resource for each in listings if not each.search] if options.extract_tags else []
    yield Statement(
        sid="ListTags",
        why="reads the tags of entities whose tags Search does not give",
        actions=_sorted([operations.LIST_TAGS] if tagged else []),
        resources=tuple(f"{prefix}:{resource}/*" for resource in tagged),
    )
    roles = tuple(str(role.arguments.get("RoleArn")) for role in connection.roles)
    yield Statement(
        sid="AssumeRoles",
        why="each role is assumed with the credentials before it, which need this statement",
        actions=("sts:AssumeRole",) if roles else (),
        resources=roles,
    )


def _searches(options: Options, listings: list[Listing]) -> list[str]:
    return [operations.SEARCH] if options.extract_tags and any(each.search for each in listings) else []


def _lineage(options: Options) -> list[str]:
    """Return the operations of SageMaker's lineage: of endpoints without a configuration, and of groups."""
    if not options.extract_models:
        return []
    return [
        operations.LIST_ACTIONS,
        operations.LIST_ARTIFACTS,
        operations.LIST_CONTEXTS,
        operations.LIST_ASSOCIATIONS,
    ]


def _sorted(*listed: list[str]) -> tuple[str, ...]:
    return tuple(f"sagemaker:{each}" for each in sorted({each for part in listed for each in part}))


def _partition(connection: Connection) -> str:
    """Return the partition of the region, else that of the last role, else `aws`."""
    if connection.region:
        try:
            return str(EndpointResolver(Loader().load_data("endpoints")).get_partition_for_region(connection.region))
        except UnknownRegionError:
            return "aws"
    parts = _last_role(connection)
    return parts[1] if len(parts) > 1 else "aws"


def _account(connection: Connection) -> str:
    """Return the account that is read: that of the last role, or any."""
    parts = _last_role(connection)
    return parts[4] if len(parts) > 4 and parts[4].isdigit() else "*"  # noqa: PLR2004 - the account in an ARN


def _last_role(connection: Connection) -> list[str]:
    """Return the parts of the ARN of the last role; none without a role."""
    return str(connection.roles[-1].arguments.get("RoleArn")).split(":") if connection.roles else []
