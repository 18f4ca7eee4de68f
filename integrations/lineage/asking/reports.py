"""Summaries: an endpoint, the origin of data or of a model, the versions of a model, and the models of a time."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from integrations.lineage.asking.approvals import Approval, Status, approval_of
from integrations.lineage.asking.parts import NAMES, Part, arns_of, part_cells, parts_of
from integrations.lineage.asking.questions import Walk
from integrations.lineage.asking.roles import Role
from integrations.lineage.finding.endpoints import Reads, endpoint_contexts
from integrations.lineage.finding.named import find
from integrations.lineage.graph import Direction, Kind, Vertex
from integrations.lineage.ports import Listed
from integrations.lineage.render.sheet import Sheet, time_text
from integrations.lineage.text import counted

_CAPTURES = "captures"


class Summary(Struct, frozen=True, kw_only=True):
    """The entities around some starts, ordered by role and distance."""

    title: str
    starts: tuple[str, ...]
    parts: tuple[Part, ...]

    @property
    def datasets(self) -> int:
        """Return the number of data sets."""
        return sum(part.role == NAMES[Role.DATA] for part in self.parts)

    def sheet(self) -> Sheet:
        """Return one row for each entity."""
        headings = ("Role", "Name", "Type", "Hops", "Source", "Status", "Created", "Properties", "ARN")
        title = f"{self.title}: {counted(len(self.parts), 'entity', 'entities')}, {counted(self.datasets, 'data set')}"
        return Sheet(title, headings, tuple(part_cells(part) for part in self.parts))


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
    before = parts_of(store, walk, contexts, Direction.UP, tuple(Role))
    after = parts_of(store, walk, contexts, Direction.DOWN, (Role.DATA, Role.MONITOR))
    known = {part.entity.arn for part in before}
    parts = (*before, *(_after(part) for part in after if part.entity.arn not in known))
    return Summary(title=f"Endpoint {name}", starts=arns_of(contexts), parts=parts)


def _after(part: Part) -> Part:
    """Return a part that the endpoint wrote. A data set of it is its captures: no model was trained on them."""
    return replace(part, role=_CAPTURES) if part.role == NAMES[Role.DATA] else part


def provenance(store: Reads, walk: Walk, text: str) -> Summary:
    """Return the data sets, jobs, images and models that an entity was made of. Raises `NotFound`."""
    starts = find(store, text)
    roles = (Role.DATA, Role.IMAGE, Role.JOB, Role.MODEL, Role.PACKAGE)
    parts = parts_of(store, walk, starts, Direction.UP, roles)
    made = tuple(part for part in parts if part.entity.arn not in arns_of(starts))
    return Summary(title=f"Origin of {text}", starts=arns_of(starts), parts=made)


def parts_before(store: Reads, walk: Walk, models: Sequence[Vertex]) -> tuple[Part, ...]:
    """Return models with their approval, and the data sets, images and jobs that they were made of."""
    roles = (Role.MODEL, Role.PACKAGE, Role.JOB, Role.DATA, Role.IMAGE)
    return parts_of(store, walk, models, Direction.UP, roles)


def report(store: Reads, walk: Walk, since: datetime, *, require_approval: bool = False) -> Report:
    """Return the artifacts of type Model that were created since a time, with data sets, jobs and approval."""
    listed = store.list(Kind.ARTIFACT, Listed(type="Model", created_after=since, sort_by="CreationTime"))
    models = tuple(_model_report(store, walk, store.describe(vertex.arn, vertex.kind)) for vertex in listed)
    return Report(since=since, require_approval=require_approval, models=models)


def _model_report(store: Reads, walk: Walk, model: Vertex) -> ModelReport:
    parts = parts_of(store, walk, (model,), Direction.UP, (Role.DATA, Role.JOB))
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
    entities = [part.entity for part in parts if part.role == NAMES[role]]
    return tuple((each.source_uri if role == Role.DATA else None) or each.name for each in entities)
