"""The options that several commands of lineage have, and the groups of them."""

from enum import StrEnum
from typing import Annotated, NamedTuple

import typer

AllowCycle = Annotated[bool, typer.Option("--allow-cycle", help="Do not check whether the new links close a cycle.")]


class Times(NamedTuple):
    """When entities were created and changed."""

    after: Annotated[str | None, typer.Option(help="Only entities created then or later, in UTC.", metavar="TIME")] = (
        None
    )
    before: Annotated[
        str | None, typer.Option(help="Only entities created then or earlier, in UTC.", metavar="TIME")
    ] = None
    modified_after: Annotated[str | None, typer.Option(help="Only entities changed then or later.", metavar="TIME")] = (
        None
    )
    modified_before: Annotated[
        str | None, typer.Option(help="Only entities changed then or earlier.", metavar="TIME")
    ] = None


class Format(StrEnum):
    """The formats of graphs and tables."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"
    MERMAID = "mermaid"
    DOT = "dot"
    HTML = "html"


AsFormat = Annotated[Format, typer.Option("--format", help="How to print the result.")]


class NewKind(StrEnum):
    """The kinds of entities that can be created."""

    ARTIFACT = "artifact"
    ACTION = "action"
    CONTEXT = "context"


class LinkType(StrEnum):
    """The types of associations."""

    CONTRIBUTED_TO = "ContributedTo"
    ASSOCIATED_WITH = "AssociatedWith"
    DERIVED_FROM = "DerivedFrom"
    PRODUCED = "Produced"
    SAME_AS = "SameAs"


class Status(StrEnum):
    """The statuses of actions."""

    UNKNOWN = "Unknown"
    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"
    FAILED = "Failed"
    STOPPING = "Stopping"
    STOPPED = "Stopped"
