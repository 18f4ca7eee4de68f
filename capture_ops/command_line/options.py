"""The options that several commands have, and the console that they print to."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

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
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")]


def console(*, stderr: bool = False) -> "Console":
    """Return the console for stdout or stderr; rich is imported only here."""
    from capture_ops.terminal.console import console as made

    return made(stderr=stderr)
