"""Every field of a recipe's `config`: its type, its default and its meaning."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from integrations.catalog.options import Options, Pattern, S3Names, Workers
from integrations.catalog.values import JobKind

_RoleObject = dict[str, Any]


class Field(Struct, frozen=True, kw_only=True):
    """A field; `example` is its value in a written recipe, and `is_text` says that `${VARIABLE}` is a value too."""

    name: str
    kind: Any
    about: str
    example: str
    is_active: bool = False

    @property
    def is_text(self) -> bool:
        """Whether a text is a right value."""
        return self.kind in (str, str | None)


def _text(name: str, about: str, example: str, **changes: Any) -> Field:
    return Field(name=name, kind=str | None, about=about, example=example, **changes)


def _switch(name: str, about: str) -> Field:
    return Field(name=name, kind=bool | None, about=about, example="true")


def _pattern(name: str, about: str) -> Field:
    return Field(name=name, kind=Pattern, about=about, example='{allow: [".*"], deny: [], ignoreCase: true}')


_JOB_TYPES = ", ".join(JobKind)
CONNECTION = (
    _text("aws_region", "Region of the account.", "eu-west-1", is_active=True),
    _text("aws_access_key_id", "Access key. Without it, the credentials of the environment are used.", "${AWS_KEY}"),
    _text("aws_secret_access_key", "Secret of the access key.", "${AWS_SECRET}"),
    _text("aws_session_token", "Session token of temporary keys.", "${AWS_TOKEN}"),
    _text("aws_profile", "Profile of ~/.aws, if there is no access key.", "catalog"),
    Field(
        name="aws_role",
        kind=str | _RoleObject | list[str | _RoleObject] | None,
        about="Role to assume: an ARN, {RoleArn, ExternalId, ...}, or a list, assumed one after the other.",
        example="{RoleArn: arn:aws:iam::123456789012:role/catalog, ExternalId: my-id}",
    ),
    _text("aws_endpoint_url", "Address of SageMaker and STS, in place of AWS's.", "http://127.0.0.1:5000"),
    Field(
        name="aws_proxy",
        kind=dict[str, str] | None,
        about="Proxies by scheme, for STS too.",
        example='{https: "http://proxy.example.com:3128"}',
    ),
    Field(name="aws_retry_num", kind=Annotated[int, Meta(ge=0)], about="Tries of a failed call.", example="5"),
    Field(
        name="aws_retry_mode",
        kind=Literal["legacy", "standard", "adaptive"],
        about="Mode of the retries: legacy, standard or adaptive. Throttling is waited out in each.",
        example="standard",
    ),
    Field(name="read_timeout", kind=float, about="Seconds to wait for an answer.", example="60"),
    Field(
        name="aws_advanced_config",
        kind=dict[str, Any],
        about="Further arguments of botocore's Config.",
        example="{connect_timeout: 5}",
    ),
)
NAMES = (
    _text("env", "Environment in every URN.", "PROD"),
    _text("platform_instance", "Instance in every name, if two accounts or regions have equal names.", "production"),
    Field(
        name="s3_names",
        kind=S3Names,
        about="Names of S3 data sets of jobs: as-before (data_csv), or as-written, as DataHub's S3 source has them.",
        example="as-before",
    ),
)
CHOICES = (
    _switch("extract_feature_groups", "Feature groups, features and keys."),
    Field(
        name="extract_jobs",
        kind=bool | dict[str, bool | str] | None,
        about=f"Jobs: true, false, or a value a type, as {{training: false}}. Types: {_JOB_TYPES}.",
        example="true",
    ),
    _switch("extract_models", "Models, model groups and endpoints as deployments."),
    _switch("extract_endpoints", "Endpoints as flows, with a job a variant and a component."),
    _switch("extract_captures", "A data set of captures a variant."),
    _switch("extract_registry", "Model packages, with version and approval."),
    _switch("extract_pipelines", "Pipelines, with a job a step, joined to the jobs of the latest execution."),
    _switch("extract_monitoring_schedules", "Monitoring schedules."),
    _switch("extract_tags", "Tags of all these."),
    _pattern("endpoint_pattern", "Endpoints by name, with their captures."),
    _pattern("model_pattern", "Models, model groups and packages by name."),
    _pattern("job_pattern", "Jobs by name."),
    _pattern("feature_group_pattern", "Feature groups by name."),
    _pattern("database_pattern", "Glue databases that features come from."),
    _pattern("table_pattern", "Glue tables that features come from."),
    _text(
        "forwarder_config",
        "The forwarder.toml whose routes are shown. By default CAPTURE_FORWARDER_CONFIG, or forwarder.toml here.",
        "forwarder.toml",
    ),
    Field(
        name="environment_values",
        kind=bool,
        about="Values of environment variables of containers and jobs, which may be secrets.",
        example="false",
    ),
    Field(name="max_workers", kind=Workers, about="Entities described at the same time.", example="4"),
    Field(
        name="stateful_ingestion",
        kind=dict[str, Any] | None,
        about="Removes entities that are gone from SageMaker. Needs pipeline_name.",
        example="{enabled: true}",
    ),
)
FIELDS = {field.name: field for field in (*CONNECTION, *NAMES, *CHOICES)}
OPTION_NAMES = frozenset(Options.__struct_fields__)
