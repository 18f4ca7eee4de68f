"""The plan of a creation: an entity that exists is used again, and the missing values are merged into it."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from integrations.lineage.graph import Details, Kind, Vertex
from integrations.lineage.planning.existing import matching
from integrations.lineage.planning.naming import hashed_name
from integrations.lineage.planning.steps import Amend, Create, Label, Step
from integrations.lineage.ports import NewEntity, ReadsLineage


class Planned(Struct, frozen=True):
    """An entity of a plan: its ARN, or its key if a step creates it; and the steps."""

    end: str
    steps: tuple[Step, ...] = ()


def creation(store: ReadsLineage, entity: NewEntity, key: str = "new") -> Planned:
    """Plan an entity: reuse the one that exists, and merge the missing values.

    Raises:
        AlreadyExists: The name or source belongs to an entity of another type or source.
    """
    found = matching(store, entity)
    if found is None:
        return Planned(key, (Create(key, entity),))
    return Planned(found.arn, (*_missing_values(store, found, entity), *_missing_tags(store, found, entity)))


def _missing_values(store: ReadsLineage, found: Vertex, entity: NewEntity) -> Iterable[Step]:
    name = _new_name(found, entity)
    if not (name or entity.properties or entity.status or entity.description):
        return ()
    full = store.describe(found.arn, found.kind) if found.kind == Kind.ARTIFACT else found  # lists have no properties
    wanted = Amend(
        vertex=full,
        properties=entity.properties,
        status=entity.status,
        description=entity.description,
        name=name,
    )
    return changed(full, wanted)


def _new_name(found: Vertex, entity: NewEntity) -> str | None:
    """Return the name that an existing artifact is given; `None` if it keeps its own. A generated name changes none."""
    if found.kind != Kind.ARTIFACT or entity.name == hashed_name(entity.type, entity.source_uri):
        return None
    return None if found.details and found.details.name == entity.name else entity.name


def _missing_tags(store: ReadsLineage, found: Vertex, entity: NewEntity) -> Iterable[Step]:
    if entity.tags:
        yield from changed_tags(found.arn, store.tags(found.arn), entity.tags)


def changed_tags(
    arn: str, old: Mapping[str, str], new: Mapping[str, str], removed: Sequence[str] = ()
) -> Iterable[Step]:
    """Yield the step without all that is so already, if anything is left of it."""
    changed = {key: value for key, value in new.items() if old.get(key) != value}
    gone = tuple(key for key in dict.fromkeys(removed) if key in old)
    if changed or gone:
        yield Label(arn, changed, gone, count=len(old.keys() | new.keys()) - len(gone))


def changed(vertex: Vertex, wanted: Amend) -> Iterable[Step]:
    """Yield the step without all that is so already, if anything is left of it."""
    details = vertex.details or Details()
    properties = {key: value for key, value in wanted.properties.items() if details.properties.get(key) != value}
    removed = tuple(key for key in wanted.removed if key in details.properties)
    status = None if wanted.status == details.status else wanted.status
    description = None if wanted.description == details.description else wanted.description
    step = replace(wanted, properties=properties, removed=removed, status=status, description=description)
    if step != Amend(vertex=vertex):
        yield step
