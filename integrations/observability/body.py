"""The body of a dashboard as CloudWatch takes it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from collections.abc import Iterator, Sequence
from typing import Any

from integrations.observability.panels import Board, Graph, LogPanel, Panel, Text, Variable
from integrations.observability.queries import Computed, Measured, Query

COLUMNS = 24


def dashboard_body(board: Board, region: str) -> dict[str, Any]:
    """Return the body of `board`, whose metrics and logs are in `region`."""
    widgets = [
        {"type": _type(panel), "x": x, "y": y, "width": panel.width, "height": panel.height}
        | {"properties": _properties(panel, region)}
        for panel, x, y in placed(board.panels)
    ]
    variables = {"variables": [_variable(each) for each in board.variables]} if board.variables else {}
    return {"periodOverride": "auto", "widgets": widgets} | variables


def placed(panels: Sequence[Panel]) -> Iterator[tuple[Panel, int, int]]:
    """Yield each panel with its column and row: from left to right, and below the highest of a full line."""
    x = y = height = 0
    for panel in panels:
        if x + panel.width > COLUMNS:
            x, y, height = 0, y + height, 0
        yield panel, x, y
        x, height = x + panel.width, max(height, panel.height)


def _type(panel: Panel) -> str:
    match panel:
        case Graph():
            return "metric"
        case LogPanel():
            return "log"
        case Text():
            return "text"


def _properties(panel: Panel, region: str) -> dict[str, Any]:
    match panel:
        case Text():
            return {"markdown": panel.markdown}
        case LogPanel():
            return {
                "title": panel.title,
                "region": region,
                "view": panel.view,
                "query": panel.sql,
                "queryLanguage": "SQL",
            }
        case Graph():
            lines = [{"label": line.label, "value": line.at} for line in panel.lines]
            return {
                "title": panel.title,
                "region": region,
                "view": panel.view,
                "stacked": panel.stacked,
                "metrics": [_metric(query) for query in panel.queries],
                "yAxis": {"left": {"label": panel.unit, "showUnits": False}},
            } | ({"annotations": {"horizontal": lines}} if lines else {})


def _metric(query: Query) -> list[Any]:
    shown = {"id": query.id, "period": query.period_secs, "visible": query.visible}
    label = {"label": query.label} if query.label else {}
    match query:
        case Computed():
            return [{"expression": query.expression} | shown | label]
        case Measured():
            dimensions = [part for dimension in query.dimensions for part in dimension]
            return [query.metric.namespace, query.metric.name, *dimensions, {"stat": query.statistic} | shown | label]


def _variable(variable: Variable) -> dict[str, Any]:
    return {
        "type": "property",
        "property": variable.dimension,
        "inputType": "select",
        "id": variable.id,
        "label": variable.label,
        "visible": True,
        "search": variable.search,
        "populateFrom": variable.dimension,
    }
