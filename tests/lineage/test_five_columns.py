"""The five columns of the SDK's table, and the ways to name its start."""

import boto3
import pytest
from botocore.stub import Stubber

from integrations.lineage.asking.five_columns import HEADINGS, five_columns
from integrations.lineage.asking.table_start import Start, start_of
from integrations.lineage.errors import Invalid, NotFound
from integrations.lineage.graph import Kind
from integrations.lineage.render import render_answer
from integrations.lineage.sagemaker import SageMaker
from tests.lineage.worked import (
    BASE,
    EXECUTION,
    IMAGE,
    MODEL,
    PACKAGE,
    PROCESSING,
    RAW,
    TRAIN,
    TRAINING,
    worked,
)


def test_inputs_come_before_outputs() -> None:
    """A nameless artifact is described for its source. A long source is shortened."""
    world = worked()
    found = five_columns(world.store, world.arns["training"])
    assert found.sheet().headings == HEADINGS
    inputs = sorted([(TRAIN, "DataSet"), (IMAGE[:5] + "..." + IMAGE[-40:], "Image")])
    rows = [row[:3] for row in found.sheet().rows]
    assert sorted(rows[:2]) == [(name, "Input", kind) for name, kind in inputs]
    assert rows[2:] == [(MODEL[:5] + "..." + MODEL[-40:] if len(MODEL) > 48 else MODEL, "Output", "Model")]
    assert {row[3:] for row in found.sheet().rows} == {("AssociatedWith", "artifact")}
    assert world.store.calls["describe"] == 3
    assert world.store.calls["links"] == 2


def test_names_need_no_call() -> None:
    """Associations have the names of both ends."""
    world = worked()
    found = five_columns(world.store, world.arns["endpoint"])
    assert [row[0] for row in found.sheet().rows] == ["x-deployment", "churn-capture-12345678"]
    assert world.store.calls["describe"] == 0
    assert "| Name/Source " in render_answer(found, [found.sheet()], "table")


def test_ends_without_a_name_or_source_are_shown_by_their_arn() -> None:
    """A deleted artifact, and a component without a name. An association may have no type."""
    world = worked()
    nameless = world.store.add(Kind.TRIAL_COMPONENT, "", None, "x")
    world.store.join(nameless, world.arns["raw"])
    gone = world.store.add(Kind.ARTIFACT, "Model", None, "s3://gone")
    world.store.join(gone, world.arns["raw"])
    del world.store.vertices[gone]
    rows = five_columns(world.store, world.arns["raw"]).sheet().rows
    assert {(row[0], row[3], row[4]) for row in rows if row[1] == "Input"} == {
        (nameless, "", "experiment-trial-component"),
        (gone, "", "artifact"),
    }


@pytest.mark.parametrize(
    ("start", "value", "expected"),
    [
        (Start.ENDPOINT, "churn", "endpoint"),
        (Start.TRAINING_JOB, "churn-train-7", "training"),
        (Start.TRAINING_JOB, TRAINING, "training"),
        (Start.PROCESSING_JOB, "churn-clean-7", "processing"),
        (Start.MODEL_PACKAGE, PACKAGE, "package"),
        (Start.PIPELINE_STEP, f"{EXECUTION}/Clean", "processing"),
        (Start.ARN, RAW, "raw"),
    ],
)
def test_each_option_names_an_entity(start: Start, value: str, expected: str) -> None:
    """By its source, never by a name that SageMaker may choose."""
    world = worked()
    assert [vertex.arn for vertex in start_of(world.store, start, value)] == [world.arns[expected]]


def test_jobs_and_steps_are_described_by_their_names() -> None:
    """With the requests that SageMaker takes. Steps come in pages of 100."""
    api = boto3.client("sagemaker", region_name="eu-west-1")
    pages: dict[str, object] = {"PipelineExecutionArn": EXECUTION, "MaxResults": 100}
    with Stubber(api) as stub:
        store = SageMaker(boto3_client=api)
        stub.add_client_error(
            "describe_processing_job",
            "ValidationException",
            "Could not find it",
            expected_params={"ProcessingJobName": "p"},
        )
        with pytest.raises(NotFound):
            store.processing_job("p")
        stub.add_client_error("describe_transform_job", "ValidationException", "Could not find it")
        with pytest.raises(NotFound):
            store.transform_job("t")
        steps: dict[str, object] = {"PipelineExecutionSteps": [{"StepName": "s"}]}
        token: dict[str, object] = {"NextToken": "next"}
        stub.add_response("list_pipeline_execution_steps", steps | token, pages)
        stub.add_response("list_pipeline_execution_steps", steps, pages | token)
        assert [step["StepName"] for step in store.pipeline_steps(EXECUTION)] == ["s", "s"]


def test_a_package_without_versions_is_named_by_its_name() -> None:
    """DescribeModelPackage takes both."""
    world = worked()
    world.store.answers["model_package", "churn"] = {"ModelPackageArn": PACKAGE}
    assert [vertex.arn for vertex in start_of(world.store, Start.MODEL_PACKAGE, "churn")] == [world.arns["package"]]


@pytest.mark.parametrize(
    ("start", "value", "message"),
    [
        (Start.ENDPOINT, "none", "endpoint none "),
        (Start.TRAINING_JOB, "none", "none"),
        (Start.TRANSFORM_JOB, "churn-batch", f"{BASE}:transform-job/churn-batch has no lineage"),
        (Start.MODEL_PACKAGE, f"{PACKAGE}0", "has no lineage"),
        (Start.PIPELINE_STEP, f"{EXECUTION}/None", "has no step None"),
        (Start.PIPELINE_STEP, f"{EXECUTION}/Check", "no job or package"),
    ],
)
def test_a_missing_start_is_named(start: Start, value: str, message: str) -> None:
    """Also a job whose lineage is not yet written."""
    with pytest.raises(NotFound, match=message):
        start_of(worked().store, start, value)


@pytest.mark.parametrize("value", ["Clean", "a/b", EXECUTION.rpartition("/")[0], f"{EXECUTION}/"])
def test_a_malformed_step_is_refused(value: str) -> None:
    """The error says how to write one."""
    with pytest.raises(Invalid, match="write the ARN of the pipeline execution"):
        start_of(worked().store, Start.PIPELINE_STEP, value)


def test_a_job_has_a_table_for_each_component() -> None:
    """A job in two trials may have several; they are sorted."""
    world = worked()
    second = world.store.add(Kind.TRIAL_COMPONENT, "TrainingJob", "again", PROCESSING, source_types=(("Custom", "2"),))
    found = start_of(world.store, Start.PROCESSING_JOB, "churn-clean-7")
    assert [vertex.arn for vertex in found] == sorted([second, world.arns["processing"]])
