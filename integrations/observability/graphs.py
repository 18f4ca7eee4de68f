"""Graphs of one family of metrics, which have the same namespace and dimensions, in the unit that people read."""

from typing import TypedDict, Unpack

from msgspec import Struct

from integrations.observability.metric_names import ALLOWED, Unit
from integrations.observability.panels import Graph, Line, View
from integrations.observability.queries import Computed, Query, search

FIVE_MINUTES = 300
HOUR = 3600
DAY = 86_400
WEEK_DAYS = 7

# The drawn unit of each published one, and the arithmetic between them.
_DRAWN = {
    Unit.MICROSECONDS: ("milliseconds", " / 1000"),
    Unit.MILLISECONDS: ("seconds", " / 1000"),
    Unit.SECONDS: ("seconds", ""),
    Unit.PERCENT: ("percent", ""),
    Unit.COUNT: ("count", ""),
    Unit.NONE: ("count", ""),
}
_PERIODS = {FIVE_MINUTES: "5 minutes", HOUR: "an hour", DAY: "a day"}


class Style(TypedDict, total=False):
    """Options of `Graph` that differ from its defaults."""

    unit: str
    view: View
    lines: tuple[Line, ...]
    days: int
    width: int
    top: float | None


class Series(Struct, frozen=True, kw_only=True):
    """The series of one metric by one statistic. `label` stands before the values of their dimensions.

    `times` is the factor between the published unit and the drawn one, if the unit alone does not say it.
    """

    metric: str
    statistic: str
    label: str = ""
    times: str = ""


class Family(Struct, frozen=True, kw_only=True):
    """Metrics of one namespace with the same dimensions. `choices` are those that the head of the dashboard filters."""

    namespace: str
    dimensions: tuple[str, ...]
    choices: tuple[str, ...] = ()

    def graph(
        self, ids: tuple[str, ...], title: str, *series: Series, period_secs: int = FIVE_MINUTES, **style: Unpack[Style]
    ) -> Graph:
        """Return a graph of all series that CloudWatch finds; a new endpoint or job appears by itself."""
        queries = tuple(
            query for index, each in enumerate(series) for query in self.found(each, f"s{index}", period_secs)
        )
        shown = Style(unit=self._unit(series[0], period_secs)) | style
        return Graph(ids=ids, title=title, queries=queries, **shown)

    def found(self, series: Series, query_id: str, period_secs: int = FIVE_MINUTES) -> tuple[Query, ...]:
        """Return the search for a metric, and the expression that converts its unit if it needs one."""
        metric = ALLOWED[self.namespace, series.metric]
        text = search(metric, self.dimensions, series.statistic, period_secs=period_secs, choices=self.choices)
        names = [f"${{PROP('Dim.{name}')}}" for name in self.dimensions]
        label = " ".join([series.label, *names] if series.label else names)
        factor = series.times or _DRAWN[metric.unit][1]
        if not factor:
            return (Computed(id=query_id, expression=text, period_secs=period_secs, label=label),)
        raw = Computed(id=f"{query_id}raw", expression=text, period_secs=period_secs, visible=False)
        return raw, Computed(id=query_id, expression=f"{raw.id}{factor}", period_secs=period_secs, label=label)

    def _unit(self, series: Series, period_secs: int) -> str:
        unit = _DRAWN[ALLOWED[self.namespace, series.metric].unit][0]
        return f"count in {_PERIODS[period_secs]}" if unit == "count" and series.statistic == "Sum" else unit


def rate(metric: str, label: str = "") -> Series:
    """Return the rate of an error in percent: each call counts 1 or 0, so the average is the rate."""
    return Series(metric=metric, statistic="Average", label=label, times=" * 100")
