"""The plan of `import`, and the document of `export`; `import` reads it back."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from integrations.lineage.documents.document import Document
from integrations.lineage.errors import AlreadyExists, Invalid, TooLarge
from integrations.lineage.graph import Details, Edge, Graph, Kind, Vertex
from integrations.lineage.planning.creating import creation
from integrations.lineage.planning.entities import joining
from integrations.lineage.planning.limits import count_problems
from integrations.lineage.planning.steps import NEW, Step
from integrations.lineage.ports import NewEntity, ReadsLineage


def import_plan(store: ReadsLineage, document: Document) -> list[Step]:
    """Plan all entities and links of a document that do not exist yet.

    Raises:
        Invalid: Two local names are one entity.
        TooLarge: The document is larger than an account.
        AlreadyExists: Names, sources or associations belong to others. The text lists all.
    """
    entities = list(document.entities.values())
    large, same = [*count_problems(entities, len(document.links))], _same_entities(document)
    if large or same:
        kind = Invalid if same else TooLarge
        raise kind("\n".join([*large, *same]))
    ends: dict[str, str] = {}
    steps: list[Step] = []
    wrong: list[str] = []
    for name, entity in document.entities.items():
        try:
            planned = creation(store, entity, f"{NEW}{name}")
        except AlreadyExists as error:
            wrong.append(f"{name}: {error}")
        else:
            ends[name] = planned.end
            steps += planned.steps
    linked = [edge for edge in document.links if {edge.source, edge.destination} <= ends.keys() or not wrong]
    try:
        steps += joining(store, (_placed(edge, ends) for edge in linked))
    except AlreadyExists as error:
        wrong.append(str(error))
    if wrong:
        raise AlreadyExists("\n".join(wrong))
    return steps


def exported(graph: Graph, tags: Mapping[str, Mapping[str, str]]) -> Document:
    """Return the document of a graph whose vertices have details.

    Trial components are SageMaker's own. They stay ARNs in links, so that the links are read back in the same account.

    Args:
        graph: The part of the lineage to export.
        tags: The tags of the entities, by ARN.
    """
    ours = [vertex for vertex in graph.vertices if vertex.kind != Kind.TRIAL_COMPONENT]
    locals_ = _local_names(ours)
    entities = {locals_[vertex.arn]: _entity(vertex, tags.get(vertex.arn, {})) for vertex in ours}
    links = [_placed(edge, locals_) for edge in graph.edges if edge.source in locals_ or edge.destination in locals_]
    return Document(entities, links)


def _placed(edge: Edge, ends: Mapping[str, str]) -> Edge:
    return replace(
        edge, source=ends.get(edge.source, edge.source), destination=ends.get(edge.destination, edge.destination)
    )


def _same_entities(document: Document) -> list[str]:
    """Return a sentence for each entity that a document has under two local names."""
    seen: dict[object, str] = {}
    problems = []
    for name, entity in document.entities.items():
        artifact = entity.kind == Kind.ARTIFACT
        identity = (entity.kind, (entity.source_uri, frozenset(entity.source_types)) if artifact else entity.name)
        if identity in seen:
            problems.append(f"{seen[identity]} and {name} are the same {entity.kind.lower()}; remove one of them")
        seen.setdefault(identity, name)
    return problems


def _local_names(vertices: Sequence[Vertex]) -> dict[str, str]:
    """Return a local name for each ARN: the name of the entity, or its kind, with a number if it is not alone."""
    wanted = {vertex.arn: (vertex.details and vertex.details.name) or vertex.kind.lower() for vertex in vertices}
    taken = {name for name in wanted.values() if list(wanted.values()).count(name) == 1}
    names: dict[str, str] = {}
    for arn, name in wanted.items():
        number = 1
        given = name
        while given in names.values() or (given in taken and given != name) or (given == name and name not in taken):
            given = f"{name}-{number}"
            number += 1
        names[arn] = given
    return names


def _entity(vertex: Vertex, tags: Mapping[str, str]) -> NewEntity:
    details = vertex.details or Details()
    return NewEntity(
        kind=vertex.kind,
        type=vertex.type,
        name=details.name,
        source_uri=details.source_uri or "",
        source_types=details.source_types,
        status=details.status,
        description=details.description,
        properties=details.properties,
        metadata=details.metadata,
        tags={key: value for key, value in tags.items() if not key.lower().startswith("aws:")},
    )
