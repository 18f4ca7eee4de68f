"""The reader against a loopback SageMaker: what it reads, what it calls, and how it fails."""

from typing import Any

import pytest
from botocore.config import Config
from msgspec.structs import replace

from integrations.catalog.nodes import Severity
from integrations.catalog.options import Options, Pattern
from integrations.catalog.reader import Reading, read
from integrations.catalog.values import JobKind
from tests.catalog import accounts
from tests.catalog.table import Table
from tests.catalog.table_server import TableServer, serving

ONLY_ORIGINAL = Options(
    extract_endpoints=False,
    extract_captures=False,
    extract_registry=False,
    extract_pipelines=False,
    extract_monitoring_schedules=False,
    extract_tags=False,
)


def read_all(server: TableServer, options: Options = Options()) -> Reading:  # noqa: B008 - a frozen value
    return read(server.client(), options, sleep=lambda _: None)


def test_cost_of_an_account() -> None:
    with serving(accounts.of_cost()) as server:
        reading = read_all(server, ONLY_ORIGINAL)
    assert (len(reading.estate.jobs), len(reading.estate.endpoints), len(reading.estate.models)) == (100, 10, 10)
    assert reading.problems == ()
    assert server.lists <= 14
    assert len(server.calls) <= 145
    assert server.counts["DescribeTrainingJob"] == 100
    assert server.counts["DescribeEndpoint"] == server.counts["DescribeEndpointConfig"] == 10


def test_endpoints_that_share_a_configuration_read_it_once() -> None:
    table = Table()
    accounts.endpoint(table, "a", "m")
    accounts.endpoint(table, "b", "m", EndpointConfigName="a-config")
    with serving(table) as server:
        read_all(server)
    assert server.counts["DescribeEndpointConfig"] == 1


def test_pages_of_a_feature_group_are_joined() -> None:
    table = Table()
    names = [f"f{number}" for number in range(60)]
    features = [{"FeatureName": name, "FeatureType": "String"} for name in names]
    table.add("FeatureGroup", {"FeatureGroupName": "g", "FeatureDefinitions": features})
    table.feature_page_size = 3
    with serving(table) as server:
        estate = read_all(server, ONLY_ORIGINAL).estate
    document = estate.documents[estate.feature_groups[0].feature_group_arn]
    assert [each["FeatureName"] for each in document["FeatureDefinitions"]] == names
    assert server.counts["DescribeFeatureGroup"] == 20


def test_a_repeated_page_token_is_a_failure_and_ends() -> None:
    table = Table()
    table.answers["ListModels"] = lambda _: {"Models": [], "NextToken": "same"}
    with serving(table) as server:
        problems = read_all(server, ONLY_ORIGINAL).problems
    assert [(each.title, each.severity) for each in problems] == [("ListModels repeats a page", Severity.FAILURE)]
    assert server.counts["ListModels"] == 2


def test_a_hundred_tags_a_call_where_search_gives_them() -> None:
    table = accounts.of_cost()
    table.entities["Endpoint"]["endpoint-3"]["Tags"] = [{"Key": "team", "Value": "risk"}]
    table.entities["Model"]["model-3"]["Tags"] = [{"Key": "team", "Value": "risk"}]
    accounts.processing_job(table, "p", Tags=[{"Key": "tool", "Value": ""}])
    with serving(table) as server:
        tags = read_all(server).estate.tags
    arn = accounts.ACCOUNT
    assert tags == {
        f"{arn}:endpoint/endpoint-3": {"team": "risk"},
        f"{arn}:model/model-3": {"team": "risk"},
        f"{arn}:processing-job/p": {"tool": ""},
    }
    assert (server.counts["Search"], server.counts["ListTags"]) == (3, 1)


@pytest.mark.parametrize(
    ("operation", "title"),
    [
        ("ListTrainingJobs", "ListTrainingJobs failed: AccessDeniedException"),
        ("DescribeTrainingJob", "DescribeTrainingJob failed: AccessDeniedException"),
        ("Search", "Search failed: AccessDeniedException"),
    ],
)
def test_a_denied_call_is_a_failure_and_the_rest_comes(operation: str, title: str) -> None:
    table = Table()
    accounts.training_job(table, "t")
    accounts.model(table, "m")
    accounts.processing_job(table, "p")
    with serving(table) as server:
        server.fail(operation, "AccessDeniedException")
        reading = read_all(server)
    assert title in {each.title for each in reading.problems}
    assert {each.severity for each in reading.problems} == {Severity.FAILURE}
    assert f"sagemaker:{operation}" in reading.problems[0].advice
    assert [each.model_name for each in reading.estate.models] == ["m"]
    assert JobKind.PROCESSING in {each.kind for each in reading.estate.jobs}


def test_a_listing_that_fails_at_a_later_page_keeps_the_earlier_ones() -> None:
    table = Table()
    for number in range(150):
        accounts.model(table, f"m{number}")
    with serving(table) as server:
        server.fail("ListModels", "InternalFailure", NextToken="100")
        reading = read(server.client(), ONLY_ORIGINAL, sleep=lambda _: None)
    assert len(reading.estate.models) == 100
    assert [each.severity for each in reading.problems] == [Severity.FAILURE]


def test_an_entity_that_was_deleted_meanwhile_is_a_failure_of_its_own() -> None:
    table = Table()
    accounts.model(table, "stays")
    accounts.model(table, "goes")
    with serving(table) as server:
        server.fail("DescribeModel", "ValidationException", message='Could not find model "goes".', ModelName="goes")
        reading = read_all(server)
    assert [each.model_name for each in reading.estate.models] == ["stays"]
    assert [(each.place, each.severity) for each in reading.problems] == [("goes", Severity.FAILURE)]
    assert "deleted" in reading.problems[0].advice


def test_throttling_is_waited_out() -> None:
    table = Table()
    accounts.model(table, "m")
    waits: list[float] = []
    with serving(table) as server:
        server.fail("DescribeModel", "ThrottlingException", times=7)
        client = server.client(config=_no_retries())
        reading = read(client, ONLY_ORIGINAL, sleep=waits.append)
    assert reading.problems == ()
    assert waits == [1, 2, 4, 8, 16, 30, 30]


def test_throttling_without_end_is_a_failure() -> None:
    table = Table()
    accounts.model(table, "m")
    with serving(table) as server:
        server.fail("DescribeModel", "ThrottlingException")
        reading = read(server.client(config=_no_retries()), ONLY_ORIGINAL, sleep=lambda _: None)
    assert [each.title for each in reading.problems] == ["DescribeModel failed: ThrottlingException"]
    assert "max_workers" in reading.problems[0].advice


def _no_retries() -> object:
    return Config(retries={"total_max_attempts": 1, "mode": "standard"})


@pytest.mark.parametrize("code", ["ExpiredTokenException", "UnrecognizedClientException"])
def test_refused_credentials_are_one_failure_and_end_the_run(code: str) -> None:
    with serving(accounts.of_cost()) as server:
        server.fail("DescribeTrainingJob", code)
        reading = read_all(server, Options(max_workers=1))
    assert [each.title for each in reading.problems] == [f"DescribeTrainingJob failed: {code}"]
    assert server.counts["DescribeTrainingJob"] == 1
    assert server.counts["ListEndpoints"] == 0


def test_no_connection_is_one_failure() -> None:
    with serving(Table()) as server:
        url = server.url
        client = server.client(config=_no_retries())
    reading = read(client, Options(), sleep=lambda _: None)
    assert [each.severity for each in reading.problems] == [Severity.FAILURE]
    assert url in reading.problems[0].advice


@pytest.mark.parametrize(
    "wrong",
    [
        {"DataCaptureConfig": {"EnableCapture": "perhaps"}},
        {"ProductionVariants": [{"CurrentWeight": 1.0}]},
        {"ProductionVariants": "AllTraffic"},
        {"DataCaptureConfig": "on"},
        {"CreationTime": "yesterday"},
        {"EndpointName": 3},
    ],
)
def test_a_malformed_entity_is_a_failure_and_the_rest_comes(wrong: dict[str, Any]) -> None:
    table = Table()
    accounts.endpoint(table, "good", "m")
    accounts.endpoint(table, "bad", "m")
    described = {name: dict(each) for name, each in table.entities["Endpoint"].items()}
    described["bad"] |= wrong
    table.answers["DescribeEndpoint"] = lambda parameters: described[parameters["EndpointName"]]
    with serving(table) as server:
        reading = read_all(server, ONLY_ORIGINAL)
    assert [each.endpoint_name for each in reading.estate.endpoints] == ["good"]
    assert [(each.title, each.place) for each in reading.problems] == [("Malformed answer", "bad")]


def test_unknown_fields_and_statuses_are_kept_as_they_are() -> None:
    table = Table()
    accounts.endpoint(table, "e", "m", EndpointStatus="Dreaming")
    with serving(table) as server:
        reading = read_all(server)
    assert reading.estate.endpoints[0].endpoint_status == "Dreaming"
    assert reading.problems == ()


@pytest.mark.parametrize("code", ["AccessDeniedException", "ValidationException"])
def test_a_configuration_that_cannot_be_read_is_a_warning_and_the_lineage_is_asked(code: str) -> None:
    table = deployed_by_lineage()
    with serving(table) as server:
        server.fail("DescribeEndpointConfig", code, message="Could not find it", EndpointConfigName="e-config")
        reading = read_all(server)
    assert [(each.endpoint_arn, each.model_data_uri) for each in reading.estate.deployed] == [
        (f"{accounts.ACCOUNT}:endpoint/e", "s3://m/m.tgz")
    ]
    assert [(each.severity, each.place) for each in reading.problems] == [(Severity.WARNING, "e-config")]


def deployed_by_lineage() -> Table:
    """Return an account whose lineage says that the endpoint `e` serves the data of the model `m`, by an image too."""
    table = Table()
    accounts.model(table, "m")
    accounts.model(table, "other")
    accounts.endpoint(table, "e", "m")
    accounts.endpoint(table, "f", "other")
    source = {"ArtifactType": "Model", "Source": {"SourceUri": "s3://m/m.tgz"}}
    image = {"ArtifactType": "Image", "Source": {"SourceUri": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shared:1"}}
    table.add("Artifact", {"ArtifactArn": "artifact/data", **source})
    table.add("Artifact", {"ArtifactArn": "artifact/image", **image})
    arn = f"{accounts.ACCOUNT}:endpoint/e"
    table.add("Context", {"ContextArn": "context/e", "ContextType": "Endpoint", "Source": {"SourceUri": arn}})
    table.add("Action", {"ActionArn": "action/e", "ActionType": "ModelDeployment"})
    for kind, artifact in (("Model", "artifact/data"), ("Image", "artifact/image")):
        link = {"SourceArn": artifact, "SourceType": kind, "DestinationArn": "action/e"}
        table.add("Association", link)
    table.add("Association", {"SourceArn": "action/e", "DestinationArn": "context/e", "DestinationType": "Endpoint"})
    table.add("Association", {"SourceArn": "action/e", "DestinationArn": "context/unlisted"})
    return table


def test_patterns_leave_entities_out_before_they_are_described() -> None:
    table = Table()
    for name in ("churn", "churn-test", "fraud"):
        accounts.model(table, name)
        accounts.endpoint(table, name, name)
        accounts.training_job(table, name)
        table.add("FeatureGroup", {"FeatureGroupName": name})
        table.add("ModelPackageGroup", {"ModelPackageGroupName": name})
        accounts.package(table, name, 1)
    pattern = Pattern(allow=("CHURN",), deny=(".*-test",))
    names = ("endpoint_pattern", "model_pattern", "job_pattern", "feature_group_pattern")
    with serving(table) as server:
        reading = read_all(server, replace(Options(), **dict.fromkeys(names, pattern)))
    estate = reading.estate
    assert [each.endpoint_name for each in estate.endpoints] == ["churn"]
    assert [each.model_name for each in estate.models] == ["churn"]
    assert [each.model_package_group_name for each in estate.packages] == ["churn"]
    assert [each.name for each in estate.jobs] == ["churn"]
    assert server.counts["DescribeFeatureGroup"] == server.counts["DescribeModelPackageGroup"] == 1
    assert "fraud" in reading.filtered


@pytest.mark.parametrize(
    ("chosen", "kinds"),
    [
        (True, set(JobKind)),
        (None, set(JobKind)),
        (False, set()),
        ({JobKind.TRAINING: False}, set(JobKind) - {JobKind.TRAINING}),
        ({JobKind.TRAINING: True}, set(JobKind)),
    ],
)
def test_the_types_of_jobs(*, chosen: bool | dict[JobKind, bool] | None, kinds: set[JobKind]) -> None:
    assert set(Options(extract_jobs=chosen).jobs) == kinds


def test_an_entity_that_two_pages_list_is_described_once() -> None:
    table = Table()
    accounts.model(table, "m")
    summary = {"ModelName": "m", "ModelArn": "arn:m"}
    pages: list[dict[str, Any]] = [{"Models": [summary], "NextToken": "2"}, {"Models": [summary]}]
    table.answers["ListModels"] = lambda parameters: pages["NextToken" in parameters]
    with serving(table) as server:
        assert len(read_all(server).estate.models) == 1
    assert server.counts["DescribeModel"] == 1


def test_a_listing_that_cannot_be_read_is_a_failure_and_the_rest_comes() -> None:
    table = Table()
    accounts.model(table, "m")
    table.answers["ListEndpoints"] = lambda _: {"Endpoints": ["text"]}
    with serving(table) as server:
        reading = read_all(server, ONLY_ORIGINAL)
    assert [(each.title, each.place) for each in reading.problems] == [("Malformed answer", "ListEndpoints")]
    assert [each.model_name for each in reading.estate.models] == ["m"]
