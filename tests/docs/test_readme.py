"""The README keeps its word: its commands run, its example becomes what it says, its configuration is one."""

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
def test_a_command_of_the_readme_ends_well(command: str) -> None:
    """Every command but the one that runs this test is run."""
    done = subprocess.run(shlex.split(command), capture_output=True, text=True, check=False, timeout=120)  # noqa: S603 - our own README
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_the_demo_is_among_the_commands() -> None:
    """The two commands that do everything stand in the README."""
    assert "make demo" in COMMANDS
    assert "make test\n" in blocks("sh")


def test_the_worked_example_becomes_what_it_says() -> None:
    """The capture shown gives exactly the two inferences shown, under the attributes that they name."""
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


def test_the_configuration_shown_is_valid() -> None:
    """The file shown needs nothing added to be read."""
    (shown,) = blocks("toml")
    assert parse_settings(shown).routes[0].schema_from_model


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_a_link_leads_somewhere(path: str) -> None:
    """Every file that the README points at is there."""
    assert Path(path).exists()
