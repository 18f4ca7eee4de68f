"""The answers of GetMetricData: those in a file that `aws cloudwatch get-metric-data` wrote, and those of a call."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from capture_ops.observability.rendering.series import Series
from capture_ops.terminal.errors import CommandError


class MetricDataResult(msgspec.Struct, frozen=True):
    """One series of an answer. A SEARCH has several with the same id."""

    id: str = msgspec.field(name="Id")
    label: str = msgspec.field(name="Label", default="")
    timestamps: list[datetime | float] = msgspec.field(name="Timestamps", default_factory=list)
    values: list[float] = msgspec.field(name="Values", default_factory=list)


class MetricData(msgspec.Struct, frozen=True):
    """One answer."""

    results: list[MetricDataResult] = msgspec.field(name="MetricDataResults")


def read_answers(path: Path) -> dict[str, list[Series]]:
    """Return the series in a file by the id of their query. Raises `CommandError` for another file, `OSError`."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=MetricData)
    except msgspec.MsgspecError as error:
        raise CommandError(
            f"{path}: is no answer of GetMetricData: {error}; write it by aws cloudwatch get-metric-data --output json"
        ) from error
    return by_id(found)


def converted(answer: dict[str, Any]) -> dict[str, list[Series]]:
    """Return the series of a page of answers of boto3 by the id of their query."""
    return by_id(msgspec.convert(answer, type=MetricData))


def by_id(data: MetricData) -> dict[str, list[Series]]:
    """Return the series by the id of their query. Times without an offset are UTC."""
    found: dict[str, list[Series]] = {}
    for result in data.results:
        values = dict(zip(map(_seconds, result.timestamps), result.values, strict=False))
        found.setdefault(result.id, []).append(Series(label=result.label, values=values))
    return found


def _seconds(time: datetime | float) -> int:
    if isinstance(time, datetime):
        return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp())
    return int(time)
