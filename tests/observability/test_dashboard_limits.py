"""The limits of dashboards: each is a problem with the remedy, and all of them are found at once."""

import pytest
from msgspec.structs import replace

from capture_forwarder.configuration.observability import DashboardName
from capture_forwarder.configuration.reader import SettingsError
from integrations.observability.boards.registry import boards
from integrations.observability.limits import board_problems, dashboard_problems
from integrations.observability.metric_names import ALLOWED, ENDPOINTS, VARIANT
from integrations.observability.panels import Board, Graph, LogPanel, Text
from integrations.observability.queries import Computed, Measured, quoted, search
from integrations.observability.searches import parse_search
from tests.observability.boards_of import settings_with

INVOCATIONS = ALLOWED[ENDPOINTS, "Invocations"]
EXAMPLE_BOARD = boards(settings_with())[0]


def endpoints(count: int, options: str = "vcpus = 4\ngpus = 1") -> str:
    """Return the tables of `count` endpoints."""
    return "".join(f'[[observability.endpoint]]\nname = "e{index}"\n{options}\n' for index in range(count))


def test_the_largest_settings_without_a_problem() -> None:
    """24 endpoints and that of the example have two log widgets each."""
    assert list(dashboard_problems(settings_with(endpoints=endpoints(24)))) == []


def test_too_many_endpoints_for_several_dashboards_are_all_reported() -> None:
    """Each problem names the dashboard, the number, the limit and the remedy."""
    found = list(dashboard_problems(settings_with(endpoints=endpoints(251))))
    assert [problem.partition(", and CloudWatch")[0] for problem in found] == [
        "observability.dashboards: 'overview' would have 1,006 metrics in its widget 'CPU and GPU of listed endpoints'",
        "observability.dashboards: 'invocation-log' would have 254 log widgets",
        "observability.dashboards: 'endpoints' would have 513 widgets",
        "observability.dashboards: 'endpoints' would have 504 log widgets",
        "observability.dashboards: 'endpoints' would have 504 metrics in its widget 'CPU of listed endpoints'",
        "observability.dashboards: 'endpoints' would have 502 metrics in its widget 'GPU of listed endpoints'",
        "observability.dashboards: 'endpoints' would have 502 metrics in its widget 'GPU memory of listed endpoints'",
        "observability.dashboards: 'captures' would have 762 widgets",
    ]
    for problem in found:
        assert "list fewer [[observability.endpoint]], or remove" in problem


@pytest.mark.parametrize(("count", "is_problem"), [(24, False), (25, True)], ids=["50 log widgets", "52 log widgets"])
def test_fifty_log_widgets_are_the_most(count: int, is_problem: bool) -> None:  # noqa: FBT001 - a case of the table
    """One endpoint is in the example."""
    (made,) = (
        each for each in boards(settings_with(endpoints=endpoints(count))) if each.name is DashboardName.ENDPOINTS
    )
    logs = [panel for panel in made.panels if isinstance(panel, LogPanel)]
    assert len(logs) == 2 * (count + 1)
    assert bool(list(board_problems(made))) == is_problem


def test_a_long_search_many_searches_and_many_widgets_are_problems() -> None:
    """Names are at most 63 characters, so no settings make them today; the check is that of every query."""
    long = search(INVOCATIONS, VARIANT, "Sum", values={"EndpointName": "e" * 1000})
    queries = tuple(Computed(id=f"s{index}", expression=long) for index in range(101))
    graph = Graph(ids=(), title="all", queries=queries, unit="count")
    text = Text(ids=(), title="", markdown="")
    board = replace(EXAMPLE_BOARD, panels=(graph, *[text] * 500))
    assert [problem.partition(", and CloudWatch")[0] for problem in board_problems(board)] == [
        "observability.dashboards: 'overview' would have 501 widgets",
        "observability.dashboards: 'overview' would have 101 searches in its widget 'all'",
        f"observability.dashboards: 'overview' would have a SEARCH of {len(long):,} characters",
    ]


def test_five_hundred_metrics_are_the_most_of_a_widget_and_2500_of_a_dashboard() -> None:
    """The next one is too many."""

    def board(count: int, graphs: int = 1) -> Board:
        queries = tuple(Measured(id=f"m{index}", metric=INVOCATIONS, statistic="Sum") for index in range(count))
        graph = Graph(ids=(), title="all", queries=queries, unit="count")
        return replace(EXAMPLE_BOARD, panels=(graph,) * graphs)

    assert not list(board_problems(board(500, 5)))
    assert len(list(board_problems(board(501)))) == 1
    assert len(list(board_problems(board(417, 6)))) == 1


@pytest.mark.parametrize("value", ["churn", 'a"b', "a'b", "a\\b", "') , SEARCH('", '" OR "', "é"])
def test_values_are_quoted_in_a_search(value: str) -> None:
    """A value with quotes ends neither the term nor the search."""
    text = search(INVOCATIONS, VARIANT, "Sum", values={"EndpointName": value})
    parsed = parse_search(text)
    assert parsed is not None
    assert parsed.values == (("EndpointName", value),)
    assert quoted(value).count("'") == quoted(value).count("\\'")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ('dashboards = ["overviev"]', "write a list of some of overview, audit"),
        ('dashboards = ["overview", "overview"]', "named twice"),
        ("dashboards = []", None),
        ('dashboards = "overview"', "dashboards"),
        ("dashboards = [1]", "observability.dashboards"),
        ("dashboard = []", "dashboards"),
    ],
)
def test_bad_input_about_dashboards(options: str, sentence: str | None) -> None:
    """The problem names the option."""
    try:
        settings_with(options, "")
        found = ""
    except SettingsError as error:
        found = str(error)
    assert bool(found) == (sentence is not None)
    assert (sentence or "") in found
    assert found == "" or "observability" in found
