"""`endpoints` prints sections that the configuration takes, for accounts of moto and for answers that moto lacks."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests

from capture_forwarder.configuration.observability import EndpointSettings
from capture_forwarder.configuration.reader import parse_settings
from capture_ops.cloud.moto_server import moto_server
from tests.catalog.table import Document, Table
from tests.catalog.table_server import TableServer, serving
from tests.support.command_line import run
from tests.support.settings_file import GOOD

IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shared:1"
ROLE = "arn:aws:iam::123456789012:role/sagemaker"
ON: Document = {"EnableCapture": True, "CaptureStatus": "Started", "CurrentSamplingPercentage": 20}


@pytest.fixture
def moto_url() -> Iterator[str]:
    """Serve an empty account of moto."""
    with moto_server() as url:
        yield url
        requests.post(f"{url}/moto-api/reset", timeout=10)  # its state would outlive the server


@pytest.fixture
def account(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[TableServer]:
    """Serve SageMaker from a table, and the instance types of EC2 from moto; the commands use both."""
    with serving(Table(), moto_url) as server:
        use(server.url, monkeypatch)
        yield server


def use(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the commands use AWS at `url`."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it remembers the environment


def add(account: TableServer, name: str, *variants: Document, **fields: Any) -> None:
    """Add an endpoint with its configuration; `fields` are those of the endpoint, or `config` of the other."""
    config = fields.pop("config", {})
    account.table.add("EndpointConfig", {"EndpointConfigName": name, "ProductionVariants": list(variants), **config})
    shown = [{"VariantName": each["VariantName"]} for each in variants]
    shadows = [{"VariantName": each["VariantName"]} for each in config.get("ShadowProductionVariants", [])]
    described: Document = {"EndpointName": name, "EndpointConfigName": name, "EndpointStatus": "InService"}
    described |= {"ProductionVariants": shown, "DataCaptureConfig": ON}
    described |= {"ShadowProductionVariants": shadows} if shadows else {}
    account.table.add("Endpoint", described | fields)


def variant(name: str = "AllTraffic", model: str | None = "m", **fields: Any) -> Document:
    """Return a variant of an endpoint configuration."""
    fields = fields or {"InstanceType": "ml.m5.xlarge"}
    return {"VariantName": name, **({"ModelName": model} if model else {}), **fields}


def listed(*names: str) -> dict[tuple[str, str], EndpointSettings]:
    """Return the endpoints that the configuration reads from the output of the command, by name and variant."""
    done = run("endpoints", *names)
    assert done.exit_code == 0, done.output
    settings = parse_settings(f"{GOOD}\n{done.stdout}").observability
    return {(each.name, each.variant): each for each in settings.endpoint} if settings else {}


def warned(*names: str) -> list[str]:
    """Return the warnings of the command."""
    done = run("endpoints", *names)
    assert done.exit_code == 0, done.output
    return done.stderr.splitlines()


def test_an_account_of_moto(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole output, for answers that others wrote."""
    use(moto_url, monkeypatch)
    moto = boto3.client("sagemaker")
    for name, mode in (("m", "SingleModel"), ("many", "MultiModel")):
        container = {"Image": IMAGE, "ModelDataUrl": "s3://m/m", "Mode": mode}
        moto.create_model(ModelName=name, PrimaryContainer=container, ExecutionRoleArn=ROLE)
    capture = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 20,
        "DestinationS3Uri": "s3://captures/c",
        "CaptureOptions": [{"CaptureMode": "InputAndOutput"}],
    }
    first = {"VariantName": "a", "ModelName": "m", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}
    second = {"VariantName": "b", "ModelName": "many", "InstanceType": "ml.g4dn.12xlarge", "InitialInstanceCount": 1}
    moto.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[first, second], DataCaptureConfig=capture)
    moto.create_endpoint(EndpointName="churn", EndpointConfigName="c")
    serverless = {
        "VariantName": "AllTraffic",
        "ModelName": "m",
        "ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1},
    }
    moto.create_endpoint_config(EndpointConfigName="d", ProductionVariants=[serverless])
    moto.create_endpoint(EndpointName="silent", EndpointConfigName="d")
    done = run("endpoints")
    assert done.exit_code == 0
    assert done.stdout == (
        "# 3 variants of endpoints in eu-west-1. Copy the sections into forwarder.toml.\n"
        '\n[[observability.endpoint]]\nname = "churn"\nvariant = "a"\nkind = "real-time"\n'
        "vcpus = 4  # ml.m5.xlarge\nsampling_percent = 20\n"
        '\n[[observability.endpoint]]\nname = "churn"\nvariant = "b"\nkind = "multi-model"\n'
        "vcpus = 48  # ml.g4dn.12xlarge\ngpus = 4\nsampling_percent = 20\n"
        '\n[[observability.endpoint]]\nname = "silent"\nvariant = "AllTraffic"\nkind = "serverless"\n'
    )
    (warning,) = done.stderr.splitlines()
    assert warning.startswith("silent: capture is off")


def test_every_kind_of_endpoint_is_accepted_by_the_configuration(account: TableServer) -> None:
    """A variant of inference components has no model, and an asynchronous endpoint gets no percentage."""
    container = {"Image": IMAGE, "Mode": "MultiModel"}
    account.table.add("Model", {"ModelName": "m", "PrimaryContainer": {"Image": IMAGE}})
    account.table.add("Model", {"ModelName": "many", "Containers": [{"Image": IMAGE}, container]})
    add(account, "async", variant(), config={"AsyncInferenceConfig": {"OutputConfig": {}}})
    add(account, "components", variant(model=None, InstanceType="ml.g5.2xlarge"))
    add(account, "deleted-model", variant(model="gone"))
    add(account, "many", variant(model="many"))
    add(account, "plain", variant())
    add(account, "serverless", variant(ServerlessConfig={"MemorySizeInMB": 1024, "MaxConcurrency": 1}))
    found = {
        name: (str(each.kind), each.vcpus, each.gpus, each.sampling_percent) for (name, _), each in listed().items()
    }
    assert found == {
        "async": ("asynchronous", 4, None, None),
        "components": ("real-time", 8, 1, 20),
        "deleted-model": ("real-time", 4, None, 20),
        "many": ("multi-model", 4, None, 20),
        "plain": ("real-time", 4, None, 20),
        "serverless": ("serverless", None, None, 20),
    }
    assert "asynchronous endpoint publishes no number" in run("endpoints", "async").stdout


def test_a_shadow_variant_is_listed_without_a_percentage(account: TableServer) -> None:
    """A comment says when to write it."""
    add(account, "churn", variant("live"), config={"ShadowProductionVariants": [variant("shadow")]})
    found = listed()
    assert (found["churn", "live"].sampling_percent, found["churn", "shadow"].sampling_percent) == (20, None)
    assert "# A shadow variant." in run("endpoints").stdout


@pytest.mark.parametrize(
    "capture",
    [None, {}, ON | {"EnableCapture": False}, ON | {"CaptureStatus": "Stopped"}, ON | {"CurrentSamplingPercentage": 0}],
)
def test_capture_that_is_off_is_a_warning(account: TableServer, capture: Document | None) -> None:
    """The section has no percentage then, and the configuration accepts it."""
    add(account, "churn", variant(), DataCaptureConfig=capture or {})
    add(account, "fraud", variant())
    assert listed()["churn", "AllTraffic"].sampling_percent is None
    (warning,) = warned()
    assert warning.startswith("churn: capture is off, so captures cannot be compared with calls")


@pytest.mark.parametrize(
    ("pools", "vcpus"),
    [
        (["ml.m5.xlarge", "ml.c5.xlarge"], 4),
        (["ml.m5.xlarge", "ml.m5.2xlarge"], None),
        (["ml.m5.xlarge", "ml.odd.1"], None),
    ],
)
def test_instances_of_several_types_have_a_size_if_it_is_the_same(
    account: TableServer, pools: list[str], vcpus: int | None
) -> None:
    """An unknown type is a warning."""
    add(account, "churn", variant(InstancePools=[{"InstanceType": each} for each in pools]))
    assert listed()["churn", "AllTraffic"].vcpus == vcpus
    expected = ["ml.odd.1: EC2 has no such type in eu-west-1; write its vcpus and gpus"] if "ml.odd.1" in pools else []
    assert warned() == expected


@pytest.mark.parametrize("status", ["Failed", "Deleting", "OutOfService"])
def test_an_endpoint_that_answers_no_calls_is_left_out(account: TableServer, status: str) -> None:
    """A warning names it. One that is updating is listed."""
    add(account, "broken", variant(), EndpointStatus=status)
    add(account, "churn", variant(), EndpointStatus="Updating")
    assert list(listed()) == [("churn", "AllTraffic")]
    assert warned() == [f"broken is left out: its status is {status}"]


def test_many_endpoints_are_listed_in_the_order_of_their_names(account: TableServer) -> None:
    """SageMaker lists 100 a page, and EC2 filters by 100 types at once."""
    for at in range(205):
        add(account, f"e{at:03}", variant(InstanceType=f"ml.t{at:03}.large" if at else "ml.m5.large"))
    found = listed()
    assert [name for name, _ in found] == [f"e{at:03}" for at in range(205)]
    assert found["e000", "AllTraffic"].vcpus == 2
    assert account.counts["ListEndpoints"] == 3


def test_only_named_endpoints_are_read(account: TableServer) -> None:
    """Then listing needs no permission."""
    for name in ("a", "b", "c"):
        add(account, name, variant())
    assert list(listed("b", "c")) == [("b", "AllTraffic"), ("c", "AllTraffic")]
    assert account.lists == 0
    missing = run("endpoints", "nosuch")
    assert (missing.exit_code, missing.stderr) == (
        2,
        "there is no endpoint nosuch in this account and region eu-west-1\n",
    )


def test_an_endpoint_that_is_deleted_meanwhile_is_left_out(account: TableServer) -> None:
    """Between the listing and its description."""
    add(account, "churn", variant())
    account.table.answers["ListEndpoints"] = lambda _: {
        "Endpoints": [{"EndpointName": "gone"}, {"EndpointName": "churn"}]
    }
    assert list(listed()) == [("churn", "AllTraffic")]


def test_a_deleted_configuration_is_a_warning(account: TableServer) -> None:
    """The endpoint goes on without it, and its instances are not known."""
    add(account, "churn", variant())
    account.table.remove("EndpointConfig", "churn")
    assert listed()["churn", "AllTraffic"].vcpus is None
    assert warned() == ["churn: its endpoint configuration was deleted, so its instances are not known"]


@pytest.mark.usefixtures("account")
def test_an_account_without_endpoints() -> None:
    """The output is still TOML."""
    assert not tomllib.loads(run("endpoints").stdout)
    assert warned() == ["there is no endpoint to list in eu-west-1"]


@pytest.mark.parametrize("operation", ["ListEndpoints", "DescribeEndpoint", "DescribeEndpointConfig"])
def test_a_denied_call_names_the_action(account: TableServer, operation: str) -> None:
    """Without these there are no sections."""
    add(account, "churn", variant())
    account.fail(operation, "AccessDeniedException")
    done = run("endpoints")
    assert (done.exit_code, done.stdout) == (4, "")
    assert done.stderr.endswith(f": AWS answers AccessDeniedException; allow sagemaker:{operation}\n")


def test_without_permission_for_models_the_kind_is_real_time(account: TableServer) -> None:
    """A warning says so, once for a model."""
    account.table.add("Model", {"ModelName": "m", "PrimaryContainer": {"Mode": "MultiModel"}})
    add(account, "churn", variant("a"), variant("b"))
    account.fail("DescribeModel", "AccessDeniedException")
    assert {str(each.kind) for each in listed().values()} == {"real-time"}
    (warning,) = warned()
    assert warning.endswith('; allow sagemaker:DescribeModel; its kind is written as "real-time"')


def test_without_permission_for_instance_types_sizes_are_left_out(account: TableServer) -> None:
    """EC2 names a denied call in another way."""
    add(account, "churn", variant())
    account.fail("DescribeInstanceTypes", "UnauthorizedOperation")
    done = run("endpoints")
    assert done.exit_code == 0
    assert "vcpus" not in done.stdout
    assert done.stderr.endswith("; allow ec2:DescribeInstanceTypes; vcpus and gpus are left out\n")


def test_the_policy_of_the_docs_is_enough_and_no_more(account: TableServer) -> None:
    """Every action is used."""
    policy = json.loads(Path("docs/policies/endpoints.json").read_text(encoding="utf-8"))
    allowed = {action for statement in policy["Statement"] for action in statement["Action"]}
    account.allowed = frozenset(allowed)
    account.table.add("Model", {"ModelName": "m", "PrimaryContainer": {"Image": IMAGE}})
    add(account, "churn", variant())
    assert warned() == []
    assert set(account.counts) == {action.partition(":")[2] for action in allowed}


def test_throttled_calls_are_repeated(account: TableServer) -> None:
    """SageMaker limits the rate of descriptions."""
    add(account, "churn", variant())
    account.fail("DescribeEndpoint", "ThrottlingException", times=2)
    assert list(listed()) == [("churn", "AllTraffic")]


def test_without_a_region_the_sentence_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it remembers the environment
    done = run("endpoints")
    assert (done.exit_code, "the AWS region is missing" in done.stderr) == (4, True)
