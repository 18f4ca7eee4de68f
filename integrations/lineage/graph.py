"""A lineage graph as values: vertices, edges, and the graph that a query returns."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Kind(StrEnum):
    """The kinds of entities, as QueryLineage's LineageTypes writes them."""

    ARTIFACT = "Artifact"
    ACTION = "Action"
    CONTEXT = "Context"
    TRIAL_COMPONENT = "TrialComponent"


class Direction(StrEnum):
    """The way that a query walks."""

    UP = "up"
    """To the ancestors: against the edges."""
    DOWN = "down"
    """To the descendants: along the edges."""
    BOTH = "both"
    """Along and against the edges from every vertex, as the API's `Both` does."""
    THROUGH = "through"
    """The ancestors and the descendants of the start, without their other relatives."""


class Details(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The values of an entity that QueryLineage does not return."""

    name: str | None = None
    source_uri: str | None = None
    source_types: tuple[tuple[str, str], ...] = ()
    """Pairs of SourceIdType and Value; of actions and contexts at most one pair of SourceType and SourceId."""
    status: str | None = None
    description: str | None = None
    properties: Mapping[str, str] = {}
    metadata: Mapping[str, str] = {}
    """MetadataProperties: CommitId, Repository, GeneratedBy, ProjectId."""
    created: datetime | None = None
    modified: datetime | None = None
    created_by: str | None = None
    modified_by: str | None = None


class Vertex(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An entity of a graph. `details` is None if only the query's answer is known."""

    arn: str
    kind: Kind
    type: str
    """The free type: `Model`, `DataSet`, `ModelDeployment`. Empty if the entity has none."""
    details: Details | None = None

    @property
    def label(self) -> str:
        """Return the name to show: the entity's name, else the last part of its ARN."""
        name = self.details.name if self.details else None
        return name or self.arn.rsplit("/", 1)[-1]


class Edge(Struct, frozen=True, order=True):
    """An association: `source` came before `destination`."""

    source: str
    destination: str
    type: str | None = None


class Graph(Struct, frozen=True, kw_only=True):
    """The part of the lineage that a query reached. Vertices are sorted by ARN, edges by their ends and type."""

    starts: tuple[str, ...]
    vertices: tuple[Vertex, ...]
    edges: tuple[Edge, ...]

    @classmethod
    def of(cls, starts: tuple[str, ...], vertices: Mapping[str, Vertex], edges: set[Edge]) -> "Graph":
        """Return the graph in its one order, so that equal graphs are rendered to the same bytes."""
        ordered = tuple(vertices[arn] for arn in sorted(vertices))
        return cls(starts=starts, vertices=ordered, edges=tuple(sorted(edges, key=_order)))


def _order(edge: Edge) -> tuple[str, str, str]:
    return edge.source, edge.destination, edge.type or ""
