"""The commands that create, change and delete entities of lineage. An entity is named by ARN, name, or source URI."""

from typing import Annotated, NamedTuple

import typer

from capture_ops.command_line.lineage.connection import Connection
from capture_ops.command_line.lineage.options import AllowCycle, NewKind, Status
from capture_ops.command_line.options import DryRun

Entity = Annotated[str, typer.Argument(help="The entity.", metavar="ARN|NAME|URI")]
Entities = Annotated[list[str], typer.Argument(help="The entities.", metavar="ARN|NAME|URI")]
Removed = Annotated[list[str] | None, typer.Option("--remove", help="A key to remove; may be repeated.", metavar="KEY")]


class Values(NamedTuple):
    """The values of a new entity."""

    name: Annotated[str | None, typer.Option(help="The name.", show_default="made of type and source")] = None
    source_uri: Annotated[
        str | None, typer.Option(help="The URI or ARN that it stands for.", show_default="made of the name")
    ] = None
    source_type: Annotated[
        list[str] | None,
        typer.Option(
            help="An artifact's MD5Hash, S3ETag, S3Version or Custom with its value; of others SourceType=SourceId.",
            metavar="TYPE=VALUE",
        ),
    ] = None
    property_: Annotated[
        list[str] | None, typer.Option("--property", help="A property; may be repeated.", metavar="KEY=VALUE")
    ] = None
    tag: Annotated[list[str] | None, typer.Option(help="A tag; may be repeated.", metavar="KEY=VALUE")] = None
    metadata: Annotated[
        list[str] | None,
        typer.Option(help="CommitId, Repository, GeneratedBy or ProjectId with its value.", metavar="KEY=VALUE"),
    ] = None
    status: Annotated[Status | None, typer.Option(help="The status of an action.")] = None
    description: Annotated[str | None, typer.Option(help="The description of an action or context.")] = None


def create(
    kind: Annotated[NewKind, typer.Argument(help="What to create.", metavar="artifact|action|context")],
    type_: Annotated[str, typer.Option("--type", help="The type, such as DataSet, Model, Training.", metavar="TYPE")],
    *,
    values: Values,
    dry_run: DryRun = False,
    connection: Connection,
) -> None:
    """Create an artifact, action or context, and print its ARN.

    If it exists it is used again, and properties, tags, status, description and the name of an artifact are merged into
    it. An artifact is known by its source URI and source types, the others by name. The same name with another source
    or type is an error.
    """
    from capture_ops.commands import lineage_entities as command

    status = values.status.value if values.status else None
    texts = {"type": type_, "name": values.name, "source_uri": values.source_uri, "description": values.description}
    pairs = {
        "source_types": values.source_type,
        "properties": values.property_,
        "tags": values.tag,
        "metadata": values.metadata,
    }
    entity = command.new_entity(kind.value, texts | {"status": status}, pairs)
    command.create(command.lineage(*connection), entity, typer.echo, dry_run=dry_run)


def update(
    entity: Entity,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="A property to set; may be repeated.", metavar="KEY=VALUE")
    ] = None,
    remove: Removed = None,
    status: Annotated[Status | None, typer.Option(help="The new status of an action.")] = None,
    description: Annotated[str | None, typer.Option(help="The new description of an action or context.")] = None,
    *,
    dry_run: DryRun = False,
    connection: Connection,
) -> None:
    """Change properties, status or description. Properties that are not named stay as they are."""
    from capture_ops.commands import lineage_entities as command

    lineage = command.lineage(*connection)
    properties = command.pairs(set_ or (), "--set")
    steps = lineage.update(
        entity,
        properties,
        remove or (),
        status=status.value if status else None,
        description=description,
        dry_run=dry_run,
    )
    command.report(steps, typer.echo, dry_run=dry_run)


def tag(
    entity: Entity,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="A tag to set; may be repeated.", metavar="KEY=VALUE")
    ] = None,
    remove: Removed = None,
    *,
    dry_run: DryRun = False,
    connection: Connection,
) -> None:
    """Set and remove tags; without options print them."""
    from capture_ops.commands import lineage_entities as command

    lineage = command.lineage(*connection)
    if not set_ and not remove:
        command.show_tags(lineage, entity, typer.echo)
        return
    steps = lineage.tag(entity, command.pairs(set_ or (), "--set"), remove or (), dry_run=dry_run)
    command.report(steps, typer.echo, dry_run=dry_run)


class Made(NamedTuple):
    """What `record` creates if it is missing."""

    type_: Annotated[
        str | None, typer.Option("--type", help="Create a missing action with this type.", metavar="TYPE")
    ] = None
    source_uri: Annotated[str | None, typer.Option(help="The source of a new action.")] = None
    status: Annotated[Status | None, typer.Option(help="The status of a new action.")] = None
    in_type: Annotated[str, typer.Option(help="The type of new inputs.", metavar="TYPE")] = "DataSet"
    out_type: Annotated[str, typer.Option(help="The type of new outputs.", metavar="TYPE")] = "Model"


def record(
    action: Annotated[str, typer.Argument(help="The action.", metavar="ACTION")],
    *,
    in_: Annotated[list[str] | None, typer.Option("--in", help="An input; may be repeated.", metavar="ENTITY")] = None,
    out: Annotated[list[str] | None, typer.Option(help="An output; may be repeated.", metavar="ENTITY")] = None,
    made: Made,
    allow_cycle: AllowCycle = False,
    dry_run: DryRun = False,
    connection: Connection,
) -> None:
    """Link the inputs of an action to it (ContributedTo), and the action to its outputs (Produced).

    A URI, such as s3://bucket/train.csv, becomes an artifact if there is none for it.
    """
    from capture_ops.commands import lineage_entities as command

    status = made.status.value if made.status else None
    ends = {"inputs": in_ or (), "outputs": out or (), "input_type": made.in_type, "output_type": made.out_type}
    action_values = {"type": made.type_, "source_uri": made.source_uri, "status": status}
    lineage = command.lineage(*connection)
    steps = command.record(lineage, action, ends | action_values, allow_cycle=allow_cycle, dry_run=dry_run)
    command.report(steps, typer.echo, dry_run=dry_run)


def delete(
    entities: Entities,
    *,
    with_associations: Annotated[
        bool, typer.Option("--with-associations", help="Delete all links of the entities first.")
    ] = False,
    dry_run: DryRun = False,
    connection: Connection,
) -> None:
    """Delete entities. An entity with links is deleted only with --with-associations.

    After an interruption run it again: it continues. Entities that do not exist any more are named.
    """
    from capture_ops.commands import lineage_entities as command

    lineage = command.lineage(*connection)
    steps, missing = lineage.delete(entities, with_associations=with_associations, dry_run=dry_run)
    for text in missing:
        typer.echo(command.printable(f"not found, so there is nothing to delete: {text}"), err=True)
    command.report(steps, typer.echo, dry_run=dry_run)
