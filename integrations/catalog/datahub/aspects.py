"""Nodes of the catalog as aspects of DataHub."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from datahub.emitter.mce_builder import (
    datahub_guid,
    make_data_platform_urn,
    make_global_tag_aspect_with_tag_list,
    make_ownership_aspect_from_urn_list,
    make_user_urn,
)
from datahub.emitter.mcp import MetadataChangeProposalWrapper
from datahub.emitter.mcp_builder import entity_supports_aspect
from datahub.ingestion.api.workunit import MetadataWorkUnit
from datahub.metadata.schema_classes import (
    BrowsePathsClass,
    DataFlowInfoClass,
    DataJobInfoClass,
    DataJobInputOutputClass,
    DataPlatformInfoClass,
    DatasetPropertiesClass,
    MLModelPropertiesClass,
    OwnershipTypeClass,
    PlatformTypeClass,
    SubTypesClass,
    TimeStampClass,
    VersioningSchemeClass,
    VersionPropertiesClass,
    VersionTagClass,
    _Aspect,
)
from datahub.metadata.urns import VersionSetUrn

from integrations.catalog.datahub.lineage import Links
from integrations.catalog.datahub.schema import schema_of
from integrations.catalog.datahub.urns import FOREIGN, urn_of
from integrations.catalog.nodes import SAGEMAKER, Entity, Node

_VERSION_DIGITS = 9


def aspects_of(node: Node, env: str, links: Links, training_jobs: Iterable[str] = ()) -> Iterator[MetadataWorkUnit]:
    """Yield the aspects of a node; of one that `extends` an entity of DataHub's source its tags and owners only.

    `training_jobs` are the URNs of the jobs that made the data of a model package.
    """
    urn = urn_of(node.key, env)
    found: list[_Aspect] = []
    if not node.extends:
        found += _own_aspects(node, urn, links, sorted(training_jobs))
        if node.subtype:
            found.append(SubTypesClass(typeNames=[node.subtype.value]))
    if tags := sorted(tag for tag in node.tags if tag):
        found.append(make_global_tag_aspect_with_tag_list(tags))
    # DataHub's source gives a group the owner that this node names too.
    owners = [make_user_urn(owner) for owner in node.owners if owner]
    if owners and not (node.extends and node.key.entity is Entity.MODEL_GROUP):
        found.append(make_ownership_aspect_from_urn_list(owners, None, OwnershipTypeClass.DATAOWNER))
    for aspect in found:
        if entity_supports_aspect(node.key.entity.value, type(aspect)):
            yield MetadataChangeProposalWrapper(entityUrn=urn, aspect=aspect).as_workunit()


def _own_aspects(node: Node, urn: str, links: Links, training_jobs: list[str]) -> list[_Aspect]:
    match node.key.entity:
        case Entity.DATA_FLOW:
            return [_flow(node)]
        case Entity.DATA_JOB:
            return [_job(node, urn), _inputs_and_outputs(urn, links)]
        case Entity.DATASET:
            platform = make_data_platform_urn(node.key.platform)
            schema = schema_of(node.label, platform, node.attributes) if node.attributes else None
            return [_data_set(node), *([schema] if schema else ())]
        case Entity.MODEL:
            return _package(node, urn, links, training_jobs)
        case Entity.MODEL_GROUP | Entity.DEPLOYMENT | Entity.FEATURE_TABLE:
            return []  # DataHub's source makes all of these


def _flow(node: Node) -> DataFlowInfoClass:
    return DataFlowInfoClass(
        name=node.label,
        description=node.description or None,
        externalUrl=node.url or None,
        customProperties=node.properties,
        created=_stamp(node.created),
    )


def _job(node: Node, urn: str) -> DataJobInfoClass:
    return DataJobInfoClass(
        name=node.label,
        type="SAGEMAKER" if node.key.platform == SAGEMAKER else "FORWARDER",
        flowUrn=urn.removeprefix("urn:li:dataJob:(").rpartition("),")[0] + ")",
        description=node.description or None,
        externalUrl=node.url or None,
        customProperties=node.properties,
        created=_stamp(node.created),
    )


def _inputs_and_outputs(urn: str, links: Links) -> DataJobInputOutputClass:
    return DataJobInputOutputClass(
        inputDatasets=links.inputs(urn), outputDatasets=links.outputs(urn), inputDatajobs=links.preceding(urn)
    )


def _data_set(node: Node) -> DatasetPropertiesClass:
    return DatasetPropertiesClass(
        name=node.label,
        description=node.description or None,
        externalUrl=node.url or None,
        customProperties=node.properties,
        created=_stamp(node.created),
    )


def _package(node: Node, urn: str, links: Links, training_jobs: list[str]) -> list[_Aspect]:
    """Return the aspects of a model package: it leads from its training jobs to the variants of its models."""
    group = node.key.name.rpartition("/")[0]
    serving = sorted({job for model in links.models_of(urn) for job in links.serving(model)})
    details = MLModelPropertiesClass(
        name=node.label,
        description=node.description or None,
        externalUrl=node.url or None,
        customProperties=node.properties,
        date=_millis(node.created),
        version=VersionTagClass(versionTag=node.version) if node.version else None,
        groups=links.groups(urn),
        trainingJobs=training_jobs,
        downstreamJobs=serving,
    )
    paths = BrowsePathsClass(paths=[f"/sagemaker/{group}" if group else "/sagemaker"])
    return [details, paths, *([_version(node, group, urn)] if node.version and group else ())]


def _version(node: Node, group: str, urn: str) -> VersionPropertiesClass:
    """Return the place of a package among the versions of its group; sortable as text, as DataHub orders them."""
    identity = {"platform": node.key.platform, "group": group, "env": urn.rpartition(",")[2]}
    return VersionPropertiesClass(
        versionSet=str(VersionSetUrn(id=datahub_guid(identity), entity_type="mlModel")),
        version=VersionTagClass(versionTag=node.version),
        sortId=node.version.zfill(_VERSION_DIGITS),
        versioningScheme=VersioningSchemeClass.LEXICOGRAPHIC_STRING,
    )


def platforms_of(nodes: Iterable[Node]) -> Iterator[MetadataWorkUnit]:
    """Yield the names of the platforms that DataHub does not know: the forwarder, and the kinds of destinations."""
    platforms = {node.key.platform for node in nodes} - {SAGEMAKER, *FOREIGN}
    for platform in sorted(platforms):
        info = DataPlatformInfoClass(
            name=platform,
            displayName=platform.replace("-", " ").title(),
            type=PlatformTypeClass.OTHERS,
            datasetNameDelimiter="/",
        )
        urn = make_data_platform_urn(platform)
        yield MetadataChangeProposalWrapper(entityUrn=urn, aspect=info).as_workunit(is_primary_source=False)


def _millis(time: datetime | None) -> int | None:
    return int(time.timestamp() * 1000) if time else None


def _stamp(time: datetime | None) -> TimeStampClass | None:
    return TimeStampClass(time=int(time.timestamp() * 1000)) if time else None
