"""The monitors: the alerts of Sumo Logic's page (A1 to A4) and of its later text (B1 to B7).

https://help.sumologic.com/docs/alerts/monitors/create-monitor/
"""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from capture_forwarder.configuration.observability import AlertName, ObservabilitySettings
from integrations.observability.alerts import Alert, alert_of
from integrations.observability.audit import EVENT_SOURCE
from integrations.observability.fields import NAMESPACE
from integrations.observability.metric_names import (
    ENDPOINTS,
    PIPELINES,
    PROCESSING_JOBS,
    TRAINING_JOBS,
    TRANSFORM_JOBS,
)
from integrations.observability.sumo.objects import Monitor, Place

_MICROSECONDS_A_MILLISECOND = 1000


class _OfMetric(Struct, frozen=True):
    """The series that an alert watches, one for each group of `by`. `factor` turns the limit into the metric's unit."""

    title: str
    namespace: str
    metric: str
    statistic: str
    how: str
    by: str
    factor: float = 1


_VARIANT = "endpointname, variantname"
_TITLES_OF_EVENTS = {
    AlertName.DELETE_CALLS: "Delete Action Detected",
    AlertName.DENIED_CALLS: "High Number of Access Denied Errors",
}
_CONDITIONS = {
    AlertName.DELETE_CALLS: 'eventName matches "Delete*"',
    AlertName.DENIED_CALLS: 'errorCode matches "AccessDenied*"',
}
_METRICS = {
    AlertName.MODEL_LATENCY_MS: _OfMetric(
        "High Model Invocation Latency",
        ENDPOINTS,
        "ModelLatency",
        "Average",
        "avg",
        _VARIANT,
        _MICROSECONDS_A_MILLISECOND,
    ),
    AlertName.SERVER_ERRORS: _OfMetric(
        "Model Invocation Server Error Detection", ENDPOINTS, "Invocation5XXErrors", "Sum", "sum", _VARIANT
    ),
    AlertName.PIPELINE_DURATION_MS: _OfMetric(
        "Long Pipeline Execution", PIPELINES, "ExecutionDuration", "Maximum", "max", "pipelinename"
    ),
}


def monitors(settings: ObservabilitySettings, account: str, place: Place, mark: str) -> Iterator[Monitor]:
    """Yield the monitors that are not disabled. Those of jobs need `job_vcpus` or `job_gpus`, as their alarms do."""
    for name, condition in _CONDITIONS.items():
        if alert := alert_of(settings, name):
            yield _monitor(alert, _TITLES_OF_EVENTS[name], "Logs", _events(account, place, condition), 1, mark)
    for name, series in (_METRICS | _of_jobs(settings)).items():
        if alert := alert_of(settings, name):
            query = _series(series, account, place, alert.window_secs)
            yield _monitor(alert, series.title, "Metrics", query, series.factor, mark)


def _of_jobs(settings: ObservabilitySettings) -> dict[AlertName, _OfMetric]:
    """Return the series of jobs. Their CPU goes up to 100 % of each core, so the limit counts the cores."""
    chosen: dict[AlertName, _OfMetric] = {}
    for kind, namespace in (
        ("Processing", PROCESSING_JOBS),
        ("Training", TRAINING_JOBS),
        ("Transform", TRANSFORM_JOBS),
    ):
        for unit, count in (("cpu", settings.job_vcpus), ("gpu", settings.job_gpus)):
            if count is not None:
                title, metric = f"High {unit.upper()} of {kind} Jobs", f"{unit.upper()}Utilization"
                name = AlertName(f"{kind.lower()}_{unit}_percent")
                chosen[name] = _OfMetric(title, namespace, metric, "Maximum", "max", "host", count)
    return chosen


def _events(account: str, place: Place, condition: str) -> str:
    return (
        f'account={account} region={place.region} namespace={NAMESPACE} "{EVENT_SOURCE}"\n'
        '| json "eventSource", "eventName", "errorCode" as eventSource, eventName, errorCode nodrop\n'
        f'| where eventSource = "{EVENT_SOURCE}" and {condition}'
    )


def _series(series: _OfMetric, account: str, place: Place, window_secs: int) -> str:
    return (
        f"account={account} region={place.region} namespace={series.namespace} metric={series.metric} "
        f"statistic={series.statistic} | quantize to {window_secs // 60}m using {series.how} "
        f"| {series.how} by {series.by}"
    )


def _monitor(alert: Alert, title: str, kind: str, query: str, factor: float, mark: str) -> Monitor:
    name = f"Amazon SageMaker - {title}"
    body = {
        "type": "MonitorsLibraryMonitorExport",
        "name": name,
        "description": mark,
        "monitorType": kind,
        "isDisabled": False,
        "queries": [{"rowId": "A", "query": query}],
        "triggers": list(_triggers(alert, kind, factor)),
    }
    return Monitor(ids=alert.ids, name=name, body=body)


def _triggers(alert: Alert, kind: str, factor: float) -> Iterator[dict[str, Any]]:
    """Yield the condition of the alert, and that of its recovery."""
    of_logs = kind == "Logs"
    for state, comparison, occurrence in (
        ("Critical", "GreaterThan", "AtLeastOnce"),
        ("ResolvedCritical", "LessThanOrEqual", "Always"),
    ):
        yield {
            "detectionMethod": "StaticCondition",
            "triggerType": state,
            "threshold": alert.threshold * factor,
            "thresholdType": comparison,
            "timeRange": f"-{alert.window_secs // 60}m",
            "occurrenceType": "ResultCount" if of_logs else occurrence,
            "triggerSource": "AllResults" if of_logs else "AnyTimeSeries",
        }
