"""The metrics and log groups that are delivered to Sumo Logic."""

from collections.abc import Mapping

from capture_forwarder.configuration.observability import ObservabilitySettings
from capture_forwarder.configuration.sumo import JobLogs
from integrations.observability.audit import endpoint_group
from integrations.observability.metric_names import (
    ALLOWED,
    COMPONENTS,
    ENDPOINTS,
    INSTANCES,
    PIPELINES,
    PROCESSING_JOBS,
    TRAINING_JOBS,
    TRANSFORM_JOBS,
)

# CloudWatch is case-sensitive: the page writes `AWS/Sagemaker`, which has no metrics.
NAMESPACES = (ENDPOINTS, INSTANCES, COMPONENTS, PIPELINES, PROCESSING_JOBS, TRAINING_JOBS, TRANSFORM_JOBS)
# The log groups of jobs have the names of the namespaces of their metrics:
# https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html
_GROUPS: Mapping[JobLogs, str] = {
    JobLogs.PROCESSING: PROCESSING_JOBS,
    JobLogs.TRAINING: TRAINING_JOBS,
    JobLogs.TRANSFORM: TRANSFORM_JOBS,
}


def delivered_metrics() -> Mapping[str, tuple[str, ...]]:
    """Return the names of the delivered metrics by namespace: those of SageMaker, and no others."""
    return {name: tuple(sorted(metric for space, metric in ALLOWED if space == name)) for name in NAMESPACES}


def delivered_groups(settings: ObservabilitySettings) -> tuple[str, ...]:
    """Return the delivered log groups: those of the listed endpoints, and of `job_logs`; none without a secret.

    Each must exist at the deployment, because a subscription needs it.
    """
    if settings.sumo is None or settings.sumo.logs_url_secret is None:
        return ()
    endpoints = dict.fromkeys(endpoint_group(each.name) for each in settings.endpoint)
    return (*endpoints, *(_GROUPS[each] for each in settings.sumo.job_logs))
