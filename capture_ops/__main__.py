"""The command table of `capture-forwarder`."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from capture_forwarder import __version__
from capture_forwarder.configuration.reader import read_settings
from capture_ops.backfill import command as backfill_command
from capture_ops.commands import demo as demo_command
from capture_ops.commands import enable_eventbridge as eventbridge_command
from capture_ops.commands import inspect as inspect_command
from capture_ops.commands import invoke as invoke_command
from capture_ops.commands import monitor as monitor_command
from capture_ops.commands import policy as policy_command
from capture_ops.replay import command as replay_command
from capture_ops.terminal.configuration import settings_of
from capture_ops.terminal.errors import ExitCode, told

_EPILOG = (
    "Exit codes: 0 done; 1 something was not settled, or is not as it should be; 2 the call is wrong; "
    "3 the configuration is wrong; 4 something that is needed cannot be reached now."
)

_UNATTENDED_WIDTH = 160

app = typer.Typer(
    name="capture-forwarder",
    help="Carries SageMaker data captures to the platform that monitors the model. These are its commands for people.",
    epilog=_EPILOG,
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)

Config = Annotated[Path | None, typer.Option(help="forwarder.toml to use.", metavar="FILE", show_default="none")]


@app.command(epilog=_EPILOG)
def demo(
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the monitor up until Ctrl-C.")] = False,
) -> None:
    """Forward real captures on this machine: S3 and a monitoring API on loopback, the Lambda's own handler between.

    Uploads events/captures, sends the handler one queue message an object, prints what became of each, and compares
    what the monitor holds with what it should hold. Nothing leaves the machine.
    """
    with told():
        raise typer.Exit(demo_command.run(_console(), keep=keep))


@app.command(epilog=_EPILOG)
def invoke(
    event: Annotated[
        Path, typer.Argument(help="A sample event; events/ holds one of every kind.", metavar="EVENT.json")
    ],
    config: Config = None,
) -> None:
    """Run the Lambda's own handler on EVENT and print its answer on stdout, what became of each object on stderr."""
    with told():
        invoked = invoke_command.invoke(invoke_command.read_event(event), config)
        invoke_command.print_reports(invoked.reports, _console(stderr=True))
        if invoked.failure:
            Console(stderr=True, soft_wrap=True).print(invoked.failure, style="red", markup=False)
        else:
            Console(soft_wrap=True).out(json.dumps(invoked.answer), highlight=False)
        raise typer.Exit(ExitCode.OK if invoked.succeeded else ExitCode.INCOMPLETE)


@app.command(epilog=_EPILOG)
def inspect(
    target: Annotated[str, typer.Argument(help="A capture file, or s3://bucket/key.", metavar="FILE|s3://BUCKET/KEY")],
    config: Config = None,
    route: Annotated[str | None, typer.Option(help="Which route of the configuration to read it by.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show what a capture file becomes, and what would be rejected, without sending anything.

    Works without any configuration: values then go by generated names. With --json, one object a line of kind
    "inference", "rejection" or "skipped".
    """
    with told():
        parts = inspect_command.inspect(target, read_settings(config) if config else None, route)
        if as_json:
            for part in parts:
                sys.stdout.write(inspect_command.as_json(part) + "\n")
        else:
            inspect_command.print_table(parts, _console())


@app.command(epilog=_EPILOG)
def monitor(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 8765,
    database: Annotated[str, typer.Option(help="SQLite file; in memory if not given.", metavar="FILE")] = ":memory:",
    model: Annotated[list[str] | None, typer.Option(help="A model to know, if no --config names them.")] = None,
    config: Config = None,
) -> None:
    """Serve the embedded monitoring API on loopback until Ctrl-C: a stand-in for Arthur.

    It knows the models of --config, or those given with --model ("demo" if none is). The token is taken from the
    variable MONITOR_TOKEN, or made up and printed.
    """
    with told():
        settings = read_settings(config) if config else None
        monitor_command.serve(port, database, settings, model or ["demo"], Console())


@app.command(epilog=_EPILOG)
def replay(
    target: Annotated[
        str, typer.Argument(help="Where quarantine lies, or one file of it.", metavar="s3://BUCKET/PREFIX|DIR")
    ],
    config: Annotated[Path | None, typer.Option(help="forwarder.toml to use.", metavar="FILE")] = None,
    code: Annotated[list[str] | None, typer.Option(help="Only rejections with this code; may be repeated.")] = None,
    route: Annotated[list[str] | None, typer.Option(help="Only rejections of this route; may be repeated.")] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done with every file.")] = False,
) -> None:
    """Send quarantined rejections again, under the same ids, and take out of quarantine what was accepted.

    Run it once the cause is mended. What is refused again stays, with its new code and sentence. It may be interrupted
    at any moment and run again: ids make what was accepted already a duplicate. Without --config the file is the one
    that CAPTURE_FORWARDER_CONFIG names, else forwarder.toml here.
    """
    with told():
        raise typer.Exit(replay_command.run(target, config, code or [], route or [], _console(), dry_run=dry_run))


@app.command(epilog=_EPILOG)
def backfill(  # noqa: PLR0913, PLR0917 - one parameter an option
    target: Annotated[str, typer.Argument(help="Below which prefix captures lie.", metavar="s3://BUCKET/PREFIX")],
    config: Annotated[Path | None, typer.Option(help="forwarder.toml to use.", metavar="FILE")] = None,
    since: Annotated[str | None, typer.Option(help="The first hour, in UTC.", metavar="2026-01-31[T22]")] = None,
    until: Annotated[
        str | None, typer.Option(help="The hour before which to end, in UTC.", metavar="2026-02-01[T00]")
    ] = None,
    inventory: Annotated[
        str | None,
        typer.Option(help="An S3 Inventory report, in place of a listing.", metavar="s3://.../manifest.json"),
    ] = None,
    stack: Annotated[str | None, typer.Option(help="The deployed stack, in place of the configuration's.")] = None,
    wait_limit_secs: Annotated[float | None, typer.Option(min=0, help="End --wait after this time.")] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, max=64, help="Batches at once with --local; 8 if not given.")
    ] = None,
    *,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until all objects are done, and print the sums.")] = False,
    local: Annotated[bool, typer.Option("--local", help="Forward here, without the deployed function.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would be forwarded, and end.")] = False,
) -> None:
    """Forward captures that were written before the stack was deployed, or that it missed.

    Lists the objects, selects them by the hour in their keys, and sends messages that each name up to 50 objects to the
    stack's backfill queue; the function forwards them. It may be interrupted and run again: an object that is done
    costs one read. Without --config the file is the one that CAPTURE_FORWARDER_CONFIG names, else forwarder.toml here.

    --local needs to reach the destination from here. It keeps progress and rejections in the table and bucket of
    --stack, or in those that CAPTURE_FORWARDER_PROGRESS_TABLE and CAPTURE_FORWARDER_QUARANTINE_BUCKET name.
    """
    options = backfill_command.Options(
        stack=stack,
        inventory=inventory,
        local=local,
        threads=threads,
        wait=wait,
        wait_limit_secs=wait_limit_secs,
        dry_run=dry_run,
    )
    with told():
        raise typer.Exit(backfill_command.run(target, config, (since, until), options, _console()))


@app.command(epilog=_EPILOG)
def enable_eventbridge(
    bucket: Annotated[str, typer.Argument(help="A bucket that is there already.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be written, and end.")] = False,
) -> None:
    """Let BUCKET tell EventBridge of its objects, which the trigger "eventbridge" needs; all else stays as it is.

    S3 keeps one notification configuration a bucket, and every write replaces all of it. So this reads it, shows it,
    asks, writes it back with EventBridge added, and reads it once more to see that nothing else has changed. Run again,
    it finds nothing to do.
    """
    with told():
        ask = (lambda _: True) if yes else typer.confirm
        raise typer.Exit(eventbridge_command.run(bucket, _console(), ask, dry_run=dry_run))


@app.command(epilog=_EPILOG)
def policy(
    config: Annotated[Path | None, typer.Option(help="forwarder.toml to use.", metavar="FILE")] = None,
    role_arn: Annotated[
        list[str] | None, typer.Option(help="A role that reads; may be repeated. If not given, the function's.")
    ] = None,
    bucket: Annotated[str | None, typer.Option(help="This bucket alone, in place of all that have an account.")] = None,
) -> None:
    """Print what the owner of a capture bucket in another account must allow, as JSON on stdout.

    For each bucket its policy, and, if it has a kms_key_arn, a statement for that key's policy: to read captures below
    the routes' prefixes, and nothing else.
    """
    with told():
        documents = policy_command.policies(settings_of(config), role_arn or [], bucket)
        sys.stdout.write(json.dumps(documents, indent=2) + "\n")


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def _console(*, stderr: bool = False) -> Console:
    """Return a console that is wide enough for the tables where nobody's terminal says how wide it is."""
    console = Console(stderr=stderr)
    return console if console.is_terminal else Console(stderr=stderr, width=_UNATTENDED_WIDTH)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
