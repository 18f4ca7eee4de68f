"""A backfill of many objects, whose command is killed in the middle and run again.

`python -m tests.faults.backfill [OBJECTS]` takes 100,000 objects if no number is given. With a few thousand, a worker may
meet an object in a message and in its repetition at the same moment; the monitor then receives it twice, as a duplicate.
"""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeVar

import boto3
from msgspec import Struct

from capture_forwarder.aws.progress import record_in
from capture_forwarder.configuration.names import CONFIG_VARIABLE
from capture_ops.cloud.local_aws import local_aws
from capture_ops.monitor.contract import Model
from capture_ops.monitor.server import Monitor, running_monitor
from capture_ops.terminal.interruption import end_on_signals
from tests.faults.poller import Poller, configured_handler
from tests.support.captures import capture, csv_side
from tests.support.stack import STACK, DeployedStack, deploy_stack, put_many, waiting

Result = TypeVar("Result")
BUCKET: Final = "captures"
BELOW: Final = f"s3://{BUCKET}/datacapture/"
MODEL: Final = Model("everything", "everything")
WORKERS = 2
_AN_HOUR = 100
_IN_ONE_HOUR = 2500  # more than one answer of S3 lists
_ELSEWHERE = 100  # every so many objects lie in no folder of an hour
_TOKEN_VARIABLE = "CAPTURE_FORWARDER_TEST_TOKEN"
_CONFIG = """
[[destination]]
name = "monitor"
kind = "arthur"
url = "{url}"
secret = "env:{variable}"

[[route]]
name = "everything"
bucket = "{bucket}"
prefix = "datacapture/"
destination = "monitor"
model_id = "everything"
"""
_MALFORMED = '{"backfill": [{"bucket": "b"}]}'
_KILLED = """
import itertools, os, signal, sys
from capture_forwarder.aws.session import aws_session
from capture_ops.__main__ import main
calls, last = itertools.count(1), int(sys.argv.pop(1))
def die(**_):
    if next(calls) == last:
        os.kill(os.getpid(), signal.SIGKILL)
aws_session().events.register("before-send.sqs.SendMessageBatch", die)
main()
"""


class Backfilled(Struct, frozen=True, kw_only=True):
    """The figures of one run."""

    objects: int
    put_secs: float
    plan_secs: float
    killed_secs: float
    killed_messages: int
    rest_secs: float
    output: str

    def __str__(self) -> str:
        return (
            f"{self.objects} objects, put in {self.put_secs:.0f} s\n"
            f"listed by --dry-run in {self.plan_secs:.1f} s, {self.objects / self.plan_secs:.0f} a second\n"
            f"killed after {self.killed_secs:.1f} s and about {self.killed_messages} messages\n"
            f"run again with --wait: {self.rest_secs:.0f} s, {self.objects / self.rest_secs:.0f} objects a second\n"
            f"every object was forwarded once\n{self.output}"
        )


def backfill(objects: int, folder: Path) -> Backfilled:
    """Forward so many objects through a killed command and its repetition, and assert that each arrives once."""
    with ExitStack() as entered:
        entered.enter_context(local_aws(BUCKET))
        monitor = entered.enter_context(running_monitor([MODEL], token="t"))
        # A message that takes longer than this is delivered again; local S3 slows down with the number of objects.
        stack = deploy_stack(visibility_secs=60 + objects // 250, max_receives=1)
        _configure(monitor, folder)
        put_secs, _ = _timed(lambda: put_many(BUCKET, ((key, _body(n)) for n, key in enumerate(keys(objects)))))
        _poison(stack, objects)
        plan_secs, _ = _timed(lambda: _command("--dry-run"))
        workers = [entered.enter_context(_worker(stack.backfill, folder / f"worker{n}.log")) for n in range(WORKERS)]
        calls = max(1, objects // 1000)
        killed_secs, killed = _timed(lambda: _run([sys.executable, "-c", _KILLED, str(calls), *_arguments()]))
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        rest_secs, output = _timed(lambda: _command("--wait"))
        assert all(worker.poll() is None for worker in workers)
        _check(monitor, stack, objects)
        return Backfilled(
            objects=objects,
            put_secs=put_secs,
            plan_secs=plan_secs,
            killed_secs=killed_secs,
            killed_messages=10 * (calls - 1),
            rest_secs=rest_secs,
            output=output,
        )


def keys(objects: int) -> Iterator[str]:
    """Yield the keys: 100 an hour, 2,500 in one hour, and one of a hundred in no folder of an hour."""
    for number in range(objects):
        if number % _ELSEWHERE == 0:
            yield f"datacapture/by-hand/{number % 7}/{number}.jsonl"
        else:
            hour = max(0, number - _IN_ONE_HOUR) // _AN_HOUR
            folder = (
                f"endpoint-{hour % 5}/AllTraffic/2026/{1 + hour // 672 % 12:02}/{1 + hour // 24 % 28:02}/{hour % 24:02}"
            )
            yield f"datacapture/{folder}/00-00-000-{number}.jsonl"


def _body(number: int) -> bytes:
    good = capture(csv_side("1,2"), csv_side("3"), eventId=f"event-{number}")
    return good + b"\nno capture\n" if number == 1 else good


def _poison(stack: DeployedStack, objects: int) -> None:
    """Add an object that can never be read, and a message that names no object."""
    key = f"datacapture/archived/{objects}.jsonl"
    boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"", StorageClass="GLACIER")
    boto3.client("sqs").send_message(QueueUrl=stack.backfill, MessageBody=_MALFORMED)


def _configure(monitor: Monitor, folder: Path) -> None:
    config = folder / "forwarder.toml"
    config.write_text(_CONFIG.format(url=monitor.url, variable=_TOKEN_VARIABLE, bucket=BUCKET), encoding="utf-8")
    os.environ |= {CONFIG_VARIABLE: str(config), _TOKEN_VARIABLE: "t"}


def _check(monitor: Monitor, stack: DeployedStack, objects: int) -> None:
    """Assert that every inference arrived once, and every rejection is kept once."""
    stored = monitor.store.inferences(MODEL.id)
    assert Counter(one.times_received for one in stored) == {1: objects}
    assert {one.partner_inference_id for one in stored} == {f"event-{number}" for number in range(objects)}
    assert waiting(stack.backfill) == waiting(stack.captures) == 0
    assert dead_letters(stack) == {_MALFORMED}
    assert boto3.client("s3").list_objects_v2(Bucket="quarantine")["KeyCount"] == 2
    pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName="progress")
    reached = [progress for page in pages for item in page["Items"] for progress in record_in(item).reached.values()]
    assert [progress and progress.done for progress in reached] == [True] * objects


def dead_letters(stack: DeployedStack) -> set[str]:
    """Return the bodies of the dead letters; local SQS may hold one twice if two workers receive it at once."""
    sqs, bodies = boto3.client("sqs"), set[str]()
    while messages := sqs.receive_message(QueueUrl=stack.dead_letters, MaxNumberOfMessages=10).get("Messages"):
        bodies |= {message["Body"] for message in messages}
    return bodies


def _arguments() -> list[str]:
    return ["backfill", BELOW, "--stack", STACK]


def _command(*options: str) -> str:
    done = _run([sys.executable, "-m", "capture_ops", *_arguments(), *options])
    # The dead letter is reported, and with it the object that was rejected as a whole.
    assert done.returncode == (1 if "--wait" in options else 0), done.stdout + done.stderr
    return done.stdout


def _run(command: list[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - ourselves


def _timed(action: Callable[[], Result]) -> tuple[float, Result]:
    started = time.monotonic()
    result = action()
    return time.monotonic() - started, result


@contextmanager
def _worker(queue: str, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run the function in a process of its own, one message at a time, as its event source mapping does."""
    with log.open("wb") as output:
        command = [sys.executable, "-m", "tests.faults.backfill", "--worker", queue]
        with subprocess.Popen(command, stdout=output, stderr=output) as process:  # noqa: S603 - ourselves
            try:
                yield process
            finally:
                process.kill()


def work(queue: str) -> None:
    """Call the function with each message of the queue by itself until the parent has ended."""
    parent = os.getppid()
    poller = Poller(queue, configured_handler())
    while os.getppid() == parent:
        for message in poller.receive():
            poller.delete([message], poller.handle([message], 60))


def main(arguments: list[str]) -> None:
    """Print the figures, or be a worker."""
    if arguments[:1] == ["--worker"]:
        work(arguments[1])
        return
    with TemporaryDirectory() as folder:
        print(backfill(int(arguments[0]) if arguments else 100_000, Path(folder)))


if __name__ == "__main__":
    end_on_signals()
    main(sys.argv[1:])
