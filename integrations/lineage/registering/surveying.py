"""Reads the lineage of a route and its endpoint, with few calls: 10 for one destination, 12 for a model package."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from integrations.lineage.errors import Invalid, NotFound
from integrations.lineage.graph import Kind, Vertex
from integrations.lineage.ports import Link, LinksListed, Listed, ReadsLineage
from integrations.lineage.registering.registration import (
    DATA_SET,
    ENDPOINT,
    FORWARDING,
    ROUTE,
    STOPPED,
    Known,
    Place,
    Registration,
    context_name,
    names,
)
from integrations.lineage.text import visible

_DEPLOYMENT, _MODEL = "ModelDeployment", "Model"
_NEVER = datetime(1, 1, 1, tzinfo=UTC)


class ReadsEndpoints(Protocol):
    """Reads endpoints."""

    def endpoint(self, name: str) -> Mapping[str, Any]:
        """Return DescribeEndpoint's answer. Raises `NotFound`."""
        ...


class Reads(ReadsLineage, ReadsEndpoints, Protocol):
    """All calls that a survey makes."""


def survey(reads: Reads, registration: Registration, chosen: str | None = None) -> tuple[Known, list[str]]:
    """Return the known entities of a route and its endpoint, and warnings.

    Args:
        reads: Makes the calls.
        registration: The route.
        chosen: The name of the endpoint; by default the prefix names it.

    Raises:
        NotFound: There is no such endpoint.
        Invalid: The endpoint captures to another place.
    """
    name, described = _endpoint(reads, registration, chosen)
    arn = described["EndpointArn"]
    capture_uri = _capture_uri(registration, name, described)
    context = _context(reads, name, arn)
    model, warnings = _model(reads, name, context)
    captures = _artifact(reads, capture_uri, DATA_SET)
    outgoing = list(reads.links(LinksListed(source=captures))) if captures else []
    own = [names(registration, name, target, Place.of(arn)).forwarding for target in registration.targets]
    forwardings = dict(_found(reads, own))
    uris = dict.fromkeys(target.source_uri for target in registration.targets)
    monitored = {uri: artifact for uri in uris if (artifact := _artifact(reads, uri))}
    known = Known(
        endpoint=name,
        endpoint_arn=arn,
        capture_uri=capture_uri,
        context=context,
        model=model,
        captures=captures,
        forwardings=forwardings,
        monitored=monitored,
        edges=frozenset(_edges(reads, [*filter(None, [captures]), *monitored.values()], outgoing)),
        stale=tuple(_stale(reads, registration, outgoing, own)),
    )
    return known, warnings


def _edges(reads: Reads, destinations: Sequence[str], outgoing: Sequence[Link]) -> Iterator[tuple[str, str]]:
    """Yield the ends of the associations to some entities, and of those that were read already."""
    into = (link for arn in destinations for link in reads.links(LinksListed(destination=arn)))
    yield from ((link.edge.source, link.edge.destination) for link in (*outgoing, *into))


def _endpoint(reads: Reads, registration: Registration, chosen: str | None) -> tuple[str, Mapping[str, Any]]:
    """Return the name of the endpoint and its description."""
    candidates = (chosen,) if chosen else registration.endpoints
    for name in candidates:
        try:
            return name, reads.endpoint(name)
        except NotFound:
            continue
    tried = (
        f"there is no endpoint {visible(' or '.join(candidates))} in this region"
        if candidates
        else "its prefix names none"
    )
    raise NotFound(f"{tried}; name the endpoint of {registration.uri} by --endpoint, or deploy it first")


def _capture_uri(registration: Registration, name: str, described: Mapping[str, Any]) -> str:
    """Return the S3 URI of the captures of the endpoint that the route covers.

    SageMaker writes them to DestinationS3Uri/ENDPOINT/VARIANT/yyyy/mm/dd/hh/. The route may cover one variant only.
    """
    destination = described.get("DataCaptureConfig", {}).get("DestinationS3Uri")
    if not destination:
        return registration.uri if name in registration.endpoints else f"{registration.uri}{name}/"
    folder = f"{destination.rstrip('/')}/{name}/"
    if folder.startswith(registration.uri):
        return folder
    if registration.uri.startswith(folder):
        return registration.uri
    raise Invalid(
        f"the endpoint {name} captures to {folder}, and the route reads {registration.uri}; "
        "name another endpoint by --endpoint, or correct the prefix"
    )


def _context(reads: Reads, name: str, endpoint_arn: str) -> str | None:
    """Return the ARN of SageMaker's context of the endpoint, else of ours, else of any other."""
    found = list(reads.list(Kind.CONTEXT, Listed(source_uri=endpoint_arn, type=ENDPOINT)))
    theirs = [vertex for vertex in found if vertex.label != context_name(name)]
    return min(vertex.arn for vertex in theirs or found) if found else None


def _model(reads: Reads, name: str, context: str | None) -> tuple[str | None, list[str]]:
    """Return the ARN of the artifact of the model of the latest deployment, else a warning."""
    into = reads.links(LinksListed(destination=context)) if context else iter(())
    deployments = [link for link in into if link.source_type == _DEPLOYMENT]
    if not deployments:
        return None, [f"lineage has no deployment of the endpoint {name} yet; no model is associated"]
    latest = max(deployments, key=_age).edge.source
    models = [link.edge.source for link in reads.links(LinksListed(destination=latest)) if link.source_type == _MODEL]
    served = _packages(reads, models) or models
    if len(served) == 1:
        return served[0], []
    found = f"several models: {', '.join(sorted(served))}" if served else "no model"
    return None, [f"the deployment of the endpoint {name} has {found}; none is associated"]


def _age(link: Link) -> tuple[datetime, str]:
    return link.created or _NEVER, link.edge.source


def _packages(reads: Reads, models: Sequence[str]) -> list[str]:
    """Return those of several models that are packages: their source is the ARN of a package."""
    if len(models) < 2:  # noqa: PLR2004 - one model needs no choice
        return []
    found = ((arn, reads.describe(arn, Kind.ARTIFACT).details) for arn in models)
    return [arn for arn, details in found if details and ":model-package/" in (details.source_uri or "")]


def _artifact(reads: Reads, source_uri: str, type_: str | None = None) -> str | None:
    """Return the ARN of the artifact with this source; of several one of `type_`."""
    found = sorted(
        reads.list(Kind.ARTIFACT, Listed(source_uri=source_uri)), key=lambda one: (one.type != type_, one.arn)
    )
    return found[0].arn if found else None


def _found(reads: Reads, own: Sequence[str]) -> Iterator[tuple[str, Vertex]]:
    for name in own:
        try:
            yield name, reads.describe(name, Kind.ACTION)
        except NotFound:
            continue


def _stale(reads: Reads, registration: Registration, outgoing: Sequence[Link], own: Sequence[str]) -> Iterator[Vertex]:
    """Yield the forwardings of this route for a destination or a model that it no longer has."""
    for link in outgoing:
        if link.destination_type != FORWARDING or link.destination_name in own:
            continue
        action = reads.describe(link.edge.destination, Kind.ACTION)
        details = action.details
        if details and details.properties.get(ROUTE) == registration.route and details.status != STOPPED:
            yield action
