"""The command `lineage who-served`."""

from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from capture_ops.command_line.lineage.asking import AnswerFormat, lineage, show
from capture_ops.command_line.lineage.connection import Connection
from capture_ops.command_line.options import Config
from capture_ops.terminal.errors import CommandError, ExitCode
from capture_ops.terminal.text import printable

if TYPE_CHECKING:
    from datetime import datetime

    from integrations.lineage.asking.serving import Call


class Sought(NamedTuple):
    """What is known of the call."""

    captures: Annotated[
        str | None,
        typer.Option(
            help="Where the capture is: a file, a folder, an object or a prefix.",
            metavar="s3://BUCKET/PREFIX|FILE|-",
            show_default="the prefixes of all routes",
        ),
    ] = None
    at: Annotated[str | None, typer.Option(help="The time of the call, to read fewer captures.", metavar="TIME")] = None
    endpoint: Annotated[
        str | None, typer.Option(help="The endpoint.", metavar="NAME", show_default="that of the capture's key")
    ] = None
    variant: Annotated[
        str | None, typer.Option(help="The variant.", metavar="NAME", show_default="that of the capture's key")
    ] = None


def who_served(
    inference: Annotated[
        str, typer.Argument(help="An inference id, an event id, or a partner inference id.", metavar="ID")
    ],
    *,
    sought: Sought,
    config: Config = None,
    format_: AnswerFormat = "table",
    connection: Connection,
) -> None:
    """Print the model that served a captured call, its job, data sets and approval.

    Reads the capture record, and takes the deployment of its endpoint that was in force at the time of the call. With
    --at, only captures of that hour and the hours beside it are read. With --endpoint and --at and without --captures,
    no capture is read. If several models are possible, all are printed, and the exit code is 1.
    """
    calls = _calls(inference, sought, config, connection)
    store = lineage(connection)
    answers = [store.who_served(call) for call in calls]
    show(answers, format_)
    notes = [f"{len(calls)} captured calls have the id {inference}."] if len(calls) > 1 else []
    notes += [note for each in answers for note in each.notes]
    for note in notes:
        typer.echo(printable(note), err=True)
    if notes:
        raise typer.Exit(ExitCode.INCOMPLETE)


def _calls(inference: str, sought: Sought, config: "Config", connection: Connection) -> "list[Call]":
    """Return the call that the options describe, else all captured calls with the id."""
    from datetime import UTC

    from capture_forwarder.aws.session import session_of
    from integrations.lineage.asking.serving import Call
    from integrations.lineage.times import moment

    at = moment(sought.at, UTC) if sought.at else None
    if sought.endpoint and at and sought.captures is None:
        return [Call(id=inference, endpoint=sought.endpoint, variant=sought.variant, at=at)]
    with session_of(connection.region, connection.profile):
        return _captured(inference, at, sought, config)


def _captured(inference: str, at: "datetime | None", sought: Sought, config: "Config") -> "list[Call]":
    """Return the captured calls with the id, the same call in two files once."""
    from capture_ops.lineage.calls import find_calls
    from capture_ops.terminal.configuration import settings_if_any
    from integrations.lineage.asking.serving import Call

    found = find_calls(inference, sought.captures, at, settings_if_any(config) if sought.captures is None else None)
    if not found:
        raise CommandError(
            f"no captured call has the id {printable(inference)}; check --captures and --at", ExitCode.INCOMPLETE
        )
    calls = []
    for each in found:
        name = sought.endpoint or each.endpoint
        if name is None:
            raise CommandError(f"{printable(each.place)}: the key does not name the endpoint; give --endpoint")
        chosen = sought.variant or each.variant
        calls.append(Call(id=each.id, endpoint=name, variant=chosen, at=each.at, capture=each.place))
    return calls
