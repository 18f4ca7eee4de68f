"""Runs a recipe by DataHub's own pipeline, as `datahub ingest` does."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from datahub.configuration.common import ConfigurationError
from datahub.configuration.config_loader import load_config_file
from datahub.ingestion.run.pipeline import Pipeline, PipelineInitError
from datahub.utilities.lossy_collections import LossyList
from expandvars import ExpandvarsException
from msgspec import Struct
from pydantic import ValidationError
from yaml import YAMLError

from integrations.catalog.datahub.failures import NotReachable, RecipeError, explained
from integrations.catalog.datahub.report import CaptureReport

__all__ = ["NotReachable", "RecipeError", "run_recipe"]

# They log, with tracebacks, what the result of a run has too.
_LOGGERS = ("datahub", "botocore")


class Finding(Struct, frozen=True):
    """A failure or a warning of a run with the next step, its places, and how many more places there are."""

    sentence: str
    places: tuple[str, ...]
    more: int = 0


class Run(Struct, frozen=True, kw_only=True):
    """The result of a run. `cannot_use_aws` says that it ended early: no credentials, or AWS does not answer."""

    written: int
    failures: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    cannot_use_aws: bool = False


def run_recipe(recipe: Path) -> Run:
    """Run a recipe, whose `${VARIABLE}`s come from the environment, and return its result.

    Raises `RecipeError` with all problems, and `NotReachable`.
    """
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    pipeline = _pipeline(_loaded(recipe))
    pipeline.run()
    pipeline.log_ingestion_stats()
    source, sink = pipeline.source.get_report(), pipeline.sink.get_report()
    return Run(
        written=sink.total_records_written,
        failures=(*_findings(source.failures), *_refusals(sink.failures)),
        warnings=tuple(_findings(source.warnings)),
        cannot_use_aws=isinstance(source, CaptureReport) and source.cannot_use_aws,
    )


def _loaded(recipe: Path) -> dict[str, Any]:
    try:
        loaded = load_config_file(recipe, allow_remote=False, process_directives=True)
    except ExpandvarsException as error:
        raise RecipeError(f"{recipe}: {error}; set the variable, or remove it from the recipe") from None
    except (ConfigurationError, YAMLError, ValueError, OSError) as error:
        raise RecipeError(f"{recipe}: {error}") from None
    except (AttributeError, TypeError):
        # DataHub's code takes every document for a table.
        raise RecipeError(f"{recipe}: is no recipe; `catalog recipe` writes one") from None
    return loaded


def _pipeline(loaded: dict[str, Any]) -> Pipeline:
    try:
        return Pipeline.create(loaded, no_progress=True)
    except (ValidationError, PipelineInitError) as error:
        if found := explained(error):
            raise found from found.__cause__
        raise


def _findings(entries: Iterable[Any]) -> Iterator[Finding]:
    for each in entries:
        sentence = f"{each.title}: {each.message}" if each.title else each.message
        places = tuple(sorted(map(str, each.context)))
        yield Finding(sentence, places, len(each.context) - len(places))


def _refusals(failures: LossyList[Any]) -> Iterator[Finding]:
    """Yield the reasons why the sink refuses records, each with its records. The sink keeps a sample of all."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for each in failures:
        details = each if isinstance(each, dict) else {"error": each}
        info = details.get("info")
        record = info.get("workunit_id") if isinstance(info, dict) else None
        by_reason[str(details.get("error"))].append(str(record or "a record"))
    unknown = len(failures) - sum(map(len, by_reason.values()))
    for reason, records in by_reason.items():
        yield Finding(f"the sink refuses records: {reason}", tuple(dict.fromkeys(records)))
    if unknown:
        yield Finding(f"the sink refuses {unknown} more records", ())
