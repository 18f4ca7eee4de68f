"""The configuration of the source: those of DataHub's SageMaker source, corrected, and those that are added."""

import os
from pathlib import Path
from typing import Any, Literal, Self

from datahub.configuration.common import AllowDenyPattern
from datahub.configuration.source_common import PlatformInstanceConfigMixin
from datahub.ingestion.source.aws.aws_common import AwsAssumeRoleConfig
from datahub.ingestion.source.aws.sagemaker_processors.common import SagemakerSourceConfig
from datahub.ingestion.source.aws.sagemaker_processors.jobs import JobType
from pydantic import Field, field_validator, model_validator

from capture_forwarder.configuration.names import CONFIG_VARIABLE
from capture_forwarder.configuration.reader import SettingsError, read_settings

JOB_TYPES = tuple(job_type.value for job_type in JobType)
_HERE = "forwarder.toml"
_WORDS = {"true": True, "false": False}


class SagemakerCaptureConfig(SagemakerSourceConfig, PlatformInstanceConfigMixin):
    """The options of `type: sagemaker-capture`. A recipe of `type: sagemaker` is valid here too."""

    aws_role: str | AwsAssumeRoleConfig | list[str | AwsAssumeRoleConfig] | None = Field(  # type: ignore[assignment] # wider: an object too
        default=None,
        description="The role to assume, as an ARN or as an object with RoleArn, ExternalId and any other argument of "
        "AssumeRole, or a list of them: each role is assumed with the credentials of the one before. Works together "
        "with access keys and with a profile.",
    )
    extract_jobs: bool | dict[str, bool] | None = Field(  # type: ignore[assignment] # booleans (F6)
        default=True,
        description="The jobs to extract: true, false, or a job type each with true or false. Types that are not "
        f"listed are extracted. The types: {', '.join(JOB_TYPES)}.",
    )
    extract_endpoints: bool = Field(
        default=True, description="Whether to extract endpoints, with a job for each variant."
    )
    extract_captures: bool = Field(
        default=True,
        description="Whether to extract the data sets of captures, and the jobs of the forwarder with their models.",
    )
    extract_registry: bool = Field(default=True, description="Whether to extract model packages.")
    extract_pipelines: bool = Field(default=True, description="Whether to extract pipelines and their steps.")
    extract_monitoring_schedules: bool = Field(default=True, description="Whether to extract monitoring schedules.")
    extract_tags: bool = Field(default=True, description="Whether to extract the tags of resources.")
    forwarder_config: str | None = Field(
        default=None,
        description="The forwarder.toml whose routes are shown. By default the file that CAPTURE_FORWARDER_CONFIG "
        "names, or forwarder.toml in the current folder. Without a file there are no forwarding jobs.",
        validate_default=True,
    )
    s3_names: Literal["as-before", "as-written"] = Field(
        default="as-before",
        description="The names of S3 data sets that jobs read and write: as DataHub's SageMaker source writes them, "
        "where s3://b/data.csv is b/data_csv, or as its S3 source does, where it is b/data.csv.",
    )
    environment_values: bool = Field(
        default=False,
        description="Whether to show the values of environment variables of containers and jobs. They may be secrets.",
    )
    max_workers: int = Field(
        default=4, ge=1, le=32, description="How many entities are described at the same time, in threads."
    )
    endpoint_pattern: AllowDenyPattern = Field(
        default=AllowDenyPattern.allow_all(), description="The names of endpoints to extract, as regular expressions."
    )
    model_pattern: AllowDenyPattern = Field(
        default=AllowDenyPattern.allow_all(),
        description="The names of models, model groups and model packages to extract, as regular expressions.",
    )
    job_pattern: AllowDenyPattern = Field(
        default=AllowDenyPattern.allow_all(), description="The names of jobs to extract, as regular expressions."
    )
    feature_group_pattern: AllowDenyPattern = Field(
        default=AllowDenyPattern.allow_all(),
        description="The names of feature groups to extract, as regular expressions.",
    )

    @field_validator("extract_jobs", mode="before")
    @classmethod
    def _job_types(cls, value: Any) -> Any:
        """Take "true" and "false" for booleans, as older recipes have them, and refuse unknown job types."""
        if not isinstance(value, dict):
            return value
        if unknown := sorted(str(name) for name in value if name not in JOB_TYPES):
            raise ValueError(f"no job types: {', '.join(unknown)}; the types are {', '.join(JOB_TYPES)}")
        return {name: _WORDS.get(str(each).lower(), each) for name, each in value.items()}

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

    def get_sagemaker_client(self) -> Any:
        """Return the client that the whole run uses."""
        return self.get_session().client("sagemaker", endpoint_url=self.aws_endpoint_url, config=self._aws_config())

    @property
    def roles(self) -> list[AwsAssumeRoleConfig]:
        """The roles to assume, in order."""
        return self._normalized_aws_roles()

    def _normalized_aws_roles(self) -> list[AwsAssumeRoleConfig]:
        listed = self.aws_role if isinstance(self.aws_role, list) else [self.aws_role] if self.aws_role else []
        return [
            AwsAssumeRoleConfig.model_validate({"RoleArn": role}) if isinstance(role, str) else role for role in listed
        ]
