"""The help of the command line, and what it imports."""

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from capture_forwarder import __version__
from tests.support.command_line import run

MIXED = next(Path("events/captures/datacapture/synthetic-mixed-lines").rglob("*.jsonl"))


@pytest.mark.parametrize(
    "command",
    [
        *("demo", "invoke", "validate", "inspect", "monitor", "replay", "backfill", "enable-eventbridge", "policy"),
        *("quarantine list", "quarantine show"),
        *("endpoints", "dashboards", "costs", "sumo setup"),
    ],
)
def test_help_names_the_exit_codes(command: str) -> None:
    """The help of every command describes its exit codes."""
    done = run(*command.split(), "--help")
    assert done.exit_code == 0
    assert "Exit codes" in done.stdout


def test_the_version_is_printed_by_a_command_and_by_an_option() -> None:
    """Both print it alone."""
    for argument in ("version", "--version"):
        done = run(argument)
        assert (done.exit_code, done.stdout) == (0, f"{__version__}\n")


def test_the_command_table_imports_no_command() -> None:
    """So `version` and `--help` are quick."""
    code = "import sys, capture_ops.__main__; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - ourselves
    heavy = {"boto3", "flask", "moto", "msgspec", "requests", "rich.console", "capture_forwarder.bootstrap"}
    assert not heavy & set(done.stdout.split())


@pytest.mark.parametrize(
    "arguments", [["--help"], ["inspect", str(MIXED)], ["invoke", "--help"], ["monitor", "--help"]]
)
def test_only_the_demo_and_the_monitor_import_their_servers(arguments: list[str]) -> None:
    """Moto and Flask take longer to import than all other modules of a command."""
    code = (
        "import atexit, sys; from capture_ops.__main__ import app; atexit.register(lambda: print(*sys.modules)); app()"
    )
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - ourselves
    assert "typer" in done.stdout.split()
    assert not {"moto", "flask", "cheroot"} & set(done.stdout.splitlines()[-1].split())


NAMES = [
    "demo",
    "invoke",
    "inspect",
    "monitor",
    "replay",
    "backfill",
    "enable-eventbridge",
    "policy",
    "endpoints",
    "version",
]


HELP = """
from capture_ops.__main__ import app
for command in {commands}:
    app(command, standalone_mode=False)
    print("\f")
"""


@pytest.mark.parametrize("width", [60, 80, 100])
def test_help_texts_wrap_at_the_width_of_the_terminal(width: int) -> None:
    """No line is longer, none is broken in the middle of a paragraph, and no text is cut to dots."""
    code = HELP.format(commands=[["--help"], *([name, "--help"] for name in NAMES)])
    environment = os.environ | {"COLUMNS": str(width)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)  # noqa: S603 - ourselves
    helps = done.stdout.split("\f\n")[:-1]
    assert len(helps) == len(NAMES) + 1
    for text in helps:
        assert max(map(len, text.splitlines())) <= width
        assert not any(line.endswith(("...", "…")) for line in text.splitlines()[1:])
        description, _, _ = text.partition("\nArguments:")[0].partition("\nOptions:")
        for line, following in pairwise(description.splitlines()):
            if line.strip() and following.strip():
                assert len(line) + 1 + len(following.split()[0]) > min(width, 80) - 2, line
    listed = " ".join(helps[0].split())
    assert (
        "Print the policies that the owner of a capture bucket in another account must add, as JSON on stdout."
        in listed
    )


def test_help_shows_brackets() -> None:
    """A help text is no markup."""
    assert "the key of [stack] instead" in " ".join(run("policy", "--help").stdout.split())
