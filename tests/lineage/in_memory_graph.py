"""The graph of the store in memory: its vertices and edges, the walks over them, and the filters of lists."""

from collections import deque
from collections.abc import Mapping, MutableSequence, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from integrations.lineage.graph import Edge, Vertex
from integrations.lineage.ports import Link, LinksListed, Listed, Page, Query

Answer = tuple[Sequence[Vertex], Sequence[Edge]]


class WalkedGraph:
    """Vertices and edges, and the pages that QueryLineage returns of them.

    Args:
        page_size: The vertices of a page of `query`.
        edges_alone: Edges come in pages of their own, after the vertices, and not with their vertices.
        begin: The time before the first creation.
    """

    def __init__(self, *, page_size: int, edges_alone: bool, begin: datetime) -> None:
        self.page_size = page_size
        self.edges_alone = edges_alone
        self.now = begin
        self.vertices: dict[str, Vertex] = {}
        self.edges: dict[tuple[str, str], Edge] = {}
        self._out: dict[str, dict[str, None]] = {}
        self._in: dict[str, dict[str, None]] = {}

    def reached(self, start: str, direction: str, depth: int) -> dict[str, int]:
        """Return the distance of every vertex within `depth` of `start`, in the order of the search."""
        distances = {start: 0}
        queue = deque([start])
        while queue:
            arn = queue.popleft()
            if distances[arn] == depth:
                continue
            for other in self._neighbours(arn, direction):
                if other not in distances:
                    distances[other] = distances[arn] + 1
                    queue.append(other)
        return distances

    def _neighbours(self, arn: str, direction: str) -> Sequence[str]:
        down = [*self._out.get(arn, ())] if direction != "Ascendants" else []
        up = [*self._in.get(arn, ())] if direction != "Descendants" else []
        return down + up

    def _walked(self, reached: Mapping[str, int], query: Query) -> dict[tuple[str, str], Edge]:
        edges: dict[tuple[str, str], Edge] = {}
        for arn, distance in reached.items():
            if distance < query.depth:
                if query.direction != "Ascendants":
                    edges |= {(arn, other): self.edges[arn, other] for other in self._out.get(arn, ())}
                if query.direction != "Descendants":
                    edges |= {(other, arn): self.edges[other, arn] for other in self._in.get(arn, ())}
        return edges

    def pages(self, query: Query) -> Sequence[Page]:
        """Return all pages of the answer to a query."""
        reached = self.reached(query.start, query.direction, query.depth)
        found = [*reached]
        edges: dict[tuple[str, str], Edge] = {}
        if query.edges:
            edges = self._walked(reached, query)
        else:
            found = [arn for arn in reached if arn != query.start and self._matches(self.vertices[arn], query.filters)]
        size = self.page_size
        vertices = [[self._bare(arn) for arn in found[at:][:size]] for at in range(0, max(len(found), 1), size)]
        if self.edges_alone:
            alone = [[*edges.values()][at:][:size] for at in range(0, len(edges), size)]
            answers: Sequence[Answer] = [*((page, []) for page in vertices), *(([], page) for page in alone)]
        else:
            place = {arn: number // size for number, arn in enumerate(found)}
            beside: Sequence[MutableSequence[Edge]] = [[] for _ in vertices]
            for (one, other), edge in edges.items():
                beside[max(place[one], place[other])].append(edge)
            answers = [*zip(vertices, beside, strict=True)]
        tokens = [*map(str, range(1, len(answers))), None]
        return [Page(*answer, token) for answer, token in zip(answers, tokens, strict=True)]

    def _matches(self, vertex: Vertex, filters: Mapping[str, Any]) -> bool:
        details = vertex.details
        assert details
        created, modified = details.created or self.now, details.modified or self.now
        pairs = filters.get("Properties", {})
        return (
            vertex.type in filters.get("Types", [vertex.type])
            and vertex.kind in filters.get("LineageTypes", [vertex.kind])
            and (not pairs or any(details.properties.get(key) == value for key, value in pairs.items()))
            and created >= filters.get("CreatedAfter", created)
            and created <= filters.get("CreatedBefore", created)
            and modified >= filters.get("ModifiedAfter", modified)
            and modified <= filters.get("ModifiedBefore", modified)
        )

    def _bare(self, arn: str) -> Vertex:
        return replace(self.vertices[arn], details=None)


def fits(vertex: Vertex, listed: Listed) -> bool:
    """Return whether an entity passes the filters of a list."""
    details = vertex.details
    assert details
    return (
        listed.source_uri in (None, details.source_uri)
        and listed.type in (None, vertex.type)
        and (listed.created_after is None or (details.created is not None and details.created >= listed.created_after))
        and (
            listed.created_before is None or (details.created is not None and details.created <= listed.created_before)
        )
    )


def sort_key(vertex: Vertex, sort_by: str | None) -> Any:
    """Return the key by which a list is sorted."""
    assert vertex.details
    return vertex.details.name if sort_by == "Name" else (vertex.details.created or datetime(1970, 1, 1, tzinfo=UTC))


def link_fits(link: Link, listed: LinksListed) -> bool:
    """Return whether an association passes the filters of a list."""
    pairs = (
        (listed.source, link.edge.source),
        (listed.destination, link.edge.destination),
        (listed.source_type, link.source_type),
        (listed.destination_type, link.destination_type),
        (listed.type, link.edge.type),
    )
    return all(wanted in (None, actual) for wanted, actual in pairs)
