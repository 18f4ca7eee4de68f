"""Lambda's poller of one queue, with workers that are processes: batches, partial answers, kills, dead letters."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import boto3
from msgspec import Struct

from tests.faults.harness.environment import Environment, Result
from tests.faults.poller import record

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_AT_ONCE = 10  # the most messages of one request to SQS


class Invocation(Struct):
    """One call of the handler: how many messages, the ids of those that failed, and how it ended."""

    messages: int
    failed: list[str]
    result: Result


class Worker:
    """One execution environment at a time, and the poller that invokes it.

    Messages that are not deleted are visible again at once: the visibility timeout passes quicker here.
    """

    def __init__(
        self,
        queue_url: str,
        variables: Callable[[], Mapping[str, str]],
        log: Path,
        *,
        timeout_secs: float,
        batch_size: int = 10,
    ) -> None:
        self.environment: Environment | None = None
        self.invocations: list[Invocation] = []
        self._sqs = boto3.client("sqs")
        self._queue_url = queue_url
        self._variables = variables
        self._log = log
        self._timeout_secs = timeout_secs
        self._batch_size = batch_size

    def poll(self) -> Invocation | None:
        """Receive a batch and invoke the function with it; return `None` if no message can be received."""
        messages = self._receive()
        if not messages:
            return None
        if self.environment is None:
            self.environment = Environment(self._variables(), self._log)
        event = {"Records": [record(message) for message in messages]}
        result = self.environment.invoke(event, self._timeout_secs)
        if result.answer is None:
            self.end()
            failed = [message["MessageId"] for message in messages]
        else:
            failed = [each["itemIdentifier"] for each in result.answer["batchItemFailures"]]
        self._finish(messages, failed)
        self.invocations.append(Invocation(len(messages), failed, result))
        return self.invocations[-1]

    def start(self) -> Thread:
        """Poll once in a thread, and return the thread."""
        thread = Thread(target=self.poll, name="worker")
        thread.start()
        return thread

    def end(self) -> None:
        """End the environment; the next invocation has a new one."""
        if self.environment:
            self.environment.close()
            self.environment = None

    def _receive(self) -> "list[MessageTypeDef]":
        messages: list[MessageTypeDef] = []
        while len(messages) < self._batch_size:
            some = self._sqs.receive_message(
                QueueUrl=self._queue_url,
                MaxNumberOfMessages=min(_AT_ONCE, self._batch_size - len(messages)),
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["ApproximateReceiveCount", "AWSTraceHeader"],
            ).get("Messages", [])
            if not some:
                break
            messages += some
        return messages

    def _finish(self, messages: "list[MessageTypeDef]", failed: list[str]) -> None:
        """Delete the messages that succeeded, and make the others visible."""
        for start in range(0, len(messages), _AT_ONCE):
            some = messages[start : start + _AT_ONCE]
            handles = {each["MessageId"]: each["ReceiptHandle"] for each in some}
            done = [{"Id": name, "ReceiptHandle": each} for name, each in handles.items() if name not in failed]
            again: Any = [
                {"Id": name, "ReceiptHandle": each, "VisibilityTimeout": 0}
                for name, each in handles.items()
                if name in failed
            ]
            if done:
                self._sqs.delete_message_batch(QueueUrl=self._queue_url, Entries=done)  # type: ignore[arg-type]
            if again:
                self._sqs.change_message_visibility_batch(QueueUrl=self._queue_url, Entries=again)


def drain(worker: Worker, waiting: Callable[[], int], *, within_secs: float) -> int:
    """Poll until no message is left, and return the number of invocations. Raises `AssertionError` in time."""
    end = time.monotonic() + within_secs
    before = len(worker.invocations)
    while left := waiting():
        assert time.monotonic() < end, f"{left} messages are left after {within_secs} seconds"
        if worker.poll() is None or waiting() == left:
            time.sleep(0.2)  # a delay, a lease or a pause after an error has to pass
    return len(worker.invocations) - before
