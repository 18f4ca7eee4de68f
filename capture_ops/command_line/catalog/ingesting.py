"""The command `catalog ingest`."""

import os
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from capture_ops.command_line.options import console
from capture_ops.terminal.errors import CommandError, ExitCode
from capture_ops.terminal.extras import missing
from capture_ops.terminal.text import print_line

if TYPE_CHECKING:
    from rich.console import Console

_TELEMETRY = "DATAHUB_TELEMETRY_ENABLED"
Recipe = Annotated[
    Path, typer.Argument(help="A recipe of DataHub, as `catalog recipe` writes one.", metavar="RECIPE.yml")
]


def ingest(recipe: Recipe) -> None:
    """Write SageMaker, its captures and the forwarder to DataHub.

    Runs DataHub's own pipeline, as `datahub ingest -c` does, so every sink and transformer works. Needs the extra
    catalog. An entity that cannot be read is skipped and reported. The exit code is then 1, and stale entities stay.
    It is 4 if AWS or DataHub cannot be used at all. The telemetry of DataHub is off, unless DATAHUB_TELEMETRY_ENABLED
    is true.
    """
    if find_spec("datahub") is None:
        raise CommandError(missing("catalog"))
    if not recipe.is_file():
        raise CommandError(f"{recipe}: no such file; `catalog recipe` writes one")
    os.environ.setdefault(_TELEMETRY, "false")
    # DataHub is not installed where the types of the commands are checked.
    pipeline = import_module("integrations.catalog.datahub.pipeline")
    try:
        run = pipeline.run_recipe(recipe)
    except pipeline.RecipeError as error:
        raise CommandError(str(error), ExitCode.SETTINGS) from error
    except pipeline.NotReachable as error:
        raise CommandError(str(error), ExitCode.UNAVAILABLE) from error
    _print(run, console(stderr=True))
    if run.cannot_use_aws:
        raise typer.Exit(ExitCode.UNAVAILABLE)
    raise typer.Exit(ExitCode.INCOMPLETE if run.failures else ExitCode.OK)


def _print(run: Any, to: "Console") -> None:
    for kind, style, findings in (("failure", "red", run.failures), ("warning", "yellow", run.warnings)):
        for each in findings:
            print_line(to, f"{kind}: {each.sentence}", style)
            for place in each.places:
                print_line(to, f"    {place}")
            if each.more:
                print_line(to, f"    and {each.more} more")
    print_line(to, f"records: {run.written}, failures: {len(run.failures)}, warnings: {len(run.warnings)}")
