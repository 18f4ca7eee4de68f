"""The command `sumo setup`."""

from typing import Annotated

import typer

from capture_ops.command_line.options import Config, DryRun, console
from capture_ops.terminal.errors import EXIT_CODES

sumo = typer.Typer(help="Prepare Sumo Logic for the metrics and logs of SageMaker.", no_args_is_help=True)


@sumo.callback()
def sumo_options() -> None:
    """Prepare Sumo Logic for the metrics and logs of SageMaker."""


@sumo.command(epilog=EXIT_CODES)
def setup(
    config: Config = None,
    *,
    dry_run: DryRun = False,
    remove: Annotated[bool, typer.Option("--remove", help="Remove only objects that this command made.")] = False,
) -> None:
    """Make collector, sources, fields, rules and monitors in Sumo Logic, and write the URLs of sources into secrets.

    Run it before the deployment: the stack reads the secrets. It needs the extra sumo, and SUMOLOGIC_ACCESSID,
    SUMOLOGIC_ACCESSKEY and SUMOLOGIC_BASE_URL in the environment. A second run makes no
    change, and mends changes that were made by hand. It prints no URL, because it holds a token.
    """
    from capture_ops.observability.sumo.command import run
    from capture_ops.terminal.configuration import settings_of

    raise typer.Exit(run(settings_of(config), console(), dry_run=dry_run, remove=remove))
