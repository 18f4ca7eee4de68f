"""Charts: round marks, gaps, lines of limits, and labels that are text."""

from xml.etree import ElementTree as ET

import pytest

from capture_ops.observability.rendering.axes import number_text, time_text, times_of_axis, values_of_axis
from capture_ops.observability.rendering.charts import Mark, line_chart
from capture_ops.observability.rendering.series import DAY_SECS, Series, Span

DAY = Span(start=1_768_435_200, end=1_768_435_200 + DAY_SECS)
SIZE = (400, 200)


@pytest.mark.parametrize(
    ("highest", "expected"),
    [
        (0, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (100, [0, 20, 40, 60, 80, 100]),
        (101, [0, 25, 50, 75, 100, 125]),
        (87_000, [0, 20_000, 40_000, 60_000, 80_000, 100_000]),
        (0.003, [0, 0.001, 0.002, 0.003]),
    ],
)
def test_marks_of_values_are_round(highest: float, expected: list[float]) -> None:
    """The last one is not below the highest value."""
    assert values_of_axis(highest) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("days", "most", "expected"),
    [
        (1, 9, ["00:00", "03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00", "00:00"]),
        (1, 5, ["00:00", "06:00", "12:00", "18:00", "00:00"]),
        (7, 9, ["01-15", "01-16", "01-17", "01-18", "01-19", "01-20", "01-21", "01-22"]),
    ],
)
def test_marks_of_time_are_round(days: int, most: int, expected: list[str]) -> None:
    """And not more than fit."""
    span = Span(start=DAY.start, end=DAY.start + days * DAY_SECS)
    assert [time_text(time, span) for time in times_of_axis(span, most)] == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(0, "0"), (0.25, "0.25"), (99.94, "99.9"), (1234.6, "1,235"), (2_000_000, "2,000,000")]
)
def test_numbers_have_few_digits(value: float, expected: str) -> None:
    assert number_text(value) == expected


def test_a_gap_in_the_values_is_a_gap_in_the_line() -> None:
    """There are two strokes. The second one is a single point."""
    times = [DAY.start, DAY.start + 300, DAY.start + 600, DAY.start + 3000]
    chart = drawn([Series(label="x", values=dict.fromkeys(times, 1.0))])
    assert len(chart.findall("polyline")) == 2


def test_a_limit_has_a_line_and_a_text_inside_of_the_chart() -> None:
    """Also if it is far above the values, and if it is the end of the axis."""
    for mark in (Mark("alarm", 5000), Mark("alarm", 0)):
        chart = drawn([Series(label="x", values={DAY.start: 1.0})], [mark])
        (line,) = (each for each in chart.findall("line") if each.get("class") == "mark")
        (text,) = (each for each in chart.findall("text") if each.get("class") == "mark")
        assert 0 < float(line.get("y1", "")) < SIZE[1]
        assert 0 < float(text.get("y", "")) < SIZE[1]
        assert text.text == f"alarm: {mark.at:,g}"


def test_labels_are_text() -> None:
    """The XML library escapes them."""
    chart = line_chart([], [Mark("<script>alert('x')</script>", 1)], "<b>", DAY, SIZE, None)
    assert "<script" not in chart
    assert "<b>" not in chart


def drawn(series: list[Series], marks: list[Mark] | None = None) -> ET.Element:
    """Return a chart of a day as XML."""
    return ET.fromstring(line_chart(series, marks or [], "count", DAY, SIZE, None))  # noqa: S314 - our own text
