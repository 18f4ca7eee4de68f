"""The command `dashboards`."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from capture_ops.command_line.options import Config

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from capture_ops.observability.sources import Source


def dashboards(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Dashboards to write.", metavar="[NAME]...", show_default="those of the file"),
    ] = None,
    *,
    out: Annotated[Path, typer.Option(help="The folder to write to. It is made if there is none.", metavar="DIR")],
    metrics: Annotated[
        list[Path] | None,
        typer.Option(
            help="Draw the values that aws cloudwatch get-metric-data wrote; may be repeated.", metavar="FILE"
        ),
    ] = None,
    synthetic: Annotated[int | None, typer.Option(help="Draw made-up values of this seed.", metavar="SEED")] = None,
    live: Annotated[bool, typer.Option("--live", help="Draw the values of the last day from CloudWatch.")] = False,
    png: Annotated[bool, typer.Option("--png", help="Write a PNG of each page too. It needs Chromium.")] = False,
    config: Config = None,
) -> None:
    """Draw the dashboards of [observability] on this machine, as they are deployed.

    Each dashboard becomes NAME.html, without scripts or links. NAME.queries.json has its queries for
    aws cloudwatch get-metric-data --metric-data-queries file://NAME.queries.json; give the answer to --metrics.
    --live calls ListMetrics first and says how many metrics it fetches; AWS bills GetMetricData by metric.
    """
    from capture_ops.observability import dashboards as command
    from capture_ops.terminal.configuration import settings_of
    from capture_ops.terminal.errors import CommandError

    if sum((bool(metrics), synthetic is not None, live)) > 1:
        raise CommandError("--metrics, --synthetic and --live exclude each other; give one of them")
    settings = settings_of(config)
    bodies = [(board, command.body_of(board, settings)) for board in command.chosen_boards(settings, names or [])]
    sources = _sources({board.name: body for board, body in bodies}, metrics or [], synthetic, live=live)
    folder = command.made_folder(out)
    pages = []
    for (board, body), source in zip(bodies, sources, strict=True):
        pages.append(command.write_page(board, body, source, folder))
        _print([pages[-1], *command.write_queries(board, body, folder)])
    _print(command.pictures(pages) if png else ())


def _print(paths: "Iterable[Path]") -> None:
    for path in paths:
        typer.echo(path)


def _sources(
    bodies: "Mapping[str, Mapping[str, Any]]", files: list[Path], seed: int | None, *, live: bool
) -> "Sequence[Source]":
    """Return the source of the values of each dashboard, whose body stands by its name."""
    from capture_ops.observability.sources import Answered, MadeUp, of_files

    now = int(time.time())
    if seed is not None:
        return [MadeUp(seed)] * len(bodies)
    if not live:
        return of_files(files, bodies, now)
    from capture_ops.observability.live import Live

    cloud_watch = Live(now)
    sys.stderr.write(f"fetches {cloud_watch.count(bodies.values()):,} metrics from CloudWatch\n")
    text = "Values of CloudWatch; times are UTC."
    return [Answered(name, cloud_watch.series(name, body), text, now) for name, body in bodies.items()]
