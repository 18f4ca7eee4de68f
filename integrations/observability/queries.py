"""Queries of metrics: one published series, or an expression over others. Graphs and alarms share them."""

from collections.abc import Mapping

from msgspec import Struct

from integrations.observability.metric_names import MetricName

MAX_SEARCH_CHARS = 1024  # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html


class Measured(Struct, frozen=True, kw_only=True):
    """One published series. `id` begins with a lower-case letter; `visible` says whether a graph draws it."""

    id: str
    metric: MetricName
    dimensions: tuple[tuple[str, str], ...] = ()
    statistic: str
    period_secs: int = 300
    label: str = ""
    visible: bool = True


class Computed(Struct, frozen=True, kw_only=True):
    """A metric math expression over the ids of other queries, or a search."""

    id: str
    expression: str
    period_secs: int = 300
    label: str = ""
    visible: bool = True


Query = Measured | Computed


def search(
    metric: MetricName,
    dimensions: tuple[str, ...],
    statistic: str,
    *,
    period_secs: int = 300,
    values: Mapping[str, str] = {},
    choices: tuple[str, ...] = (),
) -> str:
    """Return a SEARCH for all series of `metric` with exactly these dimensions, or of them those with `values`.

    `choices` are dimensions whose value a person may choose at the head of the dashboard: see `no_choice`.
    The namespace stands in quotes, because some begin with a slash:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
    """
    names = ",".join((f'"{metric.namespace}"', *dimensions))
    chosen = "".join(f" {name}={quoted(value)}" for name, value in values.items())
    chosen += "".join(f" {no_choice(name)}" for name in choices)
    return f"SEARCH('{{{names}}} MetricName=\"{metric.name}\"{chosen}', '{statistic}', {period_secs})"


def no_choice(dimension: str) -> str:
    """Return the term that a variable of the dashboard replaces by a chosen value.

    It excludes the series with this word in a name, so all are shown until a person chooses. It has no quotes, because
    it is also a pattern in the JSON text of the dashboard, where quotes are escaped.
    """
    return f"NOT {dimension}=nochoice"


def quoted(value: str) -> str:
    """Return a value in the double quotes of a SEARCH, which stands in single quotes itself."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("'", "\\'")
    return f'"{escaped}"'
