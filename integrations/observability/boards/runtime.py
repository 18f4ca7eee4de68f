"""The dashboard of runtime performance (P4): every metric of invocations."""

from capture_forwarder.configuration.observability import AlertName, DashboardName, ObservabilitySettings
from capture_forwarder.configuration.settings import Settings
from integrations.observability.alert_lines import alarm_line
from integrations.observability.choices import of_endpoint, of_place
from integrations.observability.graphs import Family, Series, rate
from integrations.observability.metric_names import COMPONENT, COMPONENTS, ENDPOINTS, VARIANT
from integrations.observability.panels import Board, Graph, Line, Text

_ALL = Family(namespace=ENDPOINTS, dimensions=VARIANT, choices=("EndpointName",))
_OF_COMPONENTS = Family(namespace=ENDPOINTS, dimensions=COMPONENT)
_USE_OF_COMPONENTS = Family(namespace=COMPONENTS, dimensions=COMPONENT)
_P4 = ("P4.1",)


def board(settings: Settings) -> Board:
    """Return the dashboard of all endpoints; the last graphs are of endpoints with inference components."""
    observed = settings.observability or ObservabilitySettings()
    return Board(
        name=DashboardName.RUNTIME,
        ids=("P4",),
        title="Runtime Performance Monitoring",
        panels=(
            *_calls(alarm_line(observed, AlertName.SERVER_ERRORS)),
            *_latencies(alarm_line(observed, AlertName.MODEL_LATENCY_MS)),
            *_loading(),
            _not_published(),
            *_components(),
        ),
        variables=(*of_place(observed), of_endpoint(observed)),
    )


def _calls(failing: tuple[Line, ...]) -> tuple[Graph, ...]:
    concurrent = Series(metric="ConcurrentRequestsPerModel", statistic="Maximum")
    return (
        _ALL.graph((*_P4, "Q10"), "Invocations", _sum("Invocations")),
        _ALL.graph(_P4, "Invocations per instance", _sum("InvocationsPerInstance")),
        _ALL.graph(_P4, "Concurrent requests per model, maximum", concurrent, unit="requests"),
        _ALL.graph(_P4, "Share of calls with a 4XX error", rate("Invocation4XXErrors"), unit="percent of calls"),
        _ALL.graph(_P4, "5XX errors", _sum("Invocation5XXErrors"), lines=failing),
        _ALL.graph(_P4, "Model errors", _sum("InvocationModelErrors")),
    )


def _latencies(slow: tuple[Line, ...]) -> tuple[Graph, ...]:
    return (
        _ALL.graph((*_P4, "Q9"), "Model latency, average", _average("ModelLatency"), lines=slow),
        _ALL.graph(_P4, "Model latency, p99", Series(metric="ModelLatency", statistic="p99")),
        _ALL.graph(_P4, "Overhead latency, average", _average("OverheadLatency")),
    )


def _loading() -> tuple[Graph, ...]:
    times = ("Loading", "Unloading", "Downloading", "LoadingWait")
    series = (Series(metric=f"Model{name}Time", statistic="Average", label=name.lower()) for name in times)
    return (
        _ALL.graph(_P4, "Set-up of serverless endpoints, average", _average("ModelSetupTime")),
        _ALL.graph(_P4, "Loading of models, average", *series),
        _ALL.graph(_P4, "Calls whose model was loaded", rate("ModelCacheHit"), unit="percent of calls", top=100),
    )


def _not_published() -> Text:
    return Text(
        ids=("P4.2", "P4.3"),
        title="Tokens and images",
        markdown="SageMaker publishes no metric of input and output tokens, and none of output images. "
        "A container can publish its own metrics.",
    )


def _components() -> tuple[Graph, ...]:
    concurrent = Series(metric="ConcurrentRequestsPerCopy", statistic="Maximum")
    uses = (
        Series(metric=f"{part}UtilizationNormalized", statistic="Average", label=part)
        for part in ("CPU", "GPU", "GPUMemory", "Memory")
    )
    names = "Inference components: "
    return (
        _OF_COMPONENTS.graph(_P4, f"{names}invocations", _sum("Invocations"), width=6),
        _OF_COMPONENTS.graph(_P4, f"{names}invocations per copy", _sum("InvocationsPerCopy"), width=6),
        _OF_COMPONENTS.graph(_P4, f"{names}concurrent requests", concurrent, unit="requests per copy", width=6),
        _USE_OF_COMPONENTS.graph(_P4, f"{names}use", *uses, unit="percent of all", top=100, width=6),
    )


def _sum(metric: str) -> Series:
    return Series(metric=metric, statistic="Sum")


def _average(metric: str) -> Series:
    return Series(metric=metric, statistic="Average")
