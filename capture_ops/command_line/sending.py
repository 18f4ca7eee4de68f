"""Commands that send captures again, or for the first time."""

from typing import Annotated

import typer

from capture_ops.command_line.options import Config, DryRun, Stack, console

Captures = Annotated[str, typer.Argument(help="The prefix of the captures.", metavar="s3://BUCKET/PREFIX")]
Since = Annotated[
    str | None, typer.Option(help="The first hour, in UTC.", metavar="2026-01-31[T22]", show_default="the oldest")
]
Until = Annotated[
    str | None,
    typer.Option(help="The hour to end before, in UTC.", metavar="2026-02-01[T00]", show_default="the newest"),
]
Inventory = Annotated[
    str | None, typer.Option(help="An S3 Inventory report, in place of a listing.", metavar="s3://.../manifest.json")
]
WaitLimit = Annotated[float | None, typer.Option(min=0, help="End --wait after this time.", show_default="no limit")]
Threads = Annotated[int | None, typer.Option(min=1, max=64, help="Batches at once with --local.", show_default="8")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until all objects are done, and print the sums.")]
Local = Annotated[bool, typer.Option("--local", help="Forward here, without the deployed function.")]


def replay(
    target: Annotated[
        str, typer.Argument(help="A folder of quarantine files, or one of them.", metavar="s3://BUCKET/PREFIX|DIR")
    ],
    config: Config = None,
    code: Annotated[
        list[str] | None,
        typer.Option(help="Only rejections with this code; may be repeated.", metavar="CODE", show_default="all"),
    ] = None,
    route: Annotated[
        list[str] | None,
        typer.Option(help="Only rejections of this route; may be repeated.", metavar="NAME", show_default="all"),
    ] = None,
    stack: Stack = None,
    *,
    dry_run: DryRun = False,
) -> None:
    """Send quarantined rejections again, under the same ids.

    Run it after the cause is corrected. Entries that are accepted leave quarantine; entries that are rejected again
    stay, with the new code and reason. The message of a whole object that was given up or had no route is sent to the
    queue of --stack. It may be interrupted and run again: a row keeps its id, so the destination can recognise it.
    """
    from capture_ops.replay import command

    raise typer.Exit(command.run(target, config, code or [], route or [], console(), stack=stack, dry_run=dry_run))


def backfill(  # noqa: PLR0913, PLR0917 - one parameter an option
    target: Captures,
    config: Config = None,
    since: Since = None,
    until: Until = None,
    inventory: Inventory = None,
    stack: Stack = None,
    wait_limit_secs: WaitLimit = None,
    threads: Threads = None,
    *,
    wait: Wait = False,
    local: Local = False,
    dry_run: DryRun = False,
) -> None:
    """Forward captures that were written before the stack was deployed, or that it missed.

    Lists the objects, selects them by the hour in their keys, and sends messages that each name up to 50 objects to the
    stack's backfill queue; the function forwards them. After an interruption run it again: it repeats no done object.

    --local needs to reach the destination from here. It keeps progress and rejections in the table and bucket of
    --stack, or in those that CAPTURE_FORWARDER_PROGRESS_TABLE and CAPTURE_FORWARDER_QUARANTINE_BUCKET name.
    """
    from capture_ops.backfill import command

    options = command.Options(
        stack=stack,
        inventory=inventory,
        local=local,
        threads=threads,
        wait=wait,
        wait_limit_secs=wait_limit_secs,
        dry_run=dry_run,
    )
    raise typer.Exit(command.run(target, config, (since, until), options, console()))
