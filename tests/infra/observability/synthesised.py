"""The alarms of a synthesised template by name, and published values for them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.infra.conftest import Stacks
from tests.infra.examples import resources
from tests.support.alarm_evaluator import Data, Key, Properties, changes, key

ALARMS = Path("tests/infra/observability/alarms.toml")
_STACK = "capture-forwarder/"
HOUR = 3600


def alarms(stacks: Stacks, config: Path | str = ALARMS) -> dict[str, Properties]:
    """Return the properties of all alarms by name, without the stack's name at its beginning."""
    made = resources(stacks.template(config, "Observability"), "CloudWatch::Alarm")
    return {each["Properties"]["AlarmName"].removeprefix(_STACK): each["Properties"] for each in made.values()}


def composite_alarms(stacks: Stacks, config: Path | str = ALARMS) -> dict[str, dict[str, Any]]:
    """Return the resources of all composite alarms by name, without the stack's name at its beginning."""
    made = resources(stacks.template(config, "Observability"), "CloudWatch::CompositeAlarm")
    return {each["Properties"]["AlarmName"].removeprefix(_STACK): each for each in made.values()}


def metrics(alarm: Properties) -> Iterator[tuple[Properties, str]]:
    """Yield the metrics that an alarm names, each with its statistic."""
    if "MetricName" in alarm:
        yield alarm, alarm["Statistic"]
    for each in alarm.get("Metrics", []):
        if "MetricStat" in each:
            yield each["MetricStat"]["Metric"], each["MetricStat"]["Stat"]


def of_variant(namespace: str, name: str, variant: str, endpoint: str = "churn") -> Key:
    """Return the key of a metric of SageMaker for a variant."""
    return key(namespace, name, EndpointName=endpoint, VariantName=variant)


def by_period(alarm: Properties, metric: Key, periods: list[list[float]]) -> list[str]:
    """Return the states of an alarm while a metric gets the values of `periods`, one list a period."""
    secs = alarm["Period"] if "Period" in alarm else alarm["Metrics"][0]["Period"]
    values = [(at * secs + 1, value) for at, period in enumerate(periods) for value in period]
    return changes(alarm, {metric: values}, [(at + 1) * secs for at in range(len(periods))])


def by_hour(alarm: Properties, hours: list[tuple[float | None, float | None]], variant: str) -> list[str]:
    """Return the states of an alarm on coverage, for the calls and captures of each hour; `None` is no data."""
    data: Data = {
        of_variant("AWS/SageMaker", "Invocations", variant): [
            (at * HOUR + 1, calls) for at, (calls, _) in enumerate(hours) if calls is not None
        ],
        key("CaptureForwarder", "CapturesRead", endpoint="churn", variant=variant): [
            (at * HOUR + 1, read) for at, (_, read) in enumerate(hours) if read is not None
        ],
    }
    return changes(alarm, data, [(at + 1) * HOUR for at in range(len(hours))])
