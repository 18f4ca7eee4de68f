"""The README is right: its commands run, its example gives the printed result, its configuration is valid."""

import json
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


def blocks(language: str) -> list[str]:
    """Return the README's code blocks of one language."""
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


COMMANDS = [line for block in blocks("sh") for line in block.splitlines() if line != "make test"]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme_succeeds(command: str) -> None:
    """The test runs every command except the one that runs this test."""
    done = subprocess.run(shlex.split(command), capture_output=True, text=True, check=False, timeout=120)  # noqa: S603 - our own README
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_the_demo_is_among_the_commands() -> None:
    """The README has the commands for the demo and for all tests."""
    assert "make demo" in COMMANDS
    assert "make test\n" in blocks("sh")


def test_the_example_gives_the_printed_inferences() -> None:
    """The capture gives exactly the two inferences, with the names of the attributes."""
    capture, posted = (json.loads(block) for block in blocks("json"))
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
