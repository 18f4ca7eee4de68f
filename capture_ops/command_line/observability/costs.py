"""The command `costs`."""

from pathlib import Path
from typing import Annotated

import typer

from capture_ops.command_line.options import AsJson, Config, console

ApiCalls = Annotated[int, typer.Option(help="Calls of SageMaker's API a month.", min=0)]
Invocations = Annotated[int, typer.Option(help="Calls of endpoints a month; only for data_events.", min=0)]
LogGb = Annotated[float, typer.Option(help="Delivered GB of logs a month, of each endpoint and kind of job.", min=0)]
JobSeries = Annotated[int, typer.Option(help="Series of jobs that the query of an alarm reads.", min=0)]
Template = Annotated[
    Path | None,
    typer.Option(
        help="Price the resources of this synthesised template instead, such as one in cdk.out.",
        metavar="FILE",
        exists=True,
        dir_okay=False,
    ),
]


def costs(
    config: Config = None,
    *,
    template: Template = None,
    api_calls: ApiCalls = 100_000,
    invocations: Invocations = 1_000_000,
    log_gb: LogGb = 1,
    job_series: JobSeries = 10,
    as_json: AsJson = False,
) -> None:
    """Print the price of a month of the observability stack: dashboards, alarms, metrics, streams and logs.

    Fixed costs follow from the configuration. The others follow from the volumes that the options assume. It needs
    neither AWS nor the network.
    """
    from capture_ops.observability import costs as command
    from capture_ops.terminal.configuration import settings_of
    from integrations.observability.costing import Volumes

    if template:
        raise typer.Exit(command.run_template(template, console(), as_json=as_json))
    volumes = Volumes(api_calls=api_calls, invocations=invocations, log_gb=log_gb, job_series=job_series)
    raise typer.Exit(command.run(settings_of(config), volumes, console(), as_json=as_json))
