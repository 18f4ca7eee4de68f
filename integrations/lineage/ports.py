"""The calls of SageMaker that lineage needs. `sagemaker.SageMaker` makes them; the pure part takes these protocols."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from msgspec import Struct

from integrations.lineage.graph import Edge, Kind, Vertex


class Query(Struct, frozen=True, kw_only=True):
    """One call of QueryLineage from one start. Its limits are the API's: depth at most 10, 50 vertices a page."""

    start: str
    direction: str
    """`Ascendants`, `Descendants` or `Both`."""
    depth: int = 10
    edges: bool = True
    filters: Mapping[str, Any] = {}
    """The API's `Filters`, for queries without edges only."""
    token: str | None = None


class Page(Struct, frozen=True):
    """One page of QueryLineage's answer."""

    vertices: Sequence[Vertex]
    edges: Sequence[Edge]
    token: str | None = None


class Listed(Struct, frozen=True, kw_only=True):
    """The filters of a list that the API applies. The caller applies all others."""

    source_uri: str | None = None
    type: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    sort_by: str | None = None
    ascending: bool = False


class Link(Struct, frozen=True, kw_only=True):
    """An association as ListAssociations returns it, with the names and types of both ends."""

    edge: Edge
    source_name: str = ""
    source_type: str = ""
    destination_name: str = ""
    destination_type: str = ""
    created: datetime | None = None
    created_by: str | None = None


class LinksListed(Struct, frozen=True, kw_only=True):
    """The filters of ListAssociations."""

    source: str | None = None
    destination: str | None = None
    source_type: str | None = None
    destination_type: str | None = None
    type: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


class ReadsLineage(Protocol):
    """Reads entities and associations. Every method raises the errors of `errors`."""

    def query(self, query: Query) -> Page:
        """Return one page of QueryLineage."""
        ...

    def list(self, kind: Kind, listed: Listed) -> Iterator[Vertex]:
        """Yield the entities of a kind over all pages. Lists return no properties, description or tags."""
        ...

    def links(self, listed: LinksListed) -> Iterator[Link]:
        """Yield the associations over all pages."""
        ...

    def describe(self, arn_or_name: str, kind: Kind) -> Vertex:
        """Return an entity with all its details. Artifacts are described by ARN only."""
        ...

    def tags(self, arn: str) -> Mapping[str, str]:
        """Return the tags of an entity or a job."""
        ...


class ReadsSageMaker(Protocol):
    """Reads the jobs, packages and endpoints: answers as boto3 returns them."""

    def trials(self, trial_component_arn: str) -> Iterator[str]:
        """Yield the names of the trials that a trial component belongs to."""
        ...

    def training_job(self, name: str) -> Mapping[str, Any]:
        """Return DescribeTrainingJob's answer."""
        ...

    def processing_job(self, name: str) -> Mapping[str, Any]:
        """Return DescribeProcessingJob's answer."""
        ...

    def transform_job(self, name: str) -> Mapping[str, Any]:
        """Return DescribeTransformJob's answer."""
        ...

    def pipeline_steps(self, execution_arn: str) -> Iterator[Mapping[str, Any]]:
        """Yield the entries of ListPipelineExecutionSteps' answer."""
        ...

    def model_package(self, arn: str) -> Mapping[str, Any]:
        """Return DescribeModelPackage's answer."""
        ...

    def endpoint(self, name: str) -> Mapping[str, Any]:
        """Return DescribeEndpoint's answer."""
        ...

    def endpoint_config(self, name: str) -> Mapping[str, Any]:
        """Return DescribeEndpointConfig's answer."""
        ...

    def model(self, name: str) -> Mapping[str, Any]:
        """Return DescribeModel's answer."""
        ...


class NewEntity(Struct, frozen=True, kw_only=True):
    """An entity to create. `name` may be None for artifacts only."""

    kind: Kind
    type: str
    source_uri: str
    name: str | None = None
    source_types: tuple[tuple[str, str], ...] = ()
    status: str | None = None
    description: str | None = None
    properties: Mapping[str, str] = {}
    metadata: Mapping[str, str] = {}
    tags: Mapping[str, str] = {}


class Change(Struct, frozen=True, kw_only=True):
    """An update of an entity: the complete new properties, and the keys to remove."""

    kind: Kind
    arn: str
    name: str | None = None
    """The name of the entity: actions and contexts are updated and deleted by name, artifacts by ARN."""
    properties: Mapping[str, str] | None = None
    removed: tuple[str, ...] = ()
    status: str | None = None
    description: str | None = None
    new_name: str | None = None
    """The new name of an artifact."""


class WritesLineage(Protocol):
    """Writes entities, associations and tags."""

    def create(self, entity: NewEntity) -> str:
        """Create an entity and return its ARN."""
        ...

    def update(self, change: Change) -> None:
        """Update an entity."""
        ...

    def delete(self, vertex: Vertex) -> None:
        """Delete an entity that has no associations. Actions and contexts need their name in `details`."""
        ...

    def link(self, edge: Edge) -> None:
        """Add an association."""
        ...

    def unlink(self, source: str, destination: str) -> None:
        """Delete an association."""
        ...

    def tag(self, arn: str, added: Mapping[str, str], removed: Sequence[str] = ()) -> None:
        """Add and remove tags."""
        ...

    def approve_package(self, arn: str, status: str, note: str | None) -> None:
        """Set a model package's ModelApprovalStatus and ApprovalDescription."""
        ...


class Store(ReadsLineage, ReadsSageMaker, WritesLineage, Protocol):
    """All calls that `Lineage` needs."""
