"""The command `lineage who-served`."""

from typing import TYPE_CHECKING, Annotated

import typer

from capture_ops.command_line.lineage.asking import AnswerFormat, lineage
from capture_ops.command_line.lineage.options import EndpointUrl, Profile, Region
from capture_ops.command_line.options import Config
from capture_ops.terminal.errors import CommandError, ExitCode

if TYPE_CHECKING:
    from datetime import datetime

    from integrations.lineage.asking.serving import Call


def who_served(  # noqa: PLR0913 - the options of the command
    inference: Annotated[
        str, typer.Argument(help="An inference id, an event id, or a partner inference id.", metavar="ID")
    ],
    *,
    captures: Annotated[
        str | None,
        typer.Option(
            help="Where the capture is: a file, a folder, an object or a prefix.",
            metavar="s3://BUCKET/PREFIX|FILE|-",
            show_default="the prefixes of all routes",
        ),
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="The time of the call, to read fewer captures.", metavar="TIME")
    ] = None,
    endpoint: Annotated[
        str | None, typer.Option(help="The endpoint.", metavar="NAME", show_default="that of the capture's key")
    ] = None,
    variant: Annotated[
        str | None, typer.Option(help="The variant.", metavar="NAME", show_default="that of the capture's key")
    ] = None,
    config: Config = None,
    format_: AnswerFormat = "table",
    region: Region = None,
    profile: Profile = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Print the model that served a captured call, its job, data sets and approval.

    Reads the capture record, and takes the deployment of its endpoint that was in force at the time of the call. With
    --at, only captures of that hour and the hours beside it are read. With --endpoint and --at and without --captures,
    no capture is read. If several models are possible, all are printed, and the exit code is 1.
    """
    from datetime import UTC

    from integrations.lineage.asking.serving import Call
    from integrations.lineage.render import render_answer
    from integrations.lineage.times import moment

    time = moment(at, UTC) if at else None
    if endpoint and time and captures is None:
        calls = [Call(id=inference, endpoint=endpoint, variant=variant, at=time)]
    else:
        calls = _read(inference, captures, time, endpoint, variant, config)
    store = lineage(region, profile, endpoint_url)
    answers = [store.who_served(call) for call in calls]
    answer = answers[0] if len(answers) == 1 else answers
    typer.echo(render_answer(answer, [each.sheet() for each in answers], format_), nl=False)
    notes = [f"{len(calls)} captured calls have the id {inference}."] if len(calls) > 1 else []
    notes += [note for each in answers for note in each.notes]
    for note in notes:
        typer.echo(note, err=True)
    if notes:
        raise typer.Exit(ExitCode.INCOMPLETE)


def _read(
    inference: str,
    captures: str | None,
    at: "datetime | None",
    endpoint: str | None,
    variant: str | None,
    config: "Config",
) -> "list[Call]":
    """Return the captured calls with the id, the same call in two files once."""
    from capture_ops.lineage.calls import find_calls
    from capture_ops.terminal.configuration import settings_if_any
    from integrations.lineage.asking.serving import Call

    found = find_calls(inference, captures, at, settings_if_any(config) if captures is None else None)
    if not found:
        raise CommandError(f"no captured call has the id {inference}; check --captures and --at", ExitCode.INCOMPLETE)
    calls = []
    for each in found:
        name = endpoint or each.endpoint
        if name is None:
            raise CommandError(f"{each.place}: the key does not name the endpoint; give --endpoint")
        chosen = variant or each.variant
        calls.append(Call(id=each.id, endpoint=name, variant=chosen, at=each.at, capture=each.place))
    return calls
