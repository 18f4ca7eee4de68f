"""`enable-eventbridge` on a shared bucket: every other notification stays exactly as it was."""

import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import boto3
import pytest
from moto.s3.responses import S3Response
from typer.testing import CliRunner, Result

from capture_ops.__main__ import app

FOREIGN: dict[str, Any] = {
    "QueueConfigurations": [
        {
            "Id": "someone's-queue",
            "QueueArn": "arn:aws:sqs:eu-west-1:123456789012:theirs",
            "Events": ["s3:ObjectCreated:*"],
            "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "a/"}, {"Name": "suffix", "Value": ".csv"}]}},
        },
        {
            "Id": "a second one",
            "QueueArn": "arn:aws:sqs:eu-west-1:123456789012:theirs",
            "Events": ["s3:ObjectRemoved:*"],
        },
    ],
    "TopicConfigurations": [
        {
            "Id": "NjRhYWQ",
            "TopicArn": "arn:aws:sns:eu-west-1:123456789012:theirs",
            "Events": ["s3:ObjectRestore:Completed"],
        }
    ],
    "LambdaFunctionConfigurations": [
        {
            "Id": "theirs",
            "LambdaFunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:theirs",
            "Events": ["s3:ObjectCreated:Put", "s3:ObjectCreated:Copy"],
        }
    ],
}  # fmt: skip


@pytest.fixture(autouse=True)
def moto_answers_with_eventbridge(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the server's answer contain EventBridge, as S3 does: moto stores it but omits it."""
    answer = S3Response.get_bucket_notification
    end = "</NotificationConfiguration>"

    def complete(response: Any) -> Any:
        status, headers, text = answer(response)
        body = str(text)
        found = response.backend.get_bucket_notification_configuration(response.bucket_name)
        if found and found.event_bridge is not None:
            opened = body[:-2] + ">" + end if body.endswith("/>") else body
            body = opened.replace(end, f"<EventBridgeConfiguration/>{end}")
        return status, headers, body

    monkeypatch.setattr(S3Response, "get_bucket_notification", complete)


def run(*arguments: str, answer: str | None = None) -> Result:
    """Run the command."""
    return CliRunner().invoke(app, ["enable-eventbridge", *arguments], input=answer)


def notifications(bucket: str) -> dict[str, Any]:
    """Return the bucket's configuration."""
    found: dict[str, Any] = dict(boto3.client("s3").get_bucket_notification_configuration(Bucket=bucket))
    del found["ResponseMetadata"]
    return found


def write(bucket: str, configuration: dict[str, Any]) -> None:
    """Replace the bucket's configuration, as its other users do."""
    boto3.client("s3").put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration=configuration,  # type: ignore[arg-type]  # a plain dictionary
    )


@pytest.fixture
def shared(bucket: str) -> str:
    """Make a bucket that notifies a queue, a topic and a function."""
    write(bucket, FOREIGN)
    assert notifications(bucket) == FOREIGN
    return bucket


@contextmanager
def meanwhile(call: str, do: Callable[[], None], *, number: int = 1) -> Iterator[None]:
    """Call `do` right after the answer to the `number`th S3 call of this name."""
    session = boto3.DEFAULT_SESSION
    assert session is not None
    counter = itertools.count(1)

    def hook(**_: Any) -> None:
        if next(counter) == number:
            do()

    session.events.register(f"after-call.s3.{call}", hook)
    try:
        yield
    finally:
        session.events.unregister(f"after-call.s3.{call}", hook)


def test_every_other_notification_stays_the_same(shared: str) -> None:
    """EventBridge is added; every other entry keeps its id, events and filters."""
    done = run(shared, "--yes")
    assert done.exit_code == 0, done.output
    assert notifications(shared) == FOREIGN | {"EventBridgeConfiguration": {}}
    for text in ("someone's-queue", "prefix a/, suffix .csv", "theirs", "Nothing is removed", "EventBridge is on for"):
        assert text in done.stdout


def test_a_second_run_writes_nothing(shared: str) -> None:
    """It finds EventBridge on, and says so."""
    run(shared, "--yes")

    def written() -> None:
        pytest.fail("it wrote")

    with meanwhile("PutBucketNotificationConfiguration", written):
        again = run(shared)
    assert (again.exit_code, "there is nothing to do" in again.stdout) == (0, True)
    assert notifications(shared) == FOREIGN | {"EventBridgeConfiguration": {}}


def test_a_bucket_without_notifications_gets_its_first(bucket: str) -> None:
    """A bucket of SageMaker usually has none."""
    done = run(bucket, "--yes")
    assert (done.exit_code, "notifies 0 destinations." in done.stdout) == (0, True)
    assert notifications(bucket) == {"EventBridgeConfiguration": {}}


@pytest.mark.parametrize(("answer", "code", "on"), [("y\n", 0, True), ("n\n", 1, False), ("", 1, False)])
def test_it_writes_only_after_a_yes(shared: str, answer: str, code: int, on: bool) -> None:  # noqa: FBT001 - a table
    """After a no, or no answer, the bucket is unchanged."""
    assert run(shared, answer=answer).exit_code == code
    assert ("EventBridgeConfiguration" in notifications(shared)) is on


def test_a_dry_run_prints_the_plan_and_writes_nothing(shared: str) -> None:
    """The plan lists the present entries and the addition."""
    done = run(shared, "--dry-run")
    assert done.exit_code == 0
    assert "added   EventBridge" in done.stdout
    assert notifications(shared) == FOREIGN


def test_a_change_before_the_write_is_not_overwritten(shared: str) -> None:
    """Another writer removed an entry after the first read: the command does not restore it."""
    theirs = {"TopicConfigurations": FOREIGN["TopicConfigurations"]}
    with meanwhile("GetBucketNotificationConfiguration", lambda: write(shared, theirs)):
        done = run(shared, "--yes")
    assert (done.exit_code, "has changed since it was read; nothing was written" in done.stdout) == (1, True)
    assert notifications(shared) == theirs
    assert run(shared, "--yes").exit_code == 0
    assert notifications(shared) == theirs | {"EventBridgeConfiguration": {}}


def test_a_change_after_the_write_is_reported(shared: str) -> None:
    """The command lists the missing and the new entries, and repairs none."""
    new = FOREIGN["QueueConfigurations"][0] | {"Id": "just added"}
    theirs = {"QueueConfigurations": [*FOREIGN["QueueConfigurations"], new]}
    with meanwhile("PutBucketNotificationConfiguration", lambda: write(shared, theirs)):
        done = run(shared, "--yes")
    assert done.exit_code == 1
    changes = done.stdout[done.stdout.index("Another writer") :]
    assert "missing EventBridge" in changes
    assert "missing NjRhYWQ" in changes
    assert "new     just added" in changes
    assert "someone's-queue" not in changes
    assert notifications(shared) == theirs


def test_the_plan_has_the_price_and_a_word_on_managed_buckets(shared: str) -> None:
    """Both matter before the change."""
    plan = run(shared, "--dry-run").stdout
    assert "AWS bills every event of the bucket, of captures and of all else: about $1 a million." in plan
    assert "If Terraform or CloudFormation manages this bucket, switch EventBridge on there instead" in plan


def test_it_prints_the_backfill_of_the_gap(shared: str) -> None:
    """Events begin about five minutes later. The backfill begins in the hour before, in UTC."""
    started = datetime.now(UTC)
    done = run(shared, "--yes")
    hours = {f"{moment - timedelta(hours=1):%Y-%m-%dT%H}" for moment in (started, datetime.now(UTC))}
    assert "The change takes about five minutes." in done.stdout
    (since,) = re.findall(
        rf"^  .venv/bin/capture-forwarder backfill s3://{shared}/ --since (\S+) --wait$", done.stdout, re.MULTILINE
    )
    assert since in hours
    assert "backfill" not in run(shared).stdout


def test_a_bucket_of_another_region_is_refused(aws: str) -> None:
    """Its events go to the bus of its own region. The command writes no change."""
    del aws
    name = f"captures-{uuid4()}"
    boto3.client("s3", region_name="eu-central-1").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    done = run(name, "--yes")
    assert done.exit_code == 2
    assert f"{name} is in eu-central-1, and the region here is eu-west-1" in " ".join(done.stderr.split())
    assert notifications(name) == {}


def test_without_a_region_nothing_is_read(shared: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence has the variable to set."""
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    done = run(shared, "--yes")
    assert (done.exit_code, "the AWS region is missing; set AWS_DEFAULT_REGION" in done.stderr) == (4, True)


@pytest.mark.parametrize("end", ["", "/"])
def test_an_address_of_the_whole_bucket_is_its_name(shared: str, end: str) -> None:
    """People copy it from other commands."""
    assert run(f"s3://{shared}{end}", "--yes").exit_code == 0
    assert "EventBridgeConfiguration" in notifications(shared)


def test_an_address_with_a_key_is_refused() -> None:
    """All keys of a bucket would send their events."""
    refused = run("s3://captures/datacapture/")
    assert (refused.exit_code, "; write s3://captures" in refused.stderr) == (2, True)


@pytest.mark.parametrize("name", ["s3://UPPER", "captures/prefix/", "UPPER", "", "s3://"])
def test_an_address_in_place_of_a_name_is_refused(name: str) -> None:
    """S3 is not asked, so the sentence speaks of the argument alone."""
    refused = run(name)
    assert refused.exit_code == 2
    assert "is not the name of a bucket; write the name, or s3://" in refused.stderr


def test_without_credentials_the_error_says_only_that(shared: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Advice about the bucket's name or permissions would mislead."""
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(variable)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    boto3.setup_default_session()
    denied = run(shared)
    assert denied.exit_code == 4
    assert denied.stderr.strip().startswith("AWS credentials are missing; log in")


def test_an_aws_that_does_not_answer_is_named_as_the_cause(shared: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No advice about the bucket or permissions: S3 was never reached."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    boto3.setup_default_session()
    silent = run(shared)
    assert (silent.exit_code, silent.stderr.startswith("http://127.0.0.1:9: the connection was refused")) == (4, True)


def test_a_missing_bucket_is_an_error(aws: str) -> None:
    """The error names the permission to check; the exit code is 4."""
    del aws
    done = run("no-such-bucket-anywhere", "--yes")
    assert done.exit_code == 4
    assert "NoSuchBucket" in done.stderr
    assert "s3:GetBucketNotification" in done.stderr
