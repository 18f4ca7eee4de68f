"""The answers of Describe, as they are shown: without secrets, and with no value that differs from run to run."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from integrations.catalog.values import Document

HIDDEN = "***"
_ENVIRONMENT = "Environment"


def shown(document: Document, *, environment_values: bool) -> Document:
    """Return a copy of an answer of AWS.

    The values of environment variables become `***`, unless `environment_values`: they may be secrets. Times are in
    UTC: boto3 gives them in the zone of the machine. Fields without a value are left out.
    """
    copied: Document = {key: _shown(value, environment_values) for key, value in document.items() if value is not None}
    if not environment_values and isinstance(copied.get(_ENVIRONMENT), dict):
        copied[_ENVIRONMENT] = dict.fromkeys(copied[_ENVIRONMENT], HIDDEN)
    return copied


def _shown(value: Any, environment_values: bool) -> Any:  # noqa: FBT001 - called in this file only
    match value:
        case Mapping():
            return shown(dict(value), environment_values=environment_values)
        case list():
            return [_shown(each, environment_values) for each in value]
        case datetime() if value.tzinfo:
            return value.astimezone(UTC)
        case _:
            return value


def properties(document: Document, *left_out: str) -> dict[str, str]:
    """Return the fields of an answer as custom properties, in the form that DataHub's source gives them."""
    return {key: str(value) for key, value in document.items() if key not in left_out}
