"""Fixed costs of a synthesised template: every resource that AWS bills by the month."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from integrations.observability.costing import Cost
from integrations.observability.prices import Priced

Properties = Mapping[str, Any]


def template_costs(template: Mapping[str, Any]) -> tuple[Cost, ...]:
    """Return the fixed costs of the resources of a CloudFormation template, named by their logical ids."""
    return tuple(
        Cost(name=name, priced=priced, count=count)
        for name, resource in template["Resources"].items()
        for kind, (priced, counted) in _BILLED.items()
        if resource["Type"] == kind and (count := counted(resource.get("Properties", {})))
    )


def volume_resources(template: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield logical id and type of the resources that AWS bills by volume."""
    for name, resource in template["Resources"].items():
        if resource["Type"] in _BY_VOLUME:
            yield name, resource["Type"]


def _one(_: Properties) -> int:
    return 1


def _metrics_of_alarm(alarm: Properties) -> int:
    """Return the number of metrics of an alarm; 0 for a query, whose number of series varies."""
    queries = alarm.get("Metrics")
    return 1 if queries is None else sum("MetricStat" in each for each in queries)


def _metrics_of_filter(metric_filter: Properties) -> int:
    return len(metric_filter["MetricTransformations"])


_BILLED: Mapping[str, tuple[Priced, Callable[[Properties], int]]] = {
    "AWS::CloudWatch::Dashboard": (Priced.DASHBOARD, _one),
    "AWS::CloudWatch::Alarm": (Priced.ALARM, _metrics_of_alarm),
    "AWS::CloudWatch::CompositeAlarm": (Priced.COMPOSITE_ALARM, _one),
    "AWS::Logs::MetricFilter": (Priced.METRIC, _metrics_of_filter),
}
_BY_VOLUME = frozenset(
    {
        "AWS::CloudWatch::MetricStream",
        "AWS::KinesisFirehose::DeliveryStream",
        "AWS::Logs::LogGroup",
        "AWS::CloudTrail::Trail",
    }
)
