"""Line charts as SVG. The text of names and labels is escaped by the XML library.

The page has no script: so it can be sent on, printed and opened where scripts are forbidden, and no name in it is run.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from xml.etree.ElementTree import Element, SubElement, tostring

from msgspec import Struct

from capture_ops.observability.rendering.axes import highest_of, number_text, time_text, times_of_axis, values_of_axis
from capture_ops.observability.rendering.series import Series, Span

COLOURS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#17becf", "#bcbd22", "#d62728")
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 20, 26, 20
_TIME_PX = 60
# A point that comes later than this many usual distances begins a new stroke.
_GAP = 1.5


class Mark(Struct, frozen=True):
    """A horizontal line of a widget."""

    label: str
    at: float


class Plot(Struct, frozen=True, kw_only=True):
    """The area of one chart, and the scales from values and times to it. Sizes are pixels."""

    width: int
    height: int
    span: Span
    highest: float

    def x(self, time: float) -> float:
        """Return the place of a time."""
        share = (time - self.span.start) / (self.span.end - self.span.start)
        return round(_LEFT + share * (self.width - _LEFT - _RIGHT), 1)

    def y(self, value: float) -> float:
        """Return the place of a value; one above the axis is at its end."""
        share = min(max(value, 0.0), self.highest) / self.highest
        return round(self.height - _BOTTOM - share * (self.height - _TOP - _BOTTOM), 1)


def line_chart(
    series: Sequence[Series], marks: Sequence[Mark], unit: str, span: Span, size: tuple[int, int], top: float | None
) -> str:
    """Return an SVG of lines. `size` is the width and the height in pixels; `top` is the end of the axis, if fixed."""
    values = [value for each in series for value in each.values.values()]
    ticks = values_of_axis(highest_of(values, [mark.at for mark in marks], top))
    width, height = size
    plot = Plot(width=width, height=height, span=span, highest=ticks[-1])
    root = Element("svg", viewBox=f"0 0 {width} {height}", role="img")
    _text(root, 2, 11, unit, "unit")
    _draw_axes(root, plot, ticks)
    for index, each in enumerate(series):
        for points in _strokes(each, plot):
            colour = COLOURS[index % len(COLOURS)]
            SubElement(root, "polyline", points=points, fill="none", stroke=colour, attrib={"stroke-width": "1.5"})
    for mark in marks:
        _draw_mark(root, plot, mark)
    return tostring(root, encoding="unicode")


def _draw_axes(root: Element, plot: Plot, ticks: Sequence[float]) -> None:
    for tick in ticks:
        y = plot.y(tick)
        _line(root, plot, y, "grid")
        _text(root, _LEFT - 4, y + 4, number_text(tick), "tick", "end")
    most = (plot.width - _LEFT - _RIGHT) // _TIME_PX
    for time in times_of_axis(plot.span, most):
        _text(root, plot.x(time), plot.height - 5, time_text(time, plot.span), "tick", "middle")


def _draw_mark(root: Element, plot: Plot, mark: Mark) -> None:
    y = plot.y(mark.at)
    _line(root, plot, y, "mark")
    below = y < _TOP + 12
    text = f"{mark.label}: {number_text(mark.at)}"
    _text(root, plot.width - _RIGHT - 2, y + 12 if below else y - 4, text, "mark", "end")


def _strokes(series: Series, plot: Plot) -> Iterator[str]:
    """Yield the points of each stroke; a gap in the values is a gap in the line."""
    times = sorted(time for time in series.values if plot.span.start <= time < plot.span.end)
    usual = min((after - before for before, after in pairwise(times)), default=0)
    stroke: list[str] = []
    last = None
    for time in times:
        if last is not None and time - last > usual * _GAP:
            yield _points(stroke)
            stroke = []
        stroke.append(f"{plot.x(time)},{plot.y(series.values[time])}")
        last = time
    if stroke:
        yield _points(stroke)


def _points(stroke: list[str]) -> str:
    """Return the points; a single one becomes a short line, because else nothing is drawn."""
    if len(stroke) > 1:
        return " ".join(stroke)
    x, _, y = stroke[0].partition(",")
    return f"{stroke[0]} {float(x) + 2},{y}"


def _line(root: Element, plot: Plot, y: float, kind: str) -> None:
    SubElement(root, "line", x1=str(_LEFT), x2=str(plot.width - _RIGHT), y1=str(y), y2=str(y), attrib={"class": kind})


def _text(root: Element, x: float, y: float, text: str, kind: str, anchor: str = "start") -> None:
    attributes = {"class": kind, "text-anchor": anchor}
    SubElement(root, "text", x=str(x), y=str(round(y, 1)), attrib=attributes).text = text
