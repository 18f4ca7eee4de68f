"""The panels of dashboards, and boards of them."""

from enum import StrEnum

from msgspec import Struct

from capture_forwarder.configuration.observability import DashboardName
from integrations.observability.queries import Query


class View(StrEnum):
    """How CloudWatch draws the series of a graph."""

    LINES = "timeSeries"
    BARS = "bar"
    NUMBERS = "singleValue"
    TABLE = "table"
    PIE = "pie"


class Line(Struct, frozen=True):
    """A horizontal line at `at`."""

    label: str
    at: float


class Graph(Struct, frozen=True, kw_only=True):
    """Series of metrics. `ids` are the items of the page that it serves; `unit` is that of the drawn values.

    `top` is the end of the axis, which else follows the values. `days` is the time that it shows, if this is not the
    one that is chosen for the dashboard.
    """

    ids: tuple[str, ...]
    title: str
    queries: tuple[Query, ...]
    unit: str
    view: View = View.LINES
    stacked: bool = False
    lines: tuple[Line, ...] = ()
    top: float | None = None
    days: int | None = None
    width: int = 8
    height: int = 6


class LogPanel(Struct, frozen=True, kw_only=True):
    """The rows of one SQL text over log groups, which the text names."""

    ids: tuple[str, ...]
    title: str
    sql: str
    groups: tuple[str, ...]
    view: View = View.TABLE
    width: int = 12
    height: int = 6


class Text(Struct, frozen=True, kw_only=True):
    """Markdown."""

    ids: tuple[str, ...]
    title: str
    markdown: str
    width: int = 24
    height: int = 2


Panel = Graph | LogPanel | Text


class Scope(StrEnum):
    """What a variable replaces: a property of all widgets, or a text in them."""

    PROPERTY = "property"
    PATTERN = "pattern"


class Choice(Struct, frozen=True):
    """One value of a variable."""

    label: str
    value: str


class Variable(Struct, frozen=True, kw_only=True):
    """A choice at the head of a dashboard, which replaces `replaced` in its widgets.

    Without `choices` a person writes the value.
    """

    id: str
    label: str
    scope: Scope
    replaced: str
    default: str
    choices: tuple[Choice, ...] = ()


class Board(Struct, frozen=True, kw_only=True):
    """One dashboard; `ids` are the sections of the page that it serves."""

    name: DashboardName
    ids: tuple[str, ...]
    title: str
    panels: tuple[Panel, ...]
    variables: tuple[Variable, ...] = ()
