"""The README is right: its commands run, the demo prints the shown lines, its configuration is valid."""

import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import msgspec
import pytest

from capture_forwarder.configuration.reader import parse_settings
from capture_forwarder.domain.inference import Inference
from capture_forwarder.domain.route import DecodingOptions
from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType
from capture_forwarder.kinds.captures.plain import Decoded
from tests.support.captures import encode_inference, outcome_of

README = Path("README.md").read_text(encoding="utf-8")
HOW_IT_WORKS = Path("docs/how-it-works.md").read_text(encoding="utf-8")
WIDE = dict(os.environ) | {"COLUMNS": "120"}


def blocks(language: str, page: str = README) -> list[str]:
    """Return the code blocks of one language in a page."""
    return re.findall(rf"```{language}\n(.*?)```", page, flags=re.DOTALL)


COMMANDS = [line for block in blocks("sh") for line in block.splitlines() if line != "make test"]


def run(command: str) -> str:
    """Run a command of the README in a terminal of 120 columns, and return its output."""
    done = subprocess.run(shlex.split(command), capture_output=True, text=True, check=False, timeout=120, env=WIDE)  # noqa: S603 - our own README
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("command", [each for each in COMMANDS if each != "make demo"])
def test_a_command_of_the_readme_succeeds(command: str) -> None:
    """Every command except the one that runs this test, and the demo, which has a test below."""
    assert run(command)


def test_the_demo_ends_with_the_printed_lines() -> None:
    """Lines may be broken elsewhere. Under `make test`, make adds a line of its own at the end."""
    (shown,) = blocks("text")
    assert " ".join(shown.split()) in " ".join(run("make demo").split())


def test_the_demo_is_among_the_commands() -> None:
    """The README has the commands for the demo and for all tests."""
    assert "make demo" in COMMANDS
    assert "make test\n" in "".join(blocks("sh"))


def test_the_example_gives_the_printed_inferences() -> None:
    """The capture gives exactly the two inferences, with the names of the attributes."""
    capture, posted = (json.loads(block) for block in blocks("json", HOW_IT_WORKS))
    schema = ModelSchema(
        (
            Attribute("bill_length", Stage.PIPELINE_INPUT, ValueType.FLOAT, 0),
            Attribute("island", Stage.PIPELINE_INPUT, ValueType.STRING, 1),
            Attribute("probability", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0),
        )
    )
    outcome = outcome_of(json.dumps(capture).encode(), DecodingOptions(), schema)
    assert isinstance(outcome, Decoded)
    rows = [msgspec.json.decode(encode_inference(row)) for row in outcome.rows if isinstance(row, Inference)]
    assert rows == posted


def test_the_configuration_in_the_readme_is_valid() -> None:
    """The reader accepts it without additions."""
    (shown,) = blocks("toml")
    assert parse_settings(shown).routes[0].schema_from_model


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_a_link_of_the_readme_has_a_target(path: str) -> None:
    """Every linked file exists."""
    assert Path(path).exists()
