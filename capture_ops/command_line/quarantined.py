"""The commands `quarantine list` and `quarantine show`."""

from typing import Annotated

import typer

from capture_ops.command_line.options import AsJson, Config, Stack


def list_quarantine(
    target: Annotated[
        str | None,
        typer.Argument(help="A folder of quarantine files.", metavar="s3://BUCKET/PREFIX|DIR", show_default=False),
    ] = None,
    config: Config = None,
    stack: Stack = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Print the address, size and time of every quarantine file.

    Without an argument these are the files of --stack. The folders route=NAME/YYYY/MM/DD/ below rejected/ name the
    route, and the day on which the object was read first. No file is read.
    """
    from capture_ops.commands import quarantine as command

    command.list_files(target, config, stack, typer.echo, as_json=as_json)


def show_quarantine(
    target: Annotated[str, typer.Argument(help="A quarantine file.", metavar="s3://BUCKET/KEY|FILE")],
    *,
    data: Annotated[
        bool, typer.Option("--data", help="Print the captured lines and inference ids too, escaped.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print the rejections in a quarantine file, with their reasons.

    Each entry has the number of the captured line, the rejected rows, the code and the reason. Captured data is printed
    only with --data. It may be personal data.
    """
    from capture_ops.commands import quarantine as command

    command.show_file(target, typer.echo, with_data=data, as_json=as_json)
