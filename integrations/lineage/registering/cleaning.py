"""Deletes what `register` created: only entities with its tag, with their associations.

An interrupted run is run again: entities that are gone already are left out.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from integrations.lineage.graph import Edge, Kind, Vertex
from integrations.lineage.planning import plan
from integrations.lineage.planning.existing import all_edges
from integrations.lineage.planning.plan import Store
from integrations.lineage.planning.steps import Disjoin, Erase
from integrations.lineage.ports import Listed, ReadsLineage
from integrations.lineage.registering.registration import (
    DATA_SET,
    ENDPOINT,
    FORWARDING,
    MANAGED,
    MONITORED_MODEL,
    ROUTE,
)

# The entities that `register` makes, by kind, type and name. The name saves a call for the tags of all others.
_HASHED = re.compile(".*-[0-9a-f]{8}")
_MADE = (
    (Kind.ACTION, FORWARDING, _HASHED),
    (Kind.ARTIFACT, DATA_SET, _HASHED),
    (Kind.ARTIFACT, MONITORED_MODEL, _HASHED),
    (Kind.CONTEXT, ENDPOINT, re.compile(".*-capture-forwarder")),
)


class Removal(Struct, frozen=True):
    """An entity to delete, after its associations."""

    vertex: Vertex
    edges: tuple[Edge, ...]


def removals(api: ReadsLineage, route: str | None = None, before: datetime | None = None) -> list[Removal]:
    """Return the entities to delete, in their order.

    Args:
        api: Makes the calls.
        route: The name of a route. Entities that other routes use too are left out.
        before: Leave out entities that were created or changed at this time or later.
    """
    managed = list(_managed(api))
    doomed = {vertex.arn: vertex for vertex in managed if _is_chosen(vertex, route, before)}
    kept = {vertex.arn for vertex in managed} - doomed.keys()
    found: list[Removal] = []
    for vertex in doomed.values():  # the actions first: they never keep each other
        edges = all_edges(api, vertex.arn)
        if vertex.kind is not Kind.ACTION and _is_used(vertex, edges, kept):
            kept.add(vertex.arn)
        else:
            found.append(Removal(vertex, tuple(edges)))
    return found


def remove(api: Store, removal: Removal) -> None:
    """Delete one entity and its associations. Raises the errors of lineage, but not if something is gone already."""
    unlinked = (Disjoin(edge.source, edge.destination) for edge in removal.edges)
    plan.run(api, [*unlinked, Erase(removal.vertex)])


def _managed(api: ReadsLineage) -> Iterator[Vertex]:
    """Yield all entities with our tag, with their details."""
    for kind, type_, named in _MADE:
        # Each list is complete before further calls, so that no page is read twice.
        for vertex in list(api.list(kind, Listed(type=type_))):
            if named.fullmatch(vertex.label) and MANAGED.items() <= api.tags(vertex.arn).items():
                yield api.describe(vertex.arn if kind is Kind.ARTIFACT else vertex.label, kind)


def _is_chosen(vertex: Vertex, route: str | None, before: datetime | None) -> bool:
    details = vertex.details
    if details is None:
        return False
    changed = details.modified or details.created
    is_old = before is None or (changed is not None and changed < before)
    return is_old and (route is None or details.properties.get(ROUTE) == route)


def _is_used(vertex: Vertex, edges: Sequence[Edge], kept: Collection[str]) -> bool:
    """Tell whether an entity of ours that stays is made from this one, or is a forwarding to it."""
    if vertex.type == MONITORED_MODEL:
        return any(edge.source in kept for edge in edges)
    return any(edge.source == vertex.arn and edge.destination in kept for edge in edges)
