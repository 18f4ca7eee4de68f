"""docs/catalog.md has a row for each field of the installed configuration class, and its tests exist."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from integrations.catalog.datahub.config import SagemakerCaptureConfig

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/catalog.md").read_text()


def _fields(schema: dict[str, Any], definitions: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield the fields of a schema, and those of the schemas that they refer to, as `aws_role.RoleArn`."""
    for name, field in schema.get("properties", {}).items():
        yield prefix + name
        for reference in _references(field):
            yield from _fields(definitions[reference], definitions, f"{prefix}{name}.")


def _references(field: Any) -> Iterator[str]:
    if isinstance(field, list):
        for each in field:
            yield from _references(each)
    elif isinstance(field, dict):
        if "$ref" in field:
            yield field["$ref"].rpartition("/")[2]
        for key in ("anyOf", "allOf", "items"):
            yield from _references(field.get(key))


def test_the_rows_are_the_fields_of_the_configuration() -> None:
    schema = SagemakerCaptureConfig.model_json_schema()
    rows = re.findall(
        r"^\| `([a-zA-Z0-9_.]+)` \|", PAGE.partition("## Fields")[2].partition("## Faults")[0], re.MULTILINE
    )
    fields = set(_fields(schema, schema["$defs"]))
    assert sorted(rows) == sorted(fields)


def test_the_rows_have_all_fields_of_the_page_of_datahub() -> None:
    theirs = {"aws_role.RoleArn", "aws_role.ExternalId", "extract_jobs", "env", "aws_proxy"}
    patterns = {f"{name}_pattern.{key}" for name in ("database", "table") for key in ("allow", "deny", "ignoreCase")}
    assert all(f"| `{field}` |" in PAGE for field in theirs | patterns)


def test_every_named_test_exists() -> None:
    named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", PAGE)
    files = {file.name: file.read_text() for file in (ROOT / "tests/catalog").rglob("test_*.py")}
    assert [(file, name) for file, name in named if f"def {name}(" not in files.get(file, "")] == []
    assert len(named) > 80


def test_every_fault_has_a_row() -> None:
    assert re.findall(r"^\| (F\d+) \|", PAGE, re.MULTILINE) == [f"F{number}" for number in range(1, 17)]
