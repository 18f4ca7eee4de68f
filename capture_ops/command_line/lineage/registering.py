"""Commands that record the routes of a configuration in SageMaker's lineage, and that remove these records."""

from typing import Annotated

import typer

from capture_ops.command_line.lineage.connection import Connection
from capture_ops.command_line.options import Config, DryRun, console

Routes = Annotated[
    list[str] | None, typer.Option(help="Only this route; may be repeated.", metavar="NAME", show_default="all")
]


def register(
    config: Config = None,
    route: Routes = None,
    endpoint: Annotated[
        str | None,
        typer.Option(help="The endpoint of the one route.", metavar="NAME", show_default="as the prefix names it"),
    ] = None,
    *,
    dry_run: DryRun = False,
    connection: Connection,
) -> None:
    """Record in lineage where the captures of each route are sent, and as inferences of a model.

    Connects the endpoint, its captures, the forwarding and the monitored model. Existing entities are used as they
    are, so a second run makes no change, and an interrupted one is completed. A route that cannot be recorded is
    reported with the reason, and the others are recorded. [lineage] register = true does the same at each deployment.
    """
    from capture_ops.commands import lineage_registering as command

    api = command.api(*connection)
    raise typer.Exit(command.register(api, config, route or [], endpoint, console(), dry_run=dry_run))


def unregister(
    config: Config = None,
    route: Routes = None,
    *,
    dry_run: DryRun = False,
    connection: Connection,
) -> None:
    """Mark the forwardings of each route as stopped. `clean` deletes records.

    It covers all endpoints, destinations and models that the route had. The removal of a stack with
    [lineage] register = true does the same.
    """
    from capture_ops.commands import lineage_registering as command

    api = command.api(*connection)
    raise typer.Exit(command.unregister(api, config, route or [], console(), dry_run=dry_run))


def clean(
    route: Annotated[
        str | None, typer.Option(help="Only records of this route.", metavar="NAME", show_default="all")
    ] = None,
    older_than: Annotated[
        str | None,
        typer.Option(help="Only records that were not changed for so long.", metavar="30d", show_default="any age"),
    ] = None,
    *,
    dry_run: DryRun = False,
    connection: Connection,
) -> None:
    """Delete records that `register` made: entities with the tag capture-forwarder:managed=true, and their links.

    Entities of others are never deleted. A record that another route uses too is kept. It reads no configuration, so
    it also finds records of routes that are gone. `register` makes deleted records again.
    """
    from capture_ops.commands import lineage_registering as command

    api = command.api(*connection)
    raise typer.Exit(command.clean(api, route, older_than, console(), dry_run=dry_run))
