"""SageMaker's SDK and this project as clients of the same entities: the other reads, changes and deletes them."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from integrations.lineage import Lineage
from integrations.lineage.graph import Kind
from integrations.lineage.ports import NewEntity
from integrations.lineage.sagemaker import SageMaker
from tests.e2e.lineage_sdk_environment import PYTHON, SCRIPTS, run, served
from tests.lineage_fake.plugin import Fake

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not PYTHON.exists(), reason="SageMaker's SDK is not installed: make e2e SDK_TESTS=PATH"),
]


@pytest.fixture
def clients(tmp_path: Path) -> Iterator[tuple[Lineage, Callable[..., Any], Fake]]:
    """Give our client, a function that runs a command of the SDK's script, and the fake."""
    with served(tmp_path) as (fake, environment):
        client = boto3.client("sagemaker", endpoint_url=environment["AWS_ENDPOINT_URL"])

        def sdk(command: str, arns: Any = None) -> Any:
            ran = run([SCRIPTS / "exchange.py", command], environment, tmp_path, json.dumps(arns))
            assert ran.returncode == 0, ran.stderr[-3000:]
            return json.loads(ran.stdout)

        yield Lineage(store=SageMaker(boto3_client=client)), sdk, fake


def test_we_read_change_and_delete_the_entities_of_the_sdk(clients: Any) -> None:
    """Issue 18, proof 2."""
    ours, sdk, fake = clients
    arns = sdk("write")
    data, train, flow = (ours.get(arns[name]).details for name in ("data", "train", "flow"))
    assert (data.name, data.source_types, data.properties["rows"]) == ("sdk-data", (("S3ETag", "etag"),), "7")
    assert (train.status, train.description, flow.source_uri) == ("InProgress", "trains", "s3://sdk/flow")
    assert ours.tags(arns["data"]) == {"team": "a"}
    assert {vertex.arn for vertex in ours.query([arns["flow"]]).vertices} == set(arns.values())
    ours.update(arns["data"], properties={"rows": "8"}, removed=["columns"])
    ours.update(arns["train"], status="Completed")
    changed = sdk("read", arns)
    assert changed["data"][-1] == {"rows": "8"}
    assert changed["train"][1:3] == ["Completed", "trains"]
    ours.delete(list(arns.values()), with_associations=True)
    assert fake.store().entities == {}


def test_the_sdk_reads_changes_and_deletes_our_entities(clients: Any) -> None:
    """Issue 18, proof 2."""
    ours, sdk, fake = clients
    arns = {
        "data": ours.create(
            NewEntity(
                kind=Kind.ARTIFACT, name="data", type="DataSet", source_uri="s3://us/data", properties={"rows": "7"}
            )
        ),
        "train": ours.create(
            NewEntity(kind=Kind.ACTION, name="train", type="T", source_uri="s3://us/train", status="InProgress")
        ),
        "flow": ours.create(
            NewEntity(kind=Kind.CONTEXT, name="flow_1", type="W", source_uri="s3://us", properties={"k": "v"})
        ),
    }
    ours.link(arns["data"], arns["train"], "ContributedTo")
    ours.link(arns["train"], arns["flow"])
    assert sdk("read", arns) == {
        "data": ["data", "DataSet", "s3://us/data", {"rows": "7"}],
        "train": ["train", "InProgress", None, {}],
        "flow": ["flow_1", "W", "s3://us", {"k": "v"}],
        "links": [["train", "ContributedTo"], ["flow_1", None]],
    }
    sdk("change", arns)
    assert ours.get(arns["data"]).details.properties == {"rows": "8"}
    assert ours.get(arns["train"]).details.status == "Completed"
    assert ours.get(arns["flow"]).details.properties == {"k": "v", "by": "sdk"}
    sdk("delete", arns)
    assert fake.store().entities == {}
    assert list(fake.store().associations()) == []
