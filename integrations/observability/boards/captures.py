"""The dashboard of captures, which is ours alone: whether they are complete, and what became of them."""

from collections.abc import Iterator

from capture_forwarder.configuration.metrics import DIMENSIONS, NAMESPACE, TOTAL_DIMENSION, Metric
from capture_forwarder.configuration.observability import DashboardName, EndpointKind, ObservabilitySettings
from capture_forwarder.configuration.settings import Settings
from capture_forwarder.configuration.stack import MetricDetail, StackSettings
from integrations.observability.boards.coverage_panels import coverage_panels
from integrations.observability.choices import of_place
from integrations.observability.graphs import Family, Series
from integrations.observability.metric_names import ALLOWED, QUEUES
from integrations.observability.panels import Board, Graph, Panel, Text
from integrations.observability.queries import Measured

_OF_ROUTES = Family(namespace=NAMESPACE, dimensions=DIMENSIONS)


def board(settings: Settings) -> Board:
    """Return the dashboard of the listed variants and of the forwarder."""
    observed = settings.observability or ObservabilitySettings()
    return Board(
        name=DashboardName.CAPTURES,
        ids=("captures",),
        title="Captures",
        panels=(*_coverage(observed), *_forwarding(settings.stack), *_detail(settings.stack)),
        variables=of_place(observed),
    )


def _coverage(observed: ObservabilitySettings) -> Iterator[Panel]:
    compared = [each for each in observed.endpoint if each.kind is not EndpointKind.ASYNCHRONOUS]
    if not compared:
        text = "List endpoints as `[[observability.endpoint]]` to compare their captures with their invocations here."
        yield Text(ids=("coverage",), title="Coverage", markdown=text)
    for endpoint in compared:
        yield from coverage_panels(endpoint)


def _forwarding(stack: StackSettings) -> tuple[Graph, ...]:
    rejected = (
        _total(stack, Metric.RECORDS_REJECTED, "lines"),
        _total(stack, Metric.INFERENCES_REJECTED, "inferences"),
        _total(stack, Metric.OBJECTS_GIVEN_UP, "objects given up"),
    )
    pending = _total(stack, Metric.INFERENCES_PENDING, "inferences")
    ages = (
        _total(stack, Metric.PENDING_AGE, "for a retry", "Maximum"),
        _total(stack, Metric.BLOCKED_AGE, "for a person", "Maximum"),
    )
    violations = _total(stack, Metric.CONSERVATION_VIOLATIONS, "objects")
    dead = Measured(
        id="dead",
        metric=ALLOWED[QUEUES, "ApproximateNumberOfMessagesVisible"],
        dimensions=(("QueueName", f"{stack.name}-dead-letters"),),
        statistic="Maximum",
        label="messages",
    )
    counted = "count in 5 minutes"
    return (
        Graph(ids=("pending",), title="Pending inferences", queries=(pending,), unit=counted),
        Graph(ids=("pending",), title="Longest wait of an object", queries=ages, unit="seconds"),
        Graph(ids=("rejected",), title="Rejected", queries=rejected, unit=counted),
        Graph(ids=("dead letters",), title="Dead letters", queries=(dead,), unit="messages"),
        Graph(ids=("conservation",), title="Counts that do not add up", queries=(violations,), unit=counted),
    )


def _detail(stack: StackSettings) -> tuple[Panel, ...]:
    """Return the graphs by route, which the forwarder emits unless it emits only totals."""
    if stack.metrics is MetricDetail.STACK:
        text = 'The forwarder emits no lag with `metrics = "stack"`.'
        return (Text(ids=("lag",), title="Capture lag", markdown=text, width=8),)
    lag = Series(metric=Metric.CAPTURE_LAG.value.name, statistic="Maximum")
    return (_OF_ROUTES.graph(("lag",), "Capture lag: newest inference to delivery, longest", lag),)


def _total(stack: StackSettings, metric: Metric, label: str, statistic: str = "Sum") -> Measured:
    return Measured(
        id=metric.name.lower().replace("_", ""),
        metric=ALLOWED[NAMESPACE, metric.value.name],
        dimensions=((TOTAL_DIMENSION, stack.name),),
        statistic=statistic,
        label=label,
    )
