"""Work that is still owed, put back into the function's own queue."""

from typing import TYPE_CHECKING

import msgspec

from capture_forwarder.aws.errors import AwsError, code_of
from capture_forwarder.domain.capture import Work
from capture_forwarder.domain.delivery import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient


class SqsQueue:
    """Sends a message of its own for what is owed, so that waiting is no failure and counts towards no redrive."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def put(self, work: Work, *, delay_secs: int) -> None:
        """Ask for `work` after `delay_secs`, at most 900. Raises `Unavailable`."""
        body = msgspec.json.encode(work).decode()
        try:
            self._client.send_message(QueueUrl=self._url, MessageBody=body, DelaySeconds=delay_secs)
        except AwsError as error:
            raise Unavailable(f"the queue answers {code_of(error)}; allow the function to send to it") from error
