"""The commands that answer questions about lineage, and the approval of a model."""

from typing import TYPE_CHECKING, Annotated, Literal, Protocol

import typer

from capture_ops.command_line.lineage.connection import Connection
from capture_ops.command_line.options import DryRun
from capture_ops.terminal.errors import CommandError, ExitCode
from capture_ops.terminal.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integrations.lineage import Lineage
    from integrations.lineage.render import Sheet

AnswerFormat = Annotated[
    Literal["table", "json", "csv", "markdown", "html"], typer.Option("--format", help="The format of the answer.")
]
Entity = Annotated[
    str,
    typer.Argument(
        help="A lineage entity, a job, an endpoint, a model package, or the URI of an artifact.",
        metavar="ARN|NAME|URI",
        show_default=False,
    ),
]


class Answer(Protocol):
    """An answer that can be printed as a table."""

    def sheet(self) -> "Sheet":
        """Return the table."""
        ...


def lineage(connection: Connection) -> "Lineage":
    """Return the lineage that the options name; it is imported only here."""
    from integrations.lineage import Lineage

    return Lineage(*connection)


def show(found: "Sequence[Answer]", format_: str) -> None:
    """Print answers that have a sheet, at the width of the terminal."""
    from capture_ops.terminal.console import console
    from integrations.lineage.render import render_answer

    answer = found[0] if len(found) == 1 else found
    typer.echo(render_answer(answer, [each.sheet() for each in found], format_, console().width), nl=False)


def ask(
    question: Annotated[str, typer.Argument(help="What to look for.", metavar="QUESTION")],
    entity: Entity,
    *,
    direction: Annotated[
        Literal["up", "down", "both", "through"] | None,
        typer.Option(help="Where to look.", show_default="where SageMaker writes such entities"),
    ] = None,
    format_: AnswerFormat = "table",
    connection: Connection,
) -> None:
    """Print the models, endpoints, data sets or others that belong to an entity.

    QUESTION is models-of, endpoints-of, datasets-of, jobs-of, pipeline-of, actions-of, trials-of, images-of or
    package-of. Example: `lineage ask datasets-of churn` prints the data sets that the models of the endpoint churn
    were trained on. Entities are matched by direction, kind and type, never by the type of an association.
    """
    from integrations.lineage.asking.questions import Question
    from integrations.lineage.graph import Direction

    if question not in [*Question]:
        raise CommandError(f"{printable(question)} is no question; give one of {', '.join(Question)}")
    chosen = Direction(direction) if direction else None
    show([lineage(connection).ask(question, entity, chosen)], format_)


def endpoint(
    name: Annotated[str, typer.Argument(help="The name of the endpoint, which may be deleted.", metavar="NAME")],
    *,
    format_: AnswerFormat = "table",
    connection: Connection,
) -> None:
    """Print everything that an endpoint was made of: models, approvals, jobs, data sets; and its monitors."""
    show([lineage(connection).endpoint(name)], format_)


def versions(
    model: Annotated[str, typer.Argument(help="A model, a model package or a package group.", metavar="ARN|NAME|URI")],
    *,
    format_: AnswerFormat = "table",
    connection: Connection,
) -> None:
    """Print the versions of a model with their approval: derived models, or the packages of a group."""
    show([lineage(connection).versions(model)], format_)


def approve(
    model: Entity,
    *,
    by: Annotated[str, typer.Option(help="The person who decides.", metavar="NAME", show_default=False)],
    status: Annotated[str, typer.Option(help="approved, rejected or pending.", metavar="STATUS", show_default=False)],
    note: Annotated[str | None, typer.Option(help="The reason.", metavar="TEXT")] = None,
    dry_run: DryRun = False,
    connection: Connection,
) -> None:
    """Record the approval of a model, in the properties of its artifact, or as the status of its model package."""
    from datetime import UTC, datetime

    store = lineage(connection)
    done = store.approve(model, by=by, status=status, now=datetime.now(UTC), note=note, dry_run=dry_run)
    typer.echo(f"would record: {done}" if dry_run else f"recorded: {done}")


def provenance(
    entity: Entity,
    *,
    format_: AnswerFormat = "table",
    connection: Connection,
) -> None:
    """Print the data sets, images, jobs and models that an entity was made of, with their sources and properties."""
    show([lineage(connection).provenance(entity)], format_)


def report(
    *,
    since: Annotated[str, typer.Option(help="30d, 12h, or a date.", metavar="TIME")] = "30d",
    require_approval: Annotated[
        bool, typer.Option("--require-approval", help="Mark the models that are not approved.")
    ] = False,
    fail: Annotated[
        bool, typer.Option("--fail", help="End with 1 if a model is not approved. Implies --require-approval.")
    ] = False,
    format_: AnswerFormat = "table",
    connection: Connection,
) -> None:
    """Print the models that were created since a time, with their data sets, jobs and approval."""
    from datetime import UTC, datetime

    from integrations.lineage.text import counted
    from integrations.lineage.times import before

    require_approval = require_approval or fail
    time = before(since, datetime.now(UTC))
    found = lineage(connection).report(time, require_approval=require_approval)
    show([found], format_)
    if require_approval and found.not_approved:
        count, models = len(found.not_approved), len(found.models)
        verb = "is" if 1 in {count, models} else "are"
        typer.echo(f"{count} of {counted(models, 'model')} {verb} not approved.", err=True)
        if fail:
            raise typer.Exit(ExitCode.INCOMPLETE)


def reproduce(
    entity: Entity,
    *,
    name: Annotated[
        str | None,
        typer.Option(help="The name of the new job.", metavar="NAME", show_default="the old name and -again"),
    ] = None,
    connection: Connection,
) -> None:
    """Print the request of CreateTrainingJob that trains a model again, as JSON on stdout.

    `aws sagemaker create-training-job --cli-input-json` takes it. Each value that the lineage does not hold is named on
    stderr, and the exit code is then 1.
    """
    import json

    found = lineage(connection).reproduce(entity, name)
    typer.echo(json.dumps(found.request, indent=2, default=str))
    typer.echo(printable(f"From {found.origin}"), err=True)
    for gap in found.gaps:
        typer.echo(printable(gap), err=True)
    if found.gaps:
        raise typer.Exit(ExitCode.INCOMPLETE)
