"""Where the values of a rendered dashboard come from: made up, a file, AWS, or nowhere."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from capture_ops.observability.rendering.answers import read_answers
from capture_ops.observability.rendering.requests import calls, query_id
from capture_ops.observability.rendering.rows import columns_of, made_up_rows
from capture_ops.observability.rendering.series import Results, Series, Span, span_of
from capture_ops.observability.rendering.synthetic import SYNTHETIC_END, Synthetic
from capture_ops.terminal.errors import CommandError

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

    def __init__(
        self, dashboard: str, answers: Mapping[str, list[Series]], text: str, end: int, start: int | None = None
    ) -> None:
        """Take the times that all widgets show; without `start` each shows its own span before `end`."""
        self._dashboard = dashboard
        self._answers = answers
        self._end = end
        self._start = start
        self.text = text

    def span(self, widget: Widget) -> Span:
        """Return the times of the answers, or the widget's own."""
        return span_of(widget, self._end) if self._start is None else Span(start=self._start, end=self._end)

    def results(self, widget: Widget, index: int) -> Results:
        """Return the answers to the widget's queries."""
        ids = [metric[-1]["id"] for metric in widget["properties"].get("metrics", ()) if metric[-1]["visible"]]
        return {each: self._answers.get(query_id(self._dashboard, index, each), []) for each in ids}

    def rows(self, sql: str) -> Sequence[Sequence[str]]:
        """Return none."""
        del sql
        return ()


def of_files(files: Sequence[Path], bodies: Mapping[str, Widget], now: int) -> list[Answered]:
    """Return for each dashboard, by its name, the answers in files that belong to it, with the times that they have.

    Raises `CommandError` for a file without an answer to one of their queries, `OSError`.
    """
    ids = {name: {query["Id"] for call in calls(name, body) for query in call} for name, body in bodies.items()}
    read = {file: read_answers(file) for file in files}
    for file, answers in read.items():
        if answers and not any(answers.keys() & own for own in ids.values()):
            raise CommandError(
                f"{file}: has no answer to a query of {', '.join(bodies)}; run the command again without --metrics, "
                "and give its NAME.queries.json to aws cloudwatch get-metric-data"
            )
    return [_of_dashboard(name, own, read, now) for name, own in ids.items()]


def _of_dashboard(name: str, ids: set[str], read: Mapping[Path, Mapping[str, list[Series]]], now: int) -> Answered:
    answers: dict[str, list[Series]] = {}
    for found in read.values():
        for each in found.keys() & ids:
            answers.setdefault(each, []).extend(found[each])
    times = [time for found in answers.values() for series in found for time in series.values]
    if not times:
        return Answered(name, answers, "No values; times are UTC.", now)
    names = ", ".join(str(file) for file, found in read.items() if found.keys() & ids)
    return Answered(name, answers, f"Values of {names}; times are UTC.", max(times) + 1, min(times))
