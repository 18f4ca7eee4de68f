"""Commands that check or prepare what the stack needs."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from capture_ops.command_line.options import Config, DryRun, console


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

    for line in command.validate(file, config):
        typer.echo(line)


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

    ask = (lambda _: True) if yes else typer.confirm
    raise typer.Exit(command.run(bucket, console(), ask, dry_run=dry_run))


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

    documents = command.documents(settings_of(config), role_arn or [], bucket, own_key=own_key)
    sys.stdout.write(json.dumps(documents, indent=2) + "\n")
