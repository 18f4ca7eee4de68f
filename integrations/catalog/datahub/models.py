"""Endpoints, model groups and models: DataHub's processor on answers that were read before, with exact links."""

from collections.abc import Callable, Iterator
from typing import Any

import jmespath
from datahub.ingestion.api.workunit import MetadataWorkUnit
from datahub.ingestion.source.aws.sagemaker_processors.jobs import JobDirection, JobKey, JobProcessor, ModelJob
from datahub.ingestion.source.aws.sagemaker_processors.lineage import LineageInfo
from datahub.ingestion.source.aws.sagemaker_processors.models import ModelProcessor
from datahub.metadata.schema_classes import BrowsePathsClass, DeploymentStatusClass, MLHyperParamClass, MLMetricClass
from datahub.metadata.urns import MlModelGroupUrn

from integrations.catalog.datahub.config import SagemakerCaptureConfig
from integrations.catalog.datahub.lineage import Links
from integrations.catalog.datahub.report import CaptureReport
from integrations.catalog.datahub.snapshots import NO_CLIENT, snapshot_of
from integrations.catalog.values import Document, Estate

# Statuses that DataHub's map lacks (F14).
_STATUSES = {"UpdateRollbackFailed": DeploymentStatusClass.FAILED}
# Where a description has the addresses of a model's data (F15).
_DATA = jmespath.compile(
    "[PrimaryContainer, Containers[], InferenceSpecification.Containers[]][][]"
    ".[ModelDataUrl, ModelDataSource.S3DataSource.S3Uri][]"
)


class Models(ModelProcessor):
    """Makes deployments, groups and models. `links` has the endpoints, variants and groups of each model."""

    def __init__(
        self,
        estate: Estate,
        jobs: JobProcessor | None,
        links: Links,
        config: SagemakerCaptureConfig,
        report: CaptureReport,
        region: str,
    ) -> None:
        super().__init__(
            sagemaker_client=NO_CLIENT, env=config.env, report=report, lineage=LineageInfo(), aws_region=region
        )
        if jobs:
            self.model_image_to_jobs = jobs.model_image_to_jobs
            self.model_name_to_jobs = jobs.model_name_to_jobs
        self._estate = estate
        self._links = links
        self._config = config
        self._report = report

    def get_workunits(self) -> Iterator[MetadataWorkUnit]:
        """Yield endpoints, groups and models, each in the order of names. A malformed one is a failure."""
        estate, report = self._estate, self._report
        endpoints = estate.endpoints if self._config.extract_models else ()
        yield from self._each(
            "endpoint", [each.endpoint_arn for each in endpoints], self.get_endpoint_wu, report.report_endpoint_scanned
        )
        groups = sorted(each.model_package_group_arn for each in estate.groups)
        yield from self._each("model group", groups, self.get_group_wu, report.report_group_scanned)
        models = [each.model_arn for each in estate.models]
        yield from self._each("model", models, self._model, report.report_model_scanned)

    def _each(
        self, kind: str, arns: list[str], make: Callable[[Any], MetadataWorkUnit], count: Callable[[], None]
    ) -> Iterator[MetadataWorkUnit]:
        for arn in sorted(arns):
            with self._report.skipping(kind, arn):
                unit = make(self._estate.documents[arn])
                count()
                yield unit

    def get_endpoint_wu(self, endpoint_details: Any) -> MetadataWorkUnit:
        """Return the work unit of an endpoint."""
        return _without_invented_time(super().get_endpoint_wu(endpoint_details), endpoint_details, "createdAt")

    def get_group_wu(self, group_details: Any) -> MetadataWorkUnit:
        """Return the work unit of a model group."""
        return _without_invented_time(super().get_group_wu(group_details), group_details, "createdAt")

    def get_endpoint_status(self, endpoint_name: str, endpoint_arn: str, sagemaker_status: str) -> str:
        """Return the status of an endpoint. DataHub's code calls this with the ARN first (F14)."""
        known = _STATUSES.get(sagemaker_status)
        return known or super().get_endpoint_status(endpoint_arn, endpoint_name, sagemaker_status)

    def get_model_endpoints(self, *_: Any, **__: Any) -> list[str]:
        """Return no endpoint: those of an image are other models' too (F2). `links` has the exact ones."""
        return []

    def _model(self, document: Document) -> MetadataWorkUnit:
        unit = _without_invented_time(self.get_model_wu(document, {}), document, "date")
        snapshot = snapshot_of(unit)
        details, urn = snapshot.aspects[0], snapshot.urn
        details.deployments = self._links.deployments(urn)
        details.groups = self._links.groups(urn)
        details.downstreamJobs = sorted({*details.downstreamJobs, *self._links.serving(urn)})
        if names := [MlModelGroupUrn.from_string(group).name for group in details.groups]:
            snapshot.aspects[1] = BrowsePathsClass(paths=[f"/sagemaker/{name}" for name in names])
        return unit

    def match_model_jobs(
        self, model_details: Any
    ) -> tuple[set[str], set[str], list[MLHyperParamClass], list[MLMetricClass]]:
        """Return training jobs, jobs that use the model, hyperparameters and metrics, by the data of all containers."""
        found: dict[JobKey, ModelJob] = {}
        for address in data_addresses(model_details):
            found |= self.model_image_to_jobs.get(address, {})
        training = {key: job for key, job in found.items() if key.job_direction is JobDirection.TRAINING}
        parameters: dict[str, Any] = {}
        metrics: dict[str, Any] = {}
        for job in training.values():
            parameters |= job.hyperparameters
            metrics |= job.metrics
        keys = {*found, *self.model_name_to_jobs.get(model_details.get("ModelName"), {})}
        return (
            {key.job_urn for key in keys if key.job_direction is JobDirection.TRAINING},
            {key.job_urn for key in keys if key.job_direction is JobDirection.DOWNSTREAM},
            [MLHyperParamClass(name=name, value=_unquoted(str(parameters[name]))) for name in sorted(parameters)],
            [MLMetricClass(name=name, value=_unquoted(str(metrics[name]))) for name in sorted(metrics)],
        )


def data_addresses(document: Document) -> list[str]:
    """Return the addresses of the data of all containers of a model or of a model package, each once."""
    return list(dict.fromkeys(each for each in _DATA.search(document) or () if isinstance(each, str)))


def _unquoted(text: str) -> str:
    """Return a value without the quotes around it: SageMaker's SDK writes hyperparameters as JSON (F15)."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def _without_invented_time(unit: MetadataWorkUnit, document: Document, field: str) -> MetadataWorkUnit:
    """DataHub's code takes the present for a time that is missing, so that every run would differ (F8)."""
    if "CreationTime" not in document:
        setattr(snapshot_of(unit).aspects[0], field, None)
    return unit
