"""The dashboard: the metrics of the forwarder, of its queue and of its function."""

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from capture_forwarder.configuration.metrics import DIMENSIONS, NAMESPACE, Metric
from infra.constructs.queue import CaptureQueues

_PERIOD = cdk.Duration.minutes(5)
_BY_ROUTE = ",".join((NAMESPACE, *DIMENSIONS))
_BY_DESTINATION = f"{NAMESPACE},{DIMENSIONS[-1]}"


class Dashboard(Construct):
    """Graphs of all routes, found by search: a new route appears by itself."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        queues: CaptureQueues,
        function: lambda_.IFunction,
    ) -> None:
        super().__init__(scope, construct_id)
        board = cloudwatch.Dashboard(self, "Board", period_override=cloudwatch.PeriodOverride.AUTO)
        board.add_widgets(
            _graph("Inferences accepted", [_search(_BY_ROUTE, Metric.INFERENCES_ACCEPTED)]),
            _graph("Inferences rejected", [_search(_BY_ROUTE, Metric.INFERENCES_REJECTED)]),
            _graph("Inferences pending", [_search(_BY_ROUTE, Metric.INFERENCES_PENDING)]),
        )
        board.add_widgets(
            _graph(
                "Objects forwarded and rejected",
                [_search(_BY_ROUTE, metric) for metric in (Metric.OBJECTS_FORWARDED, Metric.OBJECTS_REJECTED)],
            ),
            _graph("Lines rejected", [_search(_BY_ROUTE, Metric.RECORDS_REJECTED)]),
            _graph("Seconds from inference to delivery", [_search(_BY_ROUTE, Metric.CAPTURE_LAG, "Maximum")]),
        )
        board.add_widgets(
            _graph(
                "Requests",
                [
                    _search(_BY_DESTINATION, metric)
                    for metric in (Metric.REQUESTS_SENT, Metric.REQUEST_RETRIES, Metric.REQUESTS_DENIED)
                ],
            ),
            _graph("Seconds per request", [_search(_BY_DESTINATION, Metric.REQUEST_LATENCY, "p95")]),
            _graph("Conservation violations", [_search(_BY_ROUTE, Metric.CONSERVATION_VIOLATIONS)]),
        )
        board.add_widgets(*_platform(queues, function))


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
        _graph("Messages waiting and dead", waiting),
        _graph("Age of the oldest message", ages),
        _graph("Invocations", [metric.with_(period=_PERIOD, statistic="Sum") for metric in invocations]),
    ]


def _search(dimensions: str, metric: Metric, statistic: str = "Sum") -> cloudwatch.IMetric:
    name = metric.value.name
    return cloudwatch.MathExpression(
        expression=f"SEARCH('{{{dimensions}}} MetricName=\"{name}\"', '{statistic}', {_PERIOD.to_seconds()})",
        label="",
        using_metrics={},
        period=_PERIOD,
    )


def _graph(title: str, metrics: list[cloudwatch.IMetric]) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=metrics, width=8, height=6)
