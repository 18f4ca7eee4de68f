"""Pipelines with their steps, and monitoring schedules with the captures that they monitor."""

import json
from typing import Any

import pytest

from integrations.catalog.building import keys
from integrations.catalog.building.catalog import build
from integrations.catalog.building.pipelines import steps_of
from integrations.catalog.nodes import S3, Edge, EdgeKind, Entity, Key, Severity, Subtype
from integrations.catalog.options import Options
from tests.catalog import accounts
from tests.catalog.graphs import captures, graph_of, node
from tests.catalog.readings import read_all
from tests.catalog.table import Table
from tests.catalog.table_server import serving

STEPS = [
    {"Name": "Prepare", "Type": "Processing", "Arguments": {}},
    {
        "Name": "Train",
        "Type": "Training",
        "DisplayName": "Train it",
        "Description": "A training job",
        "Arguments": {"InputDataConfig": [{"S3Uri": {"Get": "Steps.Prepare.ProcessingOutputConfig.Outputs['train']"}}]},
    },
    {
        "Name": "IsGood",
        "Type": "Condition",
        "DependsOn": ["Train"],
        "Arguments": {
            "Conditions": [{"LeftValue": {"Get": "Steps.Train.FinalMetricDataList['auc'].Value"}}],
            "IfSteps": [
                {"Name": "Register", "Type": "RegisterModel", "Arguments": {"x": {"Get": "Steps.Train.ModelArtifacts"}}}
            ],
            "ElseSteps": [{"Name": "Stop", "Type": "Fail", "DependsOn": ["IsGood", "Gone"]}],
        },
    },
]


def pipeline(table: Table, definition: str, **changes: Any) -> None:
    """Add the pipeline `nightly`."""
    table.add(
        "Pipeline",
        {"PipelineName": "nightly", "PipelineDefinition": definition, "CreationTime": accounts.MADE} | changes,
    )


def test_a_job_a_step_with_its_order() -> None:
    table = Table()
    more = {"CreatedBy": {"UserProfileName": "ada"}, "PipelineDisplayName": "Every night", "PipelineStatus": "Active"}
    pipeline(table, json.dumps({"Version": "2020-12-01", "Steps": STEPS}), Tags=[{"Key": "k", "Value": "v"}], **more)
    graph = graph_of(table)
    flow = node(graph, keys.pipeline("nightly"))
    assert (flow.label, flow.subtype, flow.owners, flow.tags) == ("Every night", Subtype.PIPELINE, ("ada",), ("k:v",))
    assert node(graph, keys.step("nightly", "Train")).label == "Train it"
    assert node(graph, keys.step("nightly", "Stop")).properties["StepType"] == "Fail"
    order = {(edge.source.name, edge.target.name) for edge in graph.edges if edge.kind is EdgeKind.PRECEDES}
    assert order == {
        ("Prepare", "Train"),
        ("Train", "IsGood"),
        ("IsGood", "Register"),
        ("Train", "Register"),
        ("IsGood", "Stop"),
    }


@pytest.mark.parametrize(
    "definition",
    [
        "",
        "{",
        "[" * 100_000,
        "[]",
        "{}",
        '{"Steps": {}}',
        '{"Steps": [{"Type": "Training"}]}',
        '{"Steps": ["Train"]}',
        '{"Steps": [{"Name": "A", "Arguments": {"IfSteps": "B"}}]}',
    ],
)
def test_a_definition_that_cannot_be_read_leaves_the_pipeline(definition: str) -> None:
    table = Table()
    pipeline(table, definition)
    graph = graph_of(table)
    assert [each.key for each in graph.nodes] == [keys.pipeline("nightly")]
    assert [(each.place, each.severity) for each in graph.problems] == (
        [("nightly", Severity.WARNING)] if definition else []
    )


def test_steps_that_lie_too_deep_are_refused() -> None:
    step: dict[str, Any] = {"Name": "end"}
    for number in range(30):
        step = {"Name": f"s{number}", "Arguments": {"IfSteps": [step]}}
    with pytest.raises(ValueError, match="deep"):
        list(steps_of(json.dumps({"Steps": [step]})))


def test_arguments_that_lie_deep_are_read() -> None:
    deep: Any = {"Get": "Steps.First.Output"}
    for _ in range(300):
        deep = [{"Std:Join": deep}]
    steps = list(steps_of(json.dumps({"Steps": [{"Name": "First"}, {"Name": "Second", "Arguments": {"x": deep}}]})))
    assert [each.before for each in steps] == [(), ("First",)]


def schedule(table: Table, name: str, **changes: Any) -> None:
    """Add a monitoring schedule."""
    described = {
        "MonitoringScheduleName": name,
        "MonitoringScheduleStatus": "Scheduled",
        "CreationTime": accounts.MADE,
        "MonitoringScheduleConfig": {"ScheduleConfig": {"ScheduleExpression": "cron(0 * ? * * *)"}},
    }
    table.add("MonitoringSchedule", described | changes)


def test_a_schedule_reads_the_captures_of_its_endpoint() -> None:
    table = Table()
    accounts.endpoint(table, "ab", "a", "b")
    schedule(table, "quality", EndpointName="ab", MonitoringType="DataQuality", Tags=[{"Key": "k", "Value": "v"}])
    inputs = [{"EndpointInput": {"EndpointName": "ab", "LocalPath": "/x"}}]
    schedule(table, "own", MonitoringScheduleConfig={"MonitoringJobDefinition": {"MonitoringInputs": inputs}})
    graph = graph_of(table)
    both = {captures("ab", "variant-1"), captures("ab", "variant-2")}
    for name in ("quality", "own"):
        assert {edge.source for edge in graph.edges if edge.target == keys.schedule(name)} == both
    found = node(graph, keys.schedule("quality"))
    assert found.properties["ScheduleExpression"] == "cron(0 * ? * * *)"
    assert found.properties["MonitoringType"] == "DataQuality"
    flow = node(graph, Key(Entity.DATA_FLOW, "sagemaker", "monitoring:quality"))
    assert (flow.subtype, flow.tags) == (Subtype.SCHEDULE, ("k:v",))


def test_a_schedule_of_batch_transform_reads_where_it_captures() -> None:
    table = Table()
    batch = {"DataCapturedDestinationS3Uri": "s3://batch-bucket/captured", "LocalPath": "/x"}
    inputs = [{"BatchTransformInput": batch}, {"BatchTransformInput": {"DataCapturedDestinationS3Uri": "string"}}, {}]
    schedule(table, "s", MonitoringScheduleConfig={"MonitoringJobDefinition": {"MonitoringInputs": inputs}})
    source = Key(Entity.DATASET, S3, "batch-bucket/captured")
    assert graph_of(table).edges == (Edge(source, keys.schedule("s"), EdgeKind.READ_BY),)


def test_a_schedule_of_an_endpoint_that_is_gone_stays() -> None:
    table = Table()
    schedule(table, "s", EndpointName="gone")
    graph = graph_of(table)
    assert keys.schedule("s") in {each.key for each in graph.nodes}
    assert graph.edges == ()


def execution(table: Table, name: str, *jobs: dict[str, Any] | None) -> None:
    """Add an execution of `nightly`, newer than those before it, with a step `Train`, `Train2`, ... a job."""
    arn = f"{accounts.ACCOUNT}:pipeline/nightly/execution/{name}"
    table.add("PipelineExecution", {"PipelineExecutionArn": arn, "PipelineName": "nightly"})
    for number, metadata in enumerate(jobs, 1):
        step = "Train" if number == 1 else f"Train{number}"
        details = {} if metadata is None else {"Metadata": metadata}
        table.add("PipelineExecutionStep", {"PipelineExecutionArn": arn, "StepName": step, **details})


def started_by(table: Table) -> set[tuple[str, str]]:
    """Return the names of steps and of the jobs that they started."""
    arns = {f"{accounts.ACCOUNT}:training-job/t", f"{accounts.ACCOUNT}:processing-job/p"}
    edges = [edge for edge in graph_of(table).edges if edge.kind is EdgeKind.PRECEDES and edge.target.name in arns]
    return {(edge.source.name, edge.target.name.rpartition("/")[2]) for edge in edges}


def test_steps_are_joined_to_the_jobs_of_the_latest_execution() -> None:
    table = Table()
    pipeline(table, json.dumps({"Steps": [{"Name": "Train"}, {"Name": "Train2"}]}))
    accounts.training_job(table, "t")
    accounts.training_job(table, "old")
    accounts.processing_job(table, "p")
    execution(table, "first", {"TrainingJob": {"Arn": f"{accounts.ACCOUNT}:training-job/old"}})
    check = {"QualityCheck": {"CheckJobArn": f"{accounts.ACCOUNT}:processing-job/p"}}
    execution(table, "latest", {"TrainingJob": {"Arn": f"{accounts.ACCOUNT}:training-job/t"}}, check)
    assert started_by(table) == {("Train", "t"), ("Train2", "p")}


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        {},
        {"Condition": {"Outcome": "True"}},
        {"TrainingJob": {"Arn": f"{accounts.ACCOUNT}:training-job/deleted"}},
    ],
)
def test_a_step_without_a_known_job_has_no_edge(metadata: dict[str, Any] | None) -> None:
    table = Table()
    pipeline(table, json.dumps({"Steps": [{"Name": "Train"}]}))
    accounts.training_job(table, "t")
    execution(table, "latest", metadata)
    assert started_by(table) == set()


@pytest.mark.parametrize("operation", ["ListPipelineExecutions", "ListPipelineExecutionSteps"])
def test_denied_executions_are_a_failure_and_the_steps_stay(operation: str) -> None:
    table = Table()
    pipeline(table, json.dumps({"Steps": [{"Name": "Train"}]}))
    execution(table, "latest", {"TrainingJob": {"Arn": f"{accounts.ACCOUNT}:training-job/t"}})
    with serving(table) as server:
        server.fail(operation, "AccessDeniedException")
        reading = read_all(server)
    assert [(each.severity, each.place) for each in reading.problems] == [(Severity.FAILURE, "nightly")]
    assert keys.step("nightly", "Train") in {each.key for each in build(reading.estate, Options()).nodes}


def test_executions_take_two_calls_a_pipeline_and_none_without_jobs() -> None:
    table = Table()
    pipeline(table, json.dumps({"Steps": [{"Name": "Train"}]}))
    for number in range(20):
        execution(table, f"e{number}", {})
    with serving(table) as server:
        read_all(server)
        assert (server.counts["ListPipelineExecutions"], server.counts["ListPipelineExecutionSteps"]) == (1, 1)
        server.calls.clear()
        read_all(server, Options(extract_jobs=False))
        assert server.counts["ListPipelineExecutions"] == 0
