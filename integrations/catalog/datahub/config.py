"""The configuration of the source: those of DataHub's SageMaker source, corrected, and those that are added."""

import os
from pathlib import Path
from typing import Any, Literal, Self

from datahub.configuration.common import AllowDenyPattern
from datahub.configuration.source_common import PlatformInstanceConfigMixin
from datahub.ingestion.source.aws.aws_common import AwsAssumeRoleConfig
from datahub.ingestion.source.aws.sagemaker_processors.common import SagemakerSourceConfig
from datahub.ingestion.source.aws.sagemaker_processors.jobs import JobType
from pydantic import Field, PrivateAttr, SecretStr, field_validator, model_validator

from capture_forwarder.configuration.names import CONFIG_VARIABLE
from capture_forwarder.configuration.reader import SettingsError, read_settings
from integrations.catalog.fields import FIELDS
from integrations.catalog.options import Connection, Pattern, Role
from integrations.catalog.reading.session import sagemaker_client

JOB_TYPES = tuple(job_type.value for job_type in JobType)
_PATTERNS = (
    "endpoint_pattern",
    "model_pattern",
    "job_pattern",
    "feature_group_pattern",
    "database_pattern",
    "table_pattern",
)
_HERE = "forwarder.toml"
_WORDS = {"true": True, "false": False}


def _about(name: str, default: Any, **limits: Any) -> Any:
    return Field(default=default, description=FIELDS[name].about, **limits)


def _pattern(name: str) -> Any:
    return _about(name, AllowDenyPattern.allow_all())


class SagemakerCaptureConfig(SagemakerSourceConfig, PlatformInstanceConfigMixin):
    """The options of `type: sagemaker-capture`. A recipe of `type: sagemaker` is valid here too."""

    _client: Any = PrivateAttr(default=None)

    # The two are wider than in the base class: an object is a role too, and job types are switched by booleans (F6).
    aws_role: str | AwsAssumeRoleConfig | list[str | AwsAssumeRoleConfig] | None = _about("aws_role", None)  # type: ignore[assignment] # see above
    extract_jobs: bool | dict[str, bool] | None = _about("extract_jobs", True)  # type: ignore[assignment] # see above
    extract_endpoints: bool = _about("extract_endpoints", True)
    extract_captures: bool = _about("extract_captures", True)
    extract_registry: bool = _about("extract_registry", True)
    extract_pipelines: bool = _about("extract_pipelines", True)
    extract_monitoring_schedules: bool = _about("extract_monitoring_schedules", True)
    extract_tags: bool = _about("extract_tags", True)
    forwarder_config: str | None = _about("forwarder_config", None, validate_default=True)
    s3_names: Literal["as-before", "as-written"] = _about("s3_names", "as-before")
    environment_values: bool = _about("environment_values", False)
    max_workers: int = _about("max_workers", 4, ge=1, le=32)
    endpoint_pattern: AllowDenyPattern = _pattern("endpoint_pattern")
    model_pattern: AllowDenyPattern = _pattern("model_pattern")
    job_pattern: AllowDenyPattern = _pattern("job_pattern")
    feature_group_pattern: AllowDenyPattern = _pattern("feature_group_pattern")

    @field_validator("extract_jobs", mode="before")
    @classmethod
    def _job_types(cls, value: Any) -> Any:
        """Take "true" and "false" for booleans, as older recipes have them, and refuse unknown job types."""
        if not isinstance(value, dict):
            return value
        if unknown := sorted(str(name) for name in value if name not in JOB_TYPES):
            raise ValueError(f"no job types: {', '.join(unknown)}; the types are {', '.join(JOB_TYPES)}")
        return {name: _WORDS.get(str(each).lower(), each) for name, each in value.items()}

    @field_validator(*_PATTERNS)
    @classmethod
    def _expressions(cls, value: AllowDenyPattern) -> AllowDenyPattern:
        """Refuse a text that is no regular expression: DataHub's class finds that only in the middle of a run."""
        Pattern(allow=tuple(value.allow), deny=tuple(value.deny))
        return value

    @field_validator("forwarder_config")
    @classmethod
    def _readable(cls, value: str | None) -> str | None:
        """Find the file, and check it whole, so that its problems are listed with those of the recipe."""
        found = value or os.environ.get(CONFIG_VARIABLE) or (_HERE if Path(_HERE).exists() else None)
        if found:
            try:
                read_settings(Path(found))
            except (SettingsError, OSError) as error:
                raise ValueError(str(error)) from None
        return found

    @model_validator(mode="after")
    def _keys_are_complete(self) -> Self:
        if bool(self.aws_access_key_id) != bool(self.aws_secret_access_key):
            raise ValueError("aws_access_key_id and aws_secret_access_key belong together; write both or none")
        return self

    @property
    def sagemaker_client(self) -> Any:
        """The client that the whole run uses: it renews the credentials of a role by itself (F7, F12)."""
        if self._client is None:
            self._client = sagemaker_client(self.connection)
        return self._client

    @property
    def connection(self) -> Connection:
        """How AWS is reached."""
        retries = {"max_attempts": self.aws_retry_num, "mode": self.aws_retry_mode}
        return Connection(
            access_key_id=self.aws_access_key_id,
            secret_access_key=_secret(self.aws_secret_access_key),
            session_token=_secret(self.aws_session_token),
            profile=self.aws_profile,
            region=self.aws_region,
            endpoint_url=self.aws_endpoint_url,
            proxies=self.aws_proxy,
            roles=tuple(Role(role.model_dump(exclude_none=True)) for role in self._normalized_aws_roles()),
            client_config={"read_timeout": self.read_timeout, "retries": retries, **self.aws_advanced_config},
        )

    def _normalized_aws_roles(self) -> list[AwsAssumeRoleConfig]:
        listed = self.aws_role if isinstance(self.aws_role, list) else [self.aws_role] if self.aws_role else []
        return [
            AwsAssumeRoleConfig.model_validate({"RoleArn": role}) if isinstance(role, str) else role for role in listed
        ]


def _secret(text: SecretStr | None) -> str | None:
    return text.get_secret_value() if text else None
