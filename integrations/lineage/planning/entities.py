"""The plans of the commands that create, change and delete single entities. They only read."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, field

from integrations.lineage.arns import is_arn
from integrations.lineage.errors import AlreadyExists, Invalid, NotFound
from integrations.lineage.finding.named import described, one
from integrations.lineage.graph import Details, Edge, Kind, Vertex
from integrations.lineage.planning.existing import all_edges, edge_between, matching
from integrations.lineage.planning.steps import Amend, Create, Disjoin, Erase, Join, Label, Step
from integrations.lineage.ports import LinksListed, NewEntity, ReadsLineage


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


def change(
    store: ReadsLineage,
    text: str,
    *,
    properties: Mapping[str, str],
    removed: Sequence[str] = (),
    status: str | None = None,
    description: str | None = None,
) -> list[Step]:
    """Plan an update. Properties are merged; a key that is set and removed is an error.

    Raises:
        NotFound: The entity does not exist.
        Invalid: A key is both set and removed, or the entity cannot be changed.
    """
    if both := sorted(properties.keys() & set(removed)):
        raise Invalid(f"These properties are both set and removed: {', '.join(both)}")
    vertex = described(store, text)
    if vertex.kind == Kind.TRIAL_COMPONENT:
        raise Invalid(f"{vertex.arn} is a trial component; only artifacts, actions and contexts can be changed")
    wanted = Amend(vertex=vertex, properties=properties, removed=tuple(removed), status=status, description=description)
    return list(_changed(vertex, wanted))


def deletion(store: ReadsLineage, texts: Sequence[str], *, with_associations: bool) -> tuple[list[Step], list[str]]:
    """Plan to delete entities, and with them their associations. Return the steps, and the texts that name no entity.

    All associations are listed before the first is deleted.

    Raises:
        NotFound: No text names an entity.
        Invalid: An entity has associations and they shall stay, or it is none of ours to delete.
    """
    found, missing = _found(store, texts)
    if not found:
        raise NotFound(f"{', '.join(missing)}: not found; an earlier run may have deleted it")
    edges = {vertex.arn: all_edges(store, vertex.arn) for vertex in found}
    problems = [
        f"{vertex.arn} is no artifact, action or context" for vertex in found if vertex.kind == Kind.TRIAL_COMPONENT
    ]
    if not with_associations:
        problems += [
            f"{arn} has {len(linked)} associations; give --with-associations to delete them too"
            for arn, linked in edges.items()
            if linked
        ]
    if problems:
        raise Invalid("\n".join(problems))
    pairs = dict.fromkeys((edge.source, edge.destination) for linked in edges.values() for edge in linked)
    return [*(Disjoin(*pair) for pair in pairs), *map(Erase, found)], missing


def joining(store: ReadsLineage, edges: Iterable[Edge]) -> list[Step]:
    """Plan associations between ARNs or keys. One that exists is reused.

    Raises:
        AlreadyExists: An association joins the same ends, with another type. The text shows both.
    """
    steps: list[Step] = []
    problems = []
    known = _Joined(store)
    for edge in dict.fromkeys(edges):
        found = known.between(edge)
        if found is None:
            steps.append(Join(edge))
        elif found.type != edge.type:
            shown = f"{edge.source} -> {edge.destination}"
            problems.append(f"{shown} already exists with the type {found.type}, not {edge.type}; unlink it first")
    if problems:
        raise AlreadyExists("\n".join(problems))
    return steps


def unjoining(store: ReadsLineage, source: str, destination: str) -> list[Step]:
    """Plan to delete one association.

    Raises:
        NotFound: There is none.
    """
    ends = one(store, source).arn, one(store, destination).arn
    if edge_between(store, Edge(*ends)) is None:
        raise NotFound(f"There is no association {ends[0]} -> {ends[1]}")
    return [Disjoin(*ends)]


def _missing_values(store: ReadsLineage, found: Vertex, entity: NewEntity) -> Iterable[Step]:
    if not (entity.properties or entity.status or entity.description):
        return ()
    full = store.describe(found.arn, found.kind) if found.kind == Kind.ARTIFACT else found  # lists have no properties
    wanted = Amend(vertex=full, properties=entity.properties, status=entity.status, description=entity.description)
    return _changed(full, wanted)


def _changed(vertex: Vertex, wanted: Amend) -> Iterable[Step]:
    """Yield the step without all that is so already, if anything is left of it."""
    details = vertex.details or Details()
    properties = {key: value for key, value in wanted.properties.items() if details.properties.get(key) != value}
    removed = tuple(key for key in wanted.removed if key in details.properties)
    status = None if wanted.status == details.status else wanted.status
    description = None if wanted.description == details.description else wanted.description
    if properties or removed or status is not None or description is not None:
        yield Amend(vertex=vertex, properties=properties, removed=removed, status=status, description=description)


def _missing_tags(store: ReadsLineage, found: Vertex, entity: NewEntity) -> Iterable[Step]:
    if entity.tags:
        tags = store.tags(found.arn)
        if missing := {key: value for key, value in entity.tags.items() if tags.get(key) != value}:
            yield Label(found.arn, missing)


class _Joined(Struct):
    """The associations that exist, listed once for each source."""

    store: ReadsLineage
    listed: dict[str, dict[str, Edge]] = field(default_factory=dict)

    def between(self, edge: Edge) -> Edge | None:
        if not (is_arn(edge.source) and is_arn(edge.destination)):
            return None  # a step creates an end
        if edge.source not in self.listed:
            links = self.store.links(LinksListed(source=edge.source))
            self.listed[edge.source] = {link.edge.destination: link.edge for link in links}
        return self.listed[edge.source].get(edge.destination)


def _found(store: ReadsLineage, texts: Sequence[str]) -> tuple[list[Vertex], list[str]]:
    found: dict[str, Vertex] = {}
    missing = []
    for text in dict.fromkeys(texts):
        try:
            vertex = described(store, text)
        except NotFound:
            missing.append(text)
        else:
            found[vertex.arn] = vertex
    return list(found.values()), missing
