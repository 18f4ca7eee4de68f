"""Where the values of a rendered dashboard come from: made up, a file, AWS, or nowhere."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from capture_ops.observability.rendering.answers import read_answers
from capture_ops.observability.rendering.requests import query_id
from capture_ops.observability.rendering.rows import columns_of, made_up_rows
from capture_ops.observability.rendering.series import Results, Series, Span, span_of
from capture_ops.observability.rendering.synthetic import SYNTHETIC_END, Synthetic

Widget = Mapping[str, Any]


class Source(Protocol):
    """Gives the values of widgets."""

    @property
    def text(self) -> str:
        """The sentence at the head of the page."""
        ...

    def span(self, widget: Widget) -> Span:
        """Return the times that a widget shows."""
        ...

    def results(self, widget: Widget, index: int) -> Results:
        """Return the series of the visible queries of a widget; `index` is its place in the dashboard."""
        ...

    def rows(self, sql: str) -> Sequence[Sequence[str]]:
        """Return the rows of a log query, if there are any."""
        ...


class MadeUp:
    """Values of a seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._synthetic = Synthetic(seed)
        self.text = f"Synthetic values of seed {seed}; times are UTC."

    def span(self, widget: Widget) -> Span:
        """Return the last day, or the widget's own span, before a fixed time."""
        return span_of(widget, SYNTHETIC_END)

    def results(self, widget: Widget, index: int) -> Results:
        """Return made-up series."""
        del index
        return self._synthetic.results(widget, self.span(widget))

    def rows(self, sql: str) -> Sequence[Sequence[str]]:
        """Return made-up rows."""
        return made_up_rows(sql, self._seed) if columns_of(sql) else ()


class Answered:
    """Answers of GetMetricData. CloudWatch gives no rows of log queries by that call."""

    def __init__(self, answers: Mapping[str, list[Series]], text: str, now: int) -> None:
        self._answers = answers
        self._now = now
        self.text = text

    def span(self, widget: Widget) -> Span:
        """Return the last day, or the widget's own span, before the newest value."""
        times = (time for found in self._answers.values() for series in found for time in series.values)
        return span_of(widget, max(times, default=self._now) + 1)

    def results(self, widget: Widget, index: int) -> Results:
        """Return the answers to the widget's queries."""
        ids = [metric[-1]["id"] for metric in widget["properties"].get("metrics", ()) if metric[-1]["visible"]]
        return {each: self._answers.get(query_id(index, each), []) for each in ids}

    def rows(self, sql: str) -> Sequence[Sequence[str]]:
        """Return none."""
        del sql
        return ()


def of_files(files: Sequence[Path], now: int) -> Answered:
    """Return the answers in files. Raises `CommandError`, `OSError`."""
    answers: dict[str, list[Series]] = {}
    for file in files:
        for each, series in read_answers(file).items():
            answers.setdefault(each, []).extend(series)
    names = ", ".join(str(file) for file in files)
    return Answered(answers, f"Values of {names}; times are UTC." if files else "No values; times are UTC.", now)
