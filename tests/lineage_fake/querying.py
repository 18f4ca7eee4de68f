"""QueryLineage: the walk, its filters, and the page that shows a part of it."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from tests.lineage_fake.errors import invalid, not_found
from tests.lineage_fake.modes import EdgePages
from tests.lineage_fake.paging import Entries, page
from tests.lineage_fake.records import Association, Call, Entity
from tests.lineage_fake.store import Store

MAX_DEPTH, MAX_RESULTS = 10, 50
_TYPE_LENGTH = 40


class _Step(Struct, frozen=True):
    """A step of the walk: along or against an association."""

    near: str
    far: str
    association: Association


def query_lineage(store: Store, call: Call) -> dict[str, Any]:
    """Answer QueryLineage."""
    if not call.get("StartArns"):
        raise invalid("StartArns must name the entity at which the query starts.")
    (start,) = call.params["StartArns"]
    if store.find(start, call) is None:
        raise not_found(start)
    size = call.get("MaxResults") or MAX_RESULTS
    entries, token = page(store, call, size, lambda: _entries(store, call, start), blanks=call.modes.empty_pages)
    edges = {(each.source, each.destination): each for _, completed in entries for each in completed}
    return {
        "Vertices": [_vertex(vertex) for vertex, _ in entries if vertex],
        "Edges": [_edge(each) for each in edges.values()],
        "NextToken": token,
    }


def _entries(store: Store, call: Call, start: str) -> Entries:
    """Return all that the query finds: pairs of a vertex, or None, and the edges that are shown with it."""
    depth = MAX_DEPTH if call.get("MaxDepth") is None else call.params["MaxDepth"]
    distances, steps = _walk(store, call, start, depth)
    found = {arn: entity for arn in distances if (entity := store.find(arn, call)) and entity.kind != "Experiment"}
    wanted = {arn for arn, entity in found.items() if _matches(entity, call.get("Filters") or {})}
    if not call.get("IncludeEdges"):
        return [(found[arn], ()) for arn in sorted(wanted - {start})]
    on_path, edges = {start}, {}
    beyond = _distances_to(wanted, steps)
    for step in steps:
        if step.far in beyond and distances[step.near] + 1 + beyond[step.far] <= depth:
            on_path |= {step.near, step.far}
            edges[step.association.source, step.association.destination] = step.association
    vertices = [found[arn] for arn in sorted(on_path) if arn in found]
    return _spread(vertices, list(edges.values()), call.modes.edge_pages)


def _walk(store: Store, call: Call, start: str, depth: int) -> tuple[dict[str, int], list[_Step]]:
    """Return the distance of every entity within the depth, breadth first, and all steps that were taken."""
    distances, steps, frontier = {start: 0}, [], [start]
    for distance in range(1, depth + 1):
        reached = []
        for arn in frontier:
            for step in _steps(store, call, arn):
                steps.append(step)
                if step.far not in distances:
                    distances[step.far] = distance
                    reached.append(step.far)
        frontier = reached
    return distances, steps


def _steps(store: Store, call: Call, arn: str) -> Iterator[_Step]:
    """Yield the steps from an entity. `Both` goes both ways from every entity: it is an undirected walk."""
    direction = call.get("Direction") or "Both"
    if direction != "Ascendants":
        for each in store.associations(source=arn):
            if call.sees(each):
                yield _Step(arn, each.destination, each)
    if direction != "Descendants":
        for each in store.associations(destination=arn):
            if call.sees(each):
                yield _Step(arn, each.source, each)


def _distances_to(wanted: set[str], steps: list[_Step]) -> dict[str, int]:
    """Return how many steps of the walk lead from an entity to the nearest wanted one."""
    back = defaultdict(set)
    for step in steps:
        back[step.far].add(step.near)
    distances, frontier = dict.fromkeys(wanted, 0), list(wanted)
    while frontier:
        reached = []
        for arn in frontier:
            for near in back[arn] - distances.keys():
                distances[near] = distances[arn] + 1
                reached.append(near)
        frontier = reached
    return distances


def _matches(entity: Entity, filters: dict[str, Any]) -> bool:
    """Return whether every kind of filter holds. Within a kind, one value is enough, also of Properties."""
    properties = filters.get("Properties")
    return (
        (not filters.get("Types") or entity.type in filters["Types"])
        and (not filters.get("LineageTypes") or entity.kind in filters["LineageTypes"])
        and (not properties or any(entity.properties.get(key) == value for key, value in properties.items()))
        and within(entity.created, filters.get("CreatedAfter"), filters.get("CreatedBefore"))
        and within(entity.modified, filters.get("ModifiedAfter"), filters.get("ModifiedBefore"))
    )


def within(moment: Any, after: Any, before: Any) -> bool:
    """Return whether a moment lies between two others. None is no limit."""
    return (after is None or after <= moment) and (before is None or moment <= before)


def _spread(vertices: list[Entity], edges: list[Association], how: EdgePages) -> Entries:
    """Return the entries of the pages: each is a vertex with edges, or None with an edge."""
    if how is EdgePages.ALONE:
        return [(vertex, ()) for vertex in vertices] + [(None, (edge,)) for edge in edges]
    places = {vertex.arn: place for place, vertex in enumerate(vertices)}
    shown: list[list[Association]] = [[] for _ in vertices]
    for edge in edges:
        ends = [places[arn] for arn in (edge.source, edge.destination) if arn in places]
        for place in set(ends) if how is EdgePages.REPEATED else {max(ends)}:
            shown[place].append(edge)
    return list(zip(vertices, shown, strict=True))


def _vertex(entity: Entity) -> dict[str, Any]:
    return {"Arn": entity.arn, "Type": entity.type[:_TYPE_LENGTH], "LineageType": entity.kind}


def _edge(association: Association) -> dict[str, Any]:
    ends = {"SourceArn": association.source, "DestinationArn": association.destination}
    return ends | ({"AssociationType": association.type} if association.type else {})
