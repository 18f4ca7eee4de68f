"""The body of a dashboard as CloudWatch takes it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from collections.abc import Iterator, Sequence
from typing import Any

from integrations.observability.panels import Board, Graph, LogPanel, Panel, Text, Variable, View
from integrations.observability.queries import Computed, Measured, Query

COLUMNS = 24


def dashboard_body(board: Board, region: str, account: str | None = None) -> dict[str, Any]:
    """Return the body of `board`, whose metrics and logs are in `region`.

    `account` is that of the metrics. It is needed only for a dashboard with a choice of accounts.
    """
    place = {"region": region} | ({"accountId": account} if account else {})
    widgets = [
        {"type": _type(panel), "x": x, "y": y, "width": panel.width, "height": panel.height}
        | {"properties": _properties(panel, place)}
        for panel, x, y in placed(board.panels)
    ]
    variables = {"variables": [_variable(each, place) for each in board.variables]} if board.variables else {}
    return {"periodOverride": "auto", "widgets": widgets} | variables


def placed(panels: Sequence[Panel]) -> Iterator[tuple[Panel, int, int]]:
    """Yield each panel with its column and row: from left to right, and below the highest of a full line.

    Another kind of panel begins a line, because its width seldom fits beside the others.
    """
    x = y = height = 0
    kind = None
    for panel in panels:
        is_other, kind = kind not in {None, type(panel)}, type(panel)
        if is_other or x + panel.width > COLUMNS:
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


def _properties(panel: Panel, place: dict[str, str]) -> dict[str, Any]:
    match panel:
        case Text():
            return {"markdown": f"### {panel.title}\n{panel.markdown}" if panel.title else panel.markdown}
        case LogPanel():
            shown = {"title": panel.title, "view": panel.view, "query": panel.sql, "queryLanguage": "SQL"}
            return shown | place
        case Graph():
            return _graph(panel, place)


def _graph(panel: Graph, place: dict[str, str]) -> dict[str, Any]:
    axis: dict[str, Any] = {"label": panel.unit, "showUnits": False, "min": 0}
    shown = {
        "title": panel.title,
        "view": panel.view,
        "stacked": panel.stacked,
        "metrics": [_metric(query) for query in panel.queries],
        "yAxis": {"left": axis if panel.top is None else axis | {"max": panel.top}},
    }
    lines = [{"label": line.label, "value": line.at} for line in panel.lines]
    shown |= {"annotations": {"horizontal": lines}} if lines else {}
    shown |= {"start": f"-P{panel.days}D", "end": "P0D"} if panel.days else {}
    # The bars and the table show the latest value, each in a line of its own.
    return shown | place | ({"legend": {"position": "bottom"}} if panel.view is View.LINES else {})


def _metric(query: Query) -> list[Any]:
    shown = {"id": query.id, "period": query.period_secs, "visible": query.visible}
    label = {"label": query.label} if query.label else {}
    match query:
        case Computed():
            return [{"expression": query.expression} | shown | label]
        case Measured():
            dimensions = [part for dimension in query.dimensions for part in dimension]
            return [query.metric.namespace, query.metric.name, *dimensions, {"stat": query.statistic} | shown | label]


def _variable(variable: Variable, place: dict[str, str]) -> dict[str, Any]:
    values = [{"label": choice.label, "value": choice.value} for choice in variable.choices]
    return {
        "type": variable.scope,
        variable.scope: variable.replaced,
        "inputType": "select" if values else "input",
        "id": variable.id,
        "label": variable.label,
        "defaultValue": place.get(variable.default, variable.default),
        "visible": True,
    } | ({"values": values} if values else {})
