"""The entities on one side of some starts, ordered by their role."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from integrations.lineage.asking.approvals import Approval, approval_of
from integrations.lineage.asking.found import Found, described, name_cell, nearest
from integrations.lineage.asking.questions import Walk
from integrations.lineage.asking.reaching import places
from integrations.lineage.asking.roles import Role, is_model, role_of
from integrations.lineage.finding.endpoints import Reads
from integrations.lineage.graph import Direction, Vertex
from integrations.lineage.render.sheet import properties_text, time_text

NAMES: Mapping[Role | None, str] = {
    Role.DATA: "data set",
    Role.IMAGE: "image",
    Role.JOB: "job",
    Role.MODEL: "model",
    Role.PACKAGE: "model package",
    Role.DEPLOYMENT: "deployment",
    Role.ENDPOINT: "endpoint",
    Role.MONITOR: "monitor",
}


class Part(Struct, frozen=True, kw_only=True):
    """One entity of a summary, by its role. Models have their approval."""

    role: str
    entity: Found
    approval: Approval | None = None


def parts_of(
    store: Reads, walk: Walk, starts: Sequence[Vertex], direction: Direction, roles: Sequence[Role]
) -> tuple[Part, ...]:
    """Return the entities of some roles on one side of the starts, in the order of the roles.

    With models come their packages: only the details show that a model is a package.
    """
    graph = walk(arns_of(starts), direction)
    found = places(graph, direction)
    known: Mapping[str, Vertex] = {vertex.arn: vertex for vertex in starts}
    by_role: dict[Role | None, list[Part]] = {role: [] for role in roles}
    for bare in nearest(found, graph.vertices):
        if role_of(bare) not in by_role:
            continue
        vertex = known.get(bare.arn) or described(store, bare)
        approval = approval_of(store, vertex) if is_model(vertex) else None
        role = role_of(vertex)
        by_role[role].append(Part(role=NAMES[role], entity=Found.of(vertex, found[bare.arn]), approval=approval))
    return tuple(part for role in roles for part in by_role[role])


def part_cells(part: Part) -> tuple[str, ...]:
    """Return the cells of one row of a summary."""
    entity = part.entity
    return (
        part.role,
        name_cell(entity),
        entity.type,
        str(entity.hops),
        entity.source_uri or "",
        part.approval.status.value if part.approval else entity.status or "",
        time_text(entity.created),
        properties_text(entity.properties),
        entity.arn or "",
    )


def arns_of(vertices: Sequence[Vertex]) -> tuple[str, ...]:
    """Return the ARNs of entities."""
    return tuple(vertex.arn for vertex in vertices)
