"""The commands `lineage import` and `lineage export`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from capture_ops.command_line.lineage.connection import Connection
from capture_ops.command_line.lineage.entities import Entities
from capture_ops.command_line.lineage.options import AllowCycle
from capture_ops.command_line.lineage.querying import Direction
from capture_ops.command_line.options import DryRun


class DocumentFormat(StrEnum):
    """The formats of documents."""

    JSON = "json"
    YAML = "yaml"


def import_file(
    file: Annotated[Path, typer.Argument(help="A YAML or JSON file; - reads stdin.", metavar="FILE")],
    *,
    allow_cycle: AllowCycle = False,
    dry_run: DryRun = False,
    connection: Connection,
) -> None:
    """Create the contexts, actions, artifacts and links of a file.

    All errors of the file are reported at once, before the first write. What exists is used again, so a second import
    writes nothing, and an interrupted one is completed. YAML needs the extra `lineage`; JSON needs nothing.
    """
    from capture_ops.commands import lineage_documents as command

    lineage = command.lineage(*connection)
    command.import_file(lineage, file, typer.echo, allow_cycle=allow_cycle, dry_run=dry_run)


def export(
    entities: Entities,
    output: Annotated[
        Path | None,
        typer.Option(help="The file to write.", metavar="FILE", show_default="stdout"),
    ] = None,
    direction: Annotated[Direction, typer.Option(help="Which way to walk from the entities.")] = Direction.BOTH,
    depth: Annotated[int, typer.Option(min=1, max=100, help="The largest distance from an entity.")] = 100,
    format_: Annotated[
        DocumentFormat | None,
        typer.Option("--format", help="json or yaml.", show_default="as the file, else json"),
    ] = None,
    *,
    connection: Connection,
) -> None:
    """Write everything around some entities as a file that `import` reads back.

    Trial components are made by SageMaker only, so links name them by ARN.
    """
    from capture_ops.commands import lineage_documents as command

    lineage = command.lineage(*connection)
    text = command.exported(lineage, entities, (direction.value, depth), command.is_yaml(output, format_))
    if output is None:
        typer.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
