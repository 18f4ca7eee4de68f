"""The answers of AWS as frozen values: only the fields that the catalog uses.

The names of the fields are those of the SageMaker API in snake case. Every field that AWS may leave out has a default,
and unknown fields are ignored. `Estate.documents` has the whole answers.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Operations_Amazon_SageMaker_Service.html
"""

from integrations.catalog.values.answer import Answer, CreatedBy
from integrations.catalog.values.estate import Deployed, Document, Estate, Grouped, Job, JobKind, Started
from integrations.catalog.values.models import (
    Container,
    DataSource,
    FeatureGroup,
    InferenceSpecification,
    Model,
    ModelPackage,
    PackageGroup,
    S3Source,
)
from integrations.catalog.values.scheduling import (
    BatchTransformInput,
    EndpointInput,
    MonitoringInput,
    MonitoringJobDefinition,
    MonitoringSchedule,
    MonitoringScheduleConfig,
    Pipeline,
    ScheduleConfig,
)
from integrations.catalog.values.serving import (
    CaptureConfig,
    CaptureOption,
    ComponentSpecification,
    ContentTypes,
    Endpoint,
    EndpointConfig,
    InferenceComponent,
    Variant,
)

__all__ = [
    "Answer",
    "BatchTransformInput",
    "CaptureConfig",
    "CaptureOption",
    "ComponentSpecification",
    "Container",
    "ContentTypes",
    "CreatedBy",
    "DataSource",
    "Deployed",
    "Document",
    "Endpoint",
    "EndpointConfig",
    "EndpointInput",
    "Estate",
    "FeatureGroup",
    "Grouped",
    "InferenceComponent",
    "InferenceSpecification",
    "Job",
    "JobKind",
    "Model",
    "ModelPackage",
    "MonitoringInput",
    "MonitoringJobDefinition",
    "MonitoringSchedule",
    "MonitoringScheduleConfig",
    "PackageGroup",
    "Pipeline",
    "S3Source",
    "ScheduleConfig",
    "Started",
    "Variant",
]
