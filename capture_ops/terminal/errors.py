"""Exit codes, and errors as one sentence on stderr with the next step."""

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Any

import typer
from typer.core import TyperGroup

from capture_ops.terminal.text import print_line


class ExitCode(IntEnum):
    """The exit codes of every command. `EXIT_CODES` describes them for its help."""

    OK = 0
    INCOMPLETE = 1
    USAGE = 2
    SETTINGS = 3
    UNAVAILABLE = 4
    BUG = 70


EXIT_CODES = (
    "Exit codes: 0 done; 1 incomplete: work is left, such as pending objects, refused messages or entries that stay in "
    "quarantine, or the result is not the expected one; 2 the call is wrong; "
    "3 the configuration is wrong; 4 AWS or the destination cannot be reached now, or AWS credentials or the region "
    "are missing; 70 a bug of the command; 130 ended by Ctrl-C or SIGTERM. A second signal ends the command at once. "
    "--debug shows the traceback of an error."
)
_BUG = (
    "This is a bug of capture-forwarder ({}). Run the command again with --debug, and report what it prints; "
    "the report may show captured data."
)
DEBUG_OPTION = "--debug"
_DEBUG = "capture-forwarder.debug"


class CommandError(Exception):
    """An error that the user of the command can correct."""

    def __init__(self, sentence: str, code: ExitCode = ExitCode.USAGE) -> None:
        super().__init__(sentence)
        self.code = code


class Commands(TyperGroup):
    """All commands: each takes --debug, and ends with an exit code and one sentence, never with a traceback."""

    def get_command(self, *args: Any, **kwargs: Any) -> Any:  # typer's types for it are private
        """Return a command with the first paragraph of its help in the list of commands; click cuts it to one line."""
        command = super().get_command(*args, **kwargs)
        if command is not None and command.help:
            command.short_help = command.help.partition("\n\n")[0]
        return command

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take --debug from any place before `--`."""
        end = args.index("--") if "--" in args else len(args)
        ctx.meta[_DEBUG] = DEBUG_OPTION in args[:end]
        kept = [each for each in args[:end] if each != DEBUG_OPTION]
        return super().parse_args(ctx, kept + args[end:])

    def invoke(self, ctx: Any) -> Any:
        """Run the command. With --debug the traceback follows the sentence."""
        try:
            with errors_to_exit_codes():
                return super().invoke(ctx)
        except typer.Exit as end:
            if end.__cause__ and ctx.meta.get(_DEBUG):
                traceback.print_exception(end.__cause__)
            raise


@contextmanager
def errors_to_exit_codes() -> Iterator[None]:
    """Turn an error into a sentence on stderr and an exit code."""
    try:
        yield
    except (BrokenPipeError, EOFError, typer.Abort):
        raise  # the reader of the output has ended, or a question has no answer: typer ends the command
    except Exception as error:
        if hasattr(error, "exit_code"):
            raise  # an end, or a usage error, which typer prints
        sentence, code = _explained_lineage(error) or _explained(error)
        _end(error, sentence, code)


def _explained(error: Exception) -> tuple[str, ExitCode]:
    # Imported here: `version` and `--help` need none of them.
    from capture_forwarder.aws.envelopes import EventError
    from capture_forwarder.configuration.reader import SettingsError
    from capture_forwarder.domain.delivery import Unavailable
    from capture_ops.cloud.failures import aws_sentence, unexpected_answer

    match error:
        case SettingsError():
            return str(error), ExitCode.SETTINGS
        case EventError():
            return str(error), ExitCode.USAGE
        case CommandError():
            return str(error), error.code
        case _:
            pass
    if sentence := aws_sentence(error) or (str(error) if isinstance(error, Unavailable) else unexpected_answer(error)):
        return sentence, ExitCode.UNAVAILABLE
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}; check the path, its permissions and the disk", ExitCode.USAGE
    return _BUG.format(type(error).__name__), ExitCode.BUG


def _explained_lineage(error: Exception) -> tuple[str, ExitCode] | None:
    # No such error was raised if nothing has loaded its module.
    if (errors := sys.modules.get("integrations.lineage.errors")) is None or not isinstance(error, errors.LineageError):
        return None
    unavailable = (errors.Denied, errors.Throttled, errors.TimedOut, errors.LimitReached, errors.Conflict)
    code = ExitCode.UNAVAILABLE if isinstance(error, unavailable) else ExitCode.USAGE
    return str(error), ExitCode.INCOMPLETE if error.done else code


def _end(error: Exception, sentence: str, code: ExitCode) -> None:
    from rich.console import Console

    for line in sentence.split("\n"):
        print_line(Console(stderr=True), line, "red")
    raise typer.Exit(code) from error
