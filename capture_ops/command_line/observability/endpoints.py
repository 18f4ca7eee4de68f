"""The command `endpoints`."""

import sys
from typing import Annotated

import typer

from capture_ops.command_line.options import console


def endpoints(
    name: Annotated[
        list[str] | None,
        typer.Argument(help="Only these endpoints.", metavar="[NAME]...", show_default="all of the region"),
    ] = None,
) -> None:
    """Print the [[observability.endpoint]] sections of the account's endpoints, as TOML on stdout.

    Each variant has a section with its kind, the vCPUs and GPUs of its instances and the percentage of captured calls.
    Warnings on stderr name the endpoints whose capture is off. The command only reads: docs/deploy.md has the
    permissions.
    """
    from capture_ops.observability import endpoints as command
    from capture_ops.terminal.text import print_line

    found = command.read(name or [])
    sys.stdout.write(found.text)
    for warning in found.warnings:
        print_line(console(stderr=True), warning, "yellow")
