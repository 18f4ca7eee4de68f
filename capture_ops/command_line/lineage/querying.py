"""The command `lineage query`."""

from enum import StrEnum
from typing import Annotated

import typer

from capture_ops.command_line.lineage.options import (
    After,
    AsFormat,
    Before,
    EndpointUrl,
    Format,
    ModifiedAfter,
    ModifiedBefore,
    Profile,
    Region,
)


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


def query(  # noqa: PLR0913, PLR0917 - one parameter an option
    starts: Annotated[list[str], typer.Argument(help="Where to start.", metavar="ARN|NAME|URI...")],
    direction: Annotated[
        Direction,
        typer.Option(
            help="up: ancestors; down: descendants; through: up and down; both: along all links, against their "
            "direction too, as the API's Both."
        ),
    ] = Direction.BOTH,
    depth: Annotated[int, typer.Option(min=1, max=100, help="The largest distance from a start.")] = 100,
    kind: Annotated[
        list[Kind] | None, typer.Option(help="Only this kind; may be repeated.", show_default="all")
    ] = None,
    type_: Annotated[
        list[str] | None, typer.Option("--type", help="Only this type; may be repeated.", metavar="TYPE")
    ] = None,
    property_: Annotated[
        list[str] | None,
        typer.Option("--property", help="Only entities with this property, or another one given.", metavar="KEY=VALUE"),
    ] = None,
    after: After = None,
    before: Before = None,
    modified_after: ModifiedAfter = None,
    modified_before: ModifiedBefore = None,
    max_vertices: Annotated[int, typer.Option(min=1, help="End with an error above this number of entities.")] = 10_000,
    max_edges: Annotated[int, typer.Option(min=1, help="End with an error above this number of links.")] = 100_000,
    timeout_secs: Annotated[float, typer.Option(min=0, help="End with an error after this time.")] = 60,
    format_: AsFormat = Format.TABLE,
    region: Region = None,
    profile: Profile = None,
    endpoint_url: EndpointUrl = None,
    *,
    no_edges: Annotated[
        bool, typer.Option("--no-edges", help="Print the matches only: neither links, nor the starts.")
    ] = False,
    with_properties: Annotated[
        bool, typer.Option("--with-properties", help="Read the details of each entity, with one call each.")
    ] = False,
    keep_copies: Annotated[
        bool, typer.Option("--keep-copies", help="Print the copies of an artifact in other accounts too.")
    ] = False,
) -> None:
    """Print the ancestors and descendants of entities, and the links between them.

    With filters, the entities on the shortest path from a start to each match are printed too, so that the graph is
    connected; --no-edges leaves them out. A query that passes a limit ends with an error.
    """
    from capture_ops.commands import lineage_querying as command

    lineage = command.lineage(region, profile, endpoint_url)
    times = command.times(after, before, modified_after, modified_before)
    filters = command.filters([each.value for each in kind or ()], type_ or (), property_ or (), times)
    caps = command.caps(max_vertices, max_edges, timeout_secs)
    flags = {"edges": not no_edges, "details": with_properties, "keep_copies": keep_copies}
    options = command.options(direction.value, depth, filters, caps, flags)
    typer.echo(command.rendered(lineage, starts, options, format_.value), nl=False)
