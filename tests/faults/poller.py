"""Lambda's poller of a queue: receives messages, calls the function with them, deletes those that succeeded.

https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
"""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import boto3

from capture_forwarder.handler import lambda_handler

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef


class Context:
    """As much of Lambda's context object as the handler uses: the time that is left of `timeout_secs`."""

    function_name = "capture-forwarder"
    function_version = "$LATEST"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:capture-forwarder"
    aws_request_id = "00000000-0000-4000-8000-000000000000"

    def __init__(self, timeout_secs: float) -> None:
        self._ends = time.monotonic() + timeout_secs

    def get_remaining_time_in_millis(self) -> int:
        """Return how long the platform lets this invocation go on."""
        return max(0, int((self._ends - time.monotonic()) * 1000))


class Poller:
    """Polls the queue at `queue_url`, `batch_size` messages at once, for a function that may run for `timeout_secs`."""

    def __init__(self, queue_url: str, timeout_secs: float, batch_size: int = 10) -> None:
        self._sqs = boto3.client("sqs")
        self._queue_url = queue_url
        self._timeout_secs = timeout_secs
        self._batch_size = batch_size

    def receive(self) -> "list[MessageTypeDef]":
        """Return a batch of messages, or none after a short wait."""
        return self._sqs.receive_message(
            QueueUrl=self._queue_url,
            MaxNumberOfMessages=self._batch_size,
            WaitTimeSeconds=1,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        ).get("Messages", [])

    def handle(self, messages: "list[MessageTypeDef]") -> dict[str, Any]:
        """Call the function with `messages`."""
        return lambda_handler({"Records": [_record(message) for message in messages]}, Context(self._timeout_secs))

    def delete(self, messages: "list[MessageTypeDef]", answer: Mapping[str, Any]) -> None:
        """Delete all `messages` but those that `answer` names as failed."""
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        handles = [message["ReceiptHandle"] for message in messages if message["MessageId"] not in failed]
        if handles:
            self._sqs.delete_message_batch(
                QueueUrl=self._queue_url,
                Entries=[{"Id": str(place), "ReceiptHandle": handle} for place, handle in enumerate(handles)],
            )


def _record(message: "MessageTypeDef") -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {},
        "eventSource": "aws:sqs",
    }
