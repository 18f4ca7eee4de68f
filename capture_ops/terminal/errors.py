"""Errors as a person at a terminal wants them: one sentence with what to do, on stderr, and a documented exit code."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

import typer
from rich.console import Console

from capture_forwarder.aws.envelopes import EventError
from capture_forwarder.configuration.reader import SettingsError
from capture_forwarder.domain.delivery import Unavailable


class ExitCode(IntEnum):
    """What the command line ends with."""

    OK = 0
    INCOMPLETE = 1
    USAGE = 2
    SETTINGS = 3
    UNAVAILABLE = 4


class CommandError(Exception):
    """Something that the person at the terminal can put right."""

    def __init__(self, sentence: str, code: ExitCode = ExitCode.USAGE) -> None:
        super().__init__(sentence)
        self.code = code


@contextmanager
def told() -> Iterator[None]:
    """Turn an error that has a remedy into a sentence and an exit code; a bug keeps its traceback."""
    try:
        yield
    except SettingsError as error:
        _end(error, ExitCode.SETTINGS)
    except EventError as error:
        _end(error, ExitCode.USAGE)
    except Unavailable as error:
        _end(error, ExitCode.UNAVAILABLE)
    except CommandError as error:
        _end(error, error.code)


def _end(error: Exception, code: ExitCode) -> None:
    Console(stderr=True, soft_wrap=True).print(str(error), style="red", markup=False, highlight=False)
    raise typer.Exit(code) from error
