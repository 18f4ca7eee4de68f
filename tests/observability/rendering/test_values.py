"""Series: metric math, made-up values, and the answers of GetMetricData."""

from pathlib import Path

import pytest

from capture_ops.observability.rendering.answers import read_answers
from capture_ops.observability.rendering.arithmetic import Arithmetic
from capture_ops.observability.rendering.rows import columns_of, made_up_rows
from capture_ops.observability.rendering.series import Series, Span, span_of
from capture_ops.observability.rendering.synthetic import SYNTHETIC_END, Synthetic
from capture_ops.terminal.errors import CommandError
from integrations.observability.boards.registry import boards
from integrations.observability.body import dashboard_body
from integrations.observability.panels import LogPanel
from tests.observability.boards_of import settings_with

SPAN = Span(start=0, end=900)
MADE = boards(settings_with())
WIDGETS = [
    (board.name, widget)
    for board in MADE
    for widget in dashboard_body(board, "eu-west-1")["widgets"]
    if widget["type"] == "metric"
]


def series(**values: float) -> list[Series]:
    """Return one series; `t300=1.0` is the value 1 at 300 seconds."""
    return [Series(label="x", values={int(time[1:]): value for time, value in values.items()})]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a / 1000", {0: 0.002, 300: 0.004}),
        ("a * 100", {0: 200.0, 300: 400.0}),
        ("a + b", {0: 3.0}),
        ("a - b", {0: 1.0}),
        ("b / a", {0: 0.5}),
        ("a / c", {0: 2.0}),
        ("1 / c", {0: 1.0}),
        ("FILL(b, 0)", {0: 1.0, 300: 0.0, 600: 0.0}),
        ("100 * FILL(b, 0) / a", {0: 50.0, 300: 0.0}),
        ("(2 + 2) * a", {0: 8.0, 300: 16.0}),
    ],
)
def test_expressions(expression: str, expected: dict[int, float]) -> None:
    """A missing point gives none, FILL gives one in each period, and a division by 0 gives none."""
    given = {"a": series(t0=2, t300=4), "b": series(t0=1), "c": series(t0=1, t300=0)}
    (found,) = Arithmetic(given, SPAN, 300).of(expression)
    assert dict(found.values) == expected


@pytest.mark.parametrize("expression", ["a ** 2", "STDDEV(a)", "d", "1 + 1", "FILL(1, 0)", "__import__('os')", "a.b"])
def test_other_expressions_are_refused(expression: str) -> None:
    """No dashboard uses them. No code in them is run."""
    with pytest.raises(ValueError, match=r"computed here|has no series"):
        Arithmetic({"a": series(t0=1)}, SPAN, 300).of(expression)


@pytest.mark.parametrize(("name", "widget"), WIDGETS, ids=lambda value: str(value)[:20])
def test_every_graph_has_made_up_values_that_are_possible(name: str, widget: dict[str, object]) -> None:
    """Percentages of all are at most 100, and none is negative; the widget can be looked at."""
    del name
    span = span_of(widget, SYNTHETIC_END)
    found = Synthetic(7).results(widget, span)
    assert found
    properties = widget["properties"]
    assert isinstance(properties, dict)
    highest = properties["yAxis"]["left"].get("max")
    for each in (one for many in found.values() for one in many):
        assert each.values
        assert min(each.values.values()) >= 0
        assert highest is None or max(each.values.values()) <= highest * 1.5
        assert all(span.start <= time < span.end for time in each.values)
        assert "PROP" not in each.label


def test_a_seed_gives_the_same_values() -> None:
    """And another seed gives others."""
    _, widget = WIDGETS[0]
    span = span_of(widget, SYNTHETIC_END)
    assert Synthetic(1).results(widget, span) == Synthetic(1).results(widget, span)
    assert Synthetic(1).results(widget, span) != Synthetic(2).results(widget, span)


def test_rows_have_the_columns_of_each_log_query() -> None:
    """Each column has values of its own."""
    for sql in {panel.sql for board in MADE for panel in board.panels if isinstance(panel, LogPanel)}:
        rows = made_up_rows(sql, 1)
        assert rows
        assert {len(row) for row in rows} == {len(columns_of(sql))}
        assert "-" not in {cell for row in rows for cell in row}


@pytest.mark.parametrize(
    "time", ['"2026-01-15T10:00:00Z"', '"2026-01-15T11:00:00+01:00"', "1768471200.0", "1768471200"]
)
def test_times_of_answers(tmp_path: Path, time: str) -> None:
    """Both forms that the AWS CLI writes, by its option `cli_timestamp_format`."""
    answer = tmp_path / "answer.json"
    answer.write_text(
        f'{{"MetricDataResults": [{{"Id": "w0_s0", "Label": "churn", "Timestamps": [{time}], "Values": [2.5]}}]}}',
        encoding="utf-8",
    )
    assert read_answers(answer) == {"w0_s0": [Series(label="churn", values={1768471200: 2.5})]}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"MetricDataResults": [{"Id": 1}]}', "\0"])
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    """The sentence names the file and the command that writes the right one."""
    answer = tmp_path / "answer.json"
    answer.write_text(text, encoding="utf-8")
    with pytest.raises(CommandError, match=r"is no answer of GetMetricData.*aws cloudwatch get-metric-data"):
        read_answers(answer)
