"""The dashboard of models on multi-model endpoints (L3)."""

from capture_forwarder.configuration.observability import AlertName, DashboardName, ObservabilitySettings
from capture_forwarder.configuration.settings import Settings
from integrations.observability.alert_lines import alarm_line
from integrations.observability.choices import of_endpoint, of_place
from integrations.observability.graphs import Family, Series, rate
from integrations.observability.metric_names import ENDPOINTS, INSTANCES, VARIANT
from integrations.observability.panels import Board, Graph, Line, View

_CALLS = Family(namespace=ENDPOINTS, dimensions=VARIANT, choices=("EndpointName",))
_MODELS = Family(namespace=INSTANCES, dimensions=VARIANT, choices=("EndpointName",))


def board(settings: Settings) -> Board:
    """Return the dashboard of all endpoints; the times of loading are published by multi-model endpoints only."""
    observed = settings.observability or ObservabilitySettings()
    return Board(
        name=DashboardName.MODELS,
        ids=("L3",),
        title="Models",
        panels=(*_calls(alarm_line(observed, AlertName.MODEL_LATENCY_MS)), *_loading(), *_by_endpoint()),
        variables=(*of_place(observed), of_endpoint(observed)),
    )


def _calls(slow: tuple[Line, ...]) -> tuple[Graph, ...]:
    latencies = (
        Series(metric="ModelLatency", statistic="Average", label="average"),
        Series(metric="ModelLatency", statistic="p99", label="p99"),
    )
    concurrent = Series(metric="ConcurrentRequestsPerModel", statistic="Maximum")
    return (
        _CALLS.graph(("L3.1",), "Invocations", Series(metric="Invocations", statistic="Sum")),
        _CALLS.graph(("L3.2", "Q9"), "Model latency", *latencies, lines=slow),
        _CALLS.graph(
            ("L3.3",), "Calls whose model was loaded", rate("ModelCacheHit"), unit="percent of calls", top=100
        ),
        _CALLS.graph(("L3.4",), "Concurrent requests per model, maximum", concurrent, unit="requests"),
    )


def _loading() -> tuple[Graph, ...]:
    return (
        _CALLS.graph(("L3.5",), "Time to load a model", _average("ModelLoadingTime")),
        _CALLS.graph(("L3.6",), "Time to download a model", _average("ModelDownloadingTime")),
        _CALLS.graph(("L3.7",), "Time that calls wait for a model", _average("ModelLoadingWaitTime")),
        _CALLS.graph(("L3.7",), "Time to unload a model", _average("ModelUnloadingTime")),
    )


def _by_endpoint() -> tuple[Graph, ...]:
    """Return the latest value of each endpoint and variant."""
    loaded = Series(metric="LoadedModelCount", statistic="Average")
    invocations = Series(metric="Invocations", statistic="Sum")
    return (
        _MODELS.graph(("L3.8",), "Loaded models per instance, latest", loaded, unit="models", view=View.BARS),
        _CALLS.graph(("L3.8",), "Invocations, latest", invocations, view=View.BARS),
        _CALLS.graph(("L3.8",), "Model latency, latest average", _average("ModelLatency"), view=View.BARS),
        _CALLS.graph(("L3.8",), "Cache hits, latest", rate("ModelCacheHit"), unit="percent of calls", view=View.BARS),
    )


def _average(metric: str) -> Series:
    return Series(metric=metric, statistic="Average")
