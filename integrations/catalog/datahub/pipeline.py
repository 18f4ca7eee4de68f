"""Runs a recipe by DataHub's own pipeline, as `datahub ingest` does."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import requests
from datahub.configuration.common import ConfigurationError, OperationalError
from datahub.configuration.config_loader import load_config_file
from datahub.ingestion.run.pipeline import Pipeline, PipelineInitError
from expandvars import ExpandvarsException
from msgspec import Struct
from pydantic import ValidationError
from yaml import YAMLError

from integrations.catalog.reading.session import CannotConnect


class RecipeError(Exception):
    """A recipe is wrong; the message has a line a problem."""


class NotReachable(Exception):
    """DataHub's server does not answer, or refuses the token."""


class Finding(Struct, frozen=True):
    """A failure or a warning of a run, with the next step and some of its places."""

    sentence: str
    places: tuple[str, ...]


class Run(Struct, frozen=True, kw_only=True):
    """The result of a run."""

    written: int
    failures: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()


def run_recipe(recipe: Path) -> Run:
    """Run a recipe, whose `${VARIABLE}`s come from the environment, and return its result.

    Raises `RecipeError` with all problems, `NotReachable`, and the errors of AWS.
    """
    pipeline = _pipeline(_loaded(recipe))
    pipeline.run()
    pipeline.log_ingestion_stats()
    source, sink = pipeline.source.get_report(), pipeline.sink.get_report()
    return Run(
        written=sink.total_records_written,
        failures=(*_findings(source.failures), *_sink_failures(sink.failures)),
        warnings=tuple(_findings(source.warnings)),
    )


def _loaded(recipe: Path) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = load_config_file(recipe, allow_remote=False, process_directives=True)
    except ExpandvarsException as error:
        raise RecipeError(f"{recipe}: {error}; set the variable, or remove it from the recipe") from None
    except (ConfigurationError, YAMLError, ValueError, OSError) as error:
        raise RecipeError(f"{recipe}: {error}") from None
    return loaded


def _pipeline(loaded: dict[str, Any]) -> Pipeline:
    try:
        return Pipeline.create(loaded, no_progress=True)
    except ValidationError as error:
        raise RecipeError(_problems(error)) from None
    except PipelineInitError as error:
        _explain(error)
        raise


def _explain(error: PipelineInitError) -> None:
    """Raise an error that a person can correct; return if the cause is AWS or a bug."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ValidationError):
            raise RecipeError(_problems(cause)) from error
        # DataHub's own message has a part of the token.
        if isinstance(cause, (requests.RequestException, OperationalError)):
            kind = type(cause).__name__
            raise NotReachable(f"DataHub's server: {kind}; check `server` and `token` of the sink") from error
    if any(isinstance(cause, (ConfigurationError, CannotConnect, KeyError)) for cause in causes):
        raise RecipeError(str(error)) from error


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause:
        yield cause
        cause = cause.__cause__


def _problems(error: ValidationError) -> str:
    """Return a line a problem, without the values: they may be secrets."""
    listed = [
        f"{'.'.join(map(str, each['loc'])) or 'recipe'}: {each['msg'].removeprefix('Value error, ')}"
        for each in error.errors(include_url=False, include_input=False)
    ]
    return "\n".join([f"the recipe has {len(listed)} problem(s):", *(f"  {line}" for line in listed)])


def _findings(entries: Iterable[Any]) -> list[Finding]:
    return [
        Finding(f"{each.title}: {each.message}" if each.title else each.message, tuple(map(str, each.context or ())))
        for each in entries
    ]


def _sink_failures(failures: Iterable[Any]) -> list[Finding]:
    return [Finding(f"the sink refuses records: {each}", ()) for each in failures]
