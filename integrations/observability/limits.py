"""Limits of CloudWatch on dashboards, as problems of the settings that exceed them.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
"""

from collections.abc import Iterator

from capture_forwarder.configuration.settings import Settings
from integrations.observability.boards.registry import boards
from integrations.observability.panels import Board, Graph, LogPanel
from integrations.observability.queries import MAX_SEARCH_CHARS, Computed

MAX_WIDGETS = 500
MAX_LOG_WIDGETS = 50
MAX_METRICS_OF_WIDGET = 500
MAX_METRICS = 2500
MAX_SEARCHES_OF_WIDGET = 100


def dashboard_problems(settings: Settings) -> Iterator[str]:
    """Yield the limits that the dashboards of `settings` exceed, each with the remedy."""
    for board in boards(settings):
        yield from board_problems(board)


def board_problems(board: Board) -> Iterator[str]:
    """Yield the limits that one dashboard exceeds."""
    graphs = [panel for panel in board.panels if isinstance(panel, Graph)]
    logs = sum(isinstance(panel, LogPanel) for panel in board.panels)
    counts = (
        (len(board.panels), MAX_WIDGETS, "widgets"),
        (logs, MAX_LOG_WIDGETS, "log widgets"),
        (sum(len(graph.queries) for graph in graphs), MAX_METRICS, "metrics"),
    )
    for count, most, things in counts:
        if count > most:
            yield _problem(board, f"would have {count:,} {things}", most)
    for graph in graphs:
        yield from _graph_problems(board, graph)


def _graph_problems(board: Board, graph: Graph) -> Iterator[str]:
    if (count := len(graph.queries)) > MAX_METRICS_OF_WIDGET:
        yield _problem(board, f"would have {count:,} metrics in its widget {graph.title!r}", MAX_METRICS_OF_WIDGET)
    searches = [
        query.expression
        for query in graph.queries
        if isinstance(query, Computed) and query.expression.startswith("SEARCH(")
    ]
    if len(searches) > MAX_SEARCHES_OF_WIDGET:
        text = f"would have {len(searches):,} searches in its widget {graph.title!r}"
        yield _problem(board, text, MAX_SEARCHES_OF_WIDGET)
    if (longest := max(map(len, searches), default=0)) > MAX_SEARCH_CHARS:
        yield _problem(board, f"would have a SEARCH of {longest:,} characters", MAX_SEARCH_CHARS)


def _problem(board: Board, excess: str, most: int) -> str:
    return (
        f"observability.dashboards: {board.name.value!r} {excess}, and CloudWatch takes at most {most:,}; list fewer "
        f"[[observability.endpoint]], or remove {board.name.value!r} from the dashboards"
    )
