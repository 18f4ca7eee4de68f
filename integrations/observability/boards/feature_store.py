"""The dashboard of the feature store (L6)."""

from capture_forwarder.configuration.observability import DashboardName, ObservabilitySettings
from capture_forwarder.configuration.settings import Settings
from integrations.observability.choices import of_dimension, of_place
from integrations.observability.graphs import Family, Series, rate
from integrations.observability.metric_names import ENDPOINTS, FEATURE
from integrations.observability.panels import Board, Graph

# Endpoints have an Invocations in this namespace too, so the dimensions are always given.
_STORE = Family(namespace=ENDPOINTS, dimensions=FEATURE, choices=FEATURE)
# Batch operations read several groups, so they are published by operation only.
_BATCH = Family(namespace=ENDPOINTS, dimensions=("OperationName",), choices=("OperationName",))


def board(settings: Settings) -> Board:
    """Return the dashboard of all feature groups; new ones appear by themselves."""
    observed = settings.observability or ObservabilitySettings()
    filters = (of_dimension("FeatureGroupName", "customers"), of_dimension("OperationName", "GetRecord"))
    return Board(
        name=DashboardName.FEATURE_STORE,
        ids=("L6",),
        title="Feature Store",
        panels=(*_units(), *_calls(), *_errors()),
        variables=(*of_place(observed), *filters),
    )


def _units() -> tuple[Graph, ...]:
    """Return the units of on-demand groups beside those of provisioned ones."""
    return tuple(
        _STORE.graph(
            (number,),
            f"{verb} units",
            Series(metric=f"Consumed{verb}RequestsUnits", statistic="Sum", label="on demand"),
            Series(metric=f"Consumed{verb}CapacityUnits", statistic="Sum", label="provisioned"),
            unit="units in 5 minutes",
            width=12,
        )
        for number, verb in (("L6.1", "Read"), ("L6.2", "Write"))
    )


def _calls() -> tuple[Graph, ...]:
    latencies = (
        Series(metric="Latency", statistic="Average", label="average"),
        Series(metric="Latency", statistic="p99", label="p99"),
    )
    return (
        _STORE.graph(("L6.3", "Q11"), "Invocations", Series(metric="Invocations", statistic="Sum")),
        _BATCH.graph(("L6.3",), "Invocations of batch operations", Series(metric="Invocations", statistic="Sum")),
        _STORE.graph(("L6.4",), "Throttled requests", Series(metric="ThrottledRequests", statistic="Sum")),
        _STORE.graph(("L6.7",), "Latency", *latencies, width=24),
    )


def _errors() -> tuple[Graph, ...]:
    return (
        _STORE.graph(("L6.5",), "4XX errors", Series(metric="Operation4XXErrors", statistic="Sum"), width=6),
        _STORE.graph(("L6.5",), "Share with a 4XX error", rate("Operation4XXErrors"), unit="percent of calls", width=6),
        _STORE.graph(("L6.6",), "5XX errors", Series(metric="Operation5XXErrors", statistic="Sum"), width=6),
        _STORE.graph(("L6.6",), "Share with a 5XX error", rate("Operation5XXErrors"), unit="percent of calls", width=6),
    )
