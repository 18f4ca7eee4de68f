"""Sumo Logic and AWS on loopback, and the command between them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
import requests
from typer.testing import Result

from capture_ops.observability.sumo.session import ACCESS_ID, ACCESS_KEY, BASE_URL
from tests.observability.sumo.fake_sumo import ACCESS, FakeSumo
from tests.observability.sumo.fake_sumo_server import serving
from tests.support.command_line import run

CONFIG = Path("tests/infra/observability/sumo.toml")
Setup = Callable[..., Result]


@pytest.fixture
def sumo() -> Iterator[FakeSumo]:
    """Serve an organisation without objects of ours."""
    with serving(FakeSumo()) as served:
        yield served


@pytest.fixture
def setup(sumo: FakeSumo, aws: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Setup]:
    """Give the command `sumo setup`, for an AWS account without secrets."""
    for name, value in ((ACCESS_ID, ACCESS[0]), (ACCESS_KEY, ACCESS[1]), (BASE_URL, sumo.url)):
        monkeypatch.setenv(name, value)
    yield lambda *options: run("sumo", "setup", "--config", CONFIG, *options)
    requests.post(f"{aws}/moto-api/reset", timeout=10)


def stored_secret(name: str = "sumo/urls") -> str:
    """Return the text of a secret."""
    return boto3.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
