"""EventBridge switched on for a bucket that others use: what they have there stays as it is, to the letter."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

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
def moto_tells_of_eventbridge(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the server tell that EventBridge is on, as S3 does: it remembers it and leaves it out of its answer."""
    answer = S3Response.get_bucket_notification
    end = "</NotificationConfiguration>"

    def complete(response: Any) -> Any:
        status, headers, told = answer(response)
        body = str(told)
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
    """Write the bucket's configuration as its other users do: all of it."""
    boto3.client("s3").put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration=configuration,  # type: ignore[arg-type]  # a plain dictionary
    )


@pytest.fixture
def shared(bucket: str) -> str:
    """Make a bucket that tells a queue, a topic and a function of its objects."""
    write(bucket, FOREIGN)
    assert notifications(bucket) == FOREIGN
    return bucket


@contextmanager
def meanwhile(call: str, do: Callable[[], None], *, number: int = 1) -> Iterator[None]:
    """Do something right after the command's S3 call of that name, the `number`th of them, was answered."""
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


def test_everything_else_stays_to_the_letter(shared: str) -> None:
    """EventBridge is added; every foreign entry keeps its id, its events and its filters."""
    done = run(shared, "--yes")
    assert done.exit_code == 0, done.output
    assert notifications(shared) == FOREIGN | {"EventBridgeConfiguration": {}}
    for text in ("someone's-queue", "prefix a/, suffix .csv", "theirs", "Nothing is removed", "EventBridge is on for"):
        assert text in done.stdout


def test_it_may_be_run_again(shared: str) -> None:
    """The second time it finds nothing to do, and writes nothing."""
    run(shared, "--yes")

    def written() -> None:
        pytest.fail("it wrote")

    with meanwhile("PutBucketNotificationConfiguration", written):
        again = run(shared)
    assert (again.exit_code, "there is nothing to do" in again.stdout) == (0, True)
    assert notifications(shared) == FOREIGN | {"EventBridgeConfiguration": {}}


def test_a_bucket_without_notifications_gets_its_first(bucket: str) -> None:
    """The usual case of a bucket that SageMaker made."""
    done = run(bucket, "--yes")
    assert (done.exit_code, "notifies 0 destinations." in done.stdout) == (0, True)
    assert notifications(bucket) == {"EventBridgeConfiguration": {}}


@pytest.mark.parametrize(("answer", "code", "on"), [("y\n", 0, True), ("n\n", 1, False), ("", 1, False)])
def test_it_asks_before_it_writes(shared: str, answer: str, code: int, on: bool) -> None:  # noqa: FBT001 - a table
    """Whoever says no, or nothing, has a bucket that is as it was."""
    assert run(shared, answer=answer).exit_code == code
    assert ("EventBridgeConfiguration" in notifications(shared)) is on


def test_a_dry_run_tells_and_writes_nothing(shared: str) -> None:
    """What is there, what would be added, and that nothing would be removed."""
    done = run(shared, "--dry-run")
    assert done.exit_code == 0
    assert "added   EventBridge" in done.stdout
    assert notifications(shared) == FOREIGN


def test_what_was_changed_before_writing_is_not_written_over(shared: str) -> None:
    """Somebody removed an entry while this one was reading: it is not brought back."""
    theirs = {"TopicConfigurations": FOREIGN["TopicConfigurations"]}
    with meanwhile("GetBucketNotificationConfiguration", lambda: write(shared, theirs)):
        done = run(shared, "--yes")
    assert (done.exit_code, "has changed since it was read; nothing was written" in done.stdout) == (1, True)
    assert notifications(shared) == theirs
    assert run(shared, "--yes").exit_code == 0
    assert notifications(shared) == theirs | {"EventBridgeConfiguration": {}}


def test_what_was_changed_while_writing_is_told(shared: str) -> None:
    """Somebody wrote over it at the same moment: what is missing and what is new is named, and nothing is repaired."""
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


def test_a_bucket_that_is_not_there_is_told(aws: str) -> None:
    """With what to check, and the exit code of what cannot be reached."""
    del aws
    done = run("no-such-bucket-anywhere", "--yes")
    assert done.exit_code == 4
    assert "NoSuchBucket" in done.stderr
    assert "s3:GetBucketNotification" in done.stderr
