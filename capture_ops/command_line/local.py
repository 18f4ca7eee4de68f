"""Commands that run the forwarder on this machine."""

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from capture_ops.command_line.options import Config, console
from capture_ops.terminal.errors import ExitCode
from capture_ops.terminal.text import print_line


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

    raise typer.Exit(command.run(console(), keep=keep, destination=command.DemoDestination(destination)))


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
    S3 on loopback holds the sample captures that the events in events/ name. Rejections that are kept in quarantine are
    a result: the exit code is 1 only if AWS would deliver the event, or a message of it, again.
    """
    from capture_ops.commands import invoke as command
    from capture_ops.terminal.configuration import config_of

    found = command.read_event(event)
    if local:
        from capture_ops.commands.invoke_locally import invoke_locally

        invoked = invoke_locally(found, config)
    else:
        invoked = command.invoke(found, config_of(config))
    command.print_reports(invoked.reports, console(stderr=True))
    for reason in invoked.reasons:
        print_line(console(stderr=True), reason, "red")
    if invoked.answer is not None:
        typer.echo(json.dumps(invoked.answer))
    raise typer.Exit(ExitCode.OK if invoked.succeeded else ExitCode.INCOMPLETE)


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

    settings = None if model and not config else settings_if_any(config)
    command.serve(port, database, settings, model or ["demo"], console())
