"""The plans of the commands that create, change and delete single entities. They only read."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, field

from integrations.lineage.arns import is_arn
from integrations.lineage.errors import AlreadyExists, Invalid, NotFound
from integrations.lineage.finding.endpoints import Reads
from integrations.lineage.finding.lookups import check_lookups
from integrations.lineage.finding.named import described, each_one, one
from integrations.lineage.graph import Edge, Kind, Vertex
from integrations.lineage.planning.creating import changed, changed_tags
from integrations.lineage.planning.existing import all_edges, edge_between
from integrations.lineage.planning.steps import Amend, Disjoin, Erase, Join, Step
from integrations.lineage.ports import LinksListed, ReadsLineage
from integrations.lineage.text import counted, visible


def change(
    store: Reads,
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
        raise Invalid(f"These properties are both set and removed: {visible(', '.join(both))}")
    vertex = described(store, text)
    if vertex.kind == Kind.TRIAL_COMPONENT:
        raise Invalid(f"{vertex.arn} is a trial component; only artifacts, actions and contexts can be changed")
    wanted = Amend(vertex=vertex, properties=properties, removed=tuple(removed), status=status, description=description)
    return list(changed(vertex, wanted))


def deletion(store: Reads, texts: Sequence[str], *, with_associations: bool) -> tuple[list[Step], list[str]]:
    """Plan to delete entities, and with them their associations. Return the steps, and the texts that name no entity.

    All associations are listed before the first is deleted.

    Raises:
        NotFound: No text names an entity.
        Invalid: An entity has associations and they shall stay, or it is none of ours to delete.
    """
    found, missing = _found(store, texts)
    if not found:
        raise NotFound(f"{visible(', '.join(missing))}: not found; an earlier run may have deleted it")
    edges = {vertex.arn: all_edges(store, vertex.arn) for vertex in found}
    problems = [
        f"{vertex.arn} is no artifact, action or context" for vertex in found if vertex.kind == Kind.TRIAL_COMPONENT
    ]
    if not with_associations:
        problems += [
            f"{arn} has {counted(len(linked), 'association')}; give --with-associations to delete them too"
            for arn, linked in edges.items()
            if linked
        ]
    if problems:
        raise Invalid("\n".join(problems))
    pairs = dict.fromkeys((edge.source, edge.destination) for linked in edges.values() for edge in linked)
    return [*(Disjoin(*pair) for pair in pairs), *map(Erase, found)], missing


def tagging(store: Reads, text: str, tags: Mapping[str, str], removed: Sequence[str]) -> list[Step]:
    """Plan new and removed tags.

    Raises:
        Invalid: A key is both set and removed.
    """
    if both := sorted(tags.keys() & set(removed)):
        raise Invalid(f"These tags are both set and removed: {visible(', '.join(both))}")
    arn = one(store, text).arn
    return [*changed_tags(arn, store.tags(arn), tags, removed)]


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


def ends_of(store: Reads, source: str, destination: str) -> tuple[str, str]:
    """Return the ARNs of two entities. Raises `NotFound` and `Invalid` with the problems of both."""
    found = [vertex.arn for vertex in each_one(store, {source: None, destination: None})]
    return found[0], found[-1]


def unjoining(store: Reads, source: str, destination: str) -> list[Step]:
    """Plan to delete one association.

    Raises:
        NotFound: There is none.
    """
    ends = ends_of(store, source, destination)
    if edge_between(store, Edge(*ends)) is None:
        raise NotFound(f"There is no association {ends[0]} -> {ends[1]}")
    return [Disjoin(*ends)]


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


def _found(store: Reads, texts: Sequence[str]) -> tuple[list[Vertex], list[str]]:
    check_lookups(*texts)
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
