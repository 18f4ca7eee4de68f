"""Backfills by messages, against S3, SQS, the progress table and the monitor on loopback, with the real handler."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from threading import Event, Thread
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from rich.console import Console
from typer.testing import CliRunner, Result

from capture_forwarder.aws.envelopes import open_message
from capture_forwarder.aws.session import aws_session
from capture_forwarder.bootstrap import build_runtime
from capture_forwarder.domain.delivery import Unavailable
from capture_forwarder.handler import Handler, make_handler
from capture_ops.__main__ import app
from capture_ops.backfill import command
from capture_ops.backfill.command import Options
from capture_ops.backfill.queue import BackfillQueue
from capture_ops.commands.invoke import Reports
from capture_ops.monitor.server import Monitor
from tests.faults.poller import Poller
from tests.support.captures import capture, csv_side
from tests.support.stack import STACK, DeployedStack, configured, deploy_stack, put_many, waiting

BUCKET = "sagemaker-eu-west-1-123456789012"
BELOW = f"s3://{BUCKET}/datacapture/many/"
MODEL = "everything-else"
HOURS = [
    f"{endpoint}/AllTraffic/2026/01/{day}/{hour:02}" for endpoint in "ab" for day in (30, 31) for hour in range(24)
]
ANOTHER_PLACE = ["2020/AllTraffic/2026/01/30/04", "a/AllTraffic/2026/01/31/22/deeper", "by-hand", "ü +%41"]
AN_HOUR = 6
MANY = [f"datacapture/many/{hour}/{n:02}-00-000-a.jsonl" for hour in HOURS for n in range(AN_HOUR)]
FEW = [key for key in MANY if int(key.split("/")[-2]) % 4 == 0]
FEW += [f"datacapture/many/{folder}/a.jsonl" for folder in ANOTHER_PLACE]


@pytest.fixture
def monitor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Monitor]:
    """Run an empty bucket, and the monitor; S3 lists 50 objects an answer, so that folders need several."""
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "50")
    with configured(BUCKET, tmp_path, monkeypatch) as running:
        yield running


@pytest.fixture
def stack(monitor: Monitor) -> DeployedStack:
    """Deploy the queues."""
    del monitor
    return deploy_stack(visibility_secs=1)


@pytest.fixture
def many(monitor: Monitor) -> list[str]:
    """Put more captures into the bucket than one call to SQS can name; return their keys."""
    del monitor
    return put(MANY)


@pytest.fixture
def few(monitor: Monitor) -> list[str]:
    """Put captures into every fourth hour and a few other folders; return their keys."""
    del monitor
    return put(FEW)


def silent_handler() -> Handler:
    """Return a handler without a log: that is not the output of the command."""
    return make_handler(build_runtime(os.environ, Reports()))


def put(keys: list[str]) -> list[str]:
    """Put a capture of its own at every key."""
    put_many(BUCKET, ((key, capture(csv_side("1"), csv_side("2"), eventId=key.replace("/", "-"))) for key in keys))
    return keys


def run(*arguments: str, below: str = BELOW) -> Result:
    """Run the command."""
    return CliRunner().invoke(app, ["backfill", below, "--stack", STACK, *arguments])


def words(text: str) -> str:
    """Return printed text without the lines of tables."""
    return " ".join(text.replace("│", " ").split())


def work_off(queue: str) -> None:
    """Call the function with each message of the queue, as its event source mapping does, until the queue is empty."""
    poller = Poller(queue, silent_handler(), batch_size=1)
    while waiting(queue):
        if messages := poller.receive():
            poller.delete(messages, poller.handle(messages, 60))


@contextmanager
def working(queue: str) -> Iterator[None]:
    """Let the function work on the queue while the block runs."""
    ended = Event()

    def work() -> None:
        poller = Poller(queue, silent_handler(), batch_size=1)
        while not ended.is_set():
            if messages := poller.receive():
                poller.delete(messages, poller.handle(messages, 60))

    thread = Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def named(queue: str) -> Counter[str]:
    """Return how often each object is named by the messages of a queue."""
    poller, keys = Poller(queue, silent_handler()), Counter[str]()
    left = waiting(queue)
    while left:
        messages = poller.receive()
        keys.update(work.source.key for each in messages for work in open_message(each["Body"]).works)
        poller.delete(messages, [])
        left -= len(messages)
    return keys


def times_received(monitor: Monitor) -> Counter[int]:
    """Return how many inferences the monitor received how often."""
    return Counter(one.times_received for one in monitor.store.inferences(MODEL))


@contextmanager
def hooked(event: str, hook: Callable[..., Any]) -> Iterator[None]:
    """Call `hook` at an event of botocore."""
    aws_session().events.register_first(event, hook)
    try:
        yield
    finally:
        aws_session().events.unregister(event, hook)


@pytest.mark.usefixtures("few")
def test_every_object_is_sent_and_forwarded_once(monitor: Monitor, stack: DeployedStack) -> None:
    """Fifty objects a message, all to the queue of backfills; run again, none is read."""
    done = run()
    assert done.exit_code == 0, done.output
    assert f"objects {len(FEW)} listed {len(FEW)} sent, 0 outside" in words(done.stdout)
    assert waiting(stack.backfill) == -(-len(FEW) // 50)
    assert waiting(stack.captures) == 0
    work_off(stack.backfill)
    assert times_received(monitor) == {1: len(FEW)}
    assert run().exit_code == 0
    work_off(stack.backfill)
    assert times_received(monitor) == {1: len(FEW)}


@pytest.mark.usefixtures("few")
def test_a_window_selects_hours_in_folders_and_keys(monitor: Monitor, stack: DeployedStack) -> None:
    """Two endpoints have that hour; objects without an hour go by their last write: now."""
    done = run("--since", "2026-01-30T04", "--until", "2026-01-30T05")
    assert done.exit_code == 0, done.output
    work_off(stack.backfill)
    assert times_received(monitor) == {1: 2 * AN_HOUR + 1}
    assert run("--since", "2026-02-01").exit_code == 0
    work_off(stack.backfill)
    assert times_received(monitor) == {
        1: 2 * AN_HOUR + 1 + 2
    }  # by-hand and ü +%41: a folder of another hour is not listed


_KILLED = """
import itertools, os, signal, threading
from capture_forwarder.aws.session import aws_session
from capture_ops.__main__ import main
calls, taken = itertools.count(1), threading.Event()
def die_in_the_second_call(**_):
    if next(calls) == 2:
        taken.wait()
        os.kill(os.getpid(), signal.SIGKILL)
aws_session().events.register("before-send.sqs.SendMessageBatch", die_in_the_second_call)
aws_session().events.register("after-call.sqs.SendMessageBatch", lambda **_: taken.set())
main()
"""


@pytest.mark.lengthy
@pytest.mark.usefixtures("many")
def test_a_killed_command_is_simply_run_again(monitor: Monitor, stack: DeployedStack) -> None:
    """Killed twice after the first ten messages, when the function has forwarded a few: all arrives once."""
    arguments = [sys.executable, "-c", _KILLED, "backfill", BELOW, "--stack", STACK]
    for sent in (10, 20):
        killed = subprocess.run(arguments, check=False, capture_output=True)  # noqa: S603 - ourselves
        assert (killed.returncode, waiting(stack.backfill)) == (-signal.SIGKILL, sent)
    poller = Poller(stack.backfill, silent_handler(), batch_size=1)
    for _ in range(5):
        poller.delete(messages := poller.receive(), poller.handle(messages, 60))
    assert 0 < sum(times_received(monitor).values()) < len(MANY)
    assert run().exit_code == 0
    work_off(stack.backfill)
    assert times_received(monitor) == {1: len(MANY)}


def test_ctrl_c_ends_the_sending_in_order(stack: DeployedStack, many: list[str]) -> None:
    """Calls under way are finished, and the table counts the messages that the queue has; the next run does the rest."""

    def interrupt(**_: Any) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        aws_session().events.unregister("before-send.sqs.SendMessageBatch", interrupt)

    with hooked("before-send.sqs.SendMessageBatch", interrupt):
        done = run()
    assert done.exit_code == 1
    assert "It was interrupted" in done.stdout
    sent = waiting(stack.backfill)
    assert f"messages {sent} sent" in words(done.stdout)
    assert 0 < sent < -(-len(MANY) // 50)
    assert run().exit_code == 0
    assert set(named(stack.backfill)) == set(many)


@pytest.mark.usefixtures("few")
def test_waiting_ends_when_all_objects_are_done(monitor: Monitor, stack: DeployedStack) -> None:
    """The table holds the sums of the progress items."""
    with working(stack.backfill):
        done = run("--wait")
    assert done.exit_code == 0, done.output
    assert f"objects {len(FEW)} done, 0 without a finished progress item" in words(done.stdout)
    assert f"inferences {len(FEW)} accepted or duplicate, 0 rejected" in words(done.stdout)
    assert times_received(monitor) == {1: len(FEW)}


def waited(**options: Any) -> tuple[int, str]:
    """Run the command with --wait, and an empty queue believed at once; return its exit code and its tables."""
    console = Console(record=True, width=200, file=StringIO())
    settings = Options(stack=STACK, wait=True, queue_empty_secs=0.5, **options)
    code = command.run(BELOW, None, (None, None), settings, console)
    return code, words(console.export_text())


@pytest.mark.lengthy
def test_poison_does_not_affect_other_objects(monitor: Monitor, stack: DeployedStack, few: list[str]) -> None:
    """An archived object is rejected as a whole, a bad line goes to quarantine, a malformed message to dead letters."""
    s3 = boto3.client("s3")
    s3.put_object(Bucket=BUCKET, Key=few[3], Body=b"no capture\n", StorageClass="GLACIER")
    s3.put_object(Bucket=BUCKET, Key=few[4], Body=b"no capture\n")
    boto3.client("sqs").send_message(QueueUrl=stack.backfill, MessageBody='{"backfill": [{"bucket": "b"}]}')
    with working(stack.backfill):
        code, text = waited()
    assert times_received(monitor) == {1: len(FEW) - 2}
    assert f"objects {len(FEW) - 1} done, 1 without a finished progress item" in text
    assert f"inferences {len(FEW) - 2} accepted" in text
    assert waiting(stack.dead_letters) == 1
    assert (code, "The dead-letter queue holds 1 messages" in text) == (1, True)
    boto3.client("sqs").purge_queue(QueueUrl=stack.dead_letters)
    with working(stack.backfill):
        code, text = waited()
    assert (code, "were rejected as a whole or given up" in text) == (0, True)


@pytest.mark.usefixtures("few", "stack")
def test_waiting_ends_at_its_time_limit() -> None:
    """No function reads the queue; the objects are counted as not done."""
    code, text = waited(wait_limit_secs=0)
    assert code == 1
    assert f"objects 0 done, {len(FEW)} without a finished progress item" in text
    assert "The function goes on with the rest" in text


def test_pending_objects_wait_in_the_queue_of_backfills(
    monitor: Monitor, stack: DeployedStack, few: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An object whose destination is not there is requeued behind the others of the backfill, not before live captures."""
    monkeypatch.setenv("MONITOR_TOKEN", "wrong")
    assert run(below=f"s3://{BUCKET}/{few[0].rsplit('/', 1)[0]}/").exit_code == 0
    assert waiting(stack.backfill) == 1
    poller = Poller(stack.backfill, silent_handler(), batch_size=1)
    poller.delete(messages := poller.receive(), poller.handle(messages, 60))
    assert (waiting(stack.backfill), waiting(stack.captures), waiting(stack.dead_letters)) == (AN_HOUR, 0, 0)
    assert times_received(monitor) == {}


def test_messages_that_sqs_did_not_take_are_sent_again(stack: DeployedStack, many: list[str]) -> None:
    """A call may take some of its messages and fail for others: only those are sent again."""
    calls: list[int] = []

    def fail_three(request: Any, **_: Any) -> Any:
        entries = json.loads(request.body)["Entries"]
        calls.append(len(entries))
        if len(calls) > 1:
            return None
        for entry in entries[:-3]:
            boto3.client("sqs").send_message(QueueUrl=stack.backfill, MessageBody=entry["MessageBody"])
        failed = [{"Id": entry["Id"], "SenderFault": False, "Code": "InternalError"} for entry in entries[-3:]]
        return answer(request, {"Successful": [], "Failed": failed})

    with hooked("before-send.sqs.SendMessageBatch", fail_three):
        assert run().exit_code == 0
    assert calls.count(3) == 1
    assert named(stack.backfill) == Counter(many)


def answer(request: Any, document: dict[str, Any]) -> AWSResponse:
    """Return an answer of SQS."""

    class Body:
        def stream(self, **_: Any) -> Iterator[bytes]:
            yield json.dumps(document).encode()

    return AWSResponse(request.url, 200, HTTPHeaders(), Body())


@pytest.mark.usefixtures("few", "stack")
def test_a_message_that_sqs_refuses_is_an_error_with_advice() -> None:
    """It would be refused again, so it is not sent again."""

    def refuse(request: Any, **_: Any) -> AWSResponse:
        return answer(request, {"Failed": [{"Id": "0", "SenderFault": True, "Code": "InvalidMessageContents"}]})

    with hooked("before-send.sqs.SendMessageBatch", refuse):
        done = run()
    assert done.exit_code == 4
    assert "did not take a message: InvalidMessageContents; run the command again" in words(done.stderr)


def test_a_stack_without_the_queue_is_reported(monitor: Monitor, stack: DeployedStack) -> None:
    """No stack, no output, no queue: each sentence names the next step."""
    del monitor
    missing = run("--stack", "another")
    assert (missing.exit_code, "there is no stack another" in missing.stderr) == (2, True)
    template = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    boto3.client("cloudformation").create_stack(StackName="old", TemplateBody=template)
    old = run("--stack", "old")
    assert (old.exit_code, "the stack old has no output BackfillQueueUrl" in old.stderr) == (2, True)
    boto3.client("s3").put_object(Bucket=BUCKET, Key="datacapture/many/a.jsonl", Body=b"")
    boto3.client("sqs").delete_queue(QueueUrl=stack.backfill)
    gone = run()
    assert (gone.exit_code, "sqs:SendMessage" in gone.stderr) == (4, True)
    with pytest.raises(Unavailable, match="sqs:GetQueueAttributes"):
        BackfillQueue(STACK).depth()


@pytest.mark.usefixtures("stack")
def test_only_folders_of_routes_are_listed_and_empty_prefixes_are_reported() -> None:
    """A role that may list only the folders of the routes can run a backfill of the whole bucket."""
    put(["logs/a.jsonl", "datacapture/many/a.jsonl"])
    listed: list[str] = []
    event = "before-parameter-build.s3.ListObjectsV2"
    with hooked(event, lambda params, **_: listed.append(params["Prefix"])):
        done = run(below=f"s3://{BUCKET}/")
    assert (done.exit_code, "1 listed" in words(done.stdout)) == (0, True)
    assert listed == ["datacapture/"]
    nothing = run(below=f"{BELOW}nothing/")
    assert (nothing.exit_code, "nothing below that prefix" in nothing.stdout) == (0, True)
