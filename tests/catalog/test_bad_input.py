"""Entities that cannot be read are reported, with the next step, and the rest comes."""

import os
import signal
from typing import Any

import boto3
import pytest
from msgspec.structs import replace

from integrations.catalog.nodes import Severity
from integrations.catalog.options import Options
from integrations.catalog.reader import read
from integrations.catalog.reading.operations import MAY_LACK_A_LIST, listings
from integrations.catalog.values import JobKind
from tests.catalog import accounts
from tests.catalog.readings import ONLY_ORIGINAL, no_retries, read_all
from tests.catalog.table import MODEL, Document, Refused, Table
from tests.catalog.table_server import answering, serving


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
        client = server.client(config=no_retries())
    reading = read(client, Options(), sleep=lambda _: None)
    assert [each.severity for each in reading.problems] == [Severity.FAILURE]
    assert url in reading.problems[0].detail
    assert "correct the credentials, region, endpoint or proxy" in reading.problems[0].advice
    assert reading.ended


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>"])
def test_a_host_that_is_none_of_aws_is_one_failure(answer: bytes) -> None:
    """It closes the connection, or it answers a page, as a proxy does."""
    with answering(answer) as url:
        client = boto3.client("sagemaker", endpoint_url=url, region_name="eu-west-1", config=no_retries())
        reading = read(client, Options(max_workers=1), sleep=lambda _: None)
    assert [each.severity for each in reading.problems] == [Severity.FAILURE]
    assert "correct the credentials, region, endpoint or proxy" in reading.problems[0].advice
    assert reading.ended


def test_a_listing_without_a_list_is_a_failure_so_that_no_entity_is_removed() -> None:
    table = Table()
    accounts.model(table, "m")
    table.answers["ListEndpoints"] = lambda _: {}
    with serving(table) as server:
        reading = read_all(server, ONLY_ORIGINAL)
    assert [(each.severity, each.place, each.detail) for each in reading.problems] == [
        (Severity.FAILURE, "ListEndpoints", "it has no Endpoints")
    ]
    assert [each.model_name for each in reading.estate.models] == ["m"]


def test_lists_that_answers_may_lack_are_those_that_aws_does_not_require() -> None:
    listed = {each.list: each.items for each, _ in listings(Options())}
    for operation, items in listed.items():
        shape: Any = MODEL.operation_model(operation).output_shape
        assert (operation in MAY_LACK_A_LIST) == (items not in shape.required_members)


def test_an_answer_that_breaks_off_after_others_is_of_one_entity() -> None:
    table = Table()
    accounts.model(table, "m")
    table.answers["DescribeModel"] = lambda _: {"CreationTime": "yesterday"}
    with serving(table) as server:
        reading = read_all(server, ONLY_ORIGINAL)
    assert [each.title for each in reading.problems] == ["Malformed answer"]
    assert not reading.ended


def test_the_reason_of_aws_does_not_split_the_problems_of_a_call() -> None:
    """The reason names the entity, and a report groups problems by title and advice."""
    table = Table()
    for number in range(30):
        accounts.model(table, f"m{number}")
    with serving(table) as server:
        for number in range(30):
            message = f"not authorized on resource: arn:aws:sagemaker:eu-west-1:1:model/m{number}"
            server.fail("DescribeModel", "AccessDeniedException", message=message, ModelName=f"m{number}")
        problems = read_all(server, ONLY_ORIGINAL).problems
    assert len({(each.title, each.advice) for each in problems}) == 1
    assert {each.place for each in problems} == {f"m{number}" for number in range(30)}
    assert all(each.detail.endswith(f"model/{each.place}") for each in problems)


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
    table = accounts.deployed_by_lineage()
    with serving(table) as server:
        server.fail("DescribeEndpointConfig", code, message="Could not find it", EndpointConfigName="e-config")
        reading = read_all(server)
    assert [(each.endpoint_arn, each.model_data_uri) for each in reading.estate.deployed] == [
        (f"{accounts.ACCOUNT}:endpoint/e", "s3://m/m.tgz")
    ]
    assert [(each.severity, each.place) for each in reading.problems] == [(Severity.WARNING, "e-config")]


def test_a_listing_that_cannot_be_read_is_a_failure_and_the_rest_comes() -> None:
    table = Table()
    accounts.model(table, "m")
    table.answers["ListEndpoints"] = lambda _: {"Endpoints": ["text"]}
    with serving(table) as server:
        reading = read_all(server, ONLY_ORIGINAL)
    assert [(each.title, each.place) for each in reading.problems] == [("Malformed answer", "ListEndpoints")]
    assert [each.model_name for each in reading.estate.models] == ["m"]


def test_an_item_without_a_name_is_a_failure_and_the_rest_comes() -> None:
    table = Table()
    accounts.model(table, "m")
    table.answers["ListModels"] = lambda _: {"Models": [{"ModelArn": "arn:x"}, {"ModelName": "m", "ModelArn": "arn:m"}]}
    with serving(table) as server:
        reading = read_all(server, ONLY_ORIGINAL)
    assert [(each.title, each.place) for each in reading.problems] == [("Malformed answer", "ListModels")]
    assert [each.model_name for each in reading.estate.models] == ["m"]


def test_a_job_without_a_name_or_a_feature_group_without_a_list_is_a_failure() -> None:
    table = Table()
    accounts.training_job(table, "t")
    table.add("FeatureGroup", {"FeatureGroupName": "g"})
    table.answers["DescribeTrainingJob"] = lambda _: {"TrainingJobStatus": "Completed"}
    table.answers["DescribeFeatureGroup"] = lambda _: {"FeatureGroupName": "g", "FeatureDefinitions": "none"}
    with serving(table) as server:
        reading = read_all(server, ONLY_ORIGINAL)
    assert sorted((each.title, each.place) for each in reading.problems) == [
        ("Malformed answer", "g"),
        ("Malformed answer", "t"),
    ]


def test_throttling_is_waited_out() -> None:
    table = Table()
    accounts.model(table, "m")
    waits: list[float] = []
    with serving(table) as server:
        server.fail("DescribeModel", "ThrottlingException", times=7)
        client = server.client(config=no_retries())
        reading = read(client, ONLY_ORIGINAL, sleep=waits.append)
    assert reading.problems == ()
    assert waits == [1, 2, 4, 8, 16, 30, 30]


def test_throttling_without_end_is_a_failure() -> None:
    table = Table()
    accounts.model(table, "m")
    with serving(table) as server:
        server.fail("DescribeModel", "ThrottlingException")
        reading = read(server.client(config=no_retries()), ONLY_ORIGINAL, sleep=lambda _: None)
    assert [each.title for each in reading.problems] == ["DescribeModel failed: ThrottlingException"]
    assert "max_workers" in reading.problems[0].advice


@pytest.mark.timeout(60)
def test_an_interruption_ends_the_waiting_for_throttling() -> None:
    table = Table()
    for number in range(8):
        accounts.model(table, f"m{number}")
    with serving(table) as server:

        def throttled(_: Document) -> Document:
            if server.counts["DescribeModel"] == 1:
                os.kill(os.getpid(), signal.SIGINT)
            raise Refused("ThrottlingException", "slow down")

        table.answers["DescribeModel"] = throttled
        with pytest.raises(KeyboardInterrupt):
            read(server.client(config=no_retries()), replace(ONLY_ORIGINAL, max_workers=1))
