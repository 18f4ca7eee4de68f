"""The dashboards: published metrics only, right units, no overlap, and every item of the page."""

import json
import re
from collections.abc import Iterator
from itertools import pairwise

import pytest

from capture_forwarder.configuration.observability import DashboardName
from capture_forwarder.configuration.reader import parse_settings
from integrations.observability.boards.registry import BOARDS, boards
from integrations.observability.body import COLUMNS, dashboard_body
from integrations.observability.metric_names import ALLOWED, Unit, problem
from integrations.observability.panels import Graph, LogPanel, Text
from integrations.observability.queries import Computed, Measured
from integrations.observability.searches import parse_search
from tests.observability.boards_of import EVERY_DASHBOARD, EXAMPLE, Named, ids_in, metrics_of, settings_with

MADE = {board.name: board for board in boards(settings_with())}
BODIES = {name: dashboard_body(board, "eu-west-1", "123456789012") for name, board in MADE.items()}
GRAPHS = [(name, panel) for name, board in MADE.items() for panel in board.panels if isinstance(panel, Graph)]
# The items of both versions of the page; our own dashboard has words.
ITEMS = {
    *("P1.1", "P1.2", "P1.3", "P2.1", "P2.2", "P2.3", "P2.4", "P3.1", "P3.2", "P3.3", "P3.4", "P4.1", "P4.2", "P4.3"),
    *(f"L1.{number}" for number in range(1, 12)),
    "L2",
    *(f"L3.{number}" for number in range(1, 9)),
    *(f"L4.{number}" for number in range(1, 9)),
    *(f"L5.{number}" for number in range(1, 9)),
    *(f"L6.{number}" for number in range(1, 8)),
    *(f"L7.{number}" for number in range(1, 12)),
    *(f"L8.{number}" for number in range(1, 8)),
    *(f"L9.{number}" for number in (1, 2, 3, 4, 6, 7)),
    *(f"L10.{number}" for number in range(1, 8)),
    *(f"Q{number}" for number in range(1, 13)),
    *("coverage", "disk", "lag", "conservation", "pending", "rejected", "dead letters"),
}


def _mutants(named: Named) -> Iterator[Named]:
    """Yield the metric with one letter, one dimension or the case of a part changed."""
    namespace, name, dimensions, statistic = named
    yield namespace, name[:-1], dimensions, statistic
    yield namespace, name.lower(), dimensions, statistic
    yield namespace.swapcase(), name, dimensions, statistic
    yield namespace + "s", name, dimensions, statistic
    yield namespace, name, (*dimensions, "Other"), statistic
    yield namespace, name, dimensions, statistic.lower() if statistic[0].isupper() else statistic.upper()
    for dimension in dimensions:
        for changed in (dimension[:-1], dimension.swapcase()):
            yield namespace, name, tuple(changed if each == dimension else each for each in dimensions), statistic


def test_every_name_has_a_dashboard() -> None:
    """The default and every other one; without the section there is none."""
    assert set(BOARDS) == set(DashboardName) == set(MADE)
    assert [board.name for board in boards(settings_with("", ""))] == [
        "overview",
        "audit",
        "endpoints",
        "invocations",
        "captures",
    ]


@pytest.mark.parametrize("name", DashboardName)
def test_every_metric_is_published(name: DashboardName) -> None:
    """A change of a letter, a dimension or case makes an empty graph, and is a problem here."""
    named = set(metrics_of(BODIES[name]))
    assert named or not any(isinstance(panel, Graph) for panel in MADE[name].panels)
    for each in named:
        namespace, metric, dimensions, statistic = each
        assert problem(namespace, metric, frozenset(dimensions), statistic) is None
        for mutant in _mutants(each):
            assert problem(mutant[0], mutant[1], frozenset(mutant[2]), mutant[3]), mutant


def test_every_item_of_the_page_has_a_panel() -> None:
    """The ids are the rows of docs/observability.md."""
    shown = {item for board in MADE.values() for panel in board.panels for item in panel.ids}
    assert shown - {"A1", "A3"} == ITEMS


@pytest.mark.parametrize("name", DashboardName)
def test_widgets_are_in_the_columns_and_do_not_overlap(name: DashboardName) -> None:
    """Each cell of the grid belongs to one widget at most."""
    cells = [
        (widget["x"] + column, widget["y"] + row)
        for widget in BODIES[name]["widgets"]
        for column in range(widget["width"])
        for row in range(widget["height"])
    ]
    assert len(cells) == len(set(cells))
    assert all(x < COLUMNS for x, _ in cells)


@pytest.mark.parametrize(("name", "graph"), GRAPHS, ids=lambda value: getattr(value, "title", str(value)))
def test_the_queries_of_a_graph_fit_together(name: DashboardName, graph: Graph) -> None:
    """Ids are unique and are those of CloudWatch's form, expressions name existing ids, and one query is visible."""
    del name
    ids = [query.id for query in graph.queries]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z]\w*", each) for each in ids)
    assert any(query.visible for query in graph.queries)
    for query in graph.queries:
        if isinstance(query, Computed) and not parse_search(query.expression):
            assert ids_in(query.expression) <= set(ids)


@pytest.mark.parametrize(("name", "graph"), GRAPHS, ids=lambda value: getattr(value, "title", str(value)))
def test_times_are_drawn_in_the_unit_of_the_axis(name: DashboardName, graph: Graph) -> None:
    """Microseconds are shown as milliseconds, milliseconds of pipelines as seconds, and rates as percentages."""
    del name
    for raw, shown in pairwise(graph.queries):
        if not (isinstance(raw, Computed) and (search := parse_search(raw.expression))):
            continue
        unit = ALLOWED[search.namespace, search.metric].unit
        if unit in {Unit.MICROSECONDS, Unit.MILLISECONDS}:
            assert raw.visible is False
            assert isinstance(shown, Computed)
            assert shown.expression == f"{raw.id} / 1000"
            assert graph.unit == ("milliseconds" if unit is Unit.MICROSECONDS else "seconds")
        if "rror" in search.metric and search.statistic == "Average":
            assert isinstance(shown, Computed)
            assert (shown.expression, graph.unit) == (f"{raw.id} * 100", "percent of calls")


def test_the_last_query_of_a_graph_in_another_unit_is_converted() -> None:
    """`pairwise` does not see a graph of one query."""
    for _, graph in GRAPHS:
        first = graph.queries[0]
        if len(graph.queries) == 1 and isinstance(first, Computed) and (search := parse_search(first.expression)):
            assert ALLOWED[search.namespace, search.metric].unit not in {Unit.MICROSECONDS, Unit.MILLISECONDS}


def test_cpu_is_a_share_of_the_listed_cores() -> None:
    """Eight vCPUs at 400 are half of the machine; a serverless endpoint and one without cores are left out."""
    (graph,) = (panel for _, panel in GRAPHS if panel.title == "CPU of listed endpoints")
    shown = {query.label: query.expression for query in graph.queries if isinstance(query, Computed)}
    assert {label: text.rpartition(" ")[2] for label, text in shown.items()} == {
        "churn AllTraffic": "4",
        "churn canary": "8",
    }


def test_coverage_is_of_listed_variants_that_publish_invocations() -> None:
    """The reference line is the sampling percentage. The asynchronous endpoint has no panel."""
    titles = {panel.title: panel for _, panel in GRAPHS if "coverage" in panel.ids}
    assert not [title for title in titles if title.endswith("images AllTraffic")]
    canary = titles["Captured calls: churn canary"]
    assert [line.at for line in canary.lines] == [20]
    assert [query.expression for query in canary.queries if isinstance(query, Computed)] == ["100 * FILL(cap, 0) / inv"]
    measured = [query for query in canary.queries if isinstance(query, Measured)]
    assert [(query.metric.name, dict(query.dimensions), query.statistic, query.period_secs) for query in measured] == [
        ("CapturesRead", {"endpoint": "churn", "variant": "canary"}, "Sum", 3600),
        ("Invocations", {"EndpointName": "churn", "VariantName": "canary"}, "Sum", 3600),
    ]
    assert titles["Captured calls: prices AllTraffic"].lines == ()


def test_the_thresholds_of_alarms_are_lines() -> None:
    """In the unit of the graph; an alert that is disabled has none."""
    limits = {panel.title: [line.at for line in panel.lines] for _, panel in GRAPHS if panel.lines}
    assert limits["Model latency"] == [5000]
    assert limits["5XX errors"] == [5]
    assert limits["Duration of executions, longest"] == [300]
    disabled = '[[observability.alert]]\nname = "pipeline_duration_ms"\nenabled = false\n'
    (pipelines,) = (each for each in boards(settings_with(endpoints=disabled)) if each.name is DashboardName.PIPELINES)
    assert not [panel for panel in pipelines.panels if isinstance(panel, Graph) and panel.lines]


def test_disk_stands_beside_coverage_with_its_limit() -> None:
    """A serverless endpoint publishes no disk."""
    disks = {panel.title: panel for panel in MADE[DashboardName.CAPTURES].panels if "disk" in panel.ids}
    assert set(disks) == {"Disk: churn AllTraffic", "Disk: churn canary"}
    assert [line.at for panel in disks.values() if isinstance(panel, Graph) for line in panel.lines] == [75, 75]


def test_log_panels_are_of_the_audit_log_of_jobs_and_of_listed_endpoints() -> None:
    """A group that does not exist makes a broken widget."""
    groups = {
        group
        for board in MADE.values()
        for panel in board.panels
        if isinstance(panel, LogPanel)
        for group in panel.groups
    }
    assert groups == {
        "/aws/events/capture-forwarder-audit",
        *(f"/aws/sagemaker/{kind}Jobs" for kind in ("Processing", "Training", "Transform")),
        *(f"/aws/sagemaker/Endpoints/{name}" for name in ("churn", "prices", "images")),
    }
    for board in MADE.values():
        for panel in board.panels:
            if isinstance(panel, LogPanel):
                assert all(f"FROM `{group}`" in panel.sql for group in panel.groups)


def test_the_choices_replace_a_text_of_the_widgets() -> None:
    """Each pattern is in the body. The default shows all series."""
    for name, body in BODIES.items():
        text = json.dumps(body["widgets"])
        for variable in body["variables"]:
            replaced = variable[variable["type"]]
            assert replaced in text, (name, variable["id"])
            places = {"region": "eu-west-1", "accountId": "123456789012"}
            assert variable["defaultValue"] == places.get(replaced, replaced)


def test_the_account_is_a_choice_only_with_a_map_of_accounts() -> None:
    """The widgets then name the stack's own account, and the choice replaces it."""
    (variable,) = (each for each in BODIES[DashboardName.OVERVIEW]["variables"] if each["id"] == "account")
    assert variable["values"] == [{"label": "prod", "value": "123456789012"}]
    without = boards(parse_settings(EXAMPLE.replace('accounts = { "123456789012" = "prod" }', "")))
    assert [variable.id for variable in without[0].variables] == ["region"]


def test_markdown_shows_names_as_they_are() -> None:
    """A route's name and the host of its destination are text, not links or HTML."""
    (text,) = (
        panel for panel in MADE[DashboardName.INVOCATION_LOG].panels if isinstance(panel, Text) and "P3.4" in panel.ids
    )
    assert "arthur\\.example\\.com" in text.markdown
    assert "https:" not in text.markdown


def test_jobs_are_drawn_over_their_cores_if_these_are_known() -> None:
    """Without them the axis says that 100 is one of them."""
    made = boards(settings_with(f"{EVERY_DASHBOARD}\njob_vcpus = 8\njob_gpus = 2"))
    (training,) = (board for board in made if board.name is DashboardName.TRAINING)
    cpu = training.panels[0]
    assert isinstance(cpu, Graph)
    assert cpu.unit == "percent of 8 vCPUs"
    assert [query.expression for query in cpu.queries if isinstance(query, Computed)][-1] == "s0raw / 8"
    unknown = MADE[DashboardName.TRAINING].panels[0]
    assert isinstance(unknown, Graph)
    assert unknown.unit == "percent of one vCPU"


def test_bodies_are_small() -> None:
    """A template of CloudFormation takes at most a megabyte."""
    assert max(len(json.dumps(body)) for body in BODIES.values()) < 100_000
