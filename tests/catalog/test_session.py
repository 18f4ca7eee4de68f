"""Credentials, seen in the requests: SageMaker from the table, STS from moto."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from capture_ops.cloud.moto_server import moto_server
from integrations.catalog.options import Connection, Options, Role
from integrations.catalog.reader import read
from integrations.catalog.reading.session import CannotConnect, NoAccess, sagemaker_client
from tests.catalog import accounts
from tests.catalog.table import Table
from tests.catalog.table_server import TableServer, serving

ROLE = "arn:aws:iam::123456789012:role/reader"


@pytest.fixture(scope="module")
def moto_url() -> Iterator[str]:
    with moto_server() as url:
        yield url


@pytest.fixture
def server(moto_url: str) -> Iterator[TableServer]:
    table = Table()
    accounts.model(table, "m")
    with serving(table, moto_url) as server:
        yield server


def models_of(server: TableServer, **changes: object) -> list[str]:
    """Read the models by a client of a connection to the server."""
    fields = {"region": "eu-west-1", "endpoint_url": server.url} | changes
    client = sagemaker_client(Connection(**fields))  # type: ignore[arg-type]
    reading = read(client, Options(extract_jobs=False), sleep=lambda _: None)
    assert reading.problems == ()
    return [each.model_name for each in reading.estate.models]


def keys_used(server: TableServer, operation: str) -> set[str]:
    """Return the access keys of the requests of an operation."""
    found = (call.headers["authorization"] for call in server.calls if call.operation == operation)
    return {each.partition("Credential=")[2].partition("/")[0] for each in found}


def test_keys_with_a_session_token(server: TableServer) -> None:
    assert models_of(server, access_key_id="AKIA1", secret_access_key="s", session_token="t1", profile="none") == ["m"]
    assert keys_used(server, "ListModels") == {"AKIA1"}
    assert {call.headers.get("x-amz-security-token") for call in server.calls} == {"t1"}


def test_a_profile(server: TableServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "credentials").write_text("[catalog]\naws_access_key_id=AKIA2\naws_secret_access_key=s\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    assert models_of(server, profile="catalog") == ["m"]
    assert keys_used(server, "ListModels") == {"AKIA2"}


def test_a_role_beside_keys(server: TableServer) -> None:
    role = Role({"RoleArn": ROLE, "ExternalId": "ext-1", "DurationSeconds": 900})
    assert models_of(server, access_key_id="AKIA1", secret_access_key="s", roles=(role,)) == ["m"]
    (call,) = [each for each in server.calls if each.operation == "AssumeRole"]
    assert (call.parameters["RoleArn"], call.parameters["ExternalId"]) == (ROLE, "ext-1")
    assert call.parameters["DurationSeconds"] == "900"
    assert keys_used(server, "AssumeRole") == {"AKIA1"}
    assert keys_used(server, "ListModels").isdisjoint({"AKIA1", "testing"})


def test_a_chain_of_roles(server: TableServer) -> None:
    roles = tuple(Role({"RoleArn": f"{ROLE}-{number}"}) for number in (1, 2))
    assert models_of(server, roles=roles) == ["m"]
    first, second = [each for each in server.calls if each.operation == "AssumeRole"]
    assert (first.parameters["RoleArn"], second.parameters["RoleArn"]) == (f"{ROLE}-1", f"{ROLE}-2")
    assert "Credential=testing/" in first.headers["authorization"]
    assert first.headers["authorization"] != second.headers["authorization"]


def test_expired_credentials_are_renewed_in_the_middle_of_a_run(server: TableServer) -> None:
    lives_secs = iter([1, 3600])
    server.expiration = lambda: datetime.now(UTC) + timedelta(seconds=next(lives_secs))
    assert models_of(server, roles=(Role({"RoleArn": ROLE}),)) == ["m"]
    assert server.counts["AssumeRole"] == 2
    assert keys_used(server, "ListModels") == {"ASIA2"}


def test_a_role_that_cannot_be_assumed_is_one_failure(server: TableServer) -> None:
    server.fail("AssumeRole", "AccessDenied")
    client = sagemaker_client(Connection(region="eu-west-1", endpoint_url=server.url, roles=(Role({"RoleArn": ROLE}),)))
    problems = read(client, Options(), sleep=lambda _: None).problems
    assert len(problems) == 1
    assert "aws_role" in problems[0].advice


def test_a_role_that_the_credentials_already_are_is_used_as_it_is(server: TableServer) -> None:
    server.fail("AssumeRole", "AccessDenied")
    server.identity = "arn:aws:sts::123456789012:assumed-role/reader/session"
    assert models_of(server, access_key_id="AKIA1", secret_access_key="s", roles=(Role({"RoleArn": ROLE}),)) == ["m"]
    assert keys_used(server, "ListModels") == {"AKIA1"}


def test_a_proxy(server: TableServer) -> None:
    endpoint = "http://sagemaker.nowhere.example"
    assert models_of(server, endpoint_url=endpoint, proxies={"http": server.url}) == ["m"]
    assert {call.headers["host"] for call in server.calls} == {"sagemaker.nowhere.example"}


@pytest.mark.parametrize(
    "connection",
    [
        Connection(profile="nobody"),
        Connection(region="eu-west-1", endpoint_url="no address"),
        Connection(region="eu-west-1", client_config={"unknown_argument": 1}),
    ],
)
def test_a_wrong_connection_says_what_to_correct(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    with pytest.raises(CannotConnect, match="correct aws_region") as raised:
        sagemaker_client(connection)
    assert not isinstance(raised.value, NoAccess)


@pytest.mark.parametrize("profile", [None, "of-nobody"])
def test_a_machine_without_region_or_profile_says_what_to_set(
    profile: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    if profile:
        monkeypatch.setenv("AWS_PROFILE", profile)
    with pytest.raises(NoAccess, match="set AWS_DEFAULT_REGION or AWS_PROFILE"):
        sagemaker_client(Connection())


def test_credentials_of_the_shortest_duration_are_not_renewed_at_every_call(server: TableServer) -> None:
    server.table = accounts.of_cost()
    server.expiration = lambda: datetime.now(UTC) + timedelta(seconds=900)
    assert len(models_of(server, roles=(Role({"RoleArn": ROLE}),))) == 10
    assert server.counts["AssumeRole"] == 1


def test_two_clients_with_a_role(server: TableServer, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    original = boto3.Session.client

    def client(self: boto3.Session, service: Any, **rest: Any) -> Any:
        made.append(service)
        return original(self, service, **rest)

    monkeypatch.setattr(boto3.Session, "client", client)
    server.table = accounts.of_cost()
    models_of(server, roles=(Role({"RoleArn": ROLE}),))
    assert sorted(made) == ["sagemaker", "sts"]
