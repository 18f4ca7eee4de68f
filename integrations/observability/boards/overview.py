"""The dashboard with the state of everything (P1, L1)."""

from capture_forwarder.configuration.observability import DashboardName, ObservabilitySettings
from capture_forwarder.configuration.settings import Settings
from integrations.observability.boards.audit_panels import activity
from integrations.observability.boards.jobs import cpu_and_gpu
from integrations.observability.boards.utilization import share_of_parts
from integrations.observability.choices import of_place
from integrations.observability.graphs import HOUR, WEEK_DAYS, Family, Series
from integrations.observability.metric_names import (
    ALLOWED,
    ENDPOINTS,
    FEATURE,
    INSTANCES,
    PIPELINES,
    PROCESSING_JOBS,
    TRAINING_JOBS,
    TRANSFORM_JOBS,
    VARIANT,
)
from integrations.observability.panels import Board, Graph, Panel
from integrations.observability.queries import Measured

_CALLS = Family(namespace=ENDPOINTS, dimensions=VARIANT)
_INSTANCES = Family(namespace=INSTANCES, dimensions=VARIANT)
_STORE = Family(namespace=ENDPOINTS, dimensions=FEATURE)
_INVOCATIONS = Series(metric="Invocations", statistic="Sum")


def board(settings: Settings) -> Board:
    """Return the dashboard of all endpoints, jobs, pipelines, feature groups and API calls."""
    observed = settings.observability or ObservabilitySettings()
    return Board(
        name=DashboardName.OVERVIEW,
        ids=("P1", "L1"),
        title="Overview",
        panels=(
            *_endpoints(observed),
            *_jobs(observed),
            *_others(),
            *_trends(observed),
            *activity(settings, "P1", 1),
        ),
        variables=of_place(observed),
    )


def _endpoints(observed: ObservabilitySettings) -> tuple[Panel, ...]:
    errors = Series(metric="InvocationModelErrors", statistic="Sum")
    loaded = Series(metric="LoadedModelCount", statistic="Sum")
    parts = {"CPUUtilization": "CPU", "GPUUtilization": "GPU"}
    shares = share_of_parts(("L1.4",), "CPU and GPU of listed endpoints", parts, observed.endpoint)
    raw = (Series(metric=metric, statistic="Average", label=label) for metric, label in parts.items())
    return (
        _CALLS.graph(("L1.1",), "Endpoint invocations", _INVOCATIONS),
        _CALLS.graph(("L1.2",), "Model errors", errors),
        _INSTANCES.graph(("L1.3",), "Loaded models", loaded, unit="models"),
        *((shares,) if shares else ()),
        _INSTANCES.graph(("L1.4",), "CPU and GPU of all endpoints", *raw, unit="percent of one vCPU or GPU"),
    )


def _jobs(observed: ObservabilitySettings) -> tuple[Graph, ...]:
    return (
        cpu_and_gpu(("L1.5",), "CPU and GPU of training jobs", TRAINING_JOBS, observed),
        cpu_and_gpu(("L1.6",), "CPU and GPU of transform jobs", TRANSFORM_JOBS, observed),
        cpu_and_gpu(("L1.7",), "CPU and GPU of processing jobs", PROCESSING_JOBS, observed),
    )


def _others() -> tuple[Graph, ...]:
    executions = tuple(
        Measured(id=state.lower(), metric=ALLOWED[PIPELINES, f"Execution{state}"], statistic="Sum", label=state.lower())
        for state in ("Started", "Succeeded", "Failed", "Stopped")
    )
    latency = Series(metric="Latency", statistic="Average")
    return (
        _STORE.graph(("L1.8",), "Feature store latency, average", latency),
        _STORE.graph(("L1.9",), "Throttled requests", Series(metric="ThrottledRequests", statistic="Sum")),
        Graph(ids=("L1.10",), title="Pipeline executions", queries=executions, unit="count in 5 minutes"),
    )


def _trends(observed: ObservabilitySettings) -> tuple[Graph, ...]:
    jobs = Family(namespace=TRAINING_JOBS, dimensions=("Host",))
    parts = observed.job_vcpus
    cpu = Series(metric="CPUUtilization", statistic="Average", times=f" / {parts}" if parts else "")
    unit = f"percent of {parts} vCPUs" if parts else "percent of one vCPU"
    return (
        _CALLS.graph(
            ("L1.11",), "Invocations by endpoint in a week", _INVOCATIONS, period_secs=HOUR, days=WEEK_DAYS, width=12
        ),
        jobs.graph(
            ("L1.11",), "CPU of training jobs in a week", cpu, unit=unit, period_secs=HOUR, days=WEEK_DAYS, width=12
        ),
    )
