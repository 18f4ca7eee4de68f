"""The fields of the page, from the four samples of log lines, the sample event and the map of accounts."""

import re

import pytest

from integrations.observability.extraction import event_fields, log_fields, metric_fields
from integrations.observability.fields import FIELDS
from integrations.observability.metric_names import ALLOWED
from integrations.observability.rules import CLOUDTRAIL, CLOUDWATCH, RULES, account_rule, rules
from tests.observability.events import ACCOUNT, api_call, sample

# The list of the page's section on the installation, in its order, with `modelId` of the step on the field schema.
OF_THE_PAGE = [
    "account",
    "region",
    "accountid",
    "namespace",
    "endpointname",
    "transform_job",
    "instance_id",
    "training_job",
    "algo_name",
    "Processing_job",
    "pipelinename",
    "stepname",
    "OperationName",
    "featuregroupname",
    "modelId",
]
PLACE = {"account": "dev", "accountid": ACCOUNT, "region": "us-east-1", "namespace": "aws/sagemaker"}
LINES = {
    "endpoint": {
        "endpointname": "prophet-energy-forecast-v1",
        "modelId": "prophet-energy-forecast-v1",
        "variant": "AllTraffic",
        "instance_id": "i-0207927cfb9d6b24f",
    },
    "processing": {"Processing_job": "data-processing-gpu-2025-12-18-18-41-24-007", "algo_name": "algo-1"},
    "training": {"training_job": "pipelines-j8zf1khfah4m-ChurnModelTraining-fzH3ZV39u6", "algo_name": "algo-1"},
    "transform": {"transform_job": "cpu-metrics-20251219-001300", "instance_id": "i-09b3ca1de4dd5d2ff"},
}


def test_all_fields_of_the_page_are_there() -> None:
    """`variant` is ours: without it a line does not join with the metrics of its variant."""
    assert [each.name for each in FIELDS if each.name != "variant"] == OF_THE_PAGE
    assert [each.id for each in FIELDS] == [f"F.{each.name}" for each in FIELDS]


def test_every_dimension_is_one_of_a_metric() -> None:
    """In CloudWatch's spelling, or fields of metrics would be blank."""
    published = {name for metric in ALLOWED.values() for names in metric.dimensions for name in names}
    assert {each.dimension for each in FIELDS} - {""} <= published


@pytest.mark.parametrize("name", LINES)
def test_a_sample_has_the_fields_of_the_page(name: str) -> None:
    """From group and stream; the message has none of them."""
    shown = sample(name)
    found = log_fields(
        shown["logGroup"], shown["logStream"], accountid=ACCOUNT, region="us-east-1", accounts={ACCOUNT: "dev"}
    )
    assert found == PLACE | LINES[name]


def test_a_stream_with_a_container_has_the_same_fields() -> None:
    """Endpoints with several containers add theirs; the name keeps its case, as metrics do."""
    found = log_fields("/aws/sagemaker/Endpoints/Churn", "Blue/i-0a/web", accountid=ACCOUNT, region="eu-west-1")
    assert found == {
        "account": ACCOUNT,
        "accountid": ACCOUNT,
        "region": "eu-west-1",
        "namespace": "aws/sagemaker",
        "endpointname": "Churn",
        "modelId": "Churn",
        "variant": "Blue",
        "instance_id": "i-0a",
    }


@pytest.mark.parametrize("group", ["/aws/lambda/x", "/aws/sagemaker/NotebookInstances", "/aws/sagemaker/endpoints/x"])
def test_another_group_has_no_fields(group: str) -> None:
    """CloudWatch is case-sensitive."""
    assert log_fields(group, "a/b", accountid=ACCOUNT, region="eu-west-1") == {}


@pytest.mark.parametrize(
    ("namespace", "dimensions", "fields"),
    [
        (
            "AWS/SageMaker",
            {"EndpointName": "Churn", "VariantName": "Blue"},
            {"endpointname": "Churn", "modelId": "Churn", "variant": "Blue"},
        ),
        (
            "/aws/sagemaker/TrainingJobs",
            {"Host": "fraud-2026/algo-2"},
            {"training_job": "fraud-2026", "algo_name": "algo-2"},
        ),
        (
            "/aws/sagemaker/TransformJobs",
            {"Host": "scores/i-09b3ca1de4dd5d2ff"},
            {"transform_job": "scores", "instance_id": "i-09b3ca1de4dd5d2ff"},
        ),
        (
            "AWS/SageMaker",
            {"FeatureGroupName": "customers", "OperationName": "PutRecord"},
            {"featuregroupname": "customers", "OperationName": "PutRecord"},
        ),
        (
            "AWS/Sagemaker/ModelBuildingPipeline",
            {"PipelineName": "nightly", "StepName": "train"},
            {"pipelinename": "nightly", "stepname": "train"},
        ),
        ("AWS/Other", {"Host": "a/algo-1"}, {}),
    ],
)
def test_a_series_has_the_fields_of_the_page(
    namespace: str, dimensions: dict[str, str], fields: dict[str, str]
) -> None:
    """They are its dimensions; the host of a job holds two of them."""
    assert metric_fields(namespace, dimensions) == {"namespace": namespace} | fields


def test_the_sample_event_has_its_place() -> None:
    """ListTags is about a notebook, so the event names no endpoint."""
    found = event_fields(sample("list-tags"), {ACCOUNT: "dev"})
    assert found == PLACE | {"OperationName": "ListTags"}


def test_an_event_names_its_endpoint() -> None:
    """CloudTrail writes `endpointName`; an account without a name keeps its id."""
    found = event_fields(api_call("CreateEndpoint"))
    assert found == PLACE | {
        "account": ACCOUNT,
        "OperationName": "CreateEndpoint",
        "endpointname": "churn",
        "modelId": "churn",
    }


def test_an_event_without_parameters_has_its_place_only() -> None:
    """CloudTrail writes null for none."""
    found = event_fields(api_call("ListEndpoints", requestParameters=None))
    assert set(found) == {*PLACE, "OperationName"}


def test_rules_set_known_fields_from_known_paths() -> None:
    """A field that the schema lacks is dropped by Sumo Logic without a word."""
    names = {each.name for each in FIELDS}
    for rule in rules({ACCOUNT: "dev"}):
        assert set(rule.fields) <= names
        assert rule.parse.endswith(f"| fields {', '.join(rule.fields)}")
    assert '"requestParameters.endpointName"' in CLOUDTRAIL.parse


@pytest.mark.parametrize("name", LINES)
def test_the_rule_of_lines_sets_the_same_fields(name: str) -> None:
    """Its steps, carried out as Sumo Logic does; fields of other kinds stay blank."""
    shown = sample(name)
    found = steps_done(CLOUDWATCH.parse, {"_sourceHost": shown["logGroup"], "_sourceName": shown["logStream"]})
    assert tuple(found) == CLOUDWATCH.fields
    assert {field: value for field, value in found.items() if value} == {"namespace": "aws/sagemaker"} | LINES[name]


def steps_done(expression: str, line: dict[str, str]) -> dict[str, str]:
    """Return the fields that the steps of a rule keep: constants, `parse regex`, `if` and `fields`."""
    found = dict(line)
    for step in expression.split("\n| "):
        if constant := re.fullmatch(r'"([^"]*)" as (\w+)', step):
            found[constant[2]] = constant[1]
        elif parsed := re.fullmatch(r'parse regex field=(\w+) "([^"]+)" nodrop', step):
            match = re.search(parsed[2].replace("(?<", "(?P<"), found[parsed[1]])
            found |= match.groupdict() if match else {}
        elif chosen := re.fullmatch(r'if \(_sourceHost matches "([^"]+)\*", (\w+), (\w+)\) as (\w+)', step):
            source = chosen[2] if found["_sourceHost"].startswith(chosen[1]) else chosen[3]
            found[chosen[4]] = found.get(source, "")
        else:
            names = re.fullmatch("fields (.+)", step)
            assert names, step
            return {name: found[name] for name in names[1].split(", ")}
    raise AssertionError("a rule ends with its fields")


def test_the_rule_of_accounts_is_made_of_the_map() -> None:
    """In the form of the page; without a map there is no rule."""
    rule = account_rule({"956882123456": "dev", "567680881046": "prod"})
    assert rule.parse.splitlines()[1:] == [
        '| "" as account',
        '| if (recipientAccountId = "567680881046", "prod", account) as account',
        '| if (recipientAccountId = "956882123456", "dev", account) as account',
        "| fields account",
    ]
    assert rules({}) == RULES
