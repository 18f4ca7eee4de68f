"""Generated files match the code, and the JSON Schema accepts every configuration that people copy."""

import tomllib
from pathlib import Path

import jsonschema
import pytest

from docs.generate import generated, settings_schema
from tests.infra.examples import DEFAULT, EXAMPLES


@pytest.mark.parametrize("name", generated())
def test_a_generated_file_is_up_to_date(name: str) -> None:
    """`python -m docs.generate` writes it again."""
    assert (Path("docs") / name).read_text(encoding="utf-8") == generated()[name]


@pytest.mark.parametrize("path", [DEFAULT, Path("events/forwarder.toml"), *EXAMPLES.values()], ids=str)
def test_the_schema_accepts_every_valid_file(path: Path) -> None:
    """An editor with the schema shows no mistake in them."""
    jsonschema.Draft202012Validator(settings_schema()).validate(tomllib.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", [DEFAULT, Path("events/forwarder.toml"), *EXAMPLES.values()], ids=str)
def test_the_first_line_names_the_schema_for_editors(path: Path) -> None:
    """The path in the line leads to the schema."""
    directive, _, schema = path.read_text(encoding="utf-8").splitlines()[0].partition(" ")
    assert directive == "#:schema"
    assert (path.parent / schema).resolve() == Path("docs/forwarder.schema.json").resolve()
