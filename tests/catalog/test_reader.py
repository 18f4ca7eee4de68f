"""The reader against a loopback SageMaker: its values, its calls and its failures."""

from concurrent.futures import ThreadPoolExecutor
from threading import current_thread
from typing import Any

import pytest
from msgspec.structs import replace

from integrations.catalog.building import keys
from integrations.catalog.building.catalog import build
from integrations.catalog.nodes import Edge, EdgeKind, Severity
from integrations.catalog.options import Options, Pattern
from integrations.catalog.reading.calls import Calls
from integrations.catalog.reading.describing import Describing
from integrations.catalog.reading.operations import MODELS
from integrations.catalog.values import Document, JobKind
from tests.catalog import accounts
from tests.catalog.readings import ONLY_ORIGINAL, read_all
from tests.catalog.table import Table
from tests.catalog.table_server import serving


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


def test_groups_are_linked_by_the_data_of_models_and_never_by_images() -> None:
    table = accounts.deployed_by_lineage()
    group = table.add("ModelPackageGroup", {"ModelPackageGroupName": "g"})["ModelPackageGroupArn"]
    for name, source in (("g", group), ("other", "arn:of-no-listed-group")):
        context = {"ContextArn": f"context/{name}", "ContextType": "ModelGroup", "Source": {"SourceUri": source}}
        table.add("Context", context)
        for kind in ("Model", "Image"):
            link = {"SourceArn": f"package/{kind}", "SourceType": kind, "DestinationArn": f"context/{name}"}
            table.add("Association", link)
    for kind, artifact in (("Model", "artifact/data"), ("Image", "artifact/image"), ("Model", "artifact/unlisted")):
        table.add("Association", {"SourceArn": artifact, "SourceType": kind, "DestinationArn": "package/Model"})
    with serving(table) as server:
        estate = read_all(server, ONLY_ORIGINAL).estate
    assert [(each.group_arn, each.model_data_uri) for each in estate.grouped] == [(group, "s3://m/m.tgz")]
    members = [edge for edge in build(estate, ONLY_ORIGINAL).edges if edge.kind is EdgeKind.MEMBER_OF]
    assert members == [Edge(keys.model("m"), keys.group("g"), EdgeKind.MEMBER_OF)]


def test_tags_of_a_description_need_no_call_and_denied_ones_are_a_failure() -> None:
    table = Table()
    table.add("LabelingJob", {"LabelingJobName": "l", "Tags": [{"Key": "k", "Value": "v"}, {"Value": "no key"}]})
    accounts.processing_job(table, "p", Tags=[{"Key": "k", "Value": "v"}])
    with serving(table) as server:
        server.fail("ListTags", "AccessDeniedException")
        reading = read_all(server)
    assert reading.estate.tags == {f"{accounts.ACCOUNT}:labeling-job/l": {"k": "v"}}
    assert [each.title for each in reading.problems] == ["ListTags failed: AccessDeniedException"]


def test_jobs_say_what_they_read() -> None:
    table = Table()
    source = {"S3DataSource": {"S3Uri": "s3://data/x"}}
    manifest = {"DataSource": {"S3DataSource": {"ManifestS3Uri": "s3://data/m"}}}
    table.add("AutoMLJob", {"AutoMLJobName": "a", "AutoMLJobInputDataConfig": [{"DataSource": source}, {}]})
    table.add("CompilationJob", {"CompilationJobName": "c", "InputConfig": {"S3Uri": "s3://data/x"}})
    table.add("HyperParameterTuningJob", {"HyperParameterTuningJobName": "h"})
    table.add(
        "LabelingJob", {"LabelingJobName": "l", "InputConfig": manifest, "LabelCategoryConfigS3Uri": "s3://data/c"}
    )
    accounts.processing_job(table, "p", "s3://data/x", "s3://data/y")
    accounts.training_job(table, "t")
    table.add("TransformJob", {"TransformJobName": "f", "TransformInput": {"DataSource": source}})
    with serving(table) as server:
        jobs = read_all(server, ONLY_ORIGINAL).estate.jobs
    assert {each.name: each.inputs for each in jobs} == {
        "a": ("s3://data/x",),
        "c": ("s3://data/x",),
        "h": (),
        "l": ("s3://data/m", "s3://data/c"),
        "p": ("s3://data/x", "s3://data/y"),
        "t": ("s3://data/t",),
        "f": ("s3://data/x",),
    }


def test_answers_are_decoded_in_the_thread_of_the_caller() -> None:
    """Msgspec crashed in two threads that converted to one type for the first time."""
    table = Table()
    for number in range(20):
        accounts.model(table, f"m{number}")
    threads = []

    def decode(document: Document) -> str:
        threads.append(current_thread())
        return str(document["ModelName"])

    with serving(table) as server, ThreadPoolExecutor(4) as pool:
        found = Describing(Calls(server.client()), pool).read(MODELS, None, decode)
    assert len(found) == 20
    assert set(threads) == {current_thread()}
