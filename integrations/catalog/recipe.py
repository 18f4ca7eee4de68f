"""Recipes of DataHub: writes one with every field and a comment, and reads one without DataHub."""

import tomllib
from collections.abc import Iterator
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from textwrap import wrap
from typing import Any

import msgspec
from msgspec import Struct

from integrations.catalog import variables
from integrations.catalog.fields import CHOICES, CONNECTION, FIELDS, NAMES, OPTION_NAMES, Field
from integrations.catalog.options import Connection, Options, Role
from integrations.catalog.values import JobKind

SOURCE = "sagemaker-capture"
# DataHub's own source has the same fields, but for those that are added.
_SOURCES = (SOURCE, "sagemaker")
_WORDS = {"true": True, "false": False}
_WIDTH = 112
# The fields that a policy names.
_IN_POLICY = ("aws_region", "aws_role")


class Sink(StrEnum):
    """Where a recipe writes to."""

    DATAHUB_REST = "datahub-rest"
    FILE = "file"
    CONSOLE = "console"


_SINKS = {
    Sink.DATAHUB_REST: (
        '    server: "${DATAHUB_GMS_URL}" # as http://localhost:8080\n    token: "${DATAHUB_GMS_TOKEN}"\n'
    ),
    Sink.FILE: '    filename: "catalog.json"\n',
    Sink.CONSOLE: "",
}


class RecipeError(Exception):
    """A recipe is wrong; the message lists every problem, one a line."""

    def __init__(self, origin: str, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join([f"{origin} has {len(problems)} problem(s):", *(f"  {each}" for each in problems)]))


class Recipe(Struct, frozen=True):
    """The options of a recipe, and its connection to AWS."""

    options: Options
    connection: Connection


def written(sink: Sink) -> str:
    """Return a recipe with every field: those with defaults as comments, secrets as `${VARIABLE}`."""
    config = _SINKS[sink]
    return "".join(
        (
            "# A recipe of DataHub: capture-forwarder catalog ingest RECIPE, or datahub ingest -c RECIPE.\n",
            "# A line that begins with # has the default, or an example. ${VARIABLE} comes from the environment.\n",
            'pipeline_name: "sagemaker-capture"\nsource:\n',
            f"  type: {SOURCE}\n  config:\n",
            *_section("AWS", CONNECTION),
            *_section("Names in DataHub", NAMES),
            *_section("What is extracted", CHOICES),
            f"sink:\n  type: {sink}\n",
            f"  config:\n{config}" if config else "",
        )
    )


def _section(title: str, fields: tuple[Field, ...]) -> Iterator[str]:
    yield f"    # --- {title} ---\n"
    for field in fields:
        value = f'"{field.example}"' if "${" in field.example else field.example
        yield from (f"    # {line}\n" for line in wrap(field.about, _WIDTH))
        yield f"    {'' if field.is_active else '# '}{field.name}: {value}\n"


def read_recipe(path: Path) -> Recipe:
    """Return the options and the connection of the recipe in `path`.

    Raises `RecipeError` with all problems, and `OSError`. Variables that are not set stay as they are in texts, because
    a secret is not needed.
    """
    import yaml  # noqa: PLC0415 - only this function needs it, and it is not in every installation

    read, kind = (tomllib.loads, "TOML") if path.suffix == ".toml" else (yaml.safe_load, "YAML")
    try:
        document = read(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(str(path), [f"it is not {kind}: {' '.join(str(error).split())}"]) from None
    return recipe_of(document, str(path))


def recipe_of(document: Any, origin: str) -> Recipe:
    """Return the options and the connection of a recipe. Raises `RecipeError` with all problems."""
    source = document.get("source") if isinstance(document, dict) else None
    if not isinstance(source, dict):
        raise RecipeError(origin, ["source: is missing; write source: with type: and config:"])
    problems: list[str] = []
    if source.get("type") not in _SOURCES:
        problems.append(f"source.type: is {source.get('type')!r}; write {SOURCE}")
    config = source.get("config")
    if not isinstance(config, dict | None):
        raise RecipeError(origin, [*problems, "source.config: is no table; write a line a field"])
    values = _checked({str(key): variables.expanded(value) for key, value in (config or {}).items()}, problems)
    problems += [
        f"source.config.{name}: {unset} is not set; set it, because the policy names this field"
        for name in _IN_POLICY
        if (unset := variables.first_in(values.get(name)))
    ]
    if problems:
        raise RecipeError(origin, problems)
    return Recipe(_options(values), _connection(values))


def _checked(config: dict[str, Any], problems: list[str]) -> dict[str, Any]:
    """Return the right values as their types, and add the others to `problems`."""
    found = {}
    for name, value in config.items():
        if name not in FIELDS:
            problems.append(f"source.config.{name}: is no field{meant(name)}")
            continue
        try:
            found[name] = _value(FIELDS[name], value)
        except (msgspec.ValidationError, ValueError) as error:
            problems.append(f"source.config.{name}: {error}; as {FIELDS[name].example}")
    if bool(found.get("aws_access_key_id")) != bool(found.get("aws_secret_access_key")):
        problems.append(
            "source.config: aws_access_key_id and aws_secret_access_key belong together; write both or none"
        )
    return found


def _value(field: Field, value: Any) -> Any:
    if field.name == "extract_jobs":
        return _job_types(value)
    read = msgspec.convert(value, field.kind, strict=field.is_text)
    if field.name == "aws_role":
        _check_roles(read)
    return read


def _check_roles(roles: Any) -> None:
    for each in roles if isinstance(roles, list) else [roles]:
        if isinstance(each, dict) and not isinstance(each.get("RoleArn"), str):
            raise ValueError("an object has no RoleArn")  # noqa: TRY004 - a wrong recipe, not a wrong type


def _job_types(value: Any) -> bool | dict[JobKind, bool] | None:
    """Return the choice of jobs; older recipes have texts for booleans. Raises `ValueError`."""
    value = _WORDS.get(value.lower(), value) if isinstance(value, str) else value
    if not isinstance(value, dict):
        return msgspec.convert(value, bool | None)
    if unknown := sorted(str(name) for name in value if name not in set(JobKind)):
        raise ValueError(f"no job types: {', '.join(unknown)}; the types are {', '.join(JobKind)}")
    read = {name: _WORDS.get(str(each).lower(), each) for name, each in value.items()}
    return msgspec.convert(read, dict[JobKind, bool])


def _options(values: dict[str, Any]) -> Options:
    given = {name: value for name, value in values.items() if name in OPTION_NAMES}
    return Options(**{name: value for name, value in given.items() if value is not None or name == "extract_jobs"})


def _connection(values: dict[str, Any]) -> Connection:
    roles = values.get("aws_role") or []
    listed = roles if isinstance(roles, list) else [roles]
    return Connection(
        region=values.get("aws_region"),
        roles=tuple(Role({"RoleArn": each} if isinstance(each, str) else each) for each in listed),
    )


def meant(name: str) -> str:
    """Return a question about the field that is nearest to `name`; empty if there is none."""
    near = get_close_matches(name, FIELDS, 1)
    return f"; did you mean {near[0]}?" if near else ""
