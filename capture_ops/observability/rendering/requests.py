"""The queries of GetMetricData for the widgets of a dashboard.

In a dashboard an id is unique in its widget only. Here each begins with its dashboard and widget: a call needs unique
ids, and the answers to one dashboard must not be drawn in another one.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

MAX_QUERIES_OF_CALL = 500
Query = dict[str, Any]

# Texts in quotes, such as the terms of a SEARCH, name no queries.
_NAMES = re.compile(r"'(?:[^'\\]|\\.)*'|\b[a-z]\w*\b")


def widget_queries(dashboard: str, widget: Mapping[str, Any], index: int) -> list[Query]:
    """Return the queries of the widget with this place in the dashboard of this name."""
    metrics = widget["properties"].get("metrics", ())
    ids = {metric[-1]["id"]: query_id(dashboard, index, metric[-1]["id"]) for metric in metrics}
    return [_query(metric, ids) for metric in metrics]


def query_id(dashboard: str, index: int, own: str) -> str:
    """Return the id of a query of the widget with this place in the dashboard; an id has no hyphen."""
    return f"{dashboard.replace('-', '_')}_w{index}_{own}"


def calls(dashboard: str, body: Mapping[str, Any]) -> Iterator[list[Query]]:
    """Yield the queries of all widgets, in as few calls as GetMetricData allows; a widget is in one call."""
    call: list[Query] = []
    for index, widget in enumerate(body["widgets"]):
        queries = widget_queries(dashboard, widget, index)
        if len(call) + len(queries) > MAX_QUERIES_OF_CALL:
            yield call
            call = []
        call = call + queries
    if call:
        yield call


def _query(metric: list[Any], ids: Mapping[str, str]) -> Query:
    *parts, options = metric
    shown = {"Id": ids[options["id"]], "ReturnData": options["visible"]}
    shown |= {"Label": options["label"]} if "label" in options else {}
    if "expression" in options:
        expression = _NAMES.sub(lambda found: ids.get(found[0], found[0]), options["expression"])
        return shown | {"Expression": expression, "Period": options["period"]}
    namespace, name, *dimensions = parts
    pairs = zip(dimensions[::2], dimensions[1::2], strict=True)
    named = {"Dimensions": [{"Name": dimension, "Value": value} for dimension, value in pairs]}
    statistic = {"Period": options["period"], "Stat": options["stat"]}
    return shown | {"MetricStat": {"Metric": {"Namespace": namespace, "MetricName": name} | named} | statistic}
