"""Pending work, sent to the function's own queues."""

import json
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from capture_forwarder.aws.errors import AwsError, TimedOut, code_of
from capture_forwarder.aws.no_answer import unanswered
from capture_forwarder.aws.timed import TimedCalls, with_aws_errors
from capture_forwarder.domain.capture import Work

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

# One call takes ten messages: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
_MAX_ENTRIES = 10
_MAX_BATCH_BYTES = 256 * 1024
_CALLS_AT_ONCE = 4
_ADVICE = "look at the queue, and allow the function to send to it"
_NO_ANSWER = "the queue gave no answer in time"


class _Entry(Struct, frozen=True):
    """One message; `number` is its place among those that were asked for."""

    number: int
    url: str
    body: str
    delay_secs: int


class _Batch(Struct, frozen=True):
    """The messages of one call. One that is sent again is not sent a third time."""

    entries: list[_Entry]
    is_repeat: bool = False


class SqsQueue:
    """Requeues pending work as new messages, so that waiting does not count towards `max_receives`.

    Work of a backfill goes to `backfill_url`, if there is one: it must not wait in front of live captures.
    """

    def __init__(
        self, client: "SQSClient", url: str, *, backfill_url: str | None = None, calls: TimedCalls | None = None
    ) -> None:
        self._client = client
        self._url = url
        self._backfill_url = backfill_url or url
        self._calls = calls or TimedCalls()

    def put(self, items: Sequence[tuple[Work, int]], *, within_secs: float) -> list[str | None]:
        """Ask for each work after its delay in seconds, 0 to 900; return for each `None`, or why it was not sent.

        Never raises. A message whose answer did not arrive within `within_secs` counts as not sent.
        """
        reasons: list[str | None] = [_NO_ANSWER] * len(items)
        if within_secs <= 0:
            return reasons
        waiting = deque(_batches(self._entries(items)))
        end = time.monotonic() + within_secs
        senders = [
            self._calls.begin(self._send_all, waiting, reasons) for _ in range(min(_CALLS_AT_ONCE, len(waiting)))
        ]
        for sender in senders:
            with suppress(*AwsError):  # messages that were not sent have a reason
                sender.result(end - time.monotonic())
        return list(reasons)

    def _entries(self, items: Sequence[tuple[Work, int]]) -> list[_Entry]:
        entries = []
        for number, (work, delay_secs) in enumerate(items):
            # ASCII, because SQS refuses some characters, but no escape of `json`.
            body = json.dumps(msgspec.to_builtins(work), separators=(",", ":"))
            url = self._backfill_url if work.backfill else self._url
            entries.append(_Entry(number, url, body, delay_secs))
        return entries

    def _send_all(self, waiting: deque[_Batch], reasons: list[str | None]) -> None:
        """Send batches until none is left. Several threads do this at once."""
        while True:
            try:
                batch = waiting.popleft()
            except IndexError:
                return
            failed = self._send(batch, reasons)
            if failed and not batch.is_repeat:
                waiting.append(_Batch(failed, is_repeat=True))

    def _send(self, batch: _Batch, reasons: list[str | None]) -> list[_Entry]:
        """Send one batch, and record the results; return the messages that may succeed if they are sent again."""
        entries = {str(entry.number): entry for entry in batch.entries}
        request: Any = [
            {"Id": name, "MessageBody": entry.body, "DelaySeconds": entry.delay_secs} for name, entry in entries.items()
        ]
        try:
            answer = with_aws_errors(self._client.send_message_batch, QueueUrl=batch.entries[0].url, Entries=request)
        except TimedOut:  # the time is over: the messages keep the reason that they have
            return []
        except AwsError as error:
            why = unanswered(error)
            reason = f"the queue cannot be reached: {why}" if why else f"the queue answers {code_of(error)}; {_ADVICE}"
            for entry in batch.entries:
                reasons[entry.number] = reason
            return []
        failed = {one["Id"]: one for one in answer.get("Failed", [])}
        for one in answer.get("Successful", []):
            if (sent := entries.get(one["Id"])) and one["Id"] not in failed:
                reasons[sent.number] = None
        for name in failed.keys() & entries.keys():
            reasons[entries[name].number] = f"the queue refuses the message with {failed[name]['Code']}"
        return [entry for name, entry in entries.items() if name in failed and not failed[name]["SenderFault"]]


def _batches(entries: Sequence[_Entry]) -> Iterator[_Batch]:
    """Yield the entries in batches that one call takes, each for one queue."""
    for url in dict.fromkeys(entry.url for entry in entries):
        batch: list[_Entry] = []
        size = 0
        for entry in (entry for entry in entries if entry.url == url):
            size += len(entry.body)
            if batch and (len(batch) == _MAX_ENTRIES or size > _MAX_BATCH_BYTES):
                yield _Batch(batch)
                batch, size = [], len(entry.body)
            batch.append(entry)
        yield _Batch(batch)
