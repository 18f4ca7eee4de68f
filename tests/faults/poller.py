"""Lambda's poller of a queue: receives messages, calls the handler, deletes the messages that succeeded.

https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
"""

import os
import time
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final

import boto3

from capture_forwarder.bootstrap import build_runtime
from capture_forwarder.handler import Handler, make_handler

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

MAX_MESSAGES: Final = 10


def configured_handler() -> Handler:
    """Return a new handler that is configured by the environment, as it is in Lambda."""
    return make_handler(build_runtime(os.environ))


class LambdaContext:
    """The part of Lambda's context object that the handler uses: the time that is left of `timeout_secs`."""

    def __init__(self, timeout_secs: float) -> None:
        self._end = time.monotonic() + timeout_secs

    def get_remaining_time_in_millis(self) -> int:
        """Return the time until the platform stops this invocation."""
        return max(0, int((self._end - time.monotonic()) * 1000))


class Poller:
    """Polls one queue for one function, up to `batch_size` messages at once; waits `wait_secs` for the first."""

    def __init__(self, queue_url: str, handler: Handler, *, batch_size: int = MAX_MESSAGES, wait_secs: int = 1) -> None:
        self._batch_size = batch_size
        self._wait_secs = wait_secs
        self._sqs = boto3.client("sqs")
        self._queue_url = queue_url
        self._handler = handler

    def receive(self) -> "list[MessageTypeDef]":
        """Return some messages, or none after the wait."""
        return self._sqs.receive_message(
            QueueUrl=self._queue_url,
            MaxNumberOfMessages=self._batch_size,
            WaitTimeSeconds=self._wait_secs,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["ApproximateReceiveCount", "AWSTraceHeader"],
        ).get("Messages", [])

    def handle(self, messages: "list[MessageTypeDef]", timeout_secs: float) -> list[str]:
        """Call the handler with `messages`, and return the ids of those that failed."""
        answer = self._handler({"Records": [record(message) for message in messages]}, LambdaContext(timeout_secs))
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def delete(self, messages: "list[MessageTypeDef]", failed: Collection[str]) -> None:
        """Delete all `messages` except the failed ones."""
        handles = [message["ReceiptHandle"] for message in messages if message["MessageId"] not in failed]
        if handles:
            self._sqs.delete_message_batch(
                QueueUrl=self._queue_url,
                Entries=[{"Id": str(place), "ReceiptHandle": handle} for place, handle in enumerate(handles)],
            )


def record(message: "MessageTypeDef") -> dict[str, Any]:
    """Return a message as a record of the event that Lambda makes of it."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {
            name: {"dataType": each["DataType"], "stringValue": each["StringValue"]}
            for name, each in message.get("MessageAttributes", {}).items()
        },
        "eventSource": "aws:sqs",
    }
