"""The command `lineage table`."""

from typing import Annotated

import typer

from capture_ops.command_line.lineage.asking import AnswerFormat, lineage, show
from capture_ops.command_line.lineage.connection import Connection
from capture_ops.terminal.errors import CommandError


def table(  # noqa: PLR0913 - the options of the command
    *,
    endpoint: Annotated[str | None, typer.Option(help="An endpoint.", metavar="NAME")] = None,
    training_job: Annotated[str | None, typer.Option(help="A training job.", metavar="NAME|ARN")] = None,
    processing_job: Annotated[str | None, typer.Option(help="A processing job.", metavar="NAME|ARN")] = None,
    transform_job: Annotated[str | None, typer.Option(help="A transform job.", metavar="NAME|ARN")] = None,
    model_package: Annotated[str | None, typer.Option(help="A model package.", metavar="ARN")] = None,
    pipeline_step: Annotated[
        str | None, typer.Option(help="A step of a pipeline execution.", metavar="EXECUTION_ARN/STEP")
    ] = None,
    arn: Annotated[str | None, typer.Option(help="Any entity.", metavar="ARN|NAME|URI")] = None,
    format_: AnswerFormat = "table",
    connection: Connection,
) -> None:
    """Print the inputs and outputs of one entity, in the five columns of the SageMaker SDK's table.

    Give exactly one of the options that name an entity. The columns are Name/Source, Direction, Type, Association Type
    and Lineage Type.
    """
    from integrations.lineage.asking.table_start import Start

    values = (endpoint, training_job, processing_job, transform_job, model_package, pipeline_step, arn)
    given = [(start, value) for start, value in zip(Start, values, strict=True) if value is not None]
    if len(given) != 1:
        raise CommandError(f"give exactly one of {', '.join(f'--{start.value}' for start in Start)}")
    show(lineage(connection).table(*given[0]), format_)
