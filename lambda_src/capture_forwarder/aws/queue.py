"""The function's own queue: work that has to wait is requeued."""

from typing import TYPE_CHECKING

import msgspec

from capture_forwarder.aws.errors import AwsError, code_of
from capture_forwarder.domain.capture import Work
from capture_forwarder.domain.delivery import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient


class SqsQueue:
    """Sends a new message for work that waits, so that waiting does not count as a failed receive."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def put(self, work: Work, *, delay_secs: int) -> None:
        """Send a message for `work`, to be received after `delay_secs` (at most 900). Raises `Unavailable`."""
        body = msgspec.json.encode(work).decode()
        try:
            self._client.send_message(QueueUrl=self._url, MessageBody=body, DelaySeconds=delay_secs)
        except AwsError as error:
            raise Unavailable(f"the queue answers {code_of(error)}; allow the function to send to it") from error
