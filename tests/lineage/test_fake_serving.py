"""The fake in moto's server, in this process and as a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from tests.lineage_fake.plugin import lineage_fake


@pytest.fixture
def server_url() -> Iterator[str]:
    """Run the fake as a command does, refusing QueryLineage."""
    command = [sys.executable, "-m", "tests.lineage_fake", "--denied", "QueryLineage"]
    environment = os.environ | {"PYTHONPATH": "."}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own command
        assert process.stdout
        yield process.stdout.readline().strip()
        process.terminate()
    assert process.returncode == 0


def test_it_runs_in_motos_server() -> None:
    """Facts 8: usable under ThreadedMotoServer."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client("sagemaker", endpoint_url=f"http://{host}:{port}")
    with lineage_fake() as fake:
        arn = client.create_artifact(Source={"SourceUri": "s3://b/k"}, ArtifactType="DataSet")["ArtifactArn"]
        assert client.describe_artifact(ArtifactArn=arn)["ArtifactType"] == "DataSet"
        assert fake.counts == {"CreateArtifact": 1, "DescribeArtifact": 1}
    server.stop()


def test_it_runs_as_a_process(server_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Issue 18: the API is reached through AWS_ENDPOINT_URL_SAGEMAKER. Its modes are options."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER", server_url)
    client = boto3.client("sagemaker")
    arn = client.create_context(ContextName="c", Source={"SourceUri": "s3://b"}, ContextType="Endpoint")["ContextArn"]
    assert client.describe_context(ContextName=arn)["ContextName"] == "c"
    with pytest.raises(ClientError, match="AccessDeniedException"):
        client.query_lineage(StartArns=[arn])
