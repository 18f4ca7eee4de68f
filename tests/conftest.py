"""For all tests: deterministic property tests, no access to an AWS account, AWS on loopback, and checked logs."""

import logging
import signal
from collections.abc import Iterator
from itertools import islice
from uuid import uuid4

import boto3
import pytest
from hypothesis import HealthCheck, settings

from capture_forwarder.kinds.captures.learned_calls import LEARNED
from capture_ops.cloud.moto_server import moto_server
from tests.support.sentinels import Sentry

settings.register_profile(
    "fast", derandomize=True, deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("fast")


def pytest_configure() -> None:
    """End a run in order at SIGINT and SIGTERM, so that it stops the servers that its tests started.

    By default SIGTERM ends it without any teardown, and shells let background jobs ignore SIGINT.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put a part of the lengthy tests at the beginning of each worker's share: at the end, one would run alone.

    Each worker of pytest-xdist begins with an equal share of the tests, in their order.
    """
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    lengthy = [item for item in items if item.get_closest_marker("lengthy")]
    others = iter([item for item in items if not item.get_closest_marker("lengthy")])
    count = len(items)
    items.clear()
    for worker in range(workers):
        items += lengthy[worker::workers]
        items += islice(others, max(0, count * (worker + 1) // workers - len(items)))


@pytest.fixture(autouse=True)
def no_aws_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every test invalid credentials."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def no_terminal_width(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let output have the width that it has without a terminal; pytest-xdist names another one to its workers."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture(autouse=True)
def forgotten_calls() -> None:
    """Forget the calls that the compiled path learned in other tests; a process keeps them."""
    LEARNED.clear()


@pytest.fixture(autouse=True)
def nothing_captured_is_logged() -> Iterator[None]:
    """Search the log of every test for the words of its payloads and secrets."""
    sentry = Sentry()
    logging.getLogger().addHandler(sentry)
    yield
    logging.getLogger().removeHandler(sentry)
    assert sentry.found == []


@pytest.fixture(scope="session")
def aws_url() -> Iterator[str]:
    """Serve S3, SQS, DynamoDB, Secrets Manager and SSM on a free port."""
    with moto_server() as url:
        yield url


@pytest.fixture
def aws(aws_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Point every client of this test at the server."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws_url)
    return aws_url


@pytest.fixture
def bucket(aws: str) -> str:
    """Make a bucket for this test alone."""
    del aws
    name = f"captures-{uuid4()}"
    boto3.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return name
