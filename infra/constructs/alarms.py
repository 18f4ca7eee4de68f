"""The alarms: one for each cause of a delay or a loss of captures. `docs/runbook.md` explains each."""

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from constructs import Construct
from msgspec import Struct

from capture_forwarder.configuration.metrics import NAMESPACE, TOTAL_DIMENSION, Metric
from capture_forwarder.configuration.stack import StackSettings
from infra.constructs.queue import CaptureQueues

_FIVE_MINUTES = cdk.Duration.minutes(5)
_HOUR = cdk.Duration.hours(1)


class Watch(Struct, frozen=True, kw_only=True):
    """One alarm: it goes off when `metric` is above `above` for `periods` periods running."""

    id: str
    says: str
    metric: cloudwatch.IMetric
    above: float = 0
    periods: int = 1


class Alarms(Construct):
    """All alarms of one stack, towards one topic."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: StackSettings,
        queues: CaptureQueues,
        function: lambda_.IFunction,
        topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, construct_id)
        for watch in [*_of_queues(queues, settings), *_of_function(function), *_of_forwarding(settings.name)]:
            alarm = cloudwatch.Alarm(
                self,
                watch.id,
                alarm_description=f"{watch.says} See docs/runbook.md, {watch.id}.",
                metric=watch.metric,
                threshold=watch.above,
                comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
                evaluation_periods=watch.periods,
                treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            )
            alarm.add_alarm_action(actions.SnsAction(topic))
            alarm.add_ok_action(actions.SnsAction(topic))


def _of_queues(queues: CaptureQueues, settings: StackSettings) -> list[Watch]:
    dead = queues.dead_letters.metric_approximate_number_of_messages_visible(period=_FIVE_MINUTES, statistic="Maximum")
    ages = [
        queue.metric_approximate_age_of_oldest_message(period=_FIVE_MINUTES, statistic="Maximum")
        for queue in (queues.captures, queues.backfill)
    ]
    return [
        Watch(id="DeadLetters", says="Messages that failed too often.", metric=dead),
        Watch(
            id="OldestMessage",
            says="A capture has waited for more than an hour.",
            metric=ages[0],
            above=3600,
            periods=3,
        ),
        Watch(
            id="OldestBackfillMessage",
            # A backfill may wait for days. SQS deletes a message at the end of its retention, without a dead letter.
            says="A message of a backfill has waited for half of the time that the queue keeps it.",
            metric=ages[1],
            above=settings.message_retention_days * 86_400 / 2,
        ),
    ]


def _of_function(function: lambda_.IFunction) -> list[Watch]:
    errors = function.metric_errors(period=_FIVE_MINUTES, statistic="Sum")
    throttles = function.metric_throttles(period=_FIVE_MINUTES, statistic="Sum")
    return [
        Watch(id="Errors", says="Invocations that ended in an error or ran out of time.", metric=errors),
        Watch(id="Throttles", says="Invocations that AWS did not let start.", metric=throttles, periods=3),
    ]


def _of_forwarding(stack_name: str) -> list[Watch]:
    violations = total(Metric.CONSERVATION_VIOLATIONS, stack_name, _FIVE_MINUTES)
    denied = total(Metric.REQUESTS_DENIED, stack_name, _FIVE_MINUTES)
    pending = total(Metric.INFERENCES_PENDING, stack_name, _FIVE_MINUTES)
    return [
        Watch(id="ConservationViolations", says="Lines or inferences that are not accounted for.", metric=violations),
        Watch(id="RequestsDenied", says="A destination denies the token, or what it may do.", metric=denied),
        Watch(id="Pending", says="Inferences have been pending for half an hour.", metric=pending, periods=6),
        Watch(
            id="Rejected",
            says="More than 5 % of an hour's lines or inferences went to quarantine.",
            metric=rejected_percent(stack_name),
            above=5,
        ),
    ]


def total(metric: Metric, stack_name: str, period: cdk.Duration) -> cloudwatch.Metric:
    """Return the sum of one of our metrics over all routes: an alarm cannot search for them."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=metric.value.name,
        dimensions_map={TOTAL_DIMENSION: stack_name},
        statistic="Sum",
        period=period,
    )


def rejected_percent(stack_name: str) -> cloudwatch.MathExpression:
    """Return how many in a hundred were rejected, of lines or of inferences, whichever is more."""
    named = {
        "lines": Metric.RECORDS_READ,
        "badlines": Metric.RECORDS_REJECTED,
        "accepted": Metric.INFERENCES_ACCEPTED,
        "duplicate": Metric.INFERENCES_DUPLICATE,
        "rejected": Metric.INFERENCES_REJECTED,
    }
    made = "(accepted + duplicate + rejected)"
    return cloudwatch.MathExpression(
        label="rejected, percent",
        expression=f"MAX([IF(lines > 0, 100 * badlines / lines, 0), IF({made} > 0, 100 * rejected / {made}, 0)])",
        using_metrics={id_: total(metric, stack_name, _HOUR) for id_, metric in named.items()},
        period=_HOUR,
    )
