"""Entities and associations that exist: found by their source or name."""

from integrations.lineage.errors import AlreadyExists, NotFound
from integrations.lineage.graph import Edge, Kind, Vertex
from integrations.lineage.ports import LinksListed, Listed, NewEntity, ReadsLineage


def matching(store: ReadsLineage, entity: NewEntity) -> Vertex | None:
    """Return the entity that a creation would repeat: an artifact by source and source types, others by name.

    Raises:
        AlreadyExists: There is one, with another type or source. The text shows both.
    """
    found = _artifact(store, entity) if entity.kind == Kind.ARTIFACT else _named(store, entity)
    if found is not None and (wrong := _differences(found, entity)):
        name = entity.name or entity.source_uri
        shown = "; ".join(f"its {what} is {old}, not {new}" for what, old, new in wrong)
        raise AlreadyExists(f"{entity.kind} {name} already exists as {found.arn}: {shown}")
    return found


def edge_between(store: ReadsLineage, edge: Edge) -> Edge | None:
    """Return the association that exists between the ends of `edge`, in its direction."""
    links = store.links(LinksListed(source=edge.source, destination=edge.destination))
    return next((link.edge for link in links), None)


def all_edges(store: ReadsLineage, arn: str) -> list[Edge]:
    """Return all associations of an entity. Both lists are read to their end before anything is changed."""
    found = [link.edge for link in store.links(LinksListed(destination=arn))]
    return found + [link.edge for link in store.links(LinksListed(source=arn))]


def _artifact(store: ReadsLineage, entity: NewEntity) -> Vertex | None:
    for vertex in store.list(Kind.ARTIFACT, Listed(source_uri=entity.source_uri)):
        details = vertex.details
        same = details is not None and details.source_uri == entity.source_uri
        if same and details and set(details.source_types) == set(entity.source_types):
            return vertex
    return None


def _named(store: ReadsLineage, entity: NewEntity) -> Vertex | None:
    try:
        return store.describe(entity.name or "", entity.kind)
    except NotFound:
        return None


def _differences(found: Vertex, entity: NewEntity) -> list[tuple[str, str, str]]:
    source = (found.details.source_uri if found.details else None) or ""
    pairs = (("type", found.type, entity.type), ("source", source, entity.source_uri))
    return [(what, old, new) for what, old, new in pairs if old != new]
