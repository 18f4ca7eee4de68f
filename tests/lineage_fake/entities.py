"""The fifteen operations on artifacts, actions and contexts."""

from collections.abc import Mapping
from hashlib import md5
from typing import Any

from tests.lineage_fake.errors import account_full, invalid, not_found
from tests.lineage_fake.modes import ArtifactIdentity, Updates
from tests.lineage_fake.paging import page
from tests.lineage_fake.querying import within
from tests.lineage_fake.records import Call, Entity
from tests.lineage_fake.store import Store

MAX_PROPERTIES = 30
DEFAULT_PAGE = 10
GROUP = "sagemaker-default-lineage-group"
"""A name of the fake: the real one is in no source that was found."""
_LISTED_TYPE_LENGTH = {"Action": 64, "Artifact": 256, "Context": 256}


def create(kind: str, store: Store, call: Call) -> dict[str, Any]:
    """Answer CreateArtifact, CreateAction or CreateContext."""
    name, source = call.get(f"{kind}Name"), call.params["Source"]
    _check_free(kind, name, source, store, call)
    check_room(kind, store, call)
    properties, tags = call.get("Properties") or {}, tags_of(call.get("Tags") or [])
    entity = Entity(
        kind=kind,
        arn=store.arn(kind.lower(), name if kind != "Artifact" else _artifact_id(source)),
        name=name,
        type=call.params[f"{kind}Type"],
        source=source,
        created=call.now,
        modified=call.now,
        number=call.number,
        properties=dict(properties),
        description=call.get("Description"),
        status=call.get("Status"),
        metadata=call.get("MetadataProperties"),
        tags=tags,
    )
    store.add(entity)
    return {f"{kind}Arn": entity.arn}


def tags_of(tags: list[dict[str, str]]) -> dict[str, str]:
    """Return tags by key."""
    by_key = {tag["Key"]: tag["Value"] for tag in tags}
    if len(by_key) < len(tags):
        raise invalid("Duplicate tag keys found.")
    return by_key


def check_room(kind: str, store: Store, call: Call) -> None:
    """Raise ResourceLimitExceeded if the account holds as many of a kind as it may."""
    plural = f"{kind}s"
    limit = getattr(call.modes.limits, plural.lower())
    if store.manual[kind] >= limit:
        raise account_full(plural, limit)


def _check_free(kind: str, name: str | None, source: Mapping[str, Any], store: Store, call: Call) -> None:
    if kind != "Artifact":
        if (kind, name) in store.named:
            raise invalid(f"{kind} with name {name} already exists.")
        return
    for other in store.by_uri[source["SourceUri"]].values():
        by_uri = call.modes.artifact_identity is ArtifactIdentity.URI
        if other.kind == "Artifact" and (by_uri or _types(other.source) == _types(source)):
            raise invalid(f"Artifact with source {source['SourceUri']} already exists: {other.arn}.")


def _types(source: Mapping[str, Any]) -> list[tuple[str, str]]:
    return sorted((each["SourceIdType"], each["Value"]) for each in source.get("SourceTypes") or [])


def _artifact_id(source: Mapping[str, Any]) -> str:
    """Return the id of an artifact. Copies in other accounts have the same id, says the guide."""
    return md5(repr((source["SourceUri"], _types(source))).encode(), usedforsecurity=False).hexdigest()


def describe(kind: str, store: Store, call: Call) -> dict[str, Any]:
    """Answer DescribeArtifact, DescribeAction or DescribeContext. Actions and contexts go by name or ARN."""
    entity = _asked(kind, store, call)
    answer = _summary(entity, whole=True) | {
        "Properties": entity.properties,
        "Description": entity.description,
        "MetadataProperties": entity.metadata,
        "CreatedBy": _creator(store),
        "LastModifiedBy": _creator(store),
        "LineageGroupArn": store.arn("lineage-group", GROUP),
    }
    return {name: value for name, value in answer.items() if value is not None}


def _creator(store: Store) -> dict[str, Any]:
    return {"IamIdentity": {"Arn": f"arn:{store.backend.partition}:iam::{store.backend.account_id}:user/tester"}}


def _asked(kind: str, store: Store, call: Call) -> Entity:
    """Return the entity that the call names."""
    if kind == "Artifact":
        wanted = call.get("ArtifactArn") or _arn_of_source(store, call)
        entity = store.entities.get(wanted)
    else:
        wanted = call.params[f"{kind}Name"]
        entity = store.entities.get(wanted) if wanted.startswith("arn:") else store.named.get((kind, wanted))
    if entity is None or entity.kind != kind or not call.sees(entity):
        raise not_found(f"{kind} {wanted}")
    return entity


def _arn_of_source(store: Store, call: Call) -> str:
    """Return the ARN of the artifact that DeleteArtifact names by its source."""
    source = call.get("Source")
    if not source:
        raise invalid("Either ArtifactArn or Source is required.")
    for other in store.by_uri[source["SourceUri"]].values():
        if other.kind == "Artifact" and _types(other.source) == _types(source):
            return other.arn
    raise not_found(f"Artifact with source {source['SourceUri']}")


def update(kind: str, store: Store, call: Call) -> dict[str, Any]:
    """Answer UpdateArtifact, UpdateAction or UpdateContext."""
    entity = _asked(kind, store, call)
    properties = dict(entity.properties)
    if call.get("Properties") is not None:
        kept = properties if call.modes.updates is Updates.MERGE else {}
        properties = kept | call.params["Properties"]
    for key in call.get("PropertiesToRemove") or []:
        properties.pop(key, None)
    if len(properties) > MAX_PROPERTIES:
        raise invalid(f"{kind} {entity.arn} may have at most {MAX_PROPERTIES} properties.")
    entity.properties = properties
    if kind == "Artifact":
        entity.name = call.get("ArtifactName") or entity.name
    entity.description = entity.description if call.get("Description") is None else call.params["Description"]
    entity.status = call.get("Status") or entity.status
    entity.modified = call.now
    store.version += 1
    return {f"{kind}Arn": entity.arn}


def delete(kind: str, store: Store, call: Call) -> dict[str, Any]:
    """Answer DeleteArtifact, DeleteAction or DeleteContext. An entity with associations stays."""
    entity = _asked(kind, store, call)
    if store.outgoing.get(entity.arn) or store.incoming.get(entity.arn):
        raise invalid(f"{kind} {entity.arn} has associations. Delete them first.")
    store.remove(entity)
    return {f"{kind}Arn": entity.arn}


def listing(kind: str, store: Store, call: Call) -> dict[str, Any]:
    """Answer ListArtifacts, ListActions or ListContexts. Summaries have no properties, description or tags."""
    entries, token = page(store, call, call.get("MaxResults") or DEFAULT_PAGE, lambda: _listed(kind, store, call))
    return {f"{kind}Summaries": [_summary(entity) for entity in entries], "NextToken": token}


def _listed(kind: str, store: Store, call: Call) -> list[Entity]:
    uri, wanted = call.get("SourceUri"), call.get(f"{kind}Type")
    candidates = store.entities if uri is None else store.by_uri[uri]
    found = [
        entity
        for entity in candidates.values()
        if entity.kind == kind
        and wanted in {None, entity.type}
        and within(entity.created, call.get("CreatedAfter"), call.get("CreatedBefore"))
        and call.sees(entity)
    ]
    by_name = call.get("SortBy") == "Name"
    found.sort(
        key=lambda entity: (entity.name if by_name else entity.created, entity.number),
        reverse=call.get("SortOrder") != "Ascending",
    )
    return found


def _summary(entity: Entity, *, whole: bool = False) -> dict[str, Any]:
    kind = entity.kind
    summary = {
        f"{kind}Arn": entity.arn,
        f"{kind}Name": entity.name,
        f"{kind}Type": entity.type if whole else entity.type[: _LISTED_TYPE_LENGTH[kind]],
        "Source": entity.source,
        "CreationTime": entity.created,
        "LastModifiedTime": entity.modified,
    }
    if kind == "Action":
        summary["Status"] = entity.status
    return {name: value for name, value in summary.items() if value is not None}
