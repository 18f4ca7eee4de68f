"""All that was read of an account."""

from enum import StrEnum
from typing import Any

from msgspec import Struct, field

from integrations.catalog.values.models import FeatureGroup, Model, ModelPackage, PackageGroup
from integrations.catalog.values.scheduling import MonitoringSchedule, Pipeline
from integrations.catalog.values.serving import Endpoint, EndpointConfig, InferenceComponent

Document = dict[str, Any]


class JobKind(StrEnum):
    """The job types that the wrapped source knows, in its names."""

    AUTO_ML = "auto_ml"
    COMPILATION = "compilation"
    HYPER_PARAMETER_TUNING = "hyper_parameter_tuning"
    LABELING = "labeling"
    PROCESSING = "processing"
    TRAINING = "training"
    TRANSFORM = "transform"


class Job(Struct, frozen=True, kw_only=True):
    """A job of any kind: `inputs` are the addresses that it reads, as written, perhaps malformed."""

    kind: JobKind
    name: str
    arn: str
    inputs: tuple[str, ...] = ()


class Deployed(Struct, frozen=True):
    """A model that SageMaker's own lineage names for an endpoint, by the address of its data."""

    endpoint_arn: str
    model_data_uri: str


class Grouped(Struct, frozen=True):
    """A model package group that SageMaker's own lineage names for the address of a model's data."""

    group_arn: str
    model_data_uri: str


class Started(Struct, frozen=True):
    """A job that a step of a pipeline started."""

    pipeline: str
    step: str
    job_arn: str


class Estate(Struct, frozen=True, kw_only=True):
    """All that was read of one account and region, in the order of the listings.

    `configs` has endpoint configurations by name. `documents` has the whole answer of Describe for each ARN, without
    the metadata of the response, and `tags` the tags of each ARN.
    """

    endpoints: tuple[Endpoint, ...] = ()
    configs: dict[str, EndpointConfig] = field(default_factory=dict)
    components: tuple[InferenceComponent, ...] = ()
    models: tuple[Model, ...] = ()
    groups: tuple[PackageGroup, ...] = ()
    packages: tuple[ModelPackage, ...] = ()
    jobs: tuple[Job, ...] = ()
    feature_groups: tuple[FeatureGroup, ...] = ()
    pipelines: tuple[Pipeline, ...] = ()
    started: tuple[Started, ...] = ()
    schedules: tuple[MonitoringSchedule, ...] = ()
    deployed: tuple[Deployed, ...] = ()
    grouped: tuple[Grouped, ...] = ()
    documents: dict[str, Document] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
