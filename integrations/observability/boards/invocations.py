"""The dashboard of invocations (L5)."""

from capture_forwarder.configuration.observability import AlertName, DashboardName, ObservabilitySettings
from capture_forwarder.configuration.settings import Settings
from integrations.observability.alert_lines import alarm_line
from integrations.observability.choices import of_endpoint, of_place
from integrations.observability.graphs import HOUR, WEEK_DAYS, Family, Series, rate
from integrations.observability.metric_names import ENDPOINTS, VARIANT
from integrations.observability.panels import Board, Graph, Line, View

_ALL = Family(namespace=ENDPOINTS, dimensions=VARIANT, choices=("EndpointName",))
_INVOCATIONS = Series(metric="Invocations", statistic="Sum")


def board(settings: Settings) -> Board:
    """Return the dashboard of all endpoints; new ones appear by themselves."""
    observed = settings.observability or ObservabilitySettings()
    return Board(
        name=DashboardName.INVOCATIONS,
        ids=("L5",),
        title="Endpoints Invocations",
        panels=(*_calls(), *_errors(alarm_line(observed, AlertName.SERVER_ERRORS)), *_times(), *_trends()),
        variables=(*of_place(observed), of_endpoint(observed)),
    )


def _calls() -> tuple[Graph, ...]:
    per_instance = Series(metric="InvocationsPerInstance", statistic="Sum")
    return (
        _ALL.graph(("L5.1", "Q10"), "Invocations", _INVOCATIONS),
        _ALL.graph(("L5.2",), "Invocations per instance", per_instance),
        _ALL.graph(("L5.7",), "Invocations by endpoint, latest", _INVOCATIONS, view=View.BARS),
    )


def _errors(failing: tuple[Line, ...]) -> tuple[Graph, ...]:
    return (
        _ALL.graph(("L5.3",), "Share of calls with a 4XX error", rate("Invocation4XXErrors"), unit="percent of calls"),
        _ALL.graph(("L5.3",), "4XX errors", Series(metric="Invocation4XXErrors", statistic="Sum")),
        _ALL.graph(("L5.4",), "5XX errors", Series(metric="Invocation5XXErrors", statistic="Sum"), lines=failing),
        _ALL.graph(("L5.4",), "Share of calls with a 5XX error", rate("Invocation5XXErrors"), unit="percent of calls"),
        _ALL.graph(("L5.5",), "Model errors", Series(metric="InvocationModelErrors", statistic="Sum")),
    )


def _times() -> tuple[Graph, ...]:
    average = Series(metric="OverheadLatency", statistic="Average")
    return (_ALL.graph(("L5.6",), "Overhead latency, average", average),)


def _trends() -> tuple[Graph, ...]:
    errors = (
        Series(metric="Invocation4XXErrors", statistic="Sum", label="4XX"),
        Series(metric="Invocation5XXErrors", statistic="Sum", label="5XX"),
    )
    return (
        _ALL.graph(("L5.8",), "Invocations in a week", _INVOCATIONS, period_secs=HOUR, days=WEEK_DAYS, width=12),
        _ALL.graph(("L5.8",), "Errors in a week", *errors, period_secs=HOUR, days=WEEK_DAYS, width=12),
    )
