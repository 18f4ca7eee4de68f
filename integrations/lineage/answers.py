"""The requests and answers of SageMaker's lineage calls as values."""

from collections.abc import Mapping, Sequence
from typing import Any

from integrations.lineage.arns import kind_of
from integrations.lineage.graph import Details, Edge, Kind, Vertex
from integrations.lineage.ports import Change, Link, LinksListed, Listed, NewEntity, Page, Query

_MAX_RESULTS = 50


def query_request(query: Query) -> dict[str, Any]:
    """Return the request of QueryLineage."""
    request: dict[str, Any] = {
        "StartArns": [query.start],
        "Direction": query.direction,
        "IncludeEdges": query.edges,
        "MaxDepth": query.depth,
        "MaxResults": _MAX_RESULTS,
    }
    return request | _given(Filters=query.filters or None, NextToken=query.token)


def page(answer: Mapping[str, Any]) -> Page:
    """Return a page of QueryLineage's answer. An answer has no token if it is the last."""
    vertices = tuple(_vertex(each) for each in answer.get("Vertices", ()))
    edges = tuple(_edge(each) for each in answer.get("Edges", ()))
    return Page(vertices, edges, answer.get("NextToken") or None)


def list_request(kind: Kind, listed: Listed) -> dict[str, Any]:
    """Return the request of ListArtifacts, ListActions, ListContexts or ListTrialComponents."""
    components = kind == Kind.TRIAL_COMPONENT
    return _given(
        **{"SourceArn" if components else "SourceUri": listed.source_uri},
        **({} if components else {f"{kind}Type": listed.type}),
        CreatedAfter=listed.created_after,
        CreatedBefore=listed.created_before,
        SortBy=listed.sort_by,
        SortOrder="Ascending" if listed.ascending else "Descending",
    )


def described(kind: Kind, answer: Mapping[str, Any]) -> Vertex:
    """Return the entity of a Describe call's answer, or of one entry of a list."""
    source = answer.get("Source") or {}
    details = Details(
        name=answer.get(f"{kind}Name"),
        source_uri=source.get("SourceUri", source.get("SourceArn")),
        source_types=_source_types(source),
        status=_status(answer.get("Status")),
        description=answer.get("Description"),
        properties=dict(answer.get("Properties") or {}),
        metadata=dict(answer.get("MetadataProperties") or {}),
        created=answer.get("CreationTime"),
        modified=answer.get("LastModifiedTime"),
        created_by=_person(answer.get("CreatedBy")),
        modified_by=_person(answer.get("LastModifiedBy")),
    )
    type_ = source.get("SourceType") if kind == Kind.TRIAL_COMPONENT else answer.get(f"{kind}Type")
    return Vertex(arn=answer[f"{kind}Arn"], kind=kind, type=type_ or "", details=details)


def links_request(listed: LinksListed) -> dict[str, Any]:
    """Return the request of ListAssociations."""
    return _given(
        SourceArn=listed.source,
        DestinationArn=listed.destination,
        SourceType=listed.source_type,
        DestinationType=listed.destination_type,
        AssociationType=listed.type,
        CreatedAfter=listed.created_after,
        CreatedBefore=listed.created_before,
    )


def link(answer: Mapping[str, Any]) -> Link:
    """Return one entry of ListAssociations' answer."""
    return Link(
        edge=_edge(answer),
        source_name=answer.get("SourceName") or "",
        source_type=answer.get("SourceType") or "",
        destination_name=answer.get("DestinationName") or "",
        destination_type=answer.get("DestinationType") or "",
        created=answer.get("CreationTime"),
        created_by=_person(answer.get("CreatedBy")),
    )


def create_request(entity: NewEntity) -> dict[str, Any]:
    """Return the request of CreateArtifact, CreateAction or CreateContext."""
    source: dict[str, Any] = {"SourceUri": entity.source_uri}
    if entity.kind == Kind.ARTIFACT and entity.source_types:
        source["SourceTypes"] = [{"SourceIdType": name, "Value": value} for name, value in entity.source_types]
    elif entity.source_types:
        ((type_, id_),) = entity.source_types
        source |= _given(SourceType=type_ or None, SourceId=id_ or None)
    return _given(
        **{f"{entity.kind}Name": entity.name, f"{entity.kind}Type": entity.type},
        Source=source,
        Status=entity.status,
        Description=entity.description,
        Properties=dict(entity.properties) or None,
        MetadataProperties=dict(entity.metadata) or None,
        Tags=tag_list(entity.tags) or None,
    )


def update_request(change: Change) -> dict[str, Any]:
    """Return the request of UpdateArtifact, UpdateAction or UpdateContext."""
    return identity(change.kind, change.arn, change.name) | _given(
        Properties=None if change.properties is None else dict(change.properties),
        PropertiesToRemove=list(change.removed) or None,
        Status=change.status,
        Description=change.description,
        ArtifactName=change.new_name,
    )


def identity(kind: Kind, arn: str, name: str | None) -> dict[str, str]:
    """Return how updates and deletions name an entity: artifacts by ARN, others by name."""
    return {"ArtifactArn": arn} if kind == Kind.ARTIFACT else {f"{kind}Name": name or arn.rsplit("/", 1)[-1]}


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return tags as the API writes them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _vertex(answer: Mapping[str, Any]) -> Vertex:
    kind = kind_of(answer["Arn"]) or Kind(answer["LineageType"])
    return Vertex(arn=answer["Arn"], kind=kind, type=answer.get("Type") or "")


def _edge(answer: Mapping[str, Any]) -> Edge:
    return Edge(answer["SourceArn"], answer["DestinationArn"], answer.get("AssociationType"))


def _source_types(source: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    listed: Sequence[Mapping[str, str]] = source.get("SourceTypes") or ()
    if listed:
        return tuple((each["SourceIdType"], each["Value"]) for each in listed)
    if source.get("SourceId") or (source.get("SourceType") and "SourceUri" in source):
        return ((source.get("SourceType") or "", source.get("SourceId") or ""),)
    return ()


def _status(answer: Any) -> str | None:
    """Return the status: a text, or of trial components a structure."""
    return answer.get("PrimaryStatus") if isinstance(answer, Mapping) else answer


def _person(answer: Mapping[str, Any] | None) -> str | None:
    """Return who did something: a user profile of Studio, else an IAM identity."""
    if not answer:
        return None
    identity_ = answer.get("IamIdentity") or {}
    return answer.get("UserProfileName") or answer.get("UserProfileArn") or identity_.get("Arn")


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
