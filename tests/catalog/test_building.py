"""From an account on a loopback SageMaker to nodes and edges."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from integrations.catalog.building import keys
from integrations.catalog.nodes import S3, Edge, EdgeKind, Entity, Key, Node, Subtype
from integrations.catalog.options import Options, S3Names
from integrations.catalog.values import Job, JobKind
from tests.catalog import accounts
from tests.catalog.graphs import captures, graph_of, node, reached, route
from tests.catalog.table import Table


def test_from_a_model_to_the_monitored_model() -> None:
    table = Table()
    accounts.model(table, "m")
    accounts.endpoint(table, "churn", "m")
    attribute = '[[route.attribute]]\nname = "age"\nstage = "PIPELINE_INPUT"\nvalue_type = "FLOAT"\nposition = 0\n'
    graph = graph_of(table, route("churn", "captures/churn/", "model-1", attribute))
    data, job = captures("churn", "AllTraffic"), keys.forwarding_job("capture-forwarder", "churn")
    monitored = Key(Entity.DATASET, "arthur", "arthur-eu/model-1")
    variant = Key(Entity.DATA_JOB, "sagemaker", "AllTraffic", "endpoint:churn")
    assert set(graph.edges) == {
        Edge(keys.model("m"), keys.endpoint("churn"), EdgeKind.DEPLOYED_ON),
        Edge(keys.model("m"), variant, EdgeKind.SERVED_BY),
        Edge(variant, data, EdgeKind.WRITES),
        Edge(data, job, EdgeKind.READ_BY),
        Edge(job, monitored, EdgeKind.WRITES),
    }
    assert [each.name for each in node(graph, monitored).attributes] == ["age"]
    assert node(graph, data).properties == {
        "EndpointName": "churn",
        "VariantName": "AllTraffic",
        "S3Uri": "s3://captures-bucket/captures/churn/AllTraffic",
        "CaptureStatus": "Started",
        "SamplingPercentage": "50",
        "CaptureModes": "Input, Output",
        "CsvContentTypes": "text/csv",
        "JsonContentTypes": "application/json",
        "KmsKeyId": "key-1",
    }
    subtypes = {each.subtype for each in graph.nodes if not each.extends}
    assert {Subtype.ENDPOINT, Subtype.FORWARDER, Subtype.MONITORED_MODEL} <= subtypes
    assert node(graph, variant.flow_key).url.endswith("region=eu-west-1#/endpoints/churn")


def test_a_model_does_not_lead_to_the_captures_of_another_variant() -> None:
    table = Table()
    for name in ("a", "b"):
        accounts.model(table, name)
    accounts.endpoint(table, "ab", "a", "b")
    graph = graph_of(table, route("ab", "captures/ab/", "m"))
    assert captures("ab", "variant-1") in reached(graph, keys.model("a"))
    assert captures("ab", "variant-2") not in reached(graph, keys.model("a"))


def test_shadow_variants_have_captures_that_no_route_takes() -> None:
    table = Table()
    for name in ("a", "b"):
        accounts.model(table, name)
    accounts.endpoint(table, "e", "a", shadows=("b",))
    graph = graph_of(table, route("e", "captures/", "m"))
    shadow = captures("e", "b-shadow")
    assert node(graph, keys.variant("e", "b-shadow")).subtype is Subtype.SHADOW_VARIANT
    assert Edge(keys.variant("e", "b-shadow"), shadow, EdgeKind.WRITES) in graph.edges
    assert not any(edge.source == shadow for edge in graph.edges)


def test_the_longest_prefix_decides_as_the_function_does() -> None:
    table = Table()
    for name in ("churn", "fraud"):
        accounts.endpoint(table, name, "m")
    routes = [
        route("all", "captures/", "m0"),
        route("churn", "captures/churn/", "m1"),
        route("part", "captures/churn/AllTraffic/2026/", "m2"),
        route("else", "captures/nothing/", "m3"),
        route("gz", "captures/fraud/", "m4", 'suffix = ".gz"'),
    ]
    graph = graph_of(table, *routes)
    read_by = {
        name: {edge.source for edge in graph.edges if edge.target == keys.forwarding_job("capture-forwarder", name)}
        for name in ("all", "churn", "part", "else", "gz")
    }
    assert read_by == {
        "all": {captures("fraud", "AllTraffic")},
        "churn": {captures("churn", "AllTraffic")},
        "part": {captures("churn", "AllTraffic")},
        "else": {captures("nothing")},
        "gz": {captures("fraud", "AllTraffic")},
    }


def test_without_a_forwarder_there_are_no_forwarding_jobs() -> None:
    table = Table()
    accounts.endpoint(table, "e", "m")
    assert {each.key.platform for each in graph_of(table).nodes} == {"sagemaker", S3}


def test_an_endpoint_without_capture_has_no_captures() -> None:
    table = Table()
    accounts.endpoint(table, "e", "m", capture=None)
    accounts.endpoint(table, "off", "m", DataCaptureConfig={"EnableCapture": False, "DestinationS3Uri": "s3://bbb/c"})
    table.entities["EndpointConfig"]["off-config"]["DataCaptureConfig"]["EnableCapture"] = False
    assert not [each for each in graph_of(table).nodes if each.subtype is Subtype.CAPTURE]


@pytest.mark.parametrize("uri", ["string", "s3://", "s3://UPPER/x", "https://captures-bucket/x", "s3://b/x"])
def test_a_malformed_destination_is_reported_and_the_endpoint_stays(uri: str) -> None:
    table = Table()
    accounts.model(table, "m")
    accounts.endpoint(table, "e", "m", capture=uri)
    graph = graph_of(table)
    assert [(each.place, uri in each.detail) for each in graph.problems] == [("e", True)]
    assert Edge(keys.model("m"), keys.variant("e", "AllTraffic"), EdgeKind.SERVED_BY) in graph.edges
    assert not [each for each in graph.nodes if each.subtype is Subtype.CAPTURE]


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("s3://captures-bucket", "captures-bucket/e/AllTraffic"),
        ("s3://captures-bucket/", "captures-bucket/e/AllTraffic"),
        ("s3://captures-bucket/a.b/c.d/", "captures-bucket/a.b/c.d/e/AllTraffic"),
    ],
)
def test_captures_are_named_as_written(uri: str, name: str) -> None:
    table = Table()
    accounts.endpoint(table, "e", "m", capture=uri)
    assert Key(Entity.DATASET, S3, name) in {each.key for each in graph_of(table).nodes}
    assert keys.s3_data_set(f"s3://{name}", S3Names.AS_BEFORE).name == name


@pytest.mark.parametrize(
    ("uri", "is_read"),
    [
        ("s3://captures-bucket/captures/churn/AllTraffic/2026/01/02/03", True),
        ("s3://captures-bucket/captures/churn/AllTraffic/", True),
        ("s3://captures-bucket/captures/churn", True),
        ("s3://captures-bucket", True),
        ("s3://captures-bucket/captures/chu", False),
        ("s3://captures-bucket/captures/churn/AllTraffic-2/", False),
        ("s3://other-bucket/captures/churn/AllTraffic", False),
        ("string", False),
    ],
)
def test_a_job_that_reads_above_or_below_the_captures(uri: str, is_read: bool) -> None:  # noqa: FBT001 - a case
    table = Table()
    accounts.endpoint(table, "churn", "m")
    accounts.processing_job(table, "monitor", uri)
    arn = f"{accounts.ACCOUNT}:processing-job/monitor"
    job = keys.job(Job(kind=JobKind.PROCESSING, name="monitor", arn=arn))
    edge = Edge(captures("churn", "AllTraffic"), job, EdgeKind.READ_BY)
    assert (edge in graph_of(table).edges) is is_read


def component(table: Table, name: str, **specification: str) -> None:
    """Add an inference component of the endpoint `e`."""
    described = {"InferenceComponentName": name, "EndpointName": "e", "VariantName": "AllTraffic"}
    table.add("InferenceComponent", described | {"Specification": specification})


def test_inference_components_name_the_models_of_a_variant() -> None:
    table = Table()
    accounts.model(table, "m")
    accounts.endpoint(table, "e", "")
    component(table, "base", ModelName="m")
    component(table, "adapter", BaseInferenceComponentName="base")
    component(table, "circle", BaseInferenceComponentName="circle")
    graph = graph_of(table)
    variant = keys.variant("e", "AllTraffic")
    for name in ("base", "adapter"):
        key = keys.component("e", name)
        assert {Edge(keys.model("m"), key, EdgeKind.SERVED_BY), Edge(key, variant, EdgeKind.PRECEDES)} <= set(
            graph.edges
        )
    assert Edge(keys.model("m"), variant, EdgeKind.SERVED_BY) in graph.edges
    assert Edge(keys.model("m"), keys.endpoint("e"), EdgeKind.DEPLOYED_ON) in graph.edges
    assert node(graph, variant).properties["InferenceComponents"] == "base, adapter, circle"


def test_without_a_configuration_the_data_of_a_model_link_it_and_the_image_does_not() -> None:
    table = accounts.deployed_by_lineage()
    table.remove("EndpointConfig", "e-config")
    graph = graph_of(table)
    targets = {edge.target for edge in graph.edges if edge.source == keys.model("m")}
    assert targets == {keys.endpoint("e"), keys.variant("e", "AllTraffic")}
    assert {edge.target for edge in graph.edges if edge.source == keys.model("other")} == {
        keys.endpoint("f"),
        keys.variant("f", "AllTraffic"),
    }


def test_an_endpoint_that_is_being_made_has_the_variants_of_its_configuration() -> None:
    table = Table()
    accounts.endpoint(table, "e", "m", EndpointStatus="Creating", ProductionVariants=[])
    assert keys.variant("e", "AllTraffic") in {each.key for each in graph_of(table).nodes}


def test_packages_have_version_approval_group_and_models() -> None:
    table = Table()
    table.add("ModelPackageGroup", {"ModelPackageGroupName": "churn", "CreatedBy": {"UserProfileName": "ada"}})
    described = accounts.package(
        table, "churn", 3, CreatedBy={"UserProfileName": "bob"}, Tags=[{"Key": "k", "Value": "v"}]
    )
    accounts.model(table, "m", PrimaryContainer={"ModelPackageName": described["ModelPackageArn"]})
    alone = {"ModelPackageArn": f"{accounts.ACCOUNT}:model-package/m", "ModelPackageName": "m"}
    table.add("ModelPackage", alone)
    graph = graph_of(table)
    package = node(graph, keys.model("churn/3"))
    assert (package.version, package.approval, package.owners) == ("3", "Approved", ("bob",))
    assert package.tags == ("k:v", "ModelApprovalStatus:Approved")
    assert node(graph, keys.group("churn")).owners == ("ada",)
    assert {
        Edge(package.key, keys.group("churn"), EdgeKind.MEMBER_OF),
        Edge(package.key, keys.model("m"), EdgeKind.PACKAGE_OF),
        Edge(keys.model("m"), keys.group("churn"), EdgeKind.MEMBER_OF),
    } <= set(graph.edges)
    assert keys.model("package:m") in {each.key for each in graph.nodes}


@pytest.mark.parametrize(
    ("option", "is_left_out"),
    [
        ("extract_endpoints", lambda each: each.key.flow.startswith("endpoint:") or each.subtype is Subtype.ENDPOINT),
        ("extract_captures", lambda each: each.subtype is Subtype.CAPTURE),
        ("extract_registry", lambda each: each.subtype is Subtype.MODEL_PACKAGE),
        ("extract_models", lambda each: each.extends and each.key.entity is Entity.MODEL),
        ("extract_jobs", lambda each: each.extends and each.key.entity is Entity.DATA_JOB),
    ],
)
def test_each_option_leaves_entities_out_with_their_edges(option: str, is_left_out: Callable[[Node], bool]) -> None:
    table = Table()
    accounts.model(table, "m")
    accounts.endpoint(table, "e", "m")
    accounts.package(table, "churn", 3)
    accounts.processing_job(table, "p", "s3://captures-bucket/captures")
    assert any(is_left_out(each) for each in graph_of(table).nodes)
    graph = graph_of(table, options=replace(Options(), **{option: False}))
    assert not any(is_left_out(each) for each in graph.nodes)
    known = {each.key for each in graph.nodes}
    assert all({edge.source, edge.target} <= known for edge in graph.edges)
