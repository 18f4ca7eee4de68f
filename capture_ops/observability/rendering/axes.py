"""The marks of the axes of a chart."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime

from capture_ops.observability.rendering.series import DAY_SECS, Span

_MARKS = 5
_STEPS = (1, 2, 2.5, 5, 10)
_MARKED_SECS = (300, 900, 1800, 3600, 10_800, 21_600, 43_200, DAY_SECS, 2 * DAY_SECS, 7 * DAY_SECS)


def values_of_axis(highest: float) -> list[float]:
    """Return round marks from 0 to the first one that is not below `highest`."""
    rough = (highest if highest > 0 else 1) / _MARKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(step * power for step in _STEPS if step * power >= rough * (1 - 1e-9))
    count = math.ceil(highest / step - 1e-9) if highest > 0 else _MARKS
    return [index * step for index in range(max(count, 1) + 1)]


def times_of_axis(span: Span, most: int) -> list[int]:
    """Return at most `most` round times of the span, and the end if it is one of them."""
    length = span.end - span.start
    step = next((each for each in _MARKED_SECS if length / each < most), max(1, length // most))
    first = -(-span.start // step) * step
    return list(range(first, span.end + 1, step))


def time_text(time: int, span: Span) -> str:
    """Return a time in UTC as the axis shows it: the day, if more than two days are shown."""
    shown = datetime.fromtimestamp(time, UTC)
    return f"{shown:%m-%d}" if span.end - span.start > 2 * DAY_SECS else f"{shown:%H:%M}"


def number_text(value: float) -> str:
    """Return a number with few digits, and with commas between thousands."""
    if value >= 100:  # noqa: PLR2004 - the third digit
        return f"{value:,.0f}"
    return f"{value:.3g}"


def highest_of(values: Sequence[float], lines: Sequence[float], top: float | None) -> float:
    """Return the end of the axis: `top`, or the highest value or line."""
    return top if top is not None else max((*values, *(line * 1.05 for line in lines)), default=1.0)
