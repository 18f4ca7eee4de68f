"""Pending work, sent to the function's own queues."""

from typing import TYPE_CHECKING

import msgspec

from capture_forwarder.aws.errors import AwsError, code_of
from capture_forwarder.domain.capture import Work
from capture_forwarder.domain.delivery import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient


class SqsQueue:
    """Requeues pending work as a new message, so that waiting does not count towards `max_receives`.

    Work of a backfill goes to `backfill_url`, if there is one: it must not wait in front of live captures.
    """

    def __init__(self, client: "SQSClient", url: str, *, backfill_url: str | None = None) -> None:
        self._client = client
        self._url = url
        self._backfill_url = backfill_url or url

    def put(self, work: Work, *, delay_secs: int) -> None:
        """Ask for `work` after `delay_secs`, at most 900. Raises `Unavailable`."""
        url = self._backfill_url if work.backfill else self._url
        body = msgspec.json.encode(work).decode()
        try:
            self._client.send_message(QueueUrl=url, MessageBody=body, DelaySeconds=delay_secs)
        except AwsError as error:
            raise Unavailable(f"the queue answers {code_of(error)}; allow the function to send to it") from error
