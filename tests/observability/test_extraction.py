"""The fields of the page, from the four samples of log lines, the sample event and the map of accounts."""

import pytest

from integrations.observability.extraction import LOG_KINDS, event_fields, log_fields
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
    assert "tolower" not in CLOUDWATCH.parse.lower()
    assert LOG_KINDS[0].prefix in CLOUDWATCH.parse


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
