"""The dashboard of pipelines and their steps (L7)."""

from capture_forwarder.configuration.observability import AlertName, DashboardName, ObservabilitySettings
from capture_forwarder.configuration.settings import Settings
from integrations.observability.alert_lines import alarm_line
from integrations.observability.choices import of_dimension, of_place
from integrations.observability.graphs import DAY, WEEK_DAYS, Family, Series
from integrations.observability.metric_names import PIPELINES
from integrations.observability.panels import Board, Graph, Line

_PIPELINE = Family(namespace=PIPELINES, dimensions=("PipelineName",), choices=("PipelineName",))
_STEP = Family(namespace=PIPELINES, dimensions=("PipelineName", "StepName"), choices=("PipelineName", "StepName"))
_STATES = ("Started", "Succeeded", "Failed", "Stopped")
MS_OF_SECOND = 1000


def board(settings: Settings) -> Board:
    """Return the dashboard of all pipelines; new ones appear by themselves."""
    observed = settings.observability or ObservabilitySettings()
    filters = (of_dimension("PipelineName", "churn"), of_dimension("StepName", "train"))
    return Board(
        name=DashboardName.PIPELINES,
        ids=("L7",),
        title="Pipelines",
        panels=(
            *_states(_PIPELINE, "Execution", "Executions", 1),
            *_states(_STEP, "Step", "Steps", 5),
            *_durations(alarm_line(observed, AlertName.PIPELINE_DURATION_MS, MS_OF_SECOND)),
            *_trends(),
        ),
        variables=(*of_place(observed), *filters),
    )


def _states(family: Family, prefix: str, title: str, first: int) -> tuple[Graph, ...]:
    return tuple(
        family.graph(
            (f"L7.{number}",), f"{title} {state.lower()}", Series(metric=prefix + state, statistic="Sum"), width=6
        )
        for number, state in enumerate(_STATES, first)
    )


def _durations(limit: tuple[Line, ...]) -> tuple[Graph, ...]:
    execution = Series(metric="ExecutionDuration", statistic="Maximum")
    step = Series(metric="StepDuration", statistic="Maximum")
    return (
        _PIPELINE.graph(("L7.9",), "Duration of executions, longest", execution, lines=limit, width=12),
        _STEP.graph(("L7.10",), "Duration of steps, longest", step, width=12),
    )


def _trends() -> tuple[Graph, ...]:
    executions = tuple(
        Series(metric=f"Execution{state}", statistic="Sum", label=state.lower()) for state in ("Succeeded", "Failed")
    )
    steps = tuple(
        Series(metric=f"Step{state}", statistic="Sum", label=state.lower()) for state in ("Succeeded", "Failed")
    )
    return (
        _PIPELINE.graph(("L7.11",), "Executions in a week", *executions, period_secs=DAY, days=WEEK_DAYS, width=12),
        _STEP.graph(("L7.11",), "Steps in a week", *steps, period_secs=DAY, days=WEEK_DAYS, width=12),
    )
