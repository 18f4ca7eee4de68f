"""Exit codes, and errors as one sentence on stderr that says what to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

import typer

from capture_ops.terminal.text import print_line


class ExitCode(IntEnum):
    """The exit codes of every command. `EXIT_CODES` describes them for its help."""

    OK = 0
    INCOMPLETE = 1
    USAGE = 2
    SETTINGS = 3
    UNAVAILABLE = 4


EXIT_CODES = (
    "Exit codes: 0 done; 1 incomplete: something is still pending or was rejected; 2 the call is wrong; "
    "3 the configuration is wrong; 4 AWS or the destination cannot be reached now; 130 ended by Ctrl-C or SIGTERM. "
    "A second signal ends the command at once."
)


# boto3 raises these before AWS answers, so advice about names and permissions would mislead.
_ADVICE = {
    "NoCredentialsError": "AWS credentials are missing; log in, or set AWS_PROFILE",
    "EndpointConnectionError": "AWS cannot be reached; check the network, the region and AWS_ENDPOINT_URL",
    "ConnectTimeoutError": "AWS cannot be reached; check the network, the region and AWS_ENDPOINT_URL",
    "NoRegionError": "the AWS region is missing; set AWS_DEFAULT_REGION",
}


class CommandError(Exception):
    """An error that the user of the command can correct."""

    def __init__(self, sentence: str, code: ExitCode = ExitCode.USAGE) -> None:
        super().__init__(sentence)
        self.code = code


@contextmanager
def errors_to_exit_codes() -> Iterator[None]:
    """Turn an expected error into a sentence on stderr and an exit code. A bug keeps its traceback."""
    # Imported here: `version` and `--help` need none of them.
    from capture_forwarder.aws.envelopes import EventError
    from capture_forwarder.configuration.reader import SettingsError
    from capture_forwarder.domain.delivery import Unavailable

    try:
        yield
    except SettingsError as error:
        _end(error, ExitCode.SETTINGS)
    except EventError as error:
        _end(error, ExitCode.USAGE)
    except Unavailable as error:
        advice = next((text for name, text in _ADVICE.items() if name in str(error)), None)
        _end(Unavailable(advice) if advice else error, ExitCode.UNAVAILABLE)
    except CommandError as error:
        _end(error, error.code)


def _end(error: Exception, code: ExitCode) -> None:
    from rich.console import Console

    for sentence in str(error).split("\n"):
        print_line(Console(stderr=True), sentence, "red")
    raise typer.Exit(code) from error
