"""The source `sagemaker-capture`: DataHub's SageMaker source, corrected, with captures and the forwarder."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from datahub.ingestion.api.common import PipelineContext
from datahub.ingestion.api.decorators import (
    SourceCapability,
    SupportStatus,
    capability,
    config_class,
    platform_name,
    support_status,
)
from datahub.ingestion.api.workunit import MetadataWorkUnit
from datahub.ingestion.source.aws.sagemaker import SagemakerSource
from datahub.ingestion.source.aws.sagemaker_processors.jobs import JobDirection
from datahub.ingestion.source.state.entity_removal_state import GenericCheckpointState
from msgspec.structs import replace

from capture_forwarder.configuration.reader import read_settings
from capture_forwarder.configuration.settings import Settings
from integrations.catalog.building.catalog import build
from integrations.catalog.datahub.aspects import aspects_of, platforms_of
from integrations.catalog.datahub.config import SagemakerCaptureConfig
from integrations.catalog.datahub.documents import shown
from integrations.catalog.datahub.feature_groups import FeatureGroups, store_urn
from integrations.catalog.datahub.instance import with_instance
from integrations.catalog.datahub.jobs import Jobs
from integrations.catalog.datahub.lineage import Links
from integrations.catalog.datahub.models import Models, data_addresses
from integrations.catalog.datahub.options import options_of
from integrations.catalog.datahub.report import CaptureReport
from integrations.catalog.datahub.state import OwnedState
from integrations.catalog.datahub.urns import urn_of
from integrations.catalog.nodes import Entity, Graph, Node
from integrations.catalog.reader import read
from integrations.catalog.values import Estate


@platform_name("SageMaker")
@config_class(SagemakerCaptureConfig)
@support_status(SupportStatus.BETA)
@capability(SourceCapability.LINEAGE_COARSE, "Enabled by default")
@capability(SourceCapability.DELETION_DETECTION, "Enabled by stateful ingestion")
@capability(SourceCapability.PLATFORM_INSTANCE, "Enabled by platform_instance")
@capability(SourceCapability.TAGS, "Enabled by default")
@capability(SourceCapability.OWNERSHIP, "Enabled by default")
@capability(SourceCapability.SCHEMA_METADATA, "The attributes of monitored models")
class SagemakerCaptureSource(SagemakerSource):
    """Extracts the entities of `sagemaker`, and captures, the routes that forward them, and the monitored models.

    - Feature groups, seven types of jobs, endpoints, model groups, models, and the lineage between them
    - Variants of endpoints, inference components, captures, forwarding jobs, monitored models
    - Model packages, pipelines with their steps, monitoring schedules, tags
    """

    source_config: SagemakerCaptureConfig
    report: CaptureReport

    def __init__(self, config: SagemakerCaptureConfig, ctx: PipelineContext) -> None:
        super().__init__(config, ctx)
        self.report = CaptureReport()

    @classmethod
    def create(cls, config_dict: dict[str, Any], ctx: PipelineContext) -> "SagemakerCaptureSource":
        """Return the source of a recipe. Raises pydantic's error with all problems of the recipe."""
        return cls(SagemakerCaptureConfig.model_validate(config_dict), ctx)

    def get_stale_entity_state_type(self) -> type[GenericCheckpointState]:
        """Return the state in which data sets of other sources never count as removed."""
        return OwnedState

    def get_workunits_internal(self) -> Iterable[MetadataWorkUnit]:
        """Read the account, then yield the work units of every entity."""
        options = options_of(self.source_config)
        reading = read(self.sagemaker_client, options)
        graph = build(reading.estate, options, self._forwarder)
        for problem in (*reading.problems, *graph.problems):
            self.report.add(problem)
        self.report.cannot_use_aws = reading.ended
        self.report.event_not_produced_warn = not reading.ended  # the failure says more
        for name in reading.filtered:
            self.report.report_dropped(name)
        yield from with_instance(self._units(_shown(reading.estate, self.source_config), graph), self._instance)

    @property
    def _forwarder(self) -> Settings | None:
        found = self.source_config.forwarder_config
        return read_settings(Path(found)) if found else None

    @property
    def _instance(self) -> str | None:
        return self.source_config.platform_instance

    def _units(self, estate: Estate, graph: Graph) -> Iterator[MetadataWorkUnit]:
        config, report = self.source_config, self.report
        region, documents = self.sagemaker_client.meta.region_name, estate.documents
        made: set[str] = set()
        links = Links(graph, self.env, made)
        groups = [documents[each.feature_group_arn] for each in estate.feature_groups]
        stores = {each["FeatureGroupName"]: urn for each in groups if (urn := store_urn(each, self.env))}
        jobs = Jobs(estate.jobs, documents, stores, links, config, report, region)
        for part in (
            FeatureGroups(groups, config, report),
            jobs,
            Models(estate, jobs, links, config, report, region),
        ):
            for unit in part.get_workunits():
                made.add(unit.get_urn())
                yield unit
        yield from self._added(estate, graph, links, jobs, made)

    def _added(
        self, estate: Estate, graph: Graph, links: Links, jobs: Jobs, made: set[str]
    ) -> Iterator[MetadataWorkUnit]:
        yield from platforms_of(graph.nodes)
        self.report.edges_added = len(graph.edges)
        for node in graph.nodes:
            if node.extends and urn_of(node.key, self.env) not in made:
                continue
            self.report.nodes_added += not node.extends
            yield from aspects_of(node, self.env, links, _training_jobs(node, estate, jobs))


def _shown(estate: Estate, config: SagemakerCaptureConfig) -> Estate:
    values = config.environment_values
    documents = {arn: shown(each, environment_values=values) for arn, each in estate.documents.items()}
    return replace(estate, documents=documents)


def _training_jobs(node: Node, estate: Estate, jobs: Jobs) -> list[str]:
    """Return the jobs that made the data of a model package."""
    if node.key.entity is not Entity.MODEL or node.extends:
        return []
    document = estate.documents.get(node.properties.get("ModelPackageArn", ""), {})
    keys = (key for address in data_addresses(document) for key in jobs.model_image_to_jobs.get(address, {}))
    return sorted({key.job_urn for key in keys if key.job_direction is JobDirection.TRAINING})
