"""A service of AWS that does not answer: the reason names the host and the next step, and shows no secret."""

import socket
import time
from math import inf

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from capture_forwarder.aws.no_answer import unanswered
from capture_forwarder.aws.progress import DynamoProgress
from capture_forwarder.aws.quarantine import S3Quarantine
from capture_forwarder.aws.queue import SqsQueue
from capture_forwarder.aws.s3 import S3ObjectStore
from capture_forwarder.aws.secrets import SecretToken
from capture_forwarder.aws.timed import TimedCalls
from capture_forwarder.configuration.secret_reference import SecretReference
from capture_forwarder.domain.capture import CaptureObject, Work
from capture_forwarder.domain.delivery import DestinationUnavailable, SourceUnavailable, Unavailable
from capture_forwarder.domain.progress import QuarantineFile

NOBODY = "http://127.0.0.1:1"
REFUSED = f"{NOBODY}: the connection was refused; check that a server runs there, and AWS_ENDPOINT_URL"
ONCE = Config(retries={"max_attempts": 0}, connect_timeout=1, read_timeout=1)
SOURCE = CaptureObject("captures", "a.jsonl", etag="e1")
SECRET = "hunter2"


def why_s3_fails(url: str, config: Config = ONCE) -> str:
    """Return why an object cannot be read from the server at `url`."""
    store = S3ObjectStore(boto3.client("s3", endpoint_url=url, config=config), sleep=lambda _: None)
    with pytest.raises(SourceUnavailable) as raised:
        store.open(SOURCE, 0, lambda: inf)
    return str(raised.value)


def test_captures_cannot_be_reached() -> None:
    """The object is named first, because a message of the queue names several."""
    assert why_s3_fails(NOBODY) == f"s3://captures/a.jsonl: {REFUSED}"


def test_a_host_without_an_address() -> None:
    """A wrong region makes such a name."""
    assert why_s3_fails("http://no-such-host.invalid") == (
        "s3://captures/a.jsonl: http://no-such-host.invalid: the name of the host has no address; "
        "check the network, the region and AWS_ENDPOINT_URL"
    )


def test_a_silent_host() -> None:
    """It accepts the connection, and sends nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        assert f"{url}: no answer in time; check the network" in why_s3_fails(url)


def test_a_password_in_an_address_is_not_shown() -> None:
    """AWS_ENDPOINT_URL and HTTPS_PROXY come from the environment, unchecked."""
    assert why_s3_fails(f"http://me:{SECRET}@127.0.0.1:1") == f"s3://captures/a.jsonl: {REFUSED}"
    behind = ONCE.merge(Config(proxies={"http": f"http://me:{SECRET}@127.0.0.1:1"}))
    assert why_s3_fails("http://no-such-host.invalid", behind) == (
        f"s3://captures/a.jsonl: AWS through the proxy {NOBODY}: the connection was refused; "
        "check HTTPS_PROXY and HTTP_PROXY, and that the proxy runs"
    )


def test_progress_cannot_be_reached() -> None:
    """It is no missing permission."""
    client = boto3.client("dynamodb", endpoint_url=NOBODY, config=ONCE)
    with pytest.raises(Unavailable) as raised:
        DynamoProgress(client, "table", TimedCalls(), now=time.time).look("run", within_secs=5.0)
    assert str(raised.value) == f"the progress table cannot be reached: {REFUSED}"


def test_quarantine_cannot_be_reached() -> None:
    """It is no missing permission."""
    quarantine = S3Quarantine(boto3.client("s3", endpoint_url=NOBODY, config=ONCE), "quarantine", TimedCalls())
    file = QuarantineFile(source=SOURCE, route="churn", start=0, run="run", day="2026-01-15", entries=[])
    with pytest.raises(Unavailable) as raised:
        quarantine.keep(file, within_secs=5.0)
    assert str(raised.value) == f"the quarantine bucket cannot be reached: {REFUSED}"


def test_the_queue_cannot_be_reached() -> None:
    """Each message has the reason."""
    client = boto3.client("sqs", endpoint_url=NOBODY, config=ONCE)
    reasons = SqsQueue(client, f"{NOBODY}/queue").put([(Work(SOURCE), 0), (Work(SOURCE), 0)], within_secs=5.0)
    assert reasons == [f"the queue cannot be reached: {REFUSED}"] * 2


@pytest.mark.parametrize("reference", ["secretsmanager:token", "ssm:/token"])
def test_a_secret_cannot_be_reached(reference: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The destination waits for it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://me:{SECRET}@127.0.0.1:1")
    with pytest.raises(DestinationUnavailable) as raised:
        SecretToken(SecretReference.parse(reference))(within_secs=20.0)
    assert str(raised.value) == f"the secret {reference} cannot be read now: {REFUSED}"


def test_an_answer_is_no_missing_answer() -> None:
    """Not even if a connection broke before it."""
    error = ClientError({"Error": {"Code": "SlowDown"}}, "GetObject")
    error.__context__ = ConnectionResetError()
    assert unanswered(error) is None
