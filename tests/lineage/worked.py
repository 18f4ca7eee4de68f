"""The worked graph: an endpoint `churn` as SageMaker and `register` make it, with a processing job, an image and a trial."""

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import count, pairwise

from msgspec import Struct
from msgspec.structs import replace

from integrations.lineage.asking.questions import PIPELINE_TAG, Walk
from integrations.lineage.asking.walks import walk_of
from integrations.lineage.graph import Kind
from tests.lineage.in_memory import ACCOUNT, InMemory

BASE = f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}"
ENDPOINT = f"{BASE}:endpoint/churn"
PACKAGE = f"{BASE}:model-package/churn/3"
GROUP = f"{BASE}:model-package-group/churn"
TRAINING = f"{BASE}:training-job/churn-train-7"
PROCESSING = f"{BASE}:processing-job/churn-clean-7"
EXECUTION = f"{BASE}:pipeline/churn/execution/abc"
IMAGE = f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/xgboost:1.7"
RAW, TRAIN = "s3://B/raw/churn/", "s3://B/train/churn.csv"
MODEL, CAPTURES = "s3://B/models/churn-train-7/output/model.tar.gz", "s3://B/datacapture/churn/"
MONITOR = "https://arthur.example.com/models/M"
DEPLOYED = datetime(2026, 1, 10, tzinfo=UTC)


class Worked(Struct):
    """The store, the walk over it, and the ARN of each entity by a short name."""

    store: InMemory
    walk: Walk
    arns: Mapping[str, str]


def worked() -> Worked:
    """Return the worked graph."""
    store = InMemory()
    add = store.add
    arns = {
        "raw": add(Kind.ARTIFACT, "DataSet", None, RAW),
        "processing": add(Kind.TRIAL_COMPONENT, "ProcessingJob", "churn-clean-7-aws-processing-job", PROCESSING),
        "train": add(Kind.ARTIFACT, "DataSet", None, TRAIN, properties={"num_samples": "35000"}),
        "image": add(Kind.ARTIFACT, "Image", None, IMAGE),
        "training": add(Kind.TRIAL_COMPONENT, "TrainingJob", "churn-train-7-aws-training-job", TRAINING),
        "model": add(Kind.ARTIFACT, "Model", None, MODEL),
        "package": add(Kind.ARTIFACT, "Model", "churn/3".replace("/", "-"), PACKAGE),
        "group": add(Kind.CONTEXT, "ModelGroup", "churn-group", GROUP, properties={"PipelineExecutionArn": EXECUTION}),
        "approval": add(Kind.ACTION, "Approval", "churn-approval", PACKAGE, status="Completed"),
        "deployment": add(Kind.ACTION, "ModelDeployment", "x-deployment", ENDPOINT),
        "endpoint": add(Kind.CONTEXT, "Endpoint", "x-endpoint", ENDPOINT),
        "captures": add(Kind.ARTIFACT, "DataSet", "churn-capture-12345678", CAPTURES),
        "forwarding": add(Kind.ACTION, "DataCaptureForwarding", "churn-forward-12345678", CAPTURES),
        "monitor": add(Kind.ARTIFACT, "MonitoredModel", "churn-monitor-12345678", MONITOR),
    }
    chain = ["raw", "processing", "train", "training", "model", "package", "deployment", "endpoint", "captures"]
    chain += ["forwarding", "monitor"]
    edges = [
        *pairwise(chain),
        ("image", "training"),
        ("package", "monitor"),
        ("package", "approval"),
    ]
    for source, destination in [*edges, ("package", "group")]:
        store.join(arns[source], arns[destination], "AssociatedWith")
    deployment = store.vertices[arns["deployment"]]
    assert deployment.details
    store.put(replace(deployment, details=replace(deployment.details, created=DEPLOYED)))
    _sagemaker(store, arns)
    clock = count()
    return Worked(store, walk_of(store, lambda: next(clock) / 1e6), arns)


def _sagemaker(store: InMemory, arns: Mapping[str, str]) -> None:
    store.trials_of |= {arns["training"]: ["churn-trial"], arns["processing"]: ["churn-trial"]}
    store.tagged[TRAINING] = {PIPELINE_TAG: EXECUTION, "team": "churn", "aws:x": "y"}
    store.answers |= {
        ("endpoint", "churn"): {
            "EndpointName": "churn",
            "EndpointArn": ENDPOINT,
            "EndpointConfigName": "churn-1",
            "LastModifiedTime": DEPLOYED,
        },
        ("model_package", PACKAGE): {
            "ModelPackageArn": PACKAGE,
            "ModelApprovalStatus": "Approved",
            "ApprovalDescription": "good",
            "LastModifiedTime": DEPLOYED,
        },
        ("training_job", "churn-train-7"): {
            "TrainingJobName": "churn-train-7",
            "TrainingJobArn": TRAINING,
            "TrainingJobStatus": "Completed",
            "HyperParameters": {"eta": "0.2"},
            "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
            "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/train",
            "OutputDataConfig": {"S3OutputPath": "s3://B/models"},
            "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
            "VpcConfig": {},
        },
        ("processing_job", "churn-clean-7"): {"ProcessingJobArn": PROCESSING},
        ("transform_job", "churn-batch"): {"TransformJobArn": f"{BASE}:transform-job/churn-batch"},
        ("pipeline_steps", EXECUTION): {
            "PipelineExecutionSteps": [
                {"StepName": "Clean", "Metadata": {"ProcessingJob": {"Arn": PROCESSING}}},
                {"StepName": "Check", "Metadata": {"Condition": {"Outcome": "True"}}},
            ]
        },
    }
