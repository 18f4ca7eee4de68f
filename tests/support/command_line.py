"""The command line, called in this process."""

from typer.testing import CliRunner, Result

from capture_ops.__main__ import app


def run(*arguments: object) -> Result:
    """Run one command."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])
