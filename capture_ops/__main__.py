"""The command `capture-forwarder`: its own options, and the table of its commands."""

import sys
from typing import Annotated

from capture_ops.terminal.extras import missing

try:
    import typer
except ModuleNotFoundError:  # the package is installed as a library
    sys.stderr.write(missing("cli") + "\n")
    raise SystemExit(2) from None

from capture_forwarder import __version__
from capture_ops.command_line.catalog.ingesting import ingest
from capture_ops.command_line.catalog.recipes import iam_policy, recipe
from capture_ops.command_line.inspecting import inspect
from capture_ops.command_line.lineage.commands import lineage
from capture_ops.command_line.local import demo, invoke, monitor
from capture_ops.command_line.observability.costs import costs
from capture_ops.command_line.observability.dashboards import dashboards
from capture_ops.command_line.observability.endpoints import endpoints
from capture_ops.command_line.observability.sumo import sumo
from capture_ops.command_line.quarantined import list_quarantine, show_quarantine
from capture_ops.command_line.sending import backfill, replay
from capture_ops.command_line.setting_up import enable_eventbridge, policy, validate
from capture_ops.entry import INTERRUPTED, end_at_once_on_signals
from capture_ops.terminal.errors import DEBUG_OPTION, EXIT_CODES, Commands
from capture_ops.terminal.interruption import end_on_signals

app = typer.Typer(
    name="capture-forwarder",
    cls=Commands,
    help="Forwards SageMaker Data Capture to the API that monitors the model. These are the commands for operators.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,  # wraps at any width, cuts no option, and takes no "[stack]" for markup
)


def _print_version(requested: bool) -> None:  # noqa: FBT001 - the form that typer calls
    if requested:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
    debug: Annotated[bool, typer.Option(DEBUG_OPTION, help="Show the traceback of an error.")] = False,
) -> None:
    """Take the options that stand before a command."""
    del version, debug  # `_print_version` and `Commands` have read them


# The help lists the commands in this order.
for command in (
    *(demo, invoke, validate, inspect, monitor, replay, backfill, enable_eventbridge, policy),
    *(endpoints, dashboards, costs),
):
    app.command(epilog=EXIT_CODES)(command)

quarantine = typer.Typer(help="List the quarantine files of rejected captures, and show one.", no_args_is_help=True)
quarantine.command("list", epilog=EXIT_CODES)(list_quarantine)
quarantine.command("show", epilog=EXIT_CODES)(show_quarantine)
app.add_typer(quarantine, name="quarantine")
app.add_typer(lineage, name="lineage")

catalog = typer.Typer(help="Show SageMaker, its captures and the forwarder in DataHub.", no_args_is_help=True)
catalog.command("recipe", epilog=EXIT_CODES)(recipe)
catalog.command("ingest", epilog=EXIT_CODES)(ingest)
catalog.command("iam-policy", epilog=EXIT_CODES)(iam_policy)
app.add_typer(catalog, name="catalog")
app.add_typer(sumo, name="sumo")


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Run the command line."""
    end_on_signals()
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    finally:
        end_at_once_on_signals()


if __name__ == "__main__":
    main()
