"""The command `lineage query`."""

from enum import StrEnum
from typing import Annotated, NamedTuple

import typer

from capture_ops.command_line.lineage.connection import Connection
from capture_ops.command_line.lineage.options import AsFormat, Format, Times


class Direction(StrEnum):
    """The direction of a query."""

    UP = "up"
    DOWN = "down"
    BOTH = "both"
    THROUGH = "through"


class Kind(StrEnum):
    """The kinds of entities."""

    ARTIFACT = "artifact"
    ACTION = "action"
    CONTEXT = "context"
    TRIAL_COMPONENT = "trial-component"


class Walk(NamedTuple):
    """How far a query goes."""

    direction: Annotated[
        Direction,
        typer.Option(
            help="up: ancestors; down: descendants; through: up and down; both: along all links, against their "
            "direction too, as the API's Both."
        ),
    ] = Direction.BOTH
    depth: Annotated[int, typer.Option(min=1, max=100, help="The largest distance from a start.")] = 100


class Matching(NamedTuple):
    """What a query is about."""

    kind: Annotated[list[Kind] | None, typer.Option(help="Only this kind; may be repeated.", show_default="all")] = None
    type_: Annotated[
        list[str] | None, typer.Option("--type", help="Only this type; may be repeated.", metavar="TYPE")
    ] = None
    property_: Annotated[
        list[str] | None,
        typer.Option("--property", help="Only entities with this property, or another one given.", metavar="KEY=VALUE"),
    ] = None


class Caps(NamedTuple):
    """When a query ends."""

    max_vertices: Annotated[int, typer.Option(min=1, help="End with an error above this number of entities.")] = 10_000
    max_edges: Annotated[int, typer.Option(min=1, help="End with an error above this number of links.")] = 100_000
    timeout_secs: Annotated[float, typer.Option(min=0, help="End with an error after this time.")] = 60


class Parts(NamedTuple):
    """What a query prints."""

    no_edges: Annotated[
        bool, typer.Option("--no-edges", help="Print the matches only: neither links, nor the starts.")
    ] = False
    with_properties: Annotated[
        bool, typer.Option("--with-properties", help="Read the details of each entity, with one call each.")
    ] = False
    keep_copies: Annotated[
        bool, typer.Option("--keep-copies", help="Print the copies of an artifact in other accounts too.")
    ] = False


def query(  # noqa: PLR0913 - the options of the command
    starts: Annotated[list[str], typer.Argument(help="Where to start.", metavar="ARN|NAME|URI")],
    *,
    walk: Walk,
    matching: Matching,
    within: Times,
    caps: Caps,
    parts: Parts,
    format_: AsFormat = Format.TABLE,
    connection: Connection,
) -> None:
    """Print the ancestors and descendants of entities, and the links between them.

    With filters, the entities on the shortest path from a start to each match are printed too, so that the graph is
    connected; --no-edges leaves them out. A query that passes a limit ends with an error.
    """
    from capture_ops.commands import lineage_querying as command

    lineage = command.lineage(*connection)
    kinds = [each.value for each in matching.kind or ()]
    filters = command.filters(kinds, matching.type_ or (), matching.property_ or (), command.times(*within))
    flags = {"edges": not parts.no_edges, "details": parts.with_properties, "keep_copies": parts.keep_copies}
    options = command.options(walk.direction.value, walk.depth, filters, command.caps(*caps), flags)
    typer.echo(command.rendered(lineage, starts, options, format_.value), nl=False)
