"""`dashboards`: writes dashboards as HTML, and as PNG through Chromium."""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from capture_forwarder.configuration.observability import DashboardName
from capture_forwarder.configuration.settings import Settings
from capture_forwarder.configuration.suggestions import did_you_mean
from capture_ops.observability.rendering.page import page
from capture_ops.observability.rendering.requests import calls
from capture_ops.observability.rendering.rows import columns_of
from capture_ops.observability.rendering.widgets import Drawn, drawn_graph, drawn_log, drawn_text
from capture_ops.observability.sources import Source
from capture_ops.terminal.errors import CommandError, ExitCode
from integrations.observability.boards.registry import BOARDS
from integrations.observability.body import dashboard_body
from integrations.observability.limits import board_problems
from integrations.observability.panels import Board

_NO_REGION = "us-east-1"
_NO_ACCOUNT = "123456789012"


def chosen_boards(settings: Settings, names: Sequence[str]) -> list[Board]:
    """Return the dashboards with these names, by default those of the settings.

    Raises `CommandError` for an unknown name, without `[observability]`, or if a dashboard exceeds a limit.
    """
    if settings.observability is None:
        raise CommandError(
            "the configuration has no [observability]; add the section, even an empty one", ExitCode.SETTINGS
        )
    if unknown := [name for name in names if name not in list(DashboardName)]:
        known = ", ".join(DashboardName)
        hint = did_you_mean(unknown[0], set(DashboardName)) or f"; there are {known}"
        raise CommandError(f"there is no dashboard {unknown[0]!r}{hint}")
    chosen = [DashboardName(name) for name in dict.fromkeys(names)] or list(settings.observability.dashboards)
    made = [BOARDS[name](settings) for name in chosen]
    if problems := [problem for board in made for problem in board_problems(board)]:
        raise CommandError("\n".join(problems), ExitCode.SETTINGS)
    return made


def body_of(board: Board, settings: Settings) -> dict[str, Any]:
    """Return the body as it is deployed; region and account are those of the environment, or examples."""
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or _NO_REGION
    has_accounts = settings.observability is not None and bool(settings.observability.accounts)
    return dashboard_body(board, region, _NO_ACCOUNT if has_accounts else None)


def write_page(board: Board, body: dict[str, Any], source: Source, folder: Path) -> Path:
    """Write one dashboard as NAME.html and return its path. Raises `OSError`."""
    drawn = [_drawn(widget, index, source) for index, widget in enumerate(body["widgets"])]
    path = folder / f"{board.name}.html"
    path.write_text(page(board.title, source.text, drawn), encoding="utf-8")
    return path


def write_queries(board: Board, body: dict[str, Any], folder: Path) -> Iterator[Path]:
    """Write the queries for `aws cloudwatch get-metric-data --metric-data-queries file://...`; yield the paths."""
    found = list(calls(body))
    for number, queries in enumerate(found, 1):
        path = folder / (f"{board.name}.queries.json" if len(found) == 1 else f"{board.name}.queries-{number}.json")
        path.write_text(json.dumps(queries, indent=1) + "\n", encoding="utf-8")
        yield path


def made_folder(folder: Path) -> Path:
    """Make the folder if there is none, and return it. Raises `OSError`."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def pictures(pages: Iterable[Path]) -> Iterator[Path]:
    """Write a PNG beside each page; yield the paths. Raises `CommandError` without Chromium."""
    from capture_ops.observability.chromium import CHROMIUM_VARIABLE, find_chromium, opened, write_png
    from capture_ops.observability.rendering.page import WIDTH_PX

    executable = find_chromium()
    if executable is None:
        raise CommandError(
            f"--png needs Chromium; install it, or name its program by {CHROMIUM_VARIABLE}; the HTML files are written"
        )
    with opened(executable, WIDTH_PX) as browser:
        for path in pages:
            yield write_png(browser, path)


def _drawn(widget: dict[str, Any], index: int, source: Source) -> Drawn:
    match widget["type"]:
        case "text":
            return drawn_text(widget)
        case "log":
            query = widget["properties"]["query"]
            return drawn_log(widget, columns_of(query), source.rows(query))
        case _:
            return drawn_graph(widget, source.results(widget, index), source.span(widget))
