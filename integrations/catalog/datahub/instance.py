"""The platform instance of a recipe: it is in the name of every entity of SageMaker and of the forwarder.

DataHub's source knows no instance, so accounts and regions with equal names collide. Data sets on S3 and Glue keep
their names: those of S3 are unique in AWS, and other sources own them.
"""

import re
from collections.abc import Iterable, Iterator

from datahub.emitter.mce_builder import make_data_platform_urn, make_dataplatform_instance_urn
from datahub.emitter.mcp import MetadataChangeProposalWrapper
from datahub.ingestion.api.workunit import MetadataWorkUnit
from datahub.metadata.schema_classes import DataPlatformInstanceClass
from datahub.utilities.urns.urn_iter import transform_urns

from integrations.catalog.nodes import SAGEMAKER

# Up to the name of an entity; the group is its platform. Features and keys have none.
_BEFORE_NAME = re.compile(
    r"urn:li:(?:(?:mlModel|mlModelGroup|mlModelDeployment|mlFeatureTable|dataset):\(urn:li:dataPlatform:(?!s3,|glue,)"
    r"(?P<entity>[^,]+),|(?:dataJob:\(urn:li:)?dataFlow:\((?P<flow>[^,]+),|(?:mlFeature|mlPrimaryKey):\()"
)


def with_instance(units: Iterable[MetadataWorkUnit], instance: str | None) -> Iterator[MetadataWorkUnit]:
    """Yield the work units with the instance in each URN, and an aspect that names it for each entity."""
    if not instance:
        yield from units
        return
    named: set[str] = set()
    for unit in units:
        transform_urns(unit.metadata, lambda urn: in_instance(urn, instance))
        yield unit
        urn = unit.get_urn()
        if unit.is_primary_source and urn not in named and (found := _BEFORE_NAME.match(urn)):
            named.add(urn)
            yield _aspect(urn, found["entity"] or found["flow"] or SAGEMAKER, instance)


def in_instance(urn: str, instance: str) -> str:
    """Return a URN with the instance before its name, if it is one of SageMaker, the forwarder or a monitor."""
    return _BEFORE_NAME.sub(lambda found: f"{found[0]}{instance}.", urn, count=1) if _BEFORE_NAME.match(urn) else urn


def _aspect(urn: str, platform: str, instance: str) -> MetadataWorkUnit:
    aspect = DataPlatformInstanceClass(
        platform=make_data_platform_urn(platform), instance=make_dataplatform_instance_urn(platform, instance)
    )
    return MetadataChangeProposalWrapper(entityUrn=urn, aspect=aspect).as_workunit()
