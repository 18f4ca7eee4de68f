"""Entities and associations that exist: found by their source or name."""

from collections.abc import Sequence

from integrations.lineage.errors import AlreadyExists, NotFound
from integrations.lineage.graph import Edge, Kind, Vertex
from integrations.lineage.ports import LinksListed, Listed, NewEntity, ReadsLineage
from integrations.lineage.text import visible


def matching(store: ReadsLineage, entity: NewEntity) -> Vertex | None:
    """Return the entity that a creation would repeat: an artifact by source and source types, others by name.

    Raises:
        AlreadyExists: There is one, with another type or source. The text shows both.
    """
    found = _artifact(store, entity) if entity.kind == Kind.ARTIFACT else _named(store, entity)
    if found is not None and (wrong := _differences(found, entity)):
        name = visible(entity.name or entity.source_uri)
        shown = "; ".join(f"its {what} is {visible(old)}, not {visible(new)}" for what, old, new in wrong)
        raise AlreadyExists(f"{entity.kind} {name} already exists as {found.arn}: {shown}")
    return found


def taken(store: ReadsLineage, entity: NewEntity) -> str | None:
    """Return why an artifact cannot be created beside one with the same URI; `None` if there is none."""
    if entity.kind != Kind.ARTIFACT:
        return None
    found = next(iter(store.list(Kind.ARTIFACT, Listed(source_uri=entity.source_uri))), None)
    if found is None:
        return None
    old = _types_text(found.details.source_types if found.details else ())
    return (
        f"{visible(entity.source_uri)} is the source of {found.arn}, which has {old}; the new artifact would have "
        f"{_types_text(entity.source_types)}. SageMaker keeps one artifact for a source: give the same source types to "
        "use that one, or another source URI for a new one"
    )


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


def _types_text(types: Sequence[tuple[str, str]]) -> str:
    shown = ", ".join(f"{type_}={value}" for type_, value in sorted(types))
    return f"the source types {visible(shown)}" if shown else "no source types"


def _named(store: ReadsLineage, entity: NewEntity) -> Vertex | None:
    try:
        return store.describe(entity.name or "", entity.kind)
    except NotFound:
        return None


def _differences(found: Vertex, entity: NewEntity) -> list[tuple[str, str, str]]:
    source = (found.details.source_uri if found.details else None) or ""
    pairs = (("type", found.type, entity.type), ("source", source, entity.source_uri))
    return [(what, old, new) for what, old, new in pairs if old != new]
