"""The request that trains a model again: valid for CreateTrainingJob, with every gap named."""

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.session import get_session
from botocore.validate import ParamValidator

from integrations.lineage.asking.reproduce import OTHERS, SAME, reproduce
from integrations.lineage.errors import NotFound
from integrations.lineage.graph import Kind
from integrations.lineage.ports import Change
from tests.lineage.worked import BASE, IMAGE, MODEL, RAW, TRAIN, TRAINING, Worked, worked

OPERATIONS = get_session().get_service_model("sagemaker")
REQUEST: Any = OPERATIONS.operation_model("CreateTrainingJob").input_shape
ANSWER: Any = OPERATIONS.operation_model("DescribeTrainingJob").output_shape


def problems(request: Mapping[str, Any]) -> str:
    """Return the problems that boto3 finds in a request."""
    return str(ParamValidator().validate(request, REQUEST).generate_report())


def test_every_member_of_the_request_is_known() -> None:
    """A new version of botocore may add one: add it to a list."""
    assert {*SAME, *OTHERS} == {*REQUEST.members}
    for member in SAME:
        assert ANSWER.members[member].type_name == REQUEST.members[member].type_name
        if member in ("AlgorithmSpecification", "ResourceConfig"):
            assert {*ANSWER.members[member].members} == {*REQUEST.members[member].members}


@pytest.mark.parametrize("text", ["churn", MODEL, TRAINING])
def test_a_job_is_repeated_under_a_new_name(text: str) -> None:
    """With its tags, and without reserved tags and empty members."""
    world = worked()
    found = reproduce(world.store, world.walk, text)
    assert (found.origin, found.gaps) == (TRAINING, ())
    assert problems(found.request) == ""
    assert found.request["TrainingJobName"] == "churn-train-7-again"
    assert found.request["Tags"] == [
        {"Key": "sagemaker:pipeline-execution-arn", "Value": f"{BASE}:pipeline/churn/execution/abc"},
        {"Key": "team", "Value": "churn"},
    ]
    assert "VpcConfig" not in found.request
    assert "TrainingJobStatus" not in found.request
    assert reproduce(world.store, world.walk, text, "mine").request["TrainingJobName"] == "mine"


def test_a_long_name_is_cut() -> None:
    """63 characters are allowed, and a name ends with a letter or a digit."""
    world = worked()
    job = {**world.store.answers["training_job", "churn-train-7"], "TrainingJobName": "a" * 56 + "-bcdefg"}
    world.store.answers["training_job", "churn-train-7"] = job
    assert reproduce(world.store, world.walk, MODEL).request["TrainingJobName"] == "a" * 56 + "-again"


def test_a_job_of_an_algorithm_names_no_image() -> None:
    """CreateTrainingJob takes one of them; the answer of DescribeTrainingJob may have both."""
    world = worked()
    both = {"TrainingImage": IMAGE, "AlgorithmName": "mine", "TrainingInputMode": "File"}
    job = {**world.store.answers["training_job", "churn-train-7"], "AlgorithmSpecification": both}
    world.store.answers["training_job", "churn-train-7"] = job
    found = reproduce(world.store, world.walk, MODEL)
    assert found.request["AlgorithmSpecification"] == {"AlgorithmName": "mine", "TrainingInputMode": "File"}


def test_what_a_job_lacks_is_named() -> None:
    """Tags that cannot be read, members that the answer has not, and other jobs that are as near."""
    world = worked()
    world.store.answers["training_job", "churn-train-7"] = {"RoleArn": "arn:aws:iam::1:role/r"}
    other = world.store.add(Kind.TRIAL_COMPONENT, "TrainingJob", "zz", f"{BASE}:training-job/zz")
    world.store.answers["training_job", "zz"] = {"RoleArn": "r"}
    manual = world.store.add(Kind.ACTION, "Training", "manual")
    for arn in (other, manual):
        world.store.join(arn, world.arns["model"])

    def fail(name: str) -> None:
        if name == "tags":
            raise NotFound("gone")

    world.store.before = fail
    found = reproduce(world.store, world.walk, MODEL)
    gaps = "\n".join(found.gaps)
    for word in ("is as near", "Tags:", "AlgorithmSpecification:", "OutputDataConfig:", "ResourceConfig:"):
        assert word in gaps
    assert "RoleArn" not in gaps
    assert found.request["TrainingJobName"].endswith("-again")


def with_action(world: Worked, *sources: str, type_: str = "Training", **properties: str) -> str:
    """Add a model that a training action made, as the documentation's example does."""
    store = world.store
    action = store.add(Kind.ACTION, type_, "train 2024/01".replace(" ", "-").replace("/", "-"), properties=properties)
    model = store.add(Kind.ARTIFACT, "Model", None, "s3://models/by-hand.tar.gz")
    store.join(action, model)
    for source in sources:
        store.join(source, action)
    return model


def test_the_action_of_the_documentation_is_repeated_with_gaps() -> None:
    """Its algorithm is no image, and it has no role."""
    world = worked()
    model = with_action(
        world,
        world.arns["train"],
        algorithm="xgboost",
        instance_type="ml.m5.xlarge",
        hyperparameters='{"max_depth": 5, "eta": 0.2, "objective": "binary:logistic"}',
    )
    found = reproduce(world.store, world.walk, model)
    assert found.request["TrainingJobName"] == "train-2024-01-again"
    assert found.request["HyperParameters"] == {"max_depth": "5", "eta": "0.2", "objective": "binary:logistic"}
    assert found.request["ResourceConfig"]["InstanceType"] == "ml.m5.xlarge"
    assert found.request["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"] == TRAIN
    assert [gap.split(":")[0] for gap in found.gaps] == [
        "AlgorithmSpecification.TrainingImage",
        "AlgorithmSpecification",
        "RoleArn",
        "OutputDataConfig",
        "StoppingCondition",
    ]


def test_an_action_with_everything_is_a_valid_request() -> None:
    """The image is that of the graph."""
    world = worked()
    model = with_action(
        world,
        world.arns["image"],
        world.arns["train"],
        instance_type="ml.m5.xlarge",
        instance_count="2",
        volume_size_gb="50",
        role_arn="arn:aws:iam::123456789012:role/train",
        output_path="s3://B/out",
        max_runtime_seconds="60",
    )
    found = reproduce(world.store, world.walk, model)
    assert problems(found.request) == ""
    assert found.gaps == ()
    assert found.request["AlgorithmSpecification"]["TrainingImage"] == IMAGE
    assert found.request["ResourceConfig"]["InstanceCount"] == 2


@pytest.mark.parametrize("text", ["not json", "[1]", "[" * 100_000])
def test_hostile_hyperparameters_are_a_gap(text: str) -> None:
    """They are never evaluated."""
    world = worked()
    found = reproduce(world.store, world.walk, with_action(world, hyperparameters=text, algorithm="a/b:1"))
    assert found.request["AlgorithmSpecification"]["TrainingImage"] == "a/b:1"
    assert "HyperParameters: the property hyperparameters is no JSON object" in found.gaps


def test_channels_without_names_are_a_gap() -> None:
    """And data outside of S3 is no channel."""
    world = worked()
    other = world.store.add(Kind.ARTIFACT, "DataSet", None, "https://elsewhere/x.csv")
    model = with_action(world, world.arns["raw"], world.arns["train"], other, type_="TrainingJob")
    found = reproduce(world.store, world.walk, model)
    assert [each["ChannelName"] for each in found.request["InputDataConfig"]] == ["channel-1", "channel-2"]
    assert {each["DataSource"]["S3DataSource"]["S3Uri"] for each in found.request["InputDataConfig"]} == {RAW, TRAIN}
    assert "InputDataConfig: the lineage does not name the channels; check their names" in found.gaps


def test_a_deleted_job_is_named() -> None:
    """In the error, or as a gap of the action that is used in its place."""
    world = worked()
    del world.store.answers["training_job", "churn-train-7"]
    with pytest.raises(NotFound, match=f"leads to {MODEL}\n{TRAINING} was deleted"):
        reproduce(world.store, world.walk, MODEL)
    action = world.store.add(Kind.ACTION, "Training", "manual")
    world.store.join(action, world.arns["model"])
    assert reproduce(world.store, world.walk, MODEL).gaps[0] == f"{TRAINING} was deleted from SageMaker"


def test_data_has_no_training() -> None:
    """A processing job is no training job."""
    world = worked()
    world.store.update(Change(kind=Kind.ARTIFACT, arn=world.arns["train"], properties={"a": "b"}))
    with pytest.raises(NotFound, match="No training job"):
        reproduce(world.store, world.walk, TRAIN)
