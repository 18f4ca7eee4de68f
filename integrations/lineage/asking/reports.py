"""Summaries: an endpoint, the origin of data or of a model, the versions of a model, and the models of a time."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from integrations.lineage.asking.approvals import Approval, Status, approval_of
from integrations.lineage.asking.found import Found, described, name_cell, nearest
from integrations.lineage.asking.questions import Walk
from integrations.lineage.asking.reaching import places
from integrations.lineage.asking.roles import Role, is_model, role_of
from integrations.lineage.finding.named import Reads, endpoint_contexts, find
from integrations.lineage.graph import Direction, Kind, Vertex
from integrations.lineage.ports import Listed
from integrations.lineage.render.sheet import Sheet, properties_text, time_text
from integrations.lineage.text import counted

_PARTS: Mapping[Role | None, str] = {
    Role.DATA: "data set",
    Role.IMAGE: "image",
    Role.JOB: "job",
    Role.MODEL: "model",
    Role.PACKAGE: "model package",
    Role.DEPLOYMENT: "deployment",
    Role.ENDPOINT: "endpoint",
    Role.MONITOR: "monitor",
}
_CAPTURES = "captures"


class Part(Struct, frozen=True, kw_only=True):
    """One entity of a summary, by its role. Models have their approval."""

    role: str
    entity: Found
    approval: Approval | None = None


class Summary(Struct, frozen=True, kw_only=True):
    """The entities around some starts, ordered by role and distance."""

    title: str
    starts: tuple[str, ...]
    parts: tuple[Part, ...]

    @property
    def datasets(self) -> int:
        """Return the number of data sets."""
        return sum(part.role == _PARTS[Role.DATA] for part in self.parts)

    def sheet(self) -> Sheet:
        """Return one row for each entity."""
        headings = ("Role", "Name", "Type", "Hops", "Source", "Status", "Created", "Properties", "ARN")
        title = f"{self.title}: {counted(len(self.parts), 'entity', 'entities')}, {counted(self.datasets, 'data set')}"
        return Sheet(title, headings, tuple(_part_cells(part) for part in self.parts))


class ModelReport(Struct, frozen=True, kw_only=True):
    """One model of a report: its data sets and jobs by name or source, and its approval."""

    name: str
    arn: str
    source_uri: str | None
    created: datetime | None
    datasets: tuple[str, ...]
    jobs: tuple[str, ...]
    approval: Approval

    @property
    def approved(self) -> bool:
        """Return whether the model is approved."""
        return self.approval.status == Status.APPROVED


class Report(Struct, frozen=True, kw_only=True):
    """The models that were created since a time, the newest first."""

    since: datetime
    require_approval: bool
    models: tuple[ModelReport, ...]

    @property
    def not_approved(self) -> tuple[ModelReport, ...]:
        """Return the models without approval."""
        return tuple(model for model in self.models if not model.approved)

    def sheet(self) -> Sheet:
        """Return one row for each model. With `require_approval` a column says which are not approved."""
        headings = ("Model", "Created", "Approval", "Warning", "Approved by", "Data sets", "Jobs", "Source", "ARN")
        return Sheet(
            f"Models since {time_text(self.since)}: {len(self.models)}", headings, tuple(map(self._cells, self.models))
        )

    def _cells(self, model: ModelReport) -> tuple[str, ...]:
        return (
            model.name,
            time_text(model.created),
            model.approval.status.value,
            "not approved" if self.require_approval and not model.approved else "",
            model.approval.by or "",
            ", ".join(model.datasets),
            ", ".join(model.jobs),
            model.source_uri or "",
            model.arn,
        )


def endpoint(store: Reads, walk: Walk, name: str) -> Summary:
    """Return everything that an endpoint was made of, and the monitors of its captures. Raises `NotFound`."""
    contexts = endpoint_contexts(store, name)
    before = _parts(store, walk, contexts, Direction.UP, tuple(Role))
    after = _parts(store, walk, contexts, Direction.DOWN, (Role.DATA, Role.MONITOR))
    known = {part.entity.arn for part in before}
    parts = (*before, *(_after(part) for part in after if part.entity.arn not in known))
    return Summary(title=f"Endpoint {name}", starts=_arns(contexts), parts=parts)


def _after(part: Part) -> Part:
    """Return a part that the endpoint wrote. A data set of it is its captures: no model was trained on them."""
    return replace(part, role=_CAPTURES) if part.role == _PARTS[Role.DATA] else part


def provenance(store: Reads, walk: Walk, text: str) -> Summary:
    """Return the data sets, jobs, images and models that an entity was made of. Raises `NotFound`."""
    starts = find(store, text)
    roles = (Role.DATA, Role.IMAGE, Role.JOB, Role.MODEL, Role.PACKAGE)
    parts = _parts(store, walk, starts, Direction.UP, roles)
    made = tuple(part for part in parts if part.entity.arn not in _arns(starts))
    return Summary(title=f"Origin of {text}", starts=_arns(starts), parts=made)


def parts_before(store: Reads, walk: Walk, models: Sequence[Vertex]) -> tuple[Part, ...]:
    """Return models with their approval, and the data sets, images and jobs that they were made of."""
    roles = (Role.MODEL, Role.PACKAGE, Role.JOB, Role.DATA, Role.IMAGE)
    return _parts(store, walk, models, Direction.UP, roles)


def report(store: Reads, walk: Walk, since: datetime, *, require_approval: bool = False) -> Report:
    """Return the artifacts of type Model that were created since a time, with data sets, jobs and approval."""
    listed = store.list(Kind.ARTIFACT, Listed(type="Model", created_after=since, sort_by="CreationTime"))
    models = tuple(_model_report(store, walk, store.describe(vertex.arn, vertex.kind)) for vertex in listed)
    return Report(since=since, require_approval=require_approval, models=models)


def _model_report(store: Reads, walk: Walk, model: Vertex) -> ModelReport:
    parts = _parts(store, walk, (model,), Direction.UP, (Role.DATA, Role.JOB))
    details = model.details
    return ModelReport(
        name=model.label,
        arn=model.arn,
        source_uri=details.source_uri if details else None,
        created=details.created if details else None,
        datasets=_names(parts, Role.DATA),
        jobs=_names(parts, Role.JOB),
        approval=approval_of(store, model),
    )


def _names(parts: Sequence[Part], role: Role) -> tuple[str, ...]:
    """Return the sources of data sets, which say more than their names, and the names of jobs."""
    entities = [part.entity for part in parts if part.role == _PARTS[role]]
    return tuple((each.source_uri if role == Role.DATA else None) or each.name for each in entities)


def _parts(
    store: Reads, walk: Walk, starts: Sequence[Vertex], direction: Direction, roles: Sequence[Role]
) -> tuple[Part, ...]:
    """Return the entities of some roles on one side of the starts, in the order of the roles.

    With models come their packages: only the details show that a model is a package.
    """
    graph = walk(_arns(starts), direction)
    found = places(graph, direction)
    known: Mapping[str, Vertex] = {vertex.arn: vertex for vertex in starts}
    by_role: dict[Role | None, list[Part]] = {role: [] for role in roles}
    for bare in nearest(found, graph.vertices):
        if role_of(bare) not in by_role:
            continue
        vertex = known.get(bare.arn) or described(store, bare)
        approval = approval_of(store, vertex) if is_model(vertex) else None
        role = role_of(vertex)
        by_role[role].append(Part(role=_PARTS[role], entity=Found.of(vertex, found[bare.arn]), approval=approval))
    return tuple(part for role in roles for part in by_role[role])


def _part_cells(part: Part) -> tuple[str, ...]:
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


def _arns(vertices: Sequence[Vertex]) -> tuple[str, ...]:
    return tuple(vertex.arn for vertex in vertices)
