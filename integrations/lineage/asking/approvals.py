"""Whether a model is approved: by the properties of its artifact, or by the status of its model package."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum

from msgspec import Struct

from integrations.lineage.asking.found import described
from integrations.lineage.asking.roles import is_model, package_arn
from integrations.lineage.errors import Denied, Invalid, NotFound
from integrations.lineage.finding.endpoints import Reads
from integrations.lineage.graph import Kind, Vertex
from integrations.lineage.planning.limits import MAX_VALUE_CHARS, line_problems
from integrations.lineage.ports import Change, LinksListed, WritesLineage
from integrations.lineage.render.sheet import time_text
from integrations.lineage.text import visible

_MAX_PROPERTIES = 30
_MAX_PACKAGE_NOTE_CHARS = 1024  # of ApprovalDescription, by botocore's model of UpdateModelPackage
_DERIVED = "DerivedFrom"


class Status(StrEnum):
    """The values of ModelApprovalStatus, and two for models without one status."""

    APPROVED = "Approved"
    REJECTED = "Rejected"
    PENDING = "PendingManualApproval"
    UNKNOWN = "Unknown"
    MIXED = "Mixed"
    """The packages of one model have different statuses."""


_PROPERTY = {Status.APPROVED: "true", Status.REJECTED: "false", Status.PENDING: "pending"}
_STATUSES = {text: status for status, text in _PROPERTY.items()} | {
    status.value.casefold(): status for status in _PROPERTY
}


class Approval(Struct, frozen=True, kw_only=True):
    """The approval of a model. `where` is the ARN of the artifact or the package that says it."""

    status: Status
    by: str | None = None
    at: str | None = None
    note: str | None = None
    where: str | None = None


class PackageStatus(Struct, frozen=True, kw_only=True):
    """The step that records the approval of a model package."""

    package: str
    status: Status
    note: str


def approval_of(store: Reads, model: Vertex) -> Approval:
    """Return the approval of a described model.

    The property `approved` of its artifact counts first: `true`, `false` or `pending`. Else its model package counts,
    or the packages that were made of it, if they agree.
    """
    if found := _of_properties(model):
        return found
    statuses = [_of_package(store, arn) for arn in _packages(store, model)]
    if not statuses:
        return Approval(status=Status.UNKNOWN)
    if len({each.status for each in statuses}) == 1:
        return statuses[0]
    note = ", ".join(f"{each.where} {each.status.value}" for each in statuses)
    return Approval(status=Status.MIXED, note=note)


def parse_status(text: str) -> Status:
    """Return the status that a person writes: approved, rejected or pending, in any case. Raises `Invalid`."""
    lower = text.casefold()
    for status in _PROPERTY:
        if lower in (status.value.casefold(), status.name.casefold()):
            return status
    raise Invalid(f"{visible(text)} is no status; give approved, rejected or pending")


def approve(model: Vertex, status: Status, by: str, note: str | None, now: datetime) -> Change | PackageStatus:
    """Return the step that records an approval: a change of the artifact, or the new status of its package.

    Raises `Invalid` if the entity is no model, has no room for the properties, or if the texts are too long.
    """
    check_texts(by, note)
    if not is_model(model):
        raise Invalid(f"{model.arn} has the type {visible(model.type) or '(none)'}; only models are approved")
    if package := package_arn(model):
        text = f"{note} (by {by})" if note else f"by {by}"
        _refuse([*line_problems("--note with --by", text, 1, _MAX_PACKAGE_NOTE_CHARS)])
        return PackageStatus(package=package, status=status, note=text)
    added = {"approved": _PROPERTY[status], "approver": by, "approval_date": time_text(now)}
    added |= {"approval_note": note} if note else {}
    old = model.details.properties if model.details else {}
    properties = {**old, **added}
    if len(properties) > _MAX_PROPERTIES:
        raise Invalid(
            f"{model.arn} has {len(old)} properties, and the approval needs {len(added)}; SageMaker keeps at most "
            f"{_MAX_PROPERTIES}: remove some"
        )
    removed = ("approval_note",) if not note and "approval_note" in old else ()
    kept = {key: value for key, value in properties.items() if key not in removed}
    return Change(kind=Kind.ARTIFACT, arn=model.arn, properties=kept, removed=removed)


def check_texts(by: str, note: str | None) -> None:
    """Raise `Invalid` with the problems of --by and --note that every model has, before the first call."""
    problems = [*line_problems("--by", by.strip(), 1, MAX_VALUE_CHARS)]
    _refuse([*problems, *line_problems("--note", note or "", 0, MAX_VALUE_CHARS)])


def _refuse(problems: Sequence[str]) -> None:
    if problems:
        raise Invalid("\n".join(problems))


def sentence(step: Change | PackageStatus) -> str:
    """Return the step of `approve` as a sentence. Its texts are escaped."""
    if isinstance(step, PackageStatus):
        return visible(f"{step.package}: ModelApprovalStatus={step.status.value}, ApprovalDescription={step.note}")
    pairs = ", ".join(f"{key}={value}" for key, value in sorted((step.properties or {}).items()))
    return visible(f"{step.arn}: {pairs}")


def run(writes: WritesLineage, step: Change | PackageStatus) -> None:
    """Do the step of `approve`."""
    if isinstance(step, PackageStatus):
        writes.approve_package(step.package, step.status.value, step.note)
    else:
        writes.update(step)


def _of_properties(model: Vertex) -> Approval | None:
    properties: Mapping[str, str] = model.details.properties if model.details else {}
    text = properties.get("approved")
    if text is None:
        return None
    return Approval(
        status=_STATUSES.get(text.strip().casefold(), Status.UNKNOWN),
        by=properties.get("approver") or properties.get("reviewer"),
        at=properties.get("approval_date"),
        note=properties.get("approval_note"),
        where=model.arn,
    )


def _packages(store: Reads, model: Vertex) -> Iterator[str]:
    """Yield the package that a model is, or those that were made of it. A later version has its own approval."""
    if own := package_arn(model):
        yield own
        return
    links = [link.edge for link in store.links(LinksListed(source=model.arn)) if link.edge.type != _DERIVED]
    for arn in sorted({edge.destination for edge in links if ":artifact/" in edge.destination}):
        vertex = described(store, Vertex(arn=arn, kind=Kind.ARTIFACT, type=""))
        if is_model(vertex) and (package := package_arn(vertex)):
            yield package


def _of_package(store: Reads, arn: str) -> Approval:
    try:
        package = store.model_package(arn)
    except (NotFound, Denied) as error:
        return Approval(status=Status.UNKNOWN, note=str(error), where=arn)
    status = package.get("ModelApprovalStatus")
    known = Status(status) if status in {each.value for each in _PROPERTY} else Status.UNKNOWN
    modified = package.get("LastModifiedTime")
    return Approval(
        status=known,
        at=time_text(modified.astimezone(UTC)) if isinstance(modified, datetime) else None,
        note=package.get("ApprovalDescription"),
        where=arn,
    )
