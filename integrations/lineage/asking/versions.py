"""The versions of a model: the models that were derived from one another, or the packages of one group."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from msgspec import Struct

from integrations.lineage.arns import kind_of
from integrations.lineage.asking.approvals import Approval, approval_of
from integrations.lineage.asking.found import Found, described
from integrations.lineage.asking.reaching import Place
from integrations.lineage.asking.roles import is_model, package_arn
from integrations.lineage.errors import NotFound
from integrations.lineage.finding.endpoints import Reads
from integrations.lineage.finding.named import find
from integrations.lineage.graph import Direction, Kind, Vertex
from integrations.lineage.ports import Link, LinksListed, Listed
from integrations.lineage.render.sheet import Sheet, properties_text, time_text
from integrations.lineage.text import visible

_DERIVED = "DerivedFrom"
_GROUP = re.compile(r"arn:[^:]*:sagemaker:[^:]*:[^:]*:model-package(?:-group)?/([^/]+)").match
_START = datetime.min.replace(tzinfo=UTC)


class Version(Struct, frozen=True, kw_only=True):
    """One version of a model, and the ARNs of the versions that it was derived from."""

    model: Found
    approval: Approval
    derived_from: tuple[str, ...] = ()


class Versions(Struct, frozen=True, kw_only=True):
    """All versions of a model, the oldest first."""

    title: str
    versions: tuple[Version, ...]

    def sheet(self) -> Sheet:
        """Return one row for each version."""
        headings = ("Name", "Created", "Approval", "Approved by", "Derived from", "Source", "Properties", "ARN")
        names = {version.model.arn: version.model.name for version in self.versions}
        rows = tuple(
            (
                version.model.name,
                time_text(version.model.created),
                version.approval.status.value,
                version.approval.by or "",
                ", ".join(names.get(arn, arn) for arn in version.derived_from),
                version.model.source_uri or "",
                properties_text(version.model.properties),
                version.model.arn or "",
            )
            for version in self.versions
        )
        return Sheet(f"{self.title}: {len(rows)}", headings, rows)


def versions(store: Reads, text: str) -> Versions:
    """Return the versions of the model, model package or model package group that `text` names.

    Versions are joined by associations of type DerivedFrom, in any branch. Packages are also joined by their group.

    Raises `NotFound` if `text` names no model.
    """
    starts = _starts(store, text)
    groups = {text} if not starts else {name for vertex in starts if (name := _group_of(vertex))}
    models = {vertex.arn: vertex for vertex in starts if is_model(vertex)}
    models |= {vertex.arn: vertex for vertex in _of_groups(store, groups)}
    if not models:
        raise NotFound(f"{visible(text)} names no model and no model package; give the ARN or the name of one")
    before = _derived(store, models)
    made = [
        Version(
            model=Found.of(vertex, Place(0, Direction.BOTH)),
            approval=approval_of(store, vertex),
            derived_from=tuple(sorted(before[arn])),
        )
        for arn, vertex in models.items()
    ]
    made.sort(key=_order)
    return Versions(title=f"Versions of {text}", versions=tuple(made))


def _order(version: Version) -> tuple[datetime, str]:
    return version.model.created or _START, version.model.arn or ""


def _starts(store: Reads, text: str) -> tuple[Vertex, ...]:
    """Return the entities that `text` names; none if it can only be the name of a package group."""
    try:
        return find(store, text)
    except NotFound:
        if _GROUP(text) or kind_of(text) is None:
            return ()
        raise


def _group_of(vertex: Vertex) -> str | None:
    """Return the name of a package group, if the source of an entity is the group or one of its packages."""
    found = _GROUP((vertex.details.source_uri if vertex.details else None) or "")
    return found[1] if found else None


def _of_groups(store: Reads, groups: set[str]) -> Iterator[Vertex]:
    """Yield the packages of groups. All models are listed: no call lists artifacts by a part of their source."""
    names = {found[1] if (found := _GROUP(group)) else group for group in groups}
    for vertex in store.list(Kind.ARTIFACT, Listed(type="Model")) if names else ():
        if package_arn(vertex) and _group_of(vertex) in names:
            yield store.describe(vertex.arn, Kind.ARTIFACT)


def _derived(store: Reads, models: dict[str, Vertex]) -> dict[str, set[str]]:
    """Return the ARNs that each model was derived from, and add the models found on the way to `models`."""
    before: dict[str, set[str]] = {}
    waiting = list(models)
    while waiting:
        arn = waiting.pop()
        incoming = _models(store.links(LinksListed(destination=arn, type=_DERIVED)), incoming=True)
        outgoing = _models(store.links(LinksListed(source=arn, type=_DERIVED)), incoming=False)
        before[arn] = incoming
        for other in sorted((incoming | outgoing) - models.keys()):
            models[other] = described(store, Vertex(arn=other, kind=Kind.ARTIFACT, type="Model"))
            waiting.append(other)
    return before


def _models(links: Iterable[Link], *, incoming: bool) -> set[str]:
    ends = {
        (link.edge.source, link.source_type) if incoming else (link.edge.destination, link.destination_type)
        for link in links
    }
    return {arn for arn, kind in ends if kind.casefold() in ("model", "modelpackage")}
