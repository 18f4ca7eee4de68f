"""`[observability]` of `forwarder.toml`: dashboards, alarms and the audit log of SageMaker's endpoints.

The observability stack and the commands read these options. The function reads only the listed endpoints.
"""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from capture_forwarder.configuration.stack import AccountId, LogDays
from capture_forwarder.configuration.sumo import Alias, SumoSettings

# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpoint.html
EndpointName = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9](-*[A-Za-z0-9]){0,62}$",
        title="the name of an endpoint: letters, digits and -; at most 63",
    ),
]
VariantName = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9](-*[A-Za-z0-9]){0,62}$",
        title="the name of a variant: letters, digits and -; at most 63",
    ),
]


class DashboardName(StrEnum):
    """The dashboards. Each is one of the two versions of Sumo Logic's page, or of both; `captures` is ours."""

    OVERVIEW = "overview"
    AUDIT = "audit"
    INVOCATION_LOG = "invocation-log"
    RUNTIME = "runtime"
    MODELS = "models"
    ENDPOINTS = "endpoints"
    INVOCATIONS = "invocations"
    FEATURE_STORE = "feature-store"
    PIPELINES = "pipelines"
    PROCESSING = "processing"
    TRANSFORM = "transform"
    TRAINING = "training"
    CAPTURES = "captures"


class Trail(StrEnum):
    """The CloudTrail trail, without which EventBridge gets no API calls."""

    EXISTING = "existing"
    CREATE = "create"


class EndpointKind(StrEnum):
    """How an endpoint answers and is billed."""

    REAL_TIME = "real-time"
    SERVERLESS = "serverless"
    MULTI_MODEL = "multi-model"
    ASYNCHRONOUS = "asynchronous"


class AlertName(StrEnum):
    """The alerts. The end of a name is the unit of its threshold; a name without one counts events."""

    DELETE_CALLS = "delete_calls"
    MODEL_LATENCY_MS = "model_latency_ms"
    DENIED_CALLS = "denied_calls"
    SERVER_ERRORS = "server_errors"
    PIPELINE_DURATION_MS = "pipeline_duration_ms"
    PROCESSING_CPU_PERCENT = "processing_cpu_percent"
    PROCESSING_GPU_PERCENT = "processing_gpu_percent"
    TRAINING_CPU_PERCENT = "training_cpu_percent"
    TRAINING_GPU_PERCENT = "training_gpu_percent"
    TRANSFORM_CPU_PERCENT = "transform_cpu_percent"
    TRANSFORM_GPU_PERCENT = "transform_gpu_percent"
    CAPTURES_MISSING = "captures_missing"
    DISK_PERCENT = "disk_percent"


class AlertSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[observability.alert]]`: other limits for one alert."""

    name: Annotated[AlertName, Meta(description="Alert")]
    enabled: Annotated[bool, Meta(description="Whether the alarm is made")] = True
    threshold: Annotated[
        Annotated[float, Meta(ge=0)] | None,
        Meta(
            title="a number, 0 or more",
            description="The alarm goes off above it; the unit is the end of the name. Default: docs/observability.md"
        ),
    ] = None
    window_secs: Annotated[
        Annotated[int, Meta(ge=60, le=86_400, multiple_of=60)] | None,
        Meta(
            title="seconds from 60 to 86400, a multiple of 60",
            description="Length of the period that the alarm looks at. Default: docs/observability.md",
        ),
    ] = None


class EndpointSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[observability.endpoint]]`: one variant of an endpoint. `capture-forwarder endpoints` prints them."""

    name: Annotated[EndpointName, Meta(description="Endpoint")]
    variant: Annotated[VariantName, Meta(description="Variant of the endpoint")] = "AllTraffic"
    kind: Annotated[EndpointKind, Meta(description="Kind of the endpoint")] = EndpointKind.REAL_TIME
    vcpus: Annotated[
        Annotated[int, Meta(ge=1, le=1024)] | None,
        Meta(description="vCPUs of one instance: CPU is shown as a share of them"),
    ] = None
    gpus: Annotated[
        Annotated[int, Meta(ge=1, le=64)] | None,
        Meta(description="GPUs of one instance: their use is shown as a share of them"),
    ] = None
    sampling_percent: Annotated[
        Annotated[int, Meta(ge=1, le=100)] | None,
        Meta(description="Percentage of calls that are captured; without it there is no alarm on missing captures"),
    ] = None


class ObservabilitySettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[observability]`: a second stack, `<stack.name>-observability`, with dashboards, alarms and an audit log."""

    dashboards: Annotated[
        tuple[DashboardName, ...],
        Meta(
            title=f"a list of some of {', '.join(DashboardName)}",
            description="Dashboards to make",
        ),
    ] = (
        DashboardName.OVERVIEW,
        DashboardName.AUDIT,
        DashboardName.ENDPOINTS,
        DashboardName.INVOCATIONS,
        DashboardName.CAPTURES,
    )
    trail: Annotated[
        Trail,
        Meta(
            description='"existing" relies on a trail of the account that logs management events; "create" makes one '
            "in this stack"
        ),
    ] = Trail.EXISTING
    read_only_events: Annotated[
        bool, Meta(description="Whether the audit log also gets Get, List and Describe calls")
    ] = True
    data_events: Annotated[
        bool, Meta(description='Whether the trail also records every InvokeEndpoint; it needs trail = "create"')
    ] = False
    audit_retention_days: Annotated[LogDays, Meta(description="Retention of the audit log")] = 90
    job_vcpus: Annotated[
        Annotated[int, Meta(ge=1, le=1024)] | None,
        Meta(
            description="vCPUs of the instances of jobs; without it jobs have no CPU alarms, which are billed by series"
        ),
    ] = None
    job_gpus: Annotated[
        Annotated[int, Meta(ge=1, le=64)] | None,
        Meta(description="GPUs of the instances of jobs; without it jobs have no GPU alarms"),
    ] = None
    accounts: Annotated[
        dict[AccountId, Alias],
        Meta(
            title='names of accounts by id, such as {"123456789012" = "prod"}; ids have twelve digits',
            description="Names of accounts, shown in place of their ids",
        ),
    ] = {}
    alert: Annotated[tuple[AlertSettings, ...], Meta(description="Other limits for alerts")] = ()
    endpoint: Annotated[
        tuple[EndpointSettings, ...], Meta(description="Endpoints with alarms, log widgets and capture coverage")
    ] = ()
    sumo: Annotated[SumoSettings | None, Meta(description="Delivery to Sumo Logic; by default none")] = None

    @property
    def variants(self) -> frozenset[tuple[str, str]]:
        """The listed variants: endpoint and variant of each."""
        return frozenset((each.name, each.variant) for each in self.endpoint)

    def alert_settings(self, name: AlertName) -> AlertSettings:
        """Return the settings of an alert: those of the file, or the defaults."""
        return next((alert for alert in self.alert if alert.name is name), AlertSettings(name=name))
