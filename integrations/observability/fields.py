"""The fields by which logs, events and metrics of one thing are joined, and where each of them comes from.

The names are those of Sumo Logic's page, and `variant`.
"""

from msgspec import Struct

NAMESPACE = "aws/sagemaker"


class Field(Struct, frozen=True, kw_only=True):
    """One field: `event` is its path in a CloudTrail event, and `dimension` its dimension of metrics, if there are.

    `logs` says in words where the field of a log line comes from.
    """

    id: str
    name: str
    meaning: str
    event: str = ""
    dimension: str = ""
    logs: str = ""


FIELDS: tuple[Field, ...] = (
    Field(
        id="F.account",
        name="account",
        meaning="name of the account, from `observability.accounts`",
        event="recipientAccountId",
        logs="account of the log group",
    ),
    Field(
        id="F.region",
        name="region",
        meaning="region of the endpoint or job",
        event="awsRegion",
        logs="region of the log group",
    ),
    Field(
        id="F.accountid",
        name="accountid",
        meaning="twelve digits of the account",
        event="recipientAccountId",
        logs="account of the log group",
    ),
    Field(id="F.namespace", name="namespace", meaning="aws/sagemaker, or the namespace of a metric", logs="constant"),
    Field(
        id="F.endpointname",
        name="endpointname",
        meaning="name of the endpoint",
        event="requestParameters.endpointName",
        dimension="EndpointName",
        logs="group",
    ),
    Field(
        id="F.variant",
        name="variant",
        meaning="variant of the endpoint; the page has no such field",
        event="requestParameters.targetVariant",
        dimension="VariantName",
        logs="stream",
    ),
    Field(
        id="F.transform_job",
        name="transform_job",
        meaning="name of the transform job",
        event="requestParameters.transformJobName",
        dimension="Host",
        logs="stream",
    ),
    Field(
        id="F.instance_id",
        name="instance_id",
        meaning="instance of an endpoint or of a transform job",
        dimension="Host",
        logs="stream",
    ),
    Field(
        id="F.training_job",
        name="training_job",
        meaning="name of the training job",
        event="requestParameters.trainingJobName",
        dimension="Host",
        logs="stream",
    ),
    Field(
        id="F.algo_name",
        name="algo_name",
        meaning="container of a job: algo-1, algo-2, ...",
        dimension="Host",
        logs="stream",
    ),
    Field(
        id="F.Processing_job",
        name="Processing_job",
        meaning="name of the processing job",
        event="requestParameters.processingJobName",
        dimension="Host",
        logs="stream",
    ),
    Field(
        id="F.pipelinename",
        name="pipelinename",
        meaning="name of the pipeline",
        event="requestParameters.pipelineName",
        dimension="PipelineName",
    ),
    Field(id="F.stepname", name="stepname", meaning="step of a pipeline", dimension="StepName"),
    Field(
        id="F.OperationName",
        name="OperationName",
        meaning="operation of the feature store",
        event="eventName",
        dimension="OperationName",
    ),
    Field(
        id="F.featuregroupname",
        name="featuregroupname",
        meaning="name of the feature group",
        event="requestParameters.featureGroupName",
        dimension="FeatureGroupName",
    ),
    Field(
        id="F.modelId",
        name="modelId",
        meaning="model of Bedrock; SageMaker's events name none, so it is the endpoint",
        event="requestParameters.endpointName",
        dimension="EndpointName",
        logs="group",
    ),
)
