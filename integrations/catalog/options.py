"""The options of a recipe that decide what is read and built, as values; `docs/catalog.md` describes them.

The names and defaults are those of the recipe's `config`. DataHub checks a recipe by a class of its own, in `datahub/`.
"""

import re
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any

from msgspec import Meta, Struct, field

from integrations.catalog.values import JobKind

Workers = Annotated[int, Meta(ge=1, le=32)]


class S3Names(StrEnum):
    """The names of S3 data sets of jobs: as DataHub's SageMaker source writes them, or as its S3 source does."""

    AS_BEFORE = "as-before"
    AS_WRITTEN = "as-written"


class Pattern(
    Struct, frozen=True, kw_only=True, dict=True, forbid_unknown_fields=True, rename={"ignore_case": "ignoreCase"}
):
    """Regular expressions that match the beginning of names; `deny` wins, as in DataHub's AllowDenyPattern."""

    allow: tuple[str, ...] = (".*",)
    deny: tuple[str, ...] = ()
    ignore_case: bool = True

    def __post_init__(self) -> None:
        """Check the expressions. Raises `ValueError` for the first wrong one."""
        for text in (*self.allow, *self.deny):
            try:
                re.compile(text)
            except re.error as error:
                raise ValueError(f"{text!r} is no regular expression: {error}") from None

    def takes(self, name: str) -> bool:
        """Tell whether `name` is extracted."""
        return not self._matches(self.deny, name) and self._matches(self.allow, name)

    def _matches(self, expressions: tuple[str, ...], name: str) -> bool:
        flags = re.IGNORECASE if self.ignore_case else 0
        return any(re.match(each, name, flags) for each in expressions)


class Options(Struct, frozen=True, kw_only=True, dict=True):
    """The choice of entities. `extract_jobs` has a value for some or all types; types that it lacks are extracted."""

    extract_feature_groups: bool = True
    extract_models: bool = True
    extract_jobs: bool | dict[JobKind, bool] | None = True
    extract_endpoints: bool = True
    extract_captures: bool = True
    extract_registry: bool = True
    extract_pipelines: bool = True
    extract_monitoring_schedules: bool = True
    extract_tags: bool = True
    s3_names: S3Names = S3Names.AS_BEFORE
    max_workers: Workers = 4
    endpoint_pattern: Pattern = field(default_factory=Pattern)
    model_pattern: Pattern = field(default_factory=Pattern)
    job_pattern: Pattern = field(default_factory=Pattern)
    feature_group_pattern: Pattern = field(default_factory=Pattern)

    @cached_property
    def jobs(self) -> tuple[JobKind, ...]:
        """The types of jobs that are extracted, in the order of their names."""
        chosen = True if self.extract_jobs is None else self.extract_jobs
        if isinstance(chosen, bool):
            return tuple(JobKind) if chosen else ()
        return tuple(kind for kind in JobKind if chosen.get(kind, True))

    @property
    def needs_endpoints(self) -> bool:
        """Endpoints and their configurations are read for models, for themselves and for captures."""
        return self.extract_models or self.extract_endpoints or self.extract_captures

    @property
    def needs_executions(self) -> bool:
        """Executions of pipelines are read to join steps to jobs."""
        return self.extract_pipelines and bool(self.jobs)


class Role(Struct, frozen=True):
    """A role to assume, with all arguments of AssumeRole: `RoleArn`, and perhaps `ExternalId` and others."""

    arguments: dict[str, Any]


class Connection(Struct, frozen=True, kw_only=True):
    """How AWS is reached: credentials, the roles that are assumed one after the other, region, endpoint and proxy.

    `client_config` has further arguments of botocore's `Config`, as `read_timeout` in seconds, or `retries`.
    """

    access_key_id: str | None = None
    secret_access_key: str | None = None
    session_token: str | None = None
    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    proxies: dict[str, str] | None = None
    roles: tuple[Role, ...] = ()
    client_config: dict[str, Any] = field(default_factory=dict)
