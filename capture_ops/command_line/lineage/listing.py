"""The commands of lineage that print single entities and lists."""

from enum import StrEnum
from typing import Annotated

import typer

from capture_ops.command_line.lineage.entities import Entity
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
    region: Region = None,
    profile: Profile = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Print one entity with all its values and tags."""
    from capture_ops.commands import lineage_lists as command

    typer.echo(command.entity(command.lineage(region, profile, endpoint_url), entity, format_.value), nl=False)


def list_entities(  # noqa: PLR0913, PLR0917 - one parameter an option
    kind: Annotated[
        str,
        typer.Argument(help="What to list.", metavar="artifact|action|context|trial-component|association"),
    ],
    type_: Annotated[str | None, typer.Option("--type", help="Only this type.", metavar="TYPE")] = None,
    source_uri: Annotated[str | None, typer.Option(help="Only entities with this source.", metavar="URI")] = None,
    after: After = None,
    before: Before = None,
    modified_after: ModifiedAfter = None,
    modified_before: ModifiedBefore = None,
    name: Annotated[str | None, typer.Option(help="Only names like this; * and ? stand for others.")] = None,
    sort: Annotated[Sort, typer.Option(help="The column to sort by.", case_sensitive=False)] = Sort.CREATED,
    order: Annotated[Order, typer.Option(help="The order of the list.", case_sensitive=False)] = Order.DESCENDING,
    limit: Annotated[int | None, typer.Option(min=1, help="Print at most this number.", show_default="all")] = None,
    source: Annotated[
        str | None, typer.Option(help="Only links that begin at this entity.", metavar="ARN|NAME|URI")
    ] = None,
    destination: Annotated[
        str | None, typer.Option(help="Only links that end at this entity.", metavar="ARN|NAME|URI")
    ] = None,
    format_: AsFormat = Format.TABLE,
    region: Region = None,
    profile: Profile = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Print all artifacts, actions, contexts, trial components or associations that match.

    Lists have no properties, descriptions and tags; `get` prints them. --source and --destination are for associations.
    """
    from capture_ops.commands import lineage_lists as command

    lineage = command.lineage(region, profile, endpoint_url)
    times = command.times(after, before, modified_after, modified_before)
    texts = {"type": type_, "source_uri": source_uri, "name": name}
    found = command.Asked(
        kind=kind,
        texts=texts,
        times=times,
        sort=sort.value,
        ascending=order is Order.ASCENDING,
        limit=limit,
        ends=(source, destination),
    )
    typer.echo(command.listed(lineage, found, format_.value), nl=False)
