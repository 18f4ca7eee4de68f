"""The alarms of endpoints, captures, jobs and the audit log. `docs/runbook.md` has a section for each."""

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns
from constructs import Construct

from capture_forwarder.configuration.observability import ObservabilitySettings
from integrations.observability.alarms import Alarm, CompositeAlarm
from integrations.observability.chosen_alarms import alarms
from integrations.observability.composites import alarm_name, composites, rule
from integrations.observability.queries import Computed, Measured, Query

_Metric = cloudwatch.CfnAlarm.MetricProperty
_Dimension = cloudwatch.CfnAlarm.DimensionProperty


class ObservabilityAlarms(Construct):
    """All alarms of the settings. They notify `topic` when they go off and when they recover.

    The composite alarms notify no topic, because each of their alarms does.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stack_name: str,
        settings: ObservabilitySettings,
        topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, construct_id)
        self._stack_name = stack_name
        self._topic = topic
        chosen = alarms(settings, stack_name)
        made = {alarm.id: self._alarm(alarm) for alarm in chosen}
        for composite in composites(chosen):
            self._composite(composite, made)

    def _alarm(self, alarm: Alarm) -> cloudwatch.CfnAlarm:
        resource = cloudwatch.CfnAlarm(
            self,
            _construct_id(alarm.id),
            alarm_name=alarm_name(self._stack_name, alarm.id),
            alarm_description=_described(alarm.text, alarm.section),
            threshold=alarm.above,
            comparison_operator="GreaterThanThreshold",
            evaluation_periods=alarm.periods,
            datapoints_to_alarm=alarm.breaches,
            treat_missing_data="notBreaching",
            alarm_actions=[self._topic.topic_arn],
            ok_actions=[self._topic.topic_arn],
        )
        _watch(resource, alarm.queries)
        return resource

    def _composite(self, composite: CompositeAlarm, made: Mapping[str, cloudwatch.CfnAlarm]) -> None:
        resource = cloudwatch.CfnCompositeAlarm(
            self,
            _construct_id(composite.id),
            alarm_name=alarm_name(self._stack_name, composite.id),
            alarm_description=_described(composite.text, composite.section),
            alarm_rule=rule(composite, self._stack_name),
        )
        # The rule has names of alarms and no references: CloudWatch refuses the name of an alarm that does not exist.
        for each in composite.alarms:
            resource.add_resource_dependency(made[each])


def _construct_id(alarm_id: str) -> str:
    return alarm_id.replace("/", " ")


def _described(text: str, section: str) -> str:
    return f"{text} See docs/runbook.md, {section}."


def _watch(resource: cloudwatch.CfnAlarm, queries: tuple[Query, ...]) -> None:
    """Let the alarm watch one published metric, or the visible one of some queries."""
    match queries:
        case (Measured() as query,):
            resource.namespace = query.metric.namespace
            resource.metric_name = query.metric.name
            resource.dimensions = _dimensions(query)
            resource.statistic = query.statistic
            resource.period = query.period_secs
        case _:
            resource.metrics = [_data_query(query, alone=len(queries) == 1) for query in queries]


def _dimensions(query: Measured) -> list[cdk.IResolvable | _Dimension] | None:
    return [_Dimension(name=name, value=value) for name, value in query.dimensions] or None


def _data_query(query: Query, *, alone: bool) -> cloudwatch.CfnAlarm.MetricDataQueryProperty:
    """Return one query. Only a query without others has a period of its own."""
    match query:
        case Computed():
            return cloudwatch.CfnAlarm.MetricDataQueryProperty(
                id=query.id,
                expression=query.expression,
                label=query.label or None,
                period=query.period_secs if alone else None,
                return_data=query.visible,
            )
        case Measured():
            return cloudwatch.CfnAlarm.MetricDataQueryProperty(
                id=query.id,
                metric_stat=cloudwatch.CfnAlarm.MetricStatProperty(
                    metric=_Metric(
                        namespace=query.metric.namespace,
                        metric_name=query.metric.name,
                        dimensions=_dimensions(query),
                    ),
                    period=query.period_secs,
                    stat=query.statistic,
                ),
                return_data=query.visible,
            )
