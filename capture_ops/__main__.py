"""The command table of `capture-forwarder`."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from capture_forwarder import __version__
from capture_forwarder.settings_file import read_settings
from capture_ops import demo as demo_command
from capture_ops import inspect as inspect_command
from capture_ops import invoke as invoke_command
from capture_ops import serve as serve_command
from capture_ops.errors import ExitCode, told

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
        raise typer.Exit(ExitCode.OK if invoked.succeeded else ExitCode.NOT_SETTLED)


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
        serve_command.serve(port, database, settings, model or ["demo"], Console())


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
