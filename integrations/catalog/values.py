"""What AWS answered, as frozen values: only the fields that the catalog uses.

The names of the fields are those of the SageMaker API in snake case. Every field that AWS may leave out has a default,
and unknown fields are ignored. `Estate.documents` has the whole answers.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Operations_Amazon_SageMaker_Service.html
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct, field

Document = dict[str, Any]


class Answer(Struct, frozen=True, kw_only=True, rename="pascal"):
    """A structure in an answer of SageMaker."""


class JobKind(StrEnum):
    """The job types that the wrapped source knows, in its names."""

    AUTO_ML = "auto_ml"
    COMPILATION = "compilation"
    HYPER_PARAMETER_TUNING = "hyper_parameter_tuning"
    LABELING = "labeling"
    PROCESSING = "processing"
    TRAINING = "training"
    TRANSFORM = "transform"


class CaptureConfig(Answer, frozen=True):
    """`DataCaptureConfig` of an endpoint (status, current sampling) or of its configuration (modes, content types)."""

    enable_capture: bool = False
    capture_status: str = ""
    current_sampling_percentage: int | None = None
    initial_sampling_percentage: int | None = None
    destination_s3_uri: str = ""
    kms_key_id: str = ""
    capture_options: tuple["CaptureOption", ...] = ()
    capture_content_type_header: "ContentTypes | None" = None


class CaptureOption(Answer, frozen=True):
    """One captured side of a call: `Input`, `Output` or `InputAndOutput`."""

    capture_mode: str = ""


class ContentTypes(Answer, frozen=True):
    """The content types that are captured as text."""

    csv_content_types: tuple[str, ...] = ()
    json_content_types: tuple[str, ...] = ()


class Variant(Answer, frozen=True):
    """A production or shadow variant; only the configuration of the endpoint says the model."""

    variant_name: str
    model_name: str = ""
    instance_type: str = ""
    current_weight: float | None = None
    initial_variant_weight: float | None = None
    current_instance_count: int | None = None
    initial_instance_count: int | None = None


class Endpoint(Answer, frozen=True):
    """`DescribeEndpoint`."""

    endpoint_name: str
    endpoint_arn: str = ""
    endpoint_config_name: str = ""
    endpoint_status: str = ""
    creation_time: datetime | None = None
    production_variants: tuple[Variant, ...] = ()
    shadow_production_variants: tuple[Variant, ...] = ()
    data_capture_config: CaptureConfig | None = None


class EndpointConfig(Answer, frozen=True):
    """`DescribeEndpointConfig`."""

    endpoint_config_name: str
    endpoint_config_arn: str = ""
    production_variants: tuple[Variant, ...] = ()
    shadow_production_variants: tuple[Variant, ...] = ()
    data_capture_config: CaptureConfig | None = None


class ComponentSpecification(Answer, frozen=True):
    """What an inference component runs: a model, or an adapter of another component."""

    model_name: str = ""
    base_inference_component_name: str = ""


class InferenceComponent(Answer, frozen=True):
    """`DescribeInferenceComponent`: a model on a variant that names none."""

    inference_component_name: str
    inference_component_arn: str = ""
    endpoint_name: str = ""
    variant_name: str = ""
    inference_component_status: str = ""
    creation_time: datetime | None = None
    specification: ComponentSpecification | None = None
    specifications: tuple[ComponentSpecification, ...] = ()


class S3Source(Answer, frozen=True):
    """`S3DataSource` of a container: a prefix or an object."""

    s3_uri: str = ""


class DataSource(Answer, frozen=True):
    """`ModelDataSource` of a container."""

    s3_data_source: S3Source | None = None


class Container(Answer, frozen=True):
    """A container of a model or of a model package."""

    image: str = ""
    model_data_url: str = ""
    model_data_source: DataSource | None = None
    model_package_name: str = ""


class Model(Answer, frozen=True):
    """`DescribeModel`."""

    model_name: str
    model_arn: str = ""
    creation_time: datetime | None = None
    primary_container: Container | None = None
    containers: tuple[Container, ...] = ()


class CreatedBy(Answer, frozen=True):
    """The user who created a resource in SageMaker Studio."""

    user_profile_name: str = ""


class PackageGroup(Answer, frozen=True):
    """`DescribeModelPackageGroup`."""

    model_package_group_name: str
    model_package_group_arn: str = ""
    created_by: CreatedBy | None = None


class InferenceSpecification(Answer, frozen=True):
    """The containers of a model package."""

    containers: tuple[Container, ...] = ()


class ModelPackage(Answer, frozen=True):
    """`DescribeModelPackage`: a version in a group, or a package with a name of its own."""

    model_package_arn: str
    model_package_name: str = ""
    model_package_group_name: str = ""
    model_package_version: int | None = None
    model_package_description: str = ""
    model_package_status: str = ""
    model_approval_status: str = ""
    approval_description: str = ""
    creation_time: datetime | None = None
    created_by: CreatedBy | None = None
    inference_specification: InferenceSpecification | None = None
    customer_metadata_properties: dict[str, str] = {}


class Job(Struct, frozen=True, kw_only=True):
    """A job of any kind: `inputs` are the addresses that it reads, as written, perhaps malformed."""

    kind: JobKind
    name: str
    arn: str
    inputs: tuple[str, ...] = ()


class FeatureGroup(Answer, frozen=True):
    """`DescribeFeatureGroup`, without its features."""

    feature_group_name: str
    feature_group_arn: str = ""


class Pipeline(Answer, frozen=True):
    """`DescribePipeline`; the definition is a JSON text, or it lies in S3 and is absent."""

    pipeline_name: str
    pipeline_arn: str = ""
    pipeline_display_name: str = ""
    pipeline_description: str = ""
    pipeline_status: str = ""
    pipeline_definition: str = ""
    creation_time: datetime | None = None
    created_by: CreatedBy | None = None


class ScheduleConfig(Answer, frozen=True):
    """When a schedule runs."""

    schedule_expression: str = ""


class EndpointInput(Answer, frozen=True):
    """The endpoint whose captures a monitoring job reads."""

    endpoint_name: str = ""


class BatchTransformInput(Answer, frozen=True):
    """The captures of batch transform jobs that a monitoring job reads."""

    data_captured_destination_s3_uri: str = ""


class MonitoringInput(Answer, frozen=True):
    """One input of a monitoring job."""

    endpoint_input: EndpointInput | None = None
    batch_transform_input: BatchTransformInput | None = None


class MonitoringJobDefinition(Answer, frozen=True):
    """A job definition inside a schedule."""

    monitoring_inputs: tuple[MonitoringInput, ...] = ()


class MonitoringScheduleConfig(Answer, frozen=True):
    """What a schedule runs: a job definition by name, or a definition of its own."""

    schedule_config: ScheduleConfig | None = None
    monitoring_job_definition: MonitoringJobDefinition | None = None
    monitoring_job_definition_name: str = ""
    monitoring_type: str = ""


class MonitoringSchedule(Answer, frozen=True):
    """`DescribeMonitoringSchedule`."""

    monitoring_schedule_name: str
    monitoring_schedule_arn: str = ""
    monitoring_schedule_status: str = ""
    monitoring_type: str = ""
    endpoint_name: str = ""
    creation_time: datetime | None = None
    monitoring_schedule_config: MonitoringScheduleConfig | None = None


class Deployed(Struct, frozen=True):
    """A model that SageMaker's own lineage names for an endpoint, by the address of its data."""

    endpoint_arn: str
    model_data_uri: str


class Grouped(Struct, frozen=True):
    """A model package group that SageMaker's own lineage names for the address of a model's data."""

    group_arn: str
    model_data_uri: str


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
    schedules: tuple[MonitoringSchedule, ...] = ()
    deployed: tuple[Deployed, ...] = ()
    grouped: tuple[Grouped, ...] = ()
    documents: dict[str, Document] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
