"""The commands of `capture-forwarder`: names, options and help. Each command imports what it needs when it runs."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from capture_ops.terminal.extras import missing

try:
    import typer
except ModuleNotFoundError:  # the package is installed as a library
    sys.stderr.write(missing("cli") + "\n")
    raise SystemExit(2) from None

from capture_forwarder import __version__
from capture_ops.entry import INTERRUPTED, end_at_once_on_signals
from capture_ops.terminal.errors import DEBUG_OPTION, EXIT_CODES, Commands, ExitCode, errors_to_exit_codes
from capture_ops.terminal.interruption import end_on_signals
from capture_ops.terminal.text import print_line

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(
    name="capture-forwarder",
    cls=Commands,
    help="Forwards SageMaker Data Capture to the API that monitors the model. These are the commands for operators.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,  # wraps at any width, cuts no option, and takes no "[stack]" for markup
)

Config = Annotated[
    Path | None,
    typer.Option(
        help="The forwarder.toml to use. By default the file that CAPTURE_FORWARDER_CONFIG names, or forwarder.toml in "
        "this folder.",
        metavar="FILE",
        show_default=False,
    ),
]
Stack = Annotated[
    str | None, typer.Option(help="The deployed stack.", metavar="NAME", show_default="that of the configuration")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print what would be done, and change nothing.")]


def _print_version(requested: bool) -> None:  # noqa: FBT001 - the form that typer calls
    if requested:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
    debug: Annotated[bool, typer.Option(DEBUG_OPTION, help="Show the traceback of an error.")] = False,
) -> None:
    """Take the options that stand before a command."""
    del version, debug  # `_print_version` and `Commands` have read them


@app.command(epilog=EXIT_CODES)
def demo(
    *,
    destination: Annotated[
        Literal["arthur", "webhook"], typer.Option(help="The kind of destination to forward to.")
    ] = "arthur",
    keep: Annotated[bool, typer.Option("--keep", help="Keep the monitor running until Ctrl-C.")] = False,
) -> None:
    """Forward sample captures on this machine, and check the result.

    Starts S3 and a monitoring API on loopback, uploads the files of events/captures, and calls the Lambda's own handler
    with one queue message an object. Then prints a table of the objects, and compares the inferences in the monitor
    with the expected ones.
    """
    from capture_ops.commands import demo as command

    with errors_to_exit_codes():
        raise typer.Exit(command.run(_console(), keep=keep, destination=command.DemoDestination(destination)))


@app.command(epilog=EXIT_CODES)
def invoke(
    event: Annotated[
        Path, typer.Argument(help="A JSON file with an event. events/ holds one of every kind.", metavar="EVENT.json")
    ],
    config: Config = None,
    *,
    local: Annotated[
        bool, typer.Option("--local", help="Use the S3, the monitor and the configuration of `demo`.")
    ] = False,
) -> None:
    """Call the Lambda's own handler with EVENT on this machine.

    Prints the handler's answer on stdout, and a table of the objects on stderr. With --local it needs no other set-up:
    S3 on loopback holds the sample captures that the events in events/ name.
    """
    from capture_ops.commands import invoke as command
    from capture_ops.terminal.configuration import config_of

    with errors_to_exit_codes():
        found = command.read_event(event)
        if local:
            from capture_ops.commands.invoke_locally import invoke_locally

            invoked = invoke_locally(found, config)
        else:
            invoked = command.invoke(found, config_of(config))
        command.print_reports(invoked.reports, _console(stderr=True))
        for reason in invoked.reasons:
            print_line(_console(stderr=True), reason, "red")
        if invoked.answer is not None:
            typer.echo(json.dumps(invoked.answer))
        raise typer.Exit(ExitCode.OK if invoked.succeeded else ExitCode.INCOMPLETE)


@app.command(epilog=EXIT_CODES)
def validate(
    file: Annotated[
        Path | None, typer.Argument(help="The forwarder.toml to check.", metavar="FILE", show_default="as --config")
    ] = None,
    config: Config = None,
) -> None:
    """Check a configuration: every problem with its line, its place and the right value.

    Needs neither AWS nor the network. Editors check the same while you write: see docs/configuration.md.
    """
    from capture_ops.commands import validate as command

    with errors_to_exit_codes():
        for line in command.validate(file, config):
            typer.echo(line)


@app.command(epilog=EXIT_CODES)
def inspect(
    target: Annotated[
        str,
        typer.Argument(
            help="A capture file, an S3 object, or - for standard input.",
            metavar="FILE|s3://BUCKET/KEY|-",
            show_default=False,
        ),
    ],
    config: Config = None,
    route: Annotated[
        str | None, typer.Option(help="The route whose options apply.", metavar="NAME", show_default="that of the key")
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="The key that a file has in S3. It decides the route.", metavar="KEY")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Show the first rows only.", metavar="ROWS")] = None,
    destination: Annotated[
        str | None,
        typer.Option(
            help="Show the requests to this destination of the configuration instead.",
            metavar="NAME",
            show_default=False,
        ),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Show the inferences and rejections that a capture file would give. Sends nothing.

    Works without a configuration; values then have generated names. With --config, a file needs --route or --key if
    the configuration has several routes. Rows are shown as they are read. The last line counts lines and rows. With
    --json, every object has a "kind": "inference", "rejection" or "skipped", with --destination "request"; the counts
    are on standard error.
    """
    from capture_ops.commands import inspect_output as command

    options = command.Options(config=config, route=route, key=key, limit=limit, as_json=as_json)
    with errors_to_exit_codes():
        if destination:
            from capture_ops.commands import requests

            requests.run(target, options, destination)
        else:
            command.run(target, options, _console())


@app.command(epilog=EXIT_CODES)
def monitor(
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port on 127.0.0.1; 0 takes a free one.")] = 8765,
    database: Annotated[
        str, typer.Option(help="The SQLite file for what arrives.", metavar="FILE", show_default="in memory")
    ] = ":memory:",
    model: Annotated[
        list[str] | None,
        typer.Option(help="A model id to accept; may be repeated.", metavar="ID", show_default='"demo"'),
    ] = None,
    config: Config = None,
) -> None:
    """Run the embedded monitoring API, a stand-in for Arthur, on loopback until Ctrl-C.

    It accepts the models of --config or --model, and the token in MONITOR_TOKEN or the new one that it prints.
    """
    from capture_ops.commands import monitor as command
    from capture_ops.terminal.configuration import settings_if_any

    with errors_to_exit_codes():
        settings = None if model and not config else settings_if_any(config)
        command.serve(port, database, settings, model or ["demo"], _console())


@app.command(epilog=EXIT_CODES)
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

    with errors_to_exit_codes():
        raise typer.Exit(command.run(target, config, code or [], route or [], _console(), stack=stack, dry_run=dry_run))


@app.command(epilog=EXIT_CODES)
def backfill(  # noqa: PLR0913, PLR0917 - one parameter an option
    target: Annotated[str, typer.Argument(help="The prefix of the captures.", metavar="s3://BUCKET/PREFIX")],
    config: Config = None,
    since: Annotated[
        str | None, typer.Option(help="The first hour, in UTC.", metavar="2026-01-31[T22]", show_default="the oldest")
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(help="The hour to end before, in UTC.", metavar="2026-02-01[T00]", show_default="the newest"),
    ] = None,
    inventory: Annotated[
        str | None,
        typer.Option(help="An S3 Inventory report, in place of a listing.", metavar="s3://.../manifest.json"),
    ] = None,
    stack: Stack = None,
    wait_limit_secs: Annotated[
        float | None, typer.Option(min=0, help="End --wait after this time.", show_default="no limit")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, max=64, help="Batches at once with --local.", show_default="8")
    ] = None,
    *,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until all objects are done, and print the sums.")] = False,
    local: Annotated[bool, typer.Option("--local", help="Forward here, without the deployed function.")] = False,
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
    with errors_to_exit_codes():
        raise typer.Exit(command.run(target, config, (since, until), options, _console()))


@app.command(epilog=EXIT_CODES)
def enable_eventbridge(
    bucket: Annotated[str, typer.Argument(help="The name of an existing bucket, or s3:// and the name.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Write without asking.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Switch on the events that BUCKET sends to EventBridge. The trigger "eventbridge" needs them.

    A bucket has one notification configuration, and every write replaces it. This command reads and prints it, asks,
    writes it with EventBridge added, and reads it again to check that no other setting has changed. A second run
    writes no change. The bucket must be in the region of the stack.
    """
    from capture_ops.commands import enable_eventbridge as command

    with errors_to_exit_codes():
        ask = (lambda _: True) if yes else typer.confirm
        raise typer.Exit(command.run(bucket, _console(), ask, dry_run=dry_run))


@app.command(epilog=EXIT_CODES)
def policy(
    config: Config = None,
    *,
    role_arn: Annotated[
        list[str] | None,
        typer.Option(help="A role that reads captures; may be repeated.", metavar="ARN", show_default="the function's"),
    ] = None,
    bucket: Annotated[str | None, typer.Option(help="Only this bucket.", metavar="NAME", show_default="all")] = None,
    own_key: Annotated[
        bool, typer.Option("--own-key", help="Print statements for the key of [stack] instead.")
    ] = False,
) -> None:
    """Print the policies that the owner of a capture bucket in another account must add, as JSON on stdout.

    Each bucket has a policy, a statement for its keys, and an event rule for its account. The roles only read captures.
    """
    from capture_ops.commands import policy as command
    from capture_ops.terminal.configuration import settings_of

    with errors_to_exit_codes():
        documents = command.documents(settings_of(config), role_arn or [], bucket, own_key=own_key)
        sys.stdout.write(json.dumps(documents, indent=2) + "\n")


quarantine = typer.Typer(help="List the quarantine files of rejected captures, and show one.", no_args_is_help=True)
app.add_typer(quarantine, name="quarantine")


@quarantine.command("list", epilog=EXIT_CODES)
def list_quarantine(
    target: Annotated[
        str | None,
        typer.Argument(help="A folder of quarantine files.", metavar="s3://BUCKET/PREFIX|DIR", show_default=False),
    ] = None,
    config: Config = None,
    stack: Stack = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Print the address, size and time of every quarantine file.

    Without an argument these are the files of --stack. The folders route=NAME/YYYY/MM/DD/ below rejected/ name the
    route, and the day on which the object was read first. No file is read.
    """
    from capture_ops.commands import quarantine as command

    with errors_to_exit_codes():
        command.list_files(target, config, stack, typer.echo, as_json=as_json)


@quarantine.command("show", epilog=EXIT_CODES)
def show_quarantine(
    target: Annotated[str, typer.Argument(help="A quarantine file.", metavar="s3://BUCKET/KEY|FILE")],
    *,
    data: Annotated[
        bool, typer.Option("--data", help="Print the captured lines and inference ids too, escaped.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Print the entries of a quarantine file: the captured line, the rejected rows, the code and the reason.

    Captured data is printed only with --data. It may be personal data.
    """
    from capture_ops.commands import quarantine as command

    with errors_to_exit_codes():
        command.show_file(target, typer.echo, with_data=data, as_json=as_json)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def _console(*, stderr: bool = False) -> "Console":
    from capture_ops.terminal.console import console

    return console(stderr=stderr)


def main() -> None:
    """Run the command line."""
    end_on_signals()
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    finally:
        end_at_once_on_signals()


if __name__ == "__main__":
    main()
