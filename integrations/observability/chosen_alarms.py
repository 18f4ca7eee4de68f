"""The alarms that the settings ask for."""

from collections.abc import Iterator

from capture_forwarder.configuration.observability import (
    AlertName,
    EndpointKind,
    EndpointSettings,
    ObservabilitySettings,
)
from integrations.observability import coverage
from integrations.observability.alarms import Alarm
from integrations.observability.alerts import Alert, alert_of
from integrations.observability.metric_names import (
    ALLOWED,
    DELETE_CALLS,
    DENIED_CALLS,
    ENDPOINTS,
    INSTANCES,
    PIPELINES,
    PROCESSING_JOBS,
    TRAINING_JOBS,
    TRANSFORM_JOBS,
    MetricName,
    of_stack,
)
from integrations.observability.queries import Computed, Measured, Query

_MICROSECONDS_A_MS = 1000
_CPU, _GPU = "CPUUtilization", "GPUUtilization"
_LARGEST_BY_HOST = 'SELECT MAX({metric}) FROM SCHEMA("{namespace}", Host) GROUP BY Host'
_JOBS = {
    AlertName.PROCESSING_CPU_PERCENT: ALLOWED[PROCESSING_JOBS, _CPU],
    AlertName.PROCESSING_GPU_PERCENT: ALLOWED[PROCESSING_JOBS, _GPU],
    AlertName.TRAINING_CPU_PERCENT: ALLOWED[TRAINING_JOBS, _CPU],
    AlertName.TRAINING_GPU_PERCENT: ALLOWED[TRAINING_JOBS, _GPU],
    AlertName.TRANSFORM_CPU_PERCENT: ALLOWED[TRANSFORM_JOBS, _CPU],
    AlertName.TRANSFORM_GPU_PERCENT: ALLOWED[TRANSFORM_JOBS, _GPU],
}


def alarms(settings: ObservabilitySettings, stack_name: str) -> tuple[Alarm, ...]:
    """Return all alarms: those of the account and region, of its jobs, and of each listed variant.

    `stack_name` is that of the file: the metrics of the audit log are those of one stack.
    """
    of_variants = (alarm for endpoint in settings.endpoint for alarm in _of_variant(settings, endpoint))
    return (*_of_account(settings, stack_name), *_of_jobs(settings), *of_variants)


def _of_account(settings: ObservabilitySettings, stack_name: str) -> Iterator[Alarm]:
    metrics = {
        AlertName.DELETE_CALLS: (of_stack(DELETE_CALLS, stack_name), "Sum"),
        AlertName.DENIED_CALLS: (of_stack(DENIED_CALLS, stack_name), "Sum"),
        AlertName.PIPELINE_DURATION_MS: (ALLOWED[PIPELINES, "ExecutionDuration"], "Maximum"),
    }
    for name, (metric, statistic) in metrics.items():
        if alert := alert_of(settings, name):
            yield _alarm(alert, _measured(alert, metric, statistic), above=alert.threshold)


def _of_jobs(settings: ObservabilitySettings) -> Iterator[Alarm]:
    """Yield the alarms of jobs. A machine of n cores reports up to n * 100 %, so the threshold is a multiple of n.

    Jobs have new names each time, so the alarm queries all of them. AWS bills each series that the query reads.
    """
    for name, metric in _JOBS.items():
        count = settings.job_vcpus if metric.name == _CPU else settings.job_gpus
        if count and (alert := alert_of(settings, name)):
            query = Computed(
                id="jobs",
                expression=_LARGEST_BY_HOST.format(metric=metric.name, namespace=metric.namespace),
                period_secs=alert.window_secs,
            )
            yield _alarm(alert, query, above=alert.threshold * count)


def _of_variant(settings: ObservabilitySettings, endpoint: EndpointSettings) -> Iterator[Alarm]:
    if alert := alert_of(settings, AlertName.MODEL_LATENCY_MS):
        latency = _measured(alert, ALLOWED[ENDPOINTS, "ModelLatency"], "Average", endpoint)
        yield _alarm(alert, latency, above=alert.threshold * _MICROSECONDS_A_MS, endpoint=endpoint)
    if alert := alert_of(settings, AlertName.SERVER_ERRORS):
        errors = _measured(alert, ALLOWED[ENDPOINTS, "Invocation5XXErrors"], "Sum", endpoint)
        yield _alarm(alert, errors, above=alert.threshold, endpoint=endpoint)
    # A serverless endpoint publishes no metrics of instances.
    if endpoint.kind is not EndpointKind.SERVERLESS and (alert := alert_of(settings, AlertName.DISK_PERCENT)):
        disk = _measured(alert, ALLOWED[INSTANCES, "DiskUtilization"], "Maximum", endpoint)
        yield _alarm(alert, disk, above=alert.threshold, endpoint=endpoint)
    if endpoint.sampling_percent and (alert := alert_of(settings, AlertName.CAPTURES_MISSING)):
        yield _alarm(
            alert,
            coverage.invocations(endpoint, alert.window_secs),
            coverage.captured(endpoint, alert.window_secs),
            coverage.missing_captures(endpoint.sampling_percent, alert.window_secs),
            above=alert.threshold,
            endpoint=endpoint,
        )


def _measured(alert: Alert, metric: MetricName, statistic: str, endpoint: EndpointSettings | None = None) -> Measured:
    dimensions = (("EndpointName", endpoint.name), ("VariantName", endpoint.variant)) if endpoint else ()
    return Measured(
        id="value", metric=metric, dimensions=dimensions, statistic=statistic, period_secs=alert.window_secs
    )


def _alarm(alert: Alert, *queries: Query, above: float, endpoint: EndpointSettings | None = None) -> Alarm:
    place = (endpoint.name, endpoint.variant) if endpoint else ()
    return Alarm(
        id="/".join((alert.section, *place)),
        alert=alert.name,
        ids=alert.ids,
        section=alert.section,
        text=alert.text.format(threshold=alert.threshold, variant="/".join(place)),
        queries=queries,
        above=above,
        periods=alert.periods,
        breaches=alert.breaches,
        endpoint=endpoint.name if endpoint else "",
    )
