"""The commands of lineage that list and change associations."""

from typing import Annotated

import typer

from capture_ops.command_line.lineage.connection import Connection
from capture_ops.command_line.lineage.entities import Entities, Entity
from capture_ops.command_line.lineage.options import AllowCycle, AsFormat, Format, LinkType
from capture_ops.command_line.options import DryRun

Source = Annotated[str, typer.Argument(help="The entity that came before.", metavar="SOURCE")]
Destination = Annotated[str, typer.Argument(help="The entity that came after.", metavar="DESTINATION")]


def link(
    source: Source,
    destination: Destination,
    type_: Annotated[LinkType | None, typer.Option("--type", help="What the source is to the destination.")] = None,
    *,
    allow_cycle: AllowCycle = False,
    dry_run: DryRun = False,
    connection: Connection,
) -> None:
    """Link two entities. A link that exists is left as it is; one that closes a cycle is refused."""
    from capture_ops.commands import lineage_entities as command

    lineage = command.lineage(*connection)
    kind = type_.value if type_ else None
    steps = lineage.link(source, destination, kind, allow_cycle=allow_cycle, dry_run=dry_run)
    command.report(steps, typer.echo, dry_run=dry_run)


def unlink(
    source: Source,
    destination: Destination,
    *,
    dry_run: DryRun = False,
    connection: Connection,
) -> None:
    """Delete the link between two entities. The entities stay."""
    from capture_ops.commands import lineage_entities as command

    steps = command.lineage(*connection).unlink(source, destination, dry_run=dry_run)
    command.report(steps, typer.echo, dry_run=dry_run)


def add_to(
    context: Annotated[str, typer.Argument(help="The context.", metavar="CONTEXT")],
    entities: Entities,
    type_: Annotated[LinkType, typer.Option("--type", help="The type of the links.")] = LinkType.ASSOCIATED_WITH,
    *,
    allow_cycle: AllowCycle = False,
    dry_run: DryRun = False,
    connection: Connection,
) -> None:
    """Link a context to entities, so that they belong to it."""
    from capture_ops.commands import lineage_entities as command

    lineage = command.lineage(*connection)
    steps = lineage.add_to(context, entities, type_.value, allow_cycle=allow_cycle, dry_run=dry_run)
    command.report(steps, typer.echo, dry_run=dry_run)


def edges(
    entity: Entity,
    format_: AsFormat = Format.TABLE,
    *,
    in_: Annotated[bool, typer.Option("--in", help="Only links that end here.")] = False,
    out: Annotated[bool, typer.Option("--out", help="Only links that begin here.")] = False,
    connection: Connection,
) -> None:
    """Print the links of an entity, with the names and types of both ends."""
    from capture_ops.commands import lineage_lists as command

    lineage = command.lineage(*connection)
    typer.echo(command.edges(lineage, entity, format_.value, (in_ or not out, out or not in_)), nl=False)
