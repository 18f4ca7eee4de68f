"""The IAM permissions of `register`, `unregister` and `clean`, as data; docs/lineage.md has them as a table.

SageMaker checks lists and associations of lineage without resources or on both ends:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html
"""

from collections.abc import Mapping

from msgspec import Struct

_ENTITIES = ("action", "artifact", "context")


class Allowed(Struct, frozen=True, kw_only=True):
    """Actions of IAM on resources of SageMaker: types of ARNs, or none if the action knows no resources."""

    sid: str
    why: str
    actions: tuple[str, ...]
    resources: tuple[str, ...] = ()


REGISTER = (
    Allowed(
        sid="FindEndpoints",
        why="finds the endpoint of a route, and where it captures to",
        actions=("sagemaker:DescribeEndpoint",),
        resources=("endpoint",),
    ),
    Allowed(
        sid="FindLineage",
        why="finds the endpoint, its model and the captures in lineage; lists know no resources",
        actions=("sagemaker:ListArtifacts", "sagemaker:ListAssociations", "sagemaker:ListContexts"),
    ),
    Allowed(
        sid="ReadLineage",
        why="reads the recorded forwardings, and tells a package from its model.tar.gz",
        actions=("sagemaker:DescribeAction", "sagemaker:DescribeArtifact"),
        resources=("action", "artifact"),
    ),
    Allowed(
        sid="RecordLineage",
        why="creates the entities with their tag; an id of an artifact is random",
        actions=(
            "sagemaker:AddAssociation",
            "sagemaker:AddTags",
            "sagemaker:CreateAction",
            "sagemaker:CreateArtifact",
            "sagemaker:CreateContext",
            "sagemaker:DescribeContext",
        ),
        resources=_ENTITIES,
    ),
    Allowed(
        sid="ChangeForwardings",
        why="marks a forwarding as in progress or stopped",
        actions=("sagemaker:UpdateAction",),
        resources=("action",),
    ),
)
UNREGISTER = (
    Allowed(
        sid="FindForwardings",
        why="finds the forwardings; lists know no resources",
        actions=("sagemaker:ListActions",),
    ),
    Allowed(
        sid="StopForwardings",
        why="reads the route of a forwarding, and marks it as stopped",
        actions=("sagemaker:DescribeAction", "sagemaker:UpdateAction"),
        resources=("action",),
    ),
)
CLEAN = (
    Allowed(
        sid="FindRecords",
        why="finds the entities of our types, and their associations; lists know no resources",
        actions=(
            "sagemaker:ListActions",
            "sagemaker:ListArtifacts",
            "sagemaker:ListAssociations",
            "sagemaker:ListContexts",
        ),
    ),
    Allowed(
        sid="DeleteRecords",
        why="reads tags and routes, and deletes entities with our tag",
        actions=(
            "sagemaker:DeleteAction",
            "sagemaker:DeleteArtifact",
            "sagemaker:DeleteAssociation",
            "sagemaker:DeleteContext",
            "sagemaker:DescribeAction",
            "sagemaker:DescribeArtifact",
            "sagemaker:DescribeContext",
            "sagemaker:ListTags",
        ),
        resources=_ENTITIES,
    ),
)
OF_COMMANDS: Mapping[str, tuple[Allowed, ...]] = {"register": REGISTER, "unregister": UNREGISTER, "clean": CLEAN}
DEPLOYED = (
    *REGISTER,
    Allowed(
        sid="FindForwardings",
        why="finds the forwardings of a route that is gone; lists know no resources",
        actions=("sagemaker:ListActions",),
    ),
)
"""The permissions of the function that registers at deployment: it also marks forwardings as stopped."""
