"""Every operation of SageMaker that the reader calls, and the names in its answers.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Operations_Amazon_SageMaker_Service.html
An IAM action of SageMaker has the name of its operation:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html
"""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field

from integrations.catalog.options import Options, Pattern
from integrations.catalog.values import JobKind

# Each listing takes so many entities a page; by default SageMaker answers 10.
PAGE_SIZE = 100


class Listing(Struct, frozen=True, kw_only=True):
    """A kind of entity that is listed and then described, one call an entity.

    `items` is the list in an answer, `name` and `arn` are keys of an item. `parameter` is the one of `describe`, whose
    value is the item's `by`. `resource` is the kind in ARNs, and `search` that of Search if it gives tags.
    """

    list: str
    items: str
    name: str
    arn: str
    describe: str
    parameter: str
    by: str
    resource: str
    search: str | None = None
    filters: dict[str, Any] = field(default_factory=dict)


def _listing(noun: str, resource: str, items: str, **changes: Any) -> Listing:
    names = {"name": f"{noun}Name", "arn": f"{noun}Arn", "parameter": f"{noun}Name", "by": f"{noun}Name"}
    operations = {"list": f"List{noun}s", "describe": f"Describe{noun}"}
    return Listing(**{**names, **operations, "items": items, "resource": resource, **changes})


ENDPOINTS = _listing("Endpoint", "endpoint", "Endpoints", search="Endpoint")
COMPONENTS = _listing("InferenceComponent", "inference-component", "InferenceComponents")
MODELS = _listing("Model", "model", "Models", search="Model")
GROUPS = _listing(
    "ModelPackageGroup", "model-package-group", "ModelPackageGroupSummaryList", search="ModelPackageGroup"
)
# Without a type the listing leaves out the versions in groups. A version has no name of its own, so the ARN describes.
PACKAGES = _listing(
    "ModelPackage",
    "model-package",
    "ModelPackageSummaryList",
    name="ModelPackageArn",
    by="ModelPackageArn",
    search="ModelPackage",
    filters={"ModelPackageType": "Both"},
)
FEATURE_GROUPS = _listing("FeatureGroup", "feature-group", "FeatureGroupSummaries", search="FeatureGroup")
PIPELINES = _listing("Pipeline", "pipeline", "PipelineSummaries", search="Pipeline")
SCHEDULES = _listing("MonitoringSchedule", "monitoring-schedule", "MonitoringScheduleSummaries")
JOBS = {
    # DescribeAutoMLJobV2 describes jobs of both versions.
    JobKind.AUTO_ML: _listing("AutoMLJob", "automl-job", "AutoMLJobSummaries", describe="DescribeAutoMLJobV2"),
    JobKind.COMPILATION: _listing("CompilationJob", "compilation-job", "CompilationJobSummaries"),
    JobKind.HYPER_PARAMETER_TUNING: _listing(
        "HyperParameterTuningJob",
        "hyper-parameter-tuning-job",
        "HyperParameterTuningJobSummaries",
        search="HyperParameterTuningJob",
    ),
    JobKind.LABELING: _listing("LabelingJob", "labeling-job", "LabelingJobSummaryList"),
    JobKind.PROCESSING: _listing("ProcessingJob", "processing-job", "ProcessingJobSummaries"),
    JobKind.TRAINING: _listing("TrainingJob", "training-job", "TrainingJobSummaries", search="TrainingJob"),
    JobKind.TRANSFORM: _listing("TransformJob", "transform-job", "TransformJobSummaries"),
}
DESCRIBE_CONFIG = "DescribeEndpointConfig"
CONFIG_RESOURCE = "endpoint-config"
SEARCH = "Search"
LIST_TAGS = "ListTags"
# The latest execution of a pipeline, and the jobs of its steps.
LIST_EXECUTIONS, LIST_STEPS = "ListPipelineExecutions", "ListPipelineExecutionSteps"
# SageMaker's own lineage. A listing of it can be denied on all resources only.
LIST_ACTIONS, LIST_ARTIFACTS = "ListActions", "ListArtifacts"
LIST_CONTEXTS, LIST_ASSOCIATIONS = "ListContexts", "ListAssociations"
# In the answers to all other listings AWS says that a list is required.
MAY_LACK_A_LIST = frozenset(
    {
        PIPELINES.list,
        JOBS[JobKind.LABELING].list,
        LIST_ACTIONS,
        LIST_ARTIFACTS,
        LIST_CONTEXTS,
        LIST_ASSOCIATIONS,
        SEARCH,
    }
)


def listings(options: Options) -> Iterator[tuple[Listing, Pattern | None]]:
    """Yield every listing that `options` call, each with the pattern of its names."""
    if options.extract_feature_groups:
        yield FEATURE_GROUPS, options.feature_group_pattern
    for kind in options.jobs:
        yield JOBS[kind], options.job_pattern
    if options.needs_endpoints:
        yield ENDPOINTS, options.endpoint_pattern
    if options.extract_endpoints:
        yield COMPONENTS, None
    if options.extract_models:
        yield GROUPS, options.model_pattern
        yield MODELS, options.model_pattern
    if options.extract_registry:
        yield PACKAGES, options.model_pattern
    if options.extract_pipelines:
        yield PIPELINES, None
    if options.extract_monitoring_schedules:
        yield SCHEDULES, None
