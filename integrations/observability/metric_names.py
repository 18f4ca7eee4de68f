"""Every metric that a dashboard or an alarm may name: namespace, name, sets of dimensions, unit and valid statistics.

CloudWatch is case-sensitive and accepts any name, so a wrong one makes an empty graph and an alarm that never goes off.
The sources are the tables of
https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html and
https://docs.aws.amazon.com/sagemaker/latest/dg/feature-store-cloudwatch-metrics.html
"""

from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from capture_forwarder.configuration.metrics import (
    DIMENSIONS,
    ENDPOINT_DIMENSIONS,
    NAMESPACE,
    OF_ENDPOINTS,
    OF_REQUESTS,
    OF_STACK,
    TOTAL_DIMENSION,
    TOTALS,
)
from capture_forwarder.configuration.metrics import Metric as OwnMetric


class Unit(StrEnum):
    """The units of CloudWatch that these metrics have."""

    NONE = "None"
    COUNT = "Count"
    PERCENT = "Percent"
    MICROSECONDS = "Microseconds"
    MILLISECONDS = "Milliseconds"
    SECONDS = "Seconds"


class Statistics(StrEnum):
    """The groups of statistics that AWS declares valid for a metric."""

    SUM = "sum"
    RATE = "rate"
    EXTREMES = "extremes"
    TIMES = "times"
    ALL = "all"

    @property
    def valid(self) -> frozenset[str]:
        """The valid statistics; `p` and `tm` stand for every percentile and trimmed mean."""
        return _VALID[self]


_TIMES = frozenset({"Average", "Minimum", "Maximum", "SampleCount", "p"})
_VALID = {
    Statistics.SUM: frozenset({"Sum"}),
    Statistics.RATE: frozenset({"Sum", "Average"}),
    Statistics.EXTREMES: frozenset({"Minimum", "Maximum"}),
    Statistics.TIMES: _TIMES,
    Statistics.ALL: _TIMES | {"Sum"},
}


class MetricName(Struct, frozen=True, kw_only=True):
    """One metric of one namespace; `dimensions` are the sets that it is published with."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, ...], ...]
    unit: Unit
    statistics: Statistics


ENDPOINTS = "AWS/SageMaker"
INSTANCES = "/aws/sagemaker/Endpoints"
COMPONENTS = "/aws/sagemaker/InferenceComponents"
PIPELINES = "AWS/Sagemaker/ModelBuildingPipeline"
PROCESSING_JOBS = "/aws/sagemaker/ProcessingJobs"
TRAINING_JOBS = "/aws/sagemaker/TrainingJobs"
TRANSFORM_JOBS = "/aws/sagemaker/TransformJobs"
LOGS = "AWS/Logs"
QUEUES = "AWS/SQS"
AUDIT = "CaptureForwarder/Audit"

VARIANT = ("EndpointName", "VariantName")
COMPONENT = ("InferenceComponentName",)
FEATURE = ("FeatureGroupName", "OperationName")
_OPERATION = ("OperationName",)


def _family(
    namespace: str, dimensions: tuple[tuple[str, ...], ...], unit: Unit, statistics: Statistics, names: str
) -> Iterator[MetricName]:
    for name in names.split():
        yield MetricName(namespace=namespace, name=name, dimensions=dimensions, unit=unit, statistics=statistics)


_OF_VARIANT = (VARIANT,)
_OF_VARIANT_OR_COMPONENT = (VARIANT, COMPONENT)
_INVOCATIONS = "Invocation4XXErrors Invocation5XXErrors InvocationModelErrors"
_LOADING = "ModelLoadingWaitTime ModelUnloadingTime ModelDownloadingTime ModelLoadingTime"
_USE = "CPUUtilization GPUUtilization GPUMemoryUtilization MemoryUtilization"
_NORMALIZED = "CPUUtilizationNormalized GPUUtilizationNormalized GPUMemoryUtilizationNormalized"
_STATES = "{0}Started {0}Failed {0}Succeeded {0}Stopped"
_PIPELINE = ((), ("PipelineName",))
_STEP = (("PipelineName", "StepName"),)
_CAPACITY = "ConsumedReadRequestsUnits ConsumedWriteRequestsUnits ConsumedReadCapacityUnits ConsumedWriteCapacityUnits"
_STORE = (FEATURE, _OPERATION)


def _of_sagemaker() -> Iterator[MetricName]:
    yield MetricName(
        namespace=ENDPOINTS,
        name="Invocations",
        # The feature store publishes a metric of the same name in the same namespace.
        dimensions=(*_OF_VARIANT_OR_COMPONENT, *_STORE),
        unit=Unit.NONE,
        statistics=Statistics.SUM,
    )
    yield from _family(ENDPOINTS, _OF_VARIANT, Unit.NONE, Statistics.SUM, "InvocationsPerInstance")
    yield from _family(ENDPOINTS, (COMPONENT,), Unit.NONE, Statistics.SUM, "InvocationsPerCopy")
    yield from _family(ENDPOINTS, _OF_VARIANT_OR_COMPONENT, Unit.NONE, Statistics.RATE, _INVOCATIONS)
    yield from _family(ENDPOINTS, _OF_VARIANT_OR_COMPONENT, Unit.MICROSECONDS, Statistics.TIMES, "ModelLatency")
    yield from _family(ENDPOINTS, _OF_VARIANT, Unit.MICROSECONDS, Statistics.TIMES, "ModelSetupTime")
    yield from _family(ENDPOINTS, _OF_VARIANT_OR_COMPONENT, Unit.MICROSECONDS, Statistics.ALL, "OverheadLatency")
    yield from _family(ENDPOINTS, _OF_VARIANT, Unit.NONE, Statistics.EXTREMES, "ConcurrentRequestsPerModel")
    yield from _family(ENDPOINTS, (COMPONENT,), Unit.NONE, Statistics.EXTREMES, "ConcurrentRequestsPerCopy")
    yield from _family(ENDPOINTS, _OF_VARIANT, Unit.MICROSECONDS, Statistics.ALL, _LOADING)
    yield from _family(ENDPOINTS, _OF_VARIANT, Unit.NONE, Statistics.ALL, "ModelCacheHit")
    yield from _family(INSTANCES, _OF_VARIANT, Unit.PERCENT, Statistics.ALL, f"{_USE} DiskUtilization {_NORMALIZED}")
    yield from _family(INSTANCES, _OF_VARIANT, Unit.NONE, Statistics.ALL, "LoadedModelCount")
    reservations = "CPUReservation GPUReservation MemoryReservation"
    yield from _family(INSTANCES, _OF_VARIANT, Unit.PERCENT, Statistics.ALL, reservations)
    names = f"{_NORMALIZED} MemoryUtilizationNormalized"
    yield from _family(COMPONENTS, (COMPONENT,), Unit.PERCENT, Statistics.ALL, names)


def _of_others() -> Iterator[MetricName]:
    yield from _family(ENDPOINTS, _STORE, Unit.NONE, Statistics.ALL, _CAPACITY)
    errors = "Operation4XXErrors Operation5XXErrors ThrottledRequests"
    yield from _family(ENDPOINTS, _STORE, Unit.NONE, Statistics.RATE, errors)
    yield from _family(ENDPOINTS, _STORE, Unit.MICROSECONDS, Statistics.ALL, "Latency")
    yield from _family(PIPELINES, _PIPELINE, Unit.COUNT, Statistics.RATE, _STATES.format("Execution"))
    yield from _family(PIPELINES, _PIPELINE, Unit.MILLISECONDS, Statistics.ALL, "ExecutionDuration")
    yield from _family(PIPELINES, _STEP, Unit.COUNT, Statistics.RATE, _STATES.format("Step"))
    yield from _family(PIPELINES, _STEP, Unit.MILLISECONDS, Statistics.ALL, "StepDuration")
    host = (("Host",),)
    for jobs in (PROCESSING_JOBS, TRAINING_JOBS):
        yield from _family(jobs, host, Unit.PERCENT, Statistics.ALL, f"{_USE} DiskUtilization")
    yield from _family(TRANSFORM_JOBS, host, Unit.PERCENT, Statistics.ALL, _USE)
    yield from _family(LOGS, (("LogGroupName",),), Unit.NONE, Statistics.SUM, "IncomingLogEvents")
    yield from _family(QUEUES, (("QueueName",),), Unit.COUNT, Statistics.ALL, "ApproximateNumberOfMessagesVisible")


def _of_the_forwarder() -> Iterator[MetricName]:
    for metric in OwnMetric:
        total = ((TOTAL_DIMENSION,),) if metric in TOTALS | OF_STACK else ()
        yield MetricName(
            namespace=NAMESPACE,
            name=metric.value.name,
            dimensions=(*total, *_own_dimensions(metric)),
            unit=Unit(metric.value.unit),
            statistics=Statistics.ALL,
        )


def _own_dimensions(metric: OwnMetric) -> tuple[tuple[str, ...], ...]:
    if metric in OF_STACK:
        return ()
    if metric in OF_ENDPOINTS:
        return (ENDPOINT_DIMENSIONS,)
    return (DIMENSIONS[-1:] if metric in OF_REQUESTS else DIMENSIONS,)


def _of_the_audit_log() -> Iterator[MetricName]:
    yield from _family(AUDIT, ((),), Unit.COUNT, Statistics.ALL, "DeleteCalls DeniedCalls")


ALLOWED = {
    (each.namespace, each.name): each
    for each in (*_of_sagemaker(), *_of_others(), *_of_the_forwarder(), *_of_the_audit_log())
}
DELETE_CALLS = ALLOWED[AUDIT, "DeleteCalls"]
DENIED_CALLS = ALLOWED[AUDIT, "DeniedCalls"]
CAPTURES_READ = ALLOWED[NAMESPACE, "CapturesRead"]


def of_stack(metric: MetricName, stack_name: str) -> MetricName:
    """Return a metric of the audit log as the filters of this stack publish it.

    A filter can add no dimension with a fixed value. Without the stack in the namespace, two stacks of one region
    would count each call twice.
    """
    return replace(metric, namespace=f"{metric.namespace}/{stack_name}")


def published(namespace: str, name: str) -> MetricName:
    """Return the allowed metric of this namespace, which may have the name of a stack at its end. Raises `KeyError`."""
    return ALLOWED[AUDIT if namespace.startswith(f"{AUDIT}/") else namespace, name]


def problem(namespace: str, name: str, dimensions: frozenset[str], statistic: str) -> str | None:
    """Return the reason why AWS publishes no such metric, or no such statistic of it; `None` if it does."""
    known = ALLOWED.get((namespace, name))
    if known is None:
        return f"{namespace} has no metric {name}"
    if dimensions not in map(frozenset, known.dimensions):
        return f"{namespace} {name} is not published by {', '.join(sorted(dimensions)) or 'account'}"
    if statistic not in known.statistics.valid and statistic.rstrip("0123456789.") not in known.statistics.valid:
        return f"{namespace} {name} has no valid statistic {statistic}"
    return None
