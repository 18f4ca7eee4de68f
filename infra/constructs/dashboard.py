"""The dashboard: the metrics of the forwarder, of its queues and of its function."""

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from constructs import Construct
from msgspec import Struct

from capture_forwarder.configuration.metrics import DIMENSIONS, NAMESPACE, OF_REQUESTS, TOTALS, Metric
from capture_forwarder.configuration.stack import MetricDetail, StackSettings
from infra.constructs.alarms import total
from infra.constructs.queue import CaptureQueues

_PERIOD = cdk.Duration.minutes(5)


class Graph(Struct, frozen=True):
    """One graph of metrics of the forwarder."""

    title: str
    metrics: tuple[Metric, ...]
    statistic: str = "Sum"


_GRAPHS = (
    Graph("Inferences accepted", (Metric.INFERENCES_ACCEPTED,)),
    Graph("Inferences rejected", (Metric.INFERENCES_REJECTED,)),
    Graph("Inferences pending", (Metric.INFERENCES_PENDING,)),
    Graph(
        "Objects forwarded, rejected and given up",
        (Metric.OBJECTS_FORWARDED, Metric.OBJECTS_REJECTED, Metric.OBJECTS_GIVEN_UP),
    ),
    Graph("Lines rejected", (Metric.RECORDS_REJECTED,)),
    Graph("Lines read, and lines on the compiled path", (Metric.RECORDS_READ, Metric.RECORDS_COMPILED)),
    Graph(
        "Values left out, inference ids used again, layouts changed",
        (Metric.VALUES_LEFT_OUT, Metric.INFERENCE_IDS_REUSED, Metric.LAYOUT_CHANGED),
    ),
    Graph("Seconds that objects have been pending", (Metric.PENDING_AGE, Metric.BLOCKED_AGE), "Maximum"),
    Graph("Seconds from inference to delivery", (Metric.CAPTURE_LAG,), "Maximum"),
    Graph("Requests", (Metric.REQUESTS_SENT, Metric.REQUEST_RETRIES, Metric.REQUESTS_DENIED)),
    Graph("Seconds per request", (Metric.REQUEST_LATENCY,), "p95"),
    Graph("Conservation violations", (Metric.CONSERVATION_VIOLATIONS,)),
)


class Dashboard(Construct):
    """Graphs of all routes, found by search: a new route appears by itself. With totals only, graphs of the totals.

    A dashboard belongs to the account and to no region, so its name has the region:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Dashboards.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: StackSettings,
        queues: CaptureQueues,
        function: lambda_.IFunction,
    ) -> None:
        super().__init__(scope, construct_id)
        board = cloudwatch.Dashboard(
            self,
            "Board",
            dashboard_name=f"{settings.name}-{cdk.Stack.of(self).region}",
            period_override=cloudwatch.PeriodOverride.AUTO,
        )
        graphs = [_widget(graph.title, metrics) for graph in _GRAPHS if (metrics := _metrics(graph, settings))]
        board.add_widgets(*graphs, *_platform(queues, function))


def _metrics(graph: Graph, settings: StackSettings) -> list[cloudwatch.IMetric]:
    """Return the metrics of a graph that the function emits."""
    if settings.metrics is MetricDetail.STACK:
        totals = [metric for metric in graph.metrics if metric in TOTALS]
        return [total(metric, settings.name, _PERIOD, graph.statistic) for metric in totals]
    return [_search(metric, graph.statistic) for metric in graph.metrics]


def _search(metric: Metric, statistic: str) -> cloudwatch.IMetric:
    dimensions = ",".join((NAMESPACE, *(DIMENSIONS[-1:] if metric in OF_REQUESTS else DIMENSIONS)))
    return cloudwatch.MathExpression(
        expression=(
            f"SEARCH('{{{dimensions}}} MetricName=\"{metric.value.name}\"', '{statistic}', {_PERIOD.to_seconds()})"
        ),
        label="",
        using_metrics={},
        period=_PERIOD,
    )


def _platform(queues: CaptureQueues, function: lambda_.IFunction) -> list[cloudwatch.GraphWidget]:
    named = {"live": queues.captures, "backfill": queues.backfill, "dead": queues.dead_letters}
    waiting: list[cloudwatch.IMetric] = [
        queue.metric_approximate_number_of_messages_visible(period=_PERIOD, statistic="Maximum", label=name)
        for name, queue in named.items()
    ]
    ages: list[cloudwatch.IMetric] = [
        queue.metric_approximate_age_of_oldest_message(period=_PERIOD, statistic="Maximum", label=name)
        for name, queue in named.items()
        if name != "dead"
    ]
    invocations = [function.metric_invocations(), function.metric_errors(), function.metric_throttles()]
    return [
        _widget("Messages waiting and dead", waiting),
        _widget("Age of the oldest message", ages),
        _widget("Invocations", [metric.with_(period=_PERIOD, statistic="Sum") for metric in invocations]),
    ]


def _widget(title: str, metrics: list[cloudwatch.IMetric]) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=metrics, width=8, height=6)
