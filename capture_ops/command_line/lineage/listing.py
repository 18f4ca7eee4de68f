"""The commands of lineage that print single entities and lists."""

from enum import StrEnum
from typing import Annotated, NamedTuple

import typer

from capture_ops.command_line.lineage.connection import Connection
from capture_ops.command_line.lineage.entities import Entity
from capture_ops.command_line.lineage.options import AsFormat, Format, Times


class Sort(StrEnum):
    """The key by which a list is sorted."""

    CREATED = "created"
    MODIFIED = "modified"
    NAME = "name"
    TYPE = "type"


class Order(StrEnum):
    """The order of a list."""

    ASCENDING = "ascending"
    DESCENDING = "descending"


def get(
    entity: Entity,
    format_: AsFormat = Format.TABLE,
    *,
    connection: Connection,
) -> None:
    """Print one entity with all its values and tags."""
    from capture_ops.commands import lineage_lists as command

    typer.echo(command.entity(command.lineage(*connection), entity, format_.value), nl=False)


class Wanted(NamedTuple):
    """Which entities are listed."""

    type_: Annotated[str | None, typer.Option("--type", help="Only this type.", metavar="TYPE")] = None
    source_uri: Annotated[str | None, typer.Option(help="Only entities with this source.", metavar="URI")] = None
    name: Annotated[str | None, typer.Option(help="Only names like this; * and ? stand for others.")] = None


class Sorted(NamedTuple):
    """The order and the length of a list."""

    sort: Annotated[Sort, typer.Option(help="The column to sort by.", case_sensitive=False)] = Sort.CREATED
    order: Annotated[Order, typer.Option(help="The order of the list.", case_sensitive=False)] = Order.DESCENDING
    limit: Annotated[int | None, typer.Option(min=1, help="Print at most this number.", show_default="all")] = None


class Ends(NamedTuple):
    """The ends of associations."""

    source: Annotated[
        str | None, typer.Option(help="Only links that begin at this entity.", metavar="ARN|NAME|URI")
    ] = None
    destination: Annotated[
        str | None, typer.Option(help="Only links that end at this entity.", metavar="ARN|NAME|URI")
    ] = None


def list_entities(
    kind: Annotated[
        str,
        typer.Argument(help="What to list.", metavar="artifact|action|context|trial-component|association"),
    ],
    *,
    wanted: Wanted,
    within: Times,
    by: Sorted,
    ends: Ends,
    format_: AsFormat = Format.TABLE,
    connection: Connection,
) -> None:
    """Print all artifacts, actions, contexts, trial components or associations that match.

    Lists have no properties, descriptions and tags; `get` prints them. --source and --destination are for associations.
    """
    from capture_ops.commands import lineage_lists as command

    asked = command.Asked(
        kind=kind,
        texts={"type": wanted.type_, "source_uri": wanted.source_uri, "name": wanted.name},
        times=command.times(*within),
        sort=by.sort.value,
        ascending=by.order is Order.ASCENDING,
        limit=by.limit,
        ends=ends,
    )
    typer.echo(command.listed(command.lineage(*connection), asked, format_.value), nl=False)
