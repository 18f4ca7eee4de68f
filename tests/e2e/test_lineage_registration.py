"""`[lineage] register` on the emulator: the deployed function registers at the fake of SageMaker's lineage."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from integrations.lineage.graph import Kind
from integrations.lineage.ports import Listed
from integrations.lineage.sagemaker import SageMaker
from tests.e2e.configurations import BUCKET, SECRET
from tests.e2e.world import World, running_world
from tests.lineage.deployed import make_endpoint
from tests.lineage_fake.automatic import put_deployed
from tests.lineage_fake.modes import Modes
from tests.lineage_fake.plugin import OPERATIONS, Fake, lineage_fake

CONFIG = f"""
[stack]
timeout_secs = 35

[lineage]
register = true

[[destination]]
name = "monitor"
kind = "arthur"
url = "https://127.0.0.1:1"
secret = "secretsmanager:{SECRET}"
"""


def route(name: str, model_id: str = "M") -> str:
    """Return the route of an endpoint."""
    return f"""
[[route]]
name = "{name}"
bucket = "{BUCKET}"
prefix = "datacapture/{name}/"
destination = "monitor"
model_id = "{model_id}"
"""


@contextmanager
def world_with_lineage(folder: Path, modes: Modes | None = None) -> Iterator[tuple[World, Fake]]:
    """Run the emulator with SageMaker at the fake, and the endpoints `churn` and `fraud`."""
    with lineage_fake(modes) as fake:
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        try:
            host, port = server.get_host_and_port()
            with running_world(folder, {"AWS_ENDPOINT_URL_SAGEMAKER": f"http://{host}:{port}"}) as world:
                for name in ("churn", "fraud"):
                    make_endpoint(name, BUCKET, boto3.client("sagemaker"))
                put_deployed(fake.store())
                world.deployment.bootstrap()
                yield world, fake
        finally:
            server.stop()


def recorded() -> dict[str, Any]:
    """Return our entities: the source and the status by the beginning of the name."""
    api = SageMaker()
    found = [
        *api.list(Kind.ACTION, Listed(type="DataCaptureForwarding")),
        *api.list(Kind.ARTIFACT, Listed(type="MonitoredModel")),
        *api.list(Kind.ARTIFACT, Listed(type="DataSet")),
        *api.list(Kind.CONTEXT, Listed(type="Endpoint")),
    ]
    ours = [one for one in found if "capture-forwarder:managed" in api.tags(one.arn)]
    return {one.label.rpartition("-")[0]: (one.details.source_uri, one.details.status) for one in ours if one.details}


def records(name: str, status: str, model_id: str = "M") -> dict[str, Any]:
    """Return the expected entities of a route."""
    captures = f"s3://{BUCKET}/datacapture/{name}/"
    return {
        f"{name}-capture": (captures, None),
        f"{name}-forward": (captures, status),
        f"{name}-monitor": (f"https://127.0.0.1:1/models/{model_id}", None),
    }


def associations(fake: Fake) -> set[tuple[str, str]]:
    """Return the ends of all associations."""
    return {(source, destination) for source, links in fake.store().outgoing.items() for destination in links}


@pytest.mark.e2e
def test_routes_are_recorded_when_the_stack_is_created_changed_and_destroyed(tmp_path: Path) -> None:
    """The deployed functions register at the fake; the commands would read the same."""
    with world_with_lineage(tmp_path) as (world, fake):
        world.deployment.deploy(CONFIG + route("churn"))
        assert world.deployment.outputs()["LineageWarnings"] == "none"
        assert recorded() == records("churn", "InProgress")
        edges = associations(fake)
        world.deployment.deploy(CONFIG + route("churn") + route("fraud", "N"))
        with_fraud = recorded()
        assert (
            with_fraud.items()
            >= (records("churn", "InProgress") | {"fraud-forward": with_fraud["fraud-forward"]}).items()
        )
        assert with_fraud["fraud-forward"][1] == "InProgress"
        assert edges < associations(fake)
        world.deployment.deploy(CONFIG + route("churn"))
        assert recorded()["fraud-forward"][1] == "Stopped"
        assert recorded()["churn-forward"][1] == "InProgress"
        world.deployment.destroy()
        assert recorded()["churn-forward"][1] == "Stopped"
        assert recorded().keys() == with_fraud.keys()


@pytest.mark.e2e
def test_a_deployment_works_where_lineage_calls_are_refused(tmp_path: Path) -> None:
    """It ends well, with a warning in the output."""
    with world_with_lineage(tmp_path, Modes(denied=frozenset(OPERATIONS))) as (world, fake):
        world.deployment.deploy(CONFIG + route("churn"))
        warnings = world.deployment.outputs()["LineageWarnings"]
        assert warnings.startswith("route churn: ListContexts: ")
        assert "allow this action" in warnings
        world.deployment.destroy()
        assert fake.counts.keys() == {"ListContexts", "ListActions"}
