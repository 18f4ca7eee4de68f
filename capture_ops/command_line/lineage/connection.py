"""The options --region, --profile and --endpoint-url, and the errors of a connection that these options caused."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, NamedTuple

import typer

from capture_ops.terminal.errors import CommandError, ExitCode


class Connection(NamedTuple):
    """The account, the region and the address of SageMaker's API."""

    region: Annotated[str | None, typer.Option(help="The AWS region.", show_default="that of the profile")] = None
    profile: Annotated[str | None, typer.Option(help="The AWS profile.", show_default="that of the environment")] = None
    endpoint_url: Annotated[
        str | None, typer.Option(help="The address of SageMaker's API.", metavar="URL", show_default="AWS's")
    ] = None


@contextmanager
def options_named(connection: Connection) -> Iterator[None]:
    """Let errors of the connection name the option that was given, in place of the variable of the environment.

    Raises `CommandError`, with the exit code of a wrong call if the value of an option is wrong.
    """
    try:
        yield
    except Exception as error:
        if not any(connection) or isinstance(error, CommandError) or (found := _explained(error, connection)) is None:
            raise
        raise found from error


def _explained(error: Exception, connection: Connection) -> CommandError | None:
    # The AWS libraries take long to import.
    from capture_ops.cloud.failures import aws_sentence

    if (sentence := aws_sentence(error)) is None:
        return None
    code = ExitCode.UNAVAILABLE
    for value, option, variable in zip(connection, _OPTIONS, _VARIABLES, strict=True):
        if value is not None and variable in sentence:
            sentence = sentence.replace(variable, option)
            code = ExitCode.USAGE if sentence.startswith(_WRONG) or f"{option} is no" in sentence else code
    return CommandError(sentence, code)


_OPTIONS = ("--region", "--profile", "--endpoint-url")
_VARIABLES = ("AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL")
# The beginnings of sentences that mean that a given value is wrong, not that AWS cannot be reached now.
_WRONG = ("the AWS profile does not exist", "the AWS region is no region", "the answer is not one of AWS")
