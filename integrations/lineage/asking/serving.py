"""The model that served a captured call: the deployment of the endpoint that was in force at the time of the call."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from integrations.lineage.asking.found import Found, described, name_cell
from integrations.lineage.asking.parts import Part
from integrations.lineage.asking.questions import Walk
from integrations.lineage.asking.reaching import Place, neighbours
from integrations.lineage.asking.reports import parts_before
from integrations.lineage.asking.roles import is_deployment, is_model
from integrations.lineage.errors import NotFound
from integrations.lineage.finding.endpoints import Reads, endpoint_contexts
from integrations.lineage.graph import Direction, Vertex
from integrations.lineage.render.sheet import Sheet, time_text
from integrations.lineage.text import visible


class Call(Struct, frozen=True, kw_only=True):
    """One captured call of an endpoint. The variant is None if the capture's key does not name it."""

    id: str
    endpoint: str
    variant: str | None
    at: datetime
    capture: str | None = None
    """Where the capture record is: the address of its file, and its line."""


class Served(Struct, frozen=True, kw_only=True):
    """The candidates for a call: models, each with its origin. `notes` say why there is not exactly one."""

    call: Call
    deployments: tuple[Found, ...]
    models: tuple[Found, ...]
    origin: tuple[Part, ...]
    notes: tuple[str, ...]

    @property
    def ambiguous(self) -> bool:
        """Return whether the lineage does not say which model served the call."""
        return bool(self.notes)

    def sheet(self) -> Sheet:
        """Return one row for the endpoint, each deployment, each model, and each entity of their origin."""
        headings = ("Role", "Name", "Type", "Source", "Status", "Created", "ARN")
        call = self.call
        first: tuple[str, ...] = ("call", call.id, call.variant or "", call.capture or "", "", time_text(call.at), "")
        rows: list[tuple[str, ...]] = [("endpoint", call.endpoint, "", "", "", "", "")]
        rows += [_cells("deployment", each) for each in self.deployments]
        rows += [_cells(part.role, part.entity, part) for part in self.origin]
        return Sheet(f"Call {call.id}", headings, (first, *rows))


def who_served(store: Reads, walk: Walk, call: Call) -> Served:
    """Return the deployment in force at the time of a call, its models, and their jobs, data sets and approvals.

    If there are several candidates all are returned, with a note. A variant narrows them only if the endpoint has not
    been changed since the call, because SageMaker keeps the present configuration only.

    Raises `NotFound` if the endpoint has no lineage.
    """
    contexts = endpoint_contexts(store, call.endpoint)
    graph = walk([vertex.arn for vertex in contexts], Direction.UP)
    sources = neighbours(graph.edges, Direction.UP)
    bare = {vertex.arn: vertex for vertex in graph.vertices}
    near = {arn for context in contexts for arn in sources.get(context.arn, ()) if arn in bare}
    made = [described(store, bare[arn]) for arn in sorted(near) if is_deployment(bare[arn])]
    deployments, notes = in_force(made, call.at)
    found = {arn for each in deployments for arn in sources.get(each.arn, ()) if arn in bare and is_model(bare[arn])}
    models = [described(store, bare[arn]) for arn in sorted(found)]
    models, more = _of_variant(store, models, call)
    candidates = distinct(models, sources)
    notes += [*_unknown_variant(store, call), *(more if len(candidates) > 1 else [])]
    if deployments and not models:
        notes.append("The lineage names no model for this deployment.")
    origin = parts_before(store, walk, models) if models else ()
    return Served(
        call=call,
        deployments=tuple(Found.of(each, Place(1, Direction.UP)) for each in deployments),
        models=tuple(Found.of(each, Place(2, Direction.UP)) for each in models),
        origin=origin,
        notes=tuple(notes),
    )


def in_force(deployments: Sequence[Vertex], at: datetime) -> tuple[list[Vertex], list[str]]:
    """Return the deployments that were in force at a time, and notes if that is not exactly one.

    It is the latest that was created at or before the time. Deployments of the same time, and those without a time, are
    all returned.
    """
    timed = [(created, each) for each in deployments if (created := _created(each))]
    untimed = [each for each in deployments if not _created(each)]
    before = [created for created, _ in timed if created <= at]
    chosen = [each for created, each in timed if before and created == max(before)]
    if not deployments:
        return [], ["The endpoint has no deployment in its lineage."]
    if not chosen and not untimed:
        first = time_text(min(created for created, _ in timed))
        return [], [f"No deployment was in force at {time_text(at)}; the first was created at {first}."]
    found = chosen + untimed
    notes = [f"{len(found)} deployments may have been in force at {time_text(at)}."] if len(found) > 1 else []
    return found, notes


def distinct(models: Sequence[Vertex], sources: Mapping[str, Sequence[str]]) -> list[Vertex]:
    """Return the models that are not the data of another one: a package and its model.tar.gz are one model."""
    arns = {vertex.arn for vertex in models}
    inner = {source for arn in arns for source in sources.get(arn, ()) if source in arns}
    return [vertex for vertex in models if vertex.arn not in inner]


def _of_variant(store: Reads, models: list[Vertex], call: Call) -> tuple[list[Vertex], list[str]]:
    """Return the models of the variant if they can be known, else all, and why."""
    several = f"{len(models)} models may have served the call"
    if call.variant is None:
        return models, [f"{several}: the variant is not known."]
    if len(models) <= 1:
        return models, []
    try:
        endpoint = store.endpoint(call.endpoint)
        if _changed_after(endpoint, call.at):
            return models, [f"{several}: the endpoint was changed after it."]
        sources = _sources(store, str(endpoint["EndpointConfigName"]), call.variant)
    except NotFound:
        return models, [f"{several}: the endpoint, its configuration or its model was deleted."]
    chosen = [model for model in models if model.details and model.details.source_uri in sources]
    if not chosen:
        return models, [f"{several}: the lineage has no model of the variant {visible(call.variant)}."]
    return chosen, [f"{len(chosen)} models serve the variant {visible(call.variant)}."]


def _unknown_variant(store: Reads, call: Call) -> Iterator[str]:
    """Yield a note if the endpoint had no such variant. Only one that was not changed since the call shows that."""
    if call.variant is None:
        return
    try:
        endpoint = store.endpoint(call.endpoint)
    except NotFound:
        return
    parts = ("ProductionVariants", "ShadowProductionVariants")
    names = sorted({str(each["VariantName"]) for part in parts for each in endpoint.get(part, ())})
    if names and call.variant not in names and not _changed_after(endpoint, call.at):
        has = visible(", ".join(names))
        yield f"The endpoint {visible(call.endpoint)} has no variant {visible(call.variant)}; it has {has}."


def _changed_after(endpoint: Mapping[str, Any], at: datetime) -> bool:
    modified = endpoint.get("LastModifiedTime")
    return not isinstance(modified, datetime) or _utc(modified) > at


def _sources(store: Reads, configuration: str, variant: str) -> set[str]:
    """Return the package ARNs and the addresses of model data of a variant."""
    answer = store.endpoint_config(configuration)
    variants = [*answer.get("ProductionVariants", ()), *answer.get("ShadowProductionVariants", ())]
    names = [each["ModelName"] for each in variants if each.get("VariantName") == variant and "ModelName" in each]
    return {source for name in names for source in _of_containers(store.model(name))}


def _of_containers(model: Mapping[str, Any]) -> Iterator[str]:
    for container in [*filter(None, [model.get("PrimaryContainer")]), *model.get("Containers", ())]:
        data = container.get("ModelDataSource", {}).get("S3DataSource", {}).get("S3Uri")
        for source in (container.get("ModelPackageName"), container.get("ModelDataUrl"), data):
            if source:
                yield str(source)


def _created(vertex: Vertex) -> datetime | None:
    return _utc(vertex.details.created) if vertex.details and vertex.details.created else None


def _utc(time: datetime) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _cells(role: str, entity: Found, part: Part | None = None) -> tuple[str, ...]:
    status = part.approval.status.value if part and part.approval else entity.status or ""
    source, created = entity.source_uri or "", time_text(entity.created)
    return (role, name_cell(entity), entity.type, source, status, created, entity.arn or "")
