"""An account of moto: its answers were written by others than ours."""

from collections.abc import Iterator

import boto3
import pytest

from capture_ops.cloud.moto_server import moto_server
from integrations.catalog.building import keys
from integrations.catalog.building.catalog import build
from integrations.catalog.nodes import Edge, EdgeKind, Entity, Key
from integrations.catalog.options import Options
from integrations.catalog.reader import read
from tests.catalog.table import Table
from tests.catalog.table_server import serving

ROLE = "arn:aws:iam::123456789012:role/sagemaker"
IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shared:1"


@pytest.fixture
def moto_url() -> Iterator[str]:
    with moto_server() as url:
        yield url


def test_an_endpoint_with_captures_and_a_package_of_moto(moto_url: str) -> None:
    moto = boto3.client("sagemaker", endpoint_url=moto_url, region_name="eu-west-1")
    moto.create_model(
        ModelName="m", PrimaryContainer={"Image": IMAGE, "ModelDataUrl": "s3://m/m"}, ExecutionRoleArn=ROLE
    )
    variant = {"VariantName": "AllTraffic", "ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    capture = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": "s3://captures-bucket/moto",
        "CaptureOptions": [{"CaptureMode": "InputAndOutput"}],
    }
    moto.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[variant], DataCaptureConfig=capture)
    moto.create_endpoint(EndpointName="e", EndpointConfigName="c")
    moto.create_endpoint_config(EndpointConfigName="without", ProductionVariants=[variant])
    moto.create_endpoint(EndpointName="silent", EndpointConfigName="without")
    moto.create_model_package_group(ModelPackageGroupName="g")
    moto.create_model_package(ModelPackageGroupName="g", ModelApprovalStatus="Approved")
    with serving(Table(), moto_url) as server:
        reading = read(server.client(), Options(), sleep=lambda _: None)
    graph = build(reading.estate, Options())
    assert reading.problems == ()
    captured = Key(Entity.DATASET, "s3", "captures-bucket/moto/e/AllTraffic")
    assert {
        Edge(keys.model("m"), keys.variant("e", "AllTraffic"), EdgeKind.SERVED_BY),
        Edge(keys.variant("e", "AllTraffic"), captured, EdgeKind.WRITES),
        Edge(keys.model("m"), keys.variant("silent", "AllTraffic"), EdgeKind.SERVED_BY),
        Edge(keys.model("g/1"), keys.group("g"), EdgeKind.MEMBER_OF),
    } <= set(graph.edges)
    assert not [edge for edge in graph.edges if edge.source == keys.variant("silent", "AllTraffic")]
