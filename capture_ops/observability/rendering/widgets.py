"""Widgets of a dashboard as the page draws them."""

from collections.abc import Mapping, Sequence
from typing import Any

from markdown_it import MarkdownIt
from msgspec import Struct

from capture_ops.observability.rendering.axes import number_text
from capture_ops.observability.rendering.charts import COLOURS, Mark, line_chart
from capture_ops.observability.rendering.series import Results, Series, Span

COLUMN_PX, ROW_PX = 60, 50
_BORDER_PX, _TITLE_PX, _LEGEND_PX, _LINE_PX = 18, 26, 36, 18
_LEGEND_LINES, _LETTER_PX, _ENTRY_PX, _MORE_PX = 2, 7, 24, 90
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


class Entry(Struct, frozen=True, kw_only=True):
    """One series in a legend or in a list of latest values; `share` is that of the largest one, in percent."""

    label: str
    colour: str
    latest: str = ""
    share: float = 0.0


class Drawn(Struct, frozen=True, kw_only=True):
    """One widget: its place in the grid and its content, of which the page shows what is there."""

    x: int
    y: int
    width: int
    height: int
    title: str = ""
    unit: str = ""
    chart: str = ""
    html: str = ""
    query: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    legend: tuple[Entry, ...] = ()
    bars: tuple[Entry, ...] = ()
    more: int = 0
    is_empty: bool = False


def drawn_text(widget: Mapping[str, Any]) -> Drawn:
    """Return a widget of Markdown; HTML in it is shown as text."""
    return Drawn(**_place(widget), html=_MARKDOWN.render(widget["properties"]["markdown"]))


def drawn_log(widget: Mapping[str, Any], columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Drawn:
    """Return a widget of a log query: its rows, or its text if there are none."""
    properties = widget["properties"]
    fitting = rows[: max(1, (_inner_height(widget)) // _LINE_PX - 1)]
    return Drawn(
        **_place(widget),
        title=properties["title"],
        query="" if rows else properties["query"],
        columns=tuple(columns),
        rows=tuple(tuple(row) for row in fitting),
        more=len(rows) - len(fitting),
        is_empty=not rows,
    )


def drawn_graph(widget: Mapping[str, Any], results: Results, span: Span) -> Drawn:
    """Return a widget of metrics. `results` has the series of its visible queries."""
    properties = widget["properties"]
    series = [each for found in results.values() for each in found if each.values]
    axis = properties["yAxis"]["left"]
    head = _place(widget) | {"title": properties["title"], "unit": axis["label"], "is_empty": not series}
    if not series:
        return Drawn(**head)
    if properties["view"] != "timeSeries":
        return _latest(head, series, _inner_height(widget))
    marks = [Mark(line["label"], line["value"]) for line in properties.get("annotations", {}).get("horizontal", ())]
    size = (widget["width"] * COLUMN_PX - _BORDER_PX, _inner_height(widget) - _LEGEND_PX)
    chart = line_chart(series, marks, axis["label"], span, size, axis.get("max"))
    legend = _fitting(tuple(_entry(each, index) for index, each in enumerate(series)), size[0])
    return Drawn(**head, chart=chart, legend=legend, more=len(series) - len(legend))


def _fitting(entries: tuple[Entry, ...], width: int) -> tuple[Entry, ...]:
    """Return the entries that fit in the lines of a legend of this width, with room for the number of the others."""
    room = width
    lines = 1
    for count, entry in enumerate(entries):
        wanted = min(width, len(entry.label) * _LETTER_PX + _ENTRY_PX)
        if wanted > room:
            lines, room = lines + 1, width
        room -= wanted
        is_last = count == len(entries) - 1
        if lines > _LEGEND_LINES or (lines == _LEGEND_LINES and room < _MORE_PX and not is_last):
            return entries[: max(1, count)]
    return entries


def _latest(head: Mapping[str, Any], series: Sequence[Series], height: int) -> Drawn:
    """Return bars of the latest values, the largest first."""
    ranked = sorted(series, key=_last, reverse=True)
    fitting = ranked[: max(1, height // (2 * _LINE_PX))]
    largest = _last(ranked[0]) or 1.0
    bars = tuple(_entry(each, index, _last(each) / largest * 100) for index, each in enumerate(fitting))
    return Drawn(**head, bars=bars, more=len(series) - len(fitting))


def _entry(series: Series, index: int, share: float = 0.0) -> Entry:
    latest = number_text(_last(series))
    return Entry(label=series.label, colour=COLOURS[index % len(COLOURS)], latest=latest, share=round(share, 1))


def _last(series: Series) -> float:
    return series.values[max(series.values)]


def _place(widget: Mapping[str, Any]) -> dict[str, Any]:
    return {name: widget[name] for name in ("x", "y", "width", "height")}


def _inner_height(widget: Mapping[str, Any]) -> int:
    return int(widget["height"]) * ROW_PX - _BORDER_PX - _TITLE_PX
