"""The fields of log lines and of CloudTrail events, extracted from group, stream, event and map of accounts.

Values keep their case: in lower case they would no longer join with metrics.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct

from integrations.observability.fields import FIELDS, NAMESPACE


class Source(StrEnum):
    """The part of a log record that a field is extracted from, by its name in CloudWatch."""

    GROUP = "@log"
    STREAM = "@logStream"


class Extraction(Struct, frozen=True, kw_only=True):
    """One named part of `source`: the first group of the expression `pattern`."""

    field: str
    source: Source
    pattern: str


class LogKind(Struct, frozen=True, kw_only=True):
    """The log groups of one kind: those that begin with `prefix`, and the fields in the name of group and stream."""

    prefix: str
    extractions: tuple[Extraction, ...]


_JOB, _ALGORITHM, _INSTANCE = "^([^/]+)/", "/(algo-[0-9]+)", "/(i-[0-9a-f]+)"


def _job(group: str, field: str, part: str, pattern: str) -> LogKind:
    return LogKind(
        prefix=f"/aws/sagemaker/{group}",
        extractions=(
            Extraction(field=field, source=Source.STREAM, pattern=_JOB),
            Extraction(field=part, source=Source.STREAM, pattern=pattern),
        ),
    )


# https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html
ENDPOINT_LOGS = LogKind(
    prefix="/aws/sagemaker/Endpoints/",
    extractions=(
        Extraction(field="endpointname", source=Source.GROUP, pattern="/aws/sagemaker/Endpoints/(.+)$"),
        Extraction(field="modelId", source=Source.GROUP, pattern="/aws/sagemaker/Endpoints/(.+)$"),
        Extraction(field="variant", source=Source.STREAM, pattern="^([^/]+)/"),
        Extraction(field="instance_id", source=Source.STREAM, pattern=_INSTANCE),
    ),
)
JOB_LOGS = (
    _job("ProcessingJobs", "Processing_job", "algo_name", _ALGORITHM),
    _job("TrainingJobs", "training_job", "algo_name", _ALGORITHM),
    _job("TransformJobs", "transform_job", "instance_id", _INSTANCE),
)
LOG_KINDS = (ENDPOINT_LOGS, *JOB_LOGS)


def log_fields(
    group: str, stream: str, *, accountid: str, region: str, accounts: Mapping[str, str] = {}
) -> dict[str, str]:
    """Return the fields of a line of `group` and `stream`; none if no log kind has this group.

    `accountid` and `region` are those of the group, and `accounts` are names by id.
    """
    kind = next((each for each in LOG_KINDS if group.startswith(each.prefix)), None)
    if kind is None:
        return {}
    parts = {Source.GROUP: f"{accountid}:{group}", Source.STREAM: stream}
    found = ((each.field, re.search(each.pattern, parts[each.source])) for each in kind.extractions)
    return _place(accountid, region, accounts) | {name: match[1] for name, match in found if match}


def metric_fields(namespace: str, dimensions: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of a series; those of a job come from its host, `<job>/<container or instance>`."""
    named = {each.name: dimensions[each.dimension] for each in FIELDS if each.dimension in dimensions}
    host = dimensions.get("Host")
    if host is None:
        return {"namespace": namespace} | named
    kind = next((each for each in JOB_LOGS if each.prefix == namespace), None)
    found = ((each.field, re.search(each.pattern, host)) for each in kind.extractions) if kind else ()
    return {"namespace": namespace} | {name: match[1] for name, match in found if match}


def event_fields(event: Mapping[str, Any], accounts: Mapping[str, str] = {}) -> dict[str, str]:
    """Return the fields of a CloudTrail event; those without a value are left out. `accounts` are names by id."""
    place = _place(str(event.get("recipientAccountId", "")), str(event.get("awsRegion", "")), accounts)
    found = {each.name: _at(event, each.event) for each in FIELDS if each.event and each.name not in place}
    return place | {name: value for name, value in found.items() if isinstance(value, str)}


def _place(accountid: str, region: str, accounts: Mapping[str, str]) -> dict[str, str]:
    account = accounts.get(accountid, accountid)
    return {"account": account, "accountid": accountid, "region": region, "namespace": NAMESPACE}


def _at(event: Mapping[str, Any], path: str) -> Any:
    found: Any = event
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
