"""The alarms: one for each cause of delayed captures. `docs/runbook.md` has a section for each."""

from collections.abc import Iterator, Sequence

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
_QUARTER_OF_AN_HOUR = cdk.Duration.minutes(15)
_HALF_AN_HOUR = cdk.Duration.minutes(30)
_HOUR = cdk.Duration.hours(1)
# Two metrics a rule; an alarm takes ten:
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
_RULES_IN_ONE_ALARM = 5
# A run ends by itself at 95 % of its time, and commits in part of the rest.
_NEAR_TIMEOUT = 0.97


class Watch(Struct, frozen=True, kw_only=True):
    """One alarm: it goes off when `metric` exceeds `above` in `breaches` of the last `periods` periods, by default all.

    With `expected` it goes off when `metric` does not exceed `above`, or is missing. `part` tells alarms of one `id`
    apart.
    """

    id: str
    text: str
    metric: cloudwatch.IMetric
    above: float = 0
    periods: int = 1
    breaches: int | None = None
    expected: bool = False
    part: str = ""


class Alarms(Construct):
    """All alarms of one stack, with one topic."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: StackSettings,
        queues: CaptureQueues,
        function: lambda_.IFunction,
        rules: Sequence[str],
        topic: sns.ITopic,
    ) -> None:
        """Make the alarms; `rules` are the names of the stack's rules on the event bus."""
        super().__init__(scope, construct_id)
        watches = [
            *_of_queues(queues, settings),
            *_of_function(function, settings),
            *_of_forwarding(settings.name),
            *_of_rules(rules),
            *_of_arrival(settings),
        ]
        for watch in watches:
            alarm = self._alarm(watch)
            alarm.add_alarm_action(actions.SnsAction(topic))
            alarm.add_ok_action(actions.SnsAction(topic))

    def _alarm(self, watch: Watch) -> cloudwatch.Alarm:
        operators, missing = cloudwatch.ComparisonOperator, cloudwatch.TreatMissingData
        return cloudwatch.Alarm(
            self,
            watch.id + watch.part,
            alarm_description=f"{watch.text} See docs/runbook.md, {watch.id}.",
            metric=watch.metric,
            threshold=watch.above,
            comparison_operator=(
                operators.LESS_THAN_OR_EQUAL_TO_THRESHOLD if watch.expected else operators.GREATER_THAN_THRESHOLD
            ),
            evaluation_periods=watch.periods,
            datapoints_to_alarm=watch.breaches,
            treat_missing_data=missing.BREACHING if watch.expected else missing.NOT_BREACHING,
        )


def _of_queues(queues: CaptureQueues, settings: StackSettings) -> list[Watch]:
    dead = queues.dead_letters.metric_approximate_number_of_messages_visible(period=_FIVE_MINUTES, statistic="Maximum")
    ages = [
        queue.metric_approximate_age_of_oldest_message(period=_FIVE_MINUTES, statistic="Maximum")
        for queue in (queues.captures, queues.backfill)
    ]
    return [
        Watch(id="DeadLetters", text="Messages that failed too often.", metric=dead),
        Watch(
            id="OldestMessage",
            text="A capture has waited for more than an hour.",
            metric=ages[0],
            above=3600,
            periods=3,
        ),
        Watch(
            id="OldestBackfillMessage",
            # A backfill may wait for days. SQS deletes a message at the end of its retention, without a dead letter.
            text="A message of a backfill has waited for half of the time that the queue keeps it.",
            metric=ages[1],
            above=settings.message_retention_days * 86_400 / 2,
        ),
    ]


def _of_function(function: lambda_.IFunction, settings: StackSettings) -> list[Watch]:
    errors = function.metric_errors(period=_FIVE_MINUTES, statistic="Sum")
    throttles = function.metric_throttles(period=_FIVE_MINUTES, statistic="Sum")
    duration = function.metric_duration(period=_FIVE_MINUTES, statistic="Maximum")
    dropped = function.metric("RecursiveInvocationsDropped", period=_FIVE_MINUTES, statistic="Sum")
    return [
        Watch(id="Errors", text="Invocations ended with an error or timed out.", metric=errors),
        Watch(id="Throttles", text="Lambda throttled invocations.", metric=throttles, periods=3),
        Watch(
            id="NearTimeout",
            text="An invocation used nearly all of its time.",
            metric=duration,
            above=_NEAR_TIMEOUT * settings.timeout_secs * 1000,
        ),
        Watch(id="RecursionStopped", text="Lambda dropped messages that the function had requeued.", metric=dropped),
    ]


def _of_forwarding(stack_name: str) -> list[Watch]:
    violations = total(Metric.CONSERVATION_VIOLATIONS, stack_name, _FIVE_MINUTES)
    denied = total(Metric.REQUESTS_DENIED, stack_name, _FIVE_MINUTES)
    # A pending object is received at least once in each period, because the longest delay is 15 minutes.
    pending = total(Metric.PENDING_AGE, stack_name, _HALF_AN_HOUR, "Maximum")
    blocked = total(Metric.BLOCKED_AGE, stack_name, _HALF_AN_HOUR, "Maximum")
    return [
        Watch(id="ConservationViolations", text="Counts of lines or inferences do not add up.", metric=violations),
        Watch(id="RequestsDenied", text="A destination denies the token or its permissions.", metric=denied),
        Watch(
            id="Pending",
            text="An object has been pending for more than half an hour.",
            metric=pending,
            above=_HALF_AN_HOUR.to_seconds(),
        ),
        Watch(
            id="Blocked",
            text="An object waits for a person: access to it or to its destination is denied.",
            metric=blocked,
            above=_QUARTER_OF_AN_HOUR.to_seconds(),
        ),
        Watch(
            id="GivenUp",
            text="An object waited for give_up_days and is in quarantine now.",
            metric=total(Metric.OBJECTS_GIVEN_UP, stack_name, _FIVE_MINUTES),
        ),
        Watch(
            id="Unrouted",
            text="An object that no route covers is in quarantine.",
            metric=total(Metric.OBJECTS_UNROUTED, stack_name, _FIVE_MINUTES),
        ),
        Watch(
            id="Rejected",
            text="More than 5 % of an hour's lines or inferences went to quarantine.",
            metric=rejected_percent(stack_name),
            above=5,
        ),
    ]


def _of_rules(rules: Sequence[str]) -> Iterator[Watch]:
    """Yield the alarms of the rules; each takes as many rules as an alarm can."""
    for first in range(0, len(rules), _RULES_IN_ONE_ALARM):
        yield Watch(
            id="EventsNotDelivered",
            part=str(first // _RULES_IN_ONE_ALARM + 1) if first else "",
            text="EventBridge could not deliver events of captures.",
            metric=_undelivered(rules[first : first + _RULES_IN_ONE_ALARM]),
            # `FILL` writes 0 for a period whose metric is late, so a period that has passed must be able to alarm:
            # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
            periods=3,
            breaches=1,
        )


def _undelivered(rules: Sequence[str]) -> cloudwatch.MathExpression:
    """Return the sum of the events that were not delivered; EventBridge emits its metrics only if they are not 0.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
    """
    metrics = {
        f"{kind}{index}": cloudwatch.Metric(
            namespace="AWS/Events",
            metric_name=name,
            dimensions_map={"RuleName": rule},
            statistic="Sum",
            period=_FIVE_MINUTES,
        )
        for index, rule in enumerate(rules)
        for kind, name in (("failed", "FailedInvocations"), ("lost", "InvocationsFailedToBeSentToDlq"))
    }
    return cloudwatch.MathExpression(
        label="events not delivered",
        expression=f"SUM([{', '.join(f'FILL({id_}, 0)' for id_ in metrics)}])",
        using_metrics=metrics,
        period=_FIVE_MINUTES,
    )


def _of_arrival(settings: StackSettings) -> Iterator[Watch]:
    if hours := settings.expect_captures_every_hours:
        yield Watch(
            id="NoCaptures",
            text=f"No new capture has arrived for {hours} hour(s).",
            metric=total(Metric.OBJECTS_ARRIVED, settings.name, cdk.Duration.hours(hours)),
            expected=True,
        )


def total(metric: Metric, stack_name: str, period: cdk.Duration, statistic: str = "Sum") -> cloudwatch.Metric:
    """Return one of our metrics over all routes; alarms cannot search for metrics."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=metric.value.name,
        dimensions_map={TOTAL_DIMENSION: stack_name},
        statistic=statistic,
        period=period,
    )


def rejected_percent(stack_name: str) -> cloudwatch.MathExpression:
    """Return the percentage of rejected lines or of rejected inferences: the larger of the two."""
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
