"""The values of a dashboard from CloudWatch, and how many metrics they are, before they are fetched."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from capture_forwarder.aws.session import CONFIG, aws_session
from capture_ops.observability.rendering.answers import converted
from capture_ops.observability.rendering.requests import Query, calls
from capture_ops.observability.rendering.series import Series, span_of
from integrations.observability.searches import Search, parse_search

_NO_METRICS: Mapping[str, Any] = {"properties": {}}


class Live:
    """CloudWatch in the account and region of the session."""

    def __init__(self, now: int) -> None:
        """Take the time now in seconds since 1970. Raises botocore's errors without a region or credentials."""
        self._client: Any = aws_session().client("cloudwatch", config=CONFIG)
        self._now = now

    def count(self, bodies: Iterable[Mapping[str, Any]]) -> int:
        """Return the number of metrics that the dashboards fetch: a search fetches all that it finds."""
        found: dict[Search, int] = {}
        count = 0
        for metric in (metric for body in bodies for widget in body["widgets"] for metric in _metrics(widget)):
            search = parse_search(metric[-1].get("expression", ""))
            if search and search not in found:
                found[search] = self._found(search)
            count += found[search] if search else "expression" not in metric[-1]
        return count

    def series(self, dashboard: str, body: Mapping[str, Any]) -> dict[str, list[Series]]:
        """Return the series of the widgets of the dashboard by the id of their query. Raises botocore's errors."""
        answers: dict[str, list[Series]] = {}
        starts = {span_of(widget, self._now).start for widget in body["widgets"]}
        for start in sorted(starts):
            # The other widgets keep their places, because ids have them.
            widgets = [each if span_of(each, self._now).start == start else _NO_METRICS for each in body["widgets"]]
            for queries in calls(dashboard, {"widgets": widgets}):
                for each, series in self._answered(queries, start):
                    answers.setdefault(each, []).extend(series)
        return {each: _joined(series) for each, series in answers.items()}

    def _answered(self, queries: list[Query], start: int) -> Iterator[tuple[str, list[Series]]]:
        times = {name: datetime.fromtimestamp(at, UTC) for name, at in (("StartTime", start), ("EndTime", self._now))}
        for answer in self._client.get_paginator("get_metric_data").paginate(MetricDataQueries=queries, **times):
            yield from converted(answer).items()

    def _found(self, search: Search) -> int:
        dimensions = [{"Name": name} for name in search.dimensions]
        pages = self._client.get_paginator("list_metrics").paginate(
            Namespace=search.namespace,
            MetricName=search.metric,
            Dimensions=dimensions,
        )
        metrics = (metric for page in pages for metric in page["Metrics"])
        return sum(len(metric.get("Dimensions", ())) == len(dimensions) for metric in metrics)


def _metrics(widget: Mapping[str, Any]) -> Iterable[list[Any]]:
    found: Iterable[list[Any]] = widget["properties"].get("metrics", ())
    return found


def _joined(pages: list[Series]) -> list[Series]:
    """Join the parts of a series that come on several pages: they have the same label."""
    joined: dict[str, dict[int, float]] = {}
    for series in pages:
        joined.setdefault(series.label, {}).update(series.values)
    return [Series(label=label, values=values) for label, values in joined.items()]
