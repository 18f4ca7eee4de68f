"""Widgets: Markdown without HTML, legends that fit, and no more rows and bars than fit."""

from typing import Any

import pytest

from capture_ops.observability.rendering.page import page
from capture_ops.observability.rendering.series import DAY_SECS, Series, Span
from capture_ops.observability.rendering.widgets import drawn_graph, drawn_log, drawn_text

SPAN = Span(start=0, end=DAY_SECS)
PLACE = {"x": 0, "y": 0, "width": 8, "height": 6}


def graph(series: list[Series], view: str = "timeSeries") -> Any:
    """Return a widget of metrics with these series."""
    properties = {"title": "Calls", "view": view, "yAxis": {"left": {"label": "count"}}}
    return drawn_graph(PLACE | {"properties": properties}, {"w0_s0": series}, SPAN)


def many(count: int, label: str = "endpoint-{}") -> list[Series]:
    """Return series with the values 0, 1, 2, ..."""
    return [Series(label=label.format(index), values={0: float(index)}) for index in range(count)]


@pytest.mark.parametrize(
    "markdown", ["<script>alert(1)</script>", "[a](javascript:alert(1))", "![a](x)<img src=x onerror=alert(1)>"]
)
def test_html_in_markdown_is_text(markdown: str) -> None:
    """And the page forbids scripts and images in any case."""
    drawn = drawn_text(PLACE | {"properties": {"markdown": markdown}})
    text = page("Test", "made up", [drawn])
    assert "default-src 'none'" in text
    assert "<script" not in text
    assert "<img src=x onerror" not in text
    assert 'href="javascript' not in text


@pytest.mark.parametrize(("count", "shown"), [(1, 1), (4, 4), (60, 7), (500, 7)])
def test_a_legend_has_the_series_that_fit(count: int, shown: int) -> None:
    """The number of the others follows; all of them are drawn."""
    drawn = graph(many(count))
    assert (len(drawn.legend), drawn.more) == (shown, count - shown)
    assert drawn.chart.count("<polyline") == count


def test_a_legend_has_one_series_at_least() -> None:
    """A name that is longer than the widget is cut, and its title is whole."""
    drawn = graph(many(3, "x" * 300 + "{}"))
    assert len(drawn.legend) == 1
    assert 'title="' + "x" * 300 in page("Test", "made up", [drawn])


def test_bars_are_the_largest_latest_values() -> None:
    """The largest first; the number of the others follows."""
    drawn = graph(many(40), "bar")
    assert [bar.latest for bar in drawn.bars[:2]] == ["39", "38"]
    assert drawn.bars[0].share == 100
    assert len(drawn.bars) + drawn.more == 40
    assert graph(many(1), "bar").bars[0].share == 0  # a single value of 0


def test_rows_beyond_the_widget_are_counted() -> None:
    """So that no row is cut in half."""
    properties = {"title": "Rows", "query": "SELECT 1 AS n FROM `g`"}
    drawn = drawn_log(PLACE | {"properties": properties}, ["n"], [[str(index)] for index in range(100)])
    assert len(drawn.rows) + drawn.more == 100
    assert "and " + str(drawn.more) + " more" in page("Test", "made up", [drawn])


def test_a_series_without_points_is_not_drawn() -> None:
    """CloudWatch answers so for a metric that had no value in the time."""
    assert graph([Series(label="a", values={})]).is_empty
    assert "no data" in page("Test", "made up", [graph([])])
