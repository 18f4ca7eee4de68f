"""`LineageQuery` and `LineageFilter`, as the documentation writes them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from integrations.lineage.classes.enums import DIRECTIONS, LineageEntityEnum, LineageQueryDirectionEnum
from integrations.lineage.classes.listing import time
from integrations.lineage.classes.properties import LazyProperties
from integrations.lineage.classes.session import Session, lineage_of
from integrations.lineage.errors import Invalid
from integrations.lineage.graph import Edge, Graph, Kind, Vertex
from integrations.lineage.lineage import Lineage
from integrations.lineage.walking.filters import Filters
from integrations.lineage.walking.querying import Options

_MAX_STARTS = 10
_DEFAULT_DEPTH = 10


class LineageFilter:
    """Selects entities of a query. Different filters are joined by `and`.

    Args:
        entities: The kinds.
        sources: Types, such as "DataSet", or sources, such as {"source_uri": "s3://..."}.
        created_before: A time, or its text.
        created_after: As above.
        modified_before: As above.
        modified_after: As above.
        properties: Properties; as in the API, any one pair suffices.
    """

    def __init__(
        self,
        entities: Sequence[LineageEntityEnum | str] | None = None,
        sources: Sequence[Mapping[str, str] | str] | None = None,
        created_before: str | datetime | None = None,
        created_after: str | datetime | None = None,
        modified_before: str | datetime | None = None,
        modified_after: str | datetime | None = None,
        properties: Mapping[str, str] | None = None,
    ) -> None:
        self.entities = [LineageEntityEnum(each) for each in entities or ()]
        self.sources = list(sources or ())
        self.created_before = created_before
        self.created_after = created_after
        self.modified_before = modified_before
        self.modified_after = modified_after
        self.properties = dict(properties or {})

    def filters(self) -> Filters:
        """Return the filters of a query.

        Raises:
            Invalid: Only associations are wanted, and they are the edges of an answer; or a source is not clear.
        """
        kinds = tuple(Kind(each) for each in self.entities if each != LineageEntityEnum.ASSOCIATION)
        if self.entities and not kinds:
            raise Invalid("Associations are the edges of an answer, not its vertices; name kinds of entities")
        uris = [_uri(each) for each in self.sources if not isinstance(each, str)]
        return Filters(
            kinds=kinds,
            types=tuple(str(each) for each in self.sources if isinstance(each, str)),
            properties=self.properties,
            source_uris=tuple(uris),
            created_before=time(self.created_before),
            created_after=time(self.created_after),
            modified_before=time(self.modified_before),
            modified_after=time(self.modified_after),
        )


class LineageQuery:
    """A query around some entities.

    Args:
        start_arns: The ARNs to start at, 1 to 10.
        direction: Ascendants, Descendants or Both.
        include_edges: Whether the answer has edges, the starts, and the paths to the matches.
        filters: Selects entities.
        max_depth: The largest distance from a start, 1 to 100.
        sagemaker_session: The session; by default the default session.
    """

    def __init__(
        self,
        start_arns: Sequence[str] | None = None,
        direction: LineageQueryDirectionEnum | str = LineageQueryDirectionEnum.BOTH,
        include_edges: bool = True,  # noqa: FBT001, FBT002 - as above
        filters: LineageFilter | None = None,
        max_depth: int | None = None,
        sagemaker_session: Session | None = None,
    ) -> None:
        self.start_arns = start_arns
        self.direction = direction
        self.include_edges = include_edges
        self.filters = filters
        self.max_depth = max_depth
        self._session = sagemaker_session

    def query(self) -> dict[str, Any]:
        """Return the graph as {"Vertices": [...], "Edges": [...]}. Properties are read at their first use.

        Raises:
            Invalid: The starts, the direction or the depth are not allowed.
            NotFound: A start does not exist.
            TooLarge, TimedOut: More than 10,000 vertices, 100,000 edges or 60 seconds.
        """
        if not self.start_arns or isinstance(self.start_arns, str) or len(self.start_arns) > _MAX_STARTS:
            raise Invalid(f"start_arns must be a list of 1 to {_MAX_STARTS} ARNs")
        if self.direction not in [*LineageQueryDirectionEnum]:
            raise Invalid(f"direction is {self.direction!r}; it must be Ascendants, Descendants or Both")
        options = Options(
            direction=DIRECTIONS[LineageQueryDirectionEnum(self.direction)],
            depth=_DEFAULT_DEPTH if self.max_depth is None else self.max_depth,
            edges=self.include_edges,
            filters=(self.filters or LineageFilter()).filters(),
        )
        lineage = lineage_of(self._session)
        return _answer(lineage, lineage.query(list(self.start_arns), options))


def _answer(lineage: Lineage, graph: Graph) -> dict[str, Any]:
    return {
        "Vertices": [_vertex(lineage, vertex) for vertex in graph.vertices],
        "Edges": [_edge(edge) for edge in graph.edges],
    }


def _vertex(lineage: Lineage, vertex: Vertex) -> dict[str, Any]:
    kind = vertex.kind.value
    properties = LazyProperties(lineage, vertex)
    return {"Arn": vertex.arn, "Type": kind, "LineageType": kind, "EntityType": vertex.type, "Properties": properties}


def _edge(edge: Edge) -> dict[str, Any]:
    typed = {"AssociationType": edge.type} if edge.type else {}
    return {"SourceArn": edge.source, "DestinationArn": edge.destination} | typed


def _uri(source: Mapping[str, str]) -> str:
    uri = source.get("source_uri", source.get("SourceUri"))
    if uri is None:
        raise Invalid('A source of a filter is a type, or {"source_uri": ...}')
    return uri
