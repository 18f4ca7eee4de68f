"""Series of values, and the times that a widget shows."""

from collections.abc import Mapping

from msgspec import Struct

DAY_SECS = 86_400


class Series(Struct, frozen=True, kw_only=True):
    """One series: `values` by time in seconds since 1970. `dimensions` are those of a metric."""

    label: str
    values: Mapping[int, float]
    dimensions: tuple[tuple[str, str], ...] = ()


class Span(Struct, frozen=True, kw_only=True):
    """The times that a widget shows, in seconds since 1970; `end` is excluded."""

    start: int
    end: int


# The series of each visible query of one widget, by its id.
Results = Mapping[str, list[Series]]


def span_of(widget: Mapping[str, object], end: int) -> Span:
    """Return the times of a widget: those of its own, as in `-P7D`, or the last day."""
    properties = widget.get("properties")
    own = properties.get("start", "-P1D") if isinstance(properties, Mapping) else "-P1D"
    return Span(start=end - int(str(own).removeprefix("-P").removesuffix("D")) * DAY_SECS, end=end)
