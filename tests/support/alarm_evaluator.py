"""The states of an alarm over time, as CloudWatch documents their evaluation.

An alarm is given as its properties in a template, or as `DescribeAlarms` returns it.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.support.metric_math import Value, evaluated

Properties = Mapping[str, Any]
Key = tuple[str, str, frozenset[tuple[str, str]]]
Data = Mapping[Key, Sequence[tuple[float, float]]]
"""Published values in the order of their times in seconds, by namespace, name and dimensions of the metric."""

# CloudWatch reads more data points than the evaluation periods: 5 for 3 in its examples.
_MORE_PERIODS = 2
_QUERY = re.compile(r'SELECT MAX\((?P<name>\w+)\) FROM SCHEMA\("(?P<namespace>[^"]+)", Host\) GROUP BY Host')


def key(namespace: str, name: str, **dimensions: str) -> Key:
    """Return the key of a metric."""
    return namespace, name, frozenset(dimensions.items())


def state(alarm: Properties, data: Data, at: float) -> str:
    """Return the state of `alarm` at a time: "OK" or "ALARM".

    An alarm on a query with groups is on while one of its groups is.
    """
    states = {_state(alarm, points) for points in _series(alarm, data, at)}
    return "ALARM" if "ALARM" in states else "OK"


def changes(alarm: Properties, data: Data, times: Sequence[float]) -> list[str]:
    """Return the different states one after the other, of an alarm that begins as "OK"."""
    found = ["OK"]
    for at in times:
        if (new := state(alarm, data, at)) != found[-1]:
            found.append(new)
    return found


def state_of_points(alarm: Properties, points: Sequence[Value]) -> str:
    """Return the state for the data points of the evaluation range, the oldest first."""
    return _state(alarm, points)


def _state(alarm: Properties, points: Sequence[Value]) -> str:
    """Missing points are filled as rarely as possible, also if older points must be taken for them."""
    periods = alarm["EvaluationPeriods"]
    existing = [_breaches(alarm, point) for point in points if point is not None][-periods:]
    filled = [_missing(alarm)] * (periods - len(existing))
    return "ALARM" if sum(existing + filled) >= alarm.get("DatapointsToAlarm", periods) else "OK"


def _breaches(alarm: Properties, value: float) -> bool:
    match alarm["ComparisonOperator"]:
        case "GreaterThanThreshold":
            return bool(value > alarm["Threshold"])
        case "LessThanOrEqualToThreshold":
            return bool(value <= alarm["Threshold"])
        case other:
            raise ValueError(f"no alarm compares by {other}")


def _missing(alarm: Properties) -> bool:
    match alarm["TreatMissingData"]:
        case "breaching":
            return True
        case "notBreaching":
            return False
        case other:
            raise ValueError(f"no alarm treats missing data as {other}")


def _series(alarm: Properties, data: Data, at: float) -> Iterator[list[Value]]:
    if "MetricName" in alarm:
        period, statistic = alarm["Period"], alarm["Statistic"]
        yield [_statistic(data, _key(alarm), statistic, *span) for span in _spans(alarm, period, at)]
    elif query := _QUERY.fullmatch(alarm["Metrics"][0].get("Expression", "")):
        period = alarm["Metrics"][0]["Period"]
        for found in data:
            if found[:2] == (query["namespace"], query["name"]) and {name for name, _ in found[2]} == {"Host"}:
                yield [_statistic(data, found, "Maximum", *span) for span in _spans(alarm, period, at)]
    else:
        yield list(_math(alarm, data, at))


def _math(alarm: Properties, data: Data, at: float) -> Iterator[Value]:
    measured = {each["Id"]: each["MetricStat"] for each in alarm["Metrics"] if "MetricStat" in each}
    (result,) = (each["Expression"] for each in alarm["Metrics"] if each.get("ReturnData", True))
    (period,) = {each["Period"] for each in measured.values()}
    for span in _spans(alarm, period, at):
        values = {name: _statistic(data, _key(each["Metric"]), each["Stat"], *span) for name, each in measured.items()}
        yield evaluated(result, values)


def _key(metric: Properties) -> Key:
    dimensions = {each["Name"]: each["Value"] for each in metric.get("Dimensions", [])}
    return key(metric["Namespace"], metric["MetricName"], **dimensions)


def _spans(alarm: Properties, period: int, at: float) -> Iterator[tuple[float, float]]:
    """Yield the periods of the evaluation range, the oldest first; the last one ends at `at`."""
    for back in range(alarm["EvaluationPeriods"] + _MORE_PERIODS, 0, -1):
        yield at - back * period, at - (back - 1) * period


def _statistic(data: Data, metric: Key, statistic: str, start: float, end: float) -> Value:
    published = data.get(metric, ())
    values = [value for _, value in published[bisect_left(published, (start,)) : bisect_left(published, (end,))]]
    if not values:
        return None
    match statistic:
        case "Sum":
            return sum(values)
        case "Average":
            return sum(values) / len(values)
        case "Maximum":
            return max(values)
        case other:
            raise ValueError(f"no alarm has the statistic {other}")
