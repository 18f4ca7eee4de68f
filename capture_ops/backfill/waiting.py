"""Waits until the function has forwarded the objects of a backfill, by their progress items."""

import time
import zlib
from collections import deque
from collections.abc import Callable, Collection, Iterator
from threading import Event
from typing import Protocol

from msgspec import Struct

from capture_forwarder.aws.envelopes import open_message
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.progress import ProgressRecord
from capture_ops.backfill.messages import Message, pack

_FIRST_PAUSE_SECS = 0.25
_LONGEST_PAUSE_SECS = 5.0
_UNFINISHED_MESSAGES_A_LOOK = 20


class Items(Protocol):
    """Knows how far objects are committed."""

    def load(self, sources: Collection[CaptureObject]) -> dict[str, ProgressRecord]:
        """Return the progress of `sources` by `state_id`. Raises `Unavailable`."""
        ...


class WaitLimits(Struct, frozen=True, kw_only=True):
    """When waiting ends before all objects are done.

    The counts of SQS may lag a minute behind, so the queue counts as empty only after `empty_secs` without a message:
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-monitoring-using-cloudwatch.html
    """

    limit_secs: float | None
    empty_secs: float


class Waiting:
    """The sent objects that are not done yet.

    A message is kept compressed, about 60 bytes an object. Items are read in the order of sending. The function works
    in about the same order, so few items are read more than once.
    """

    def __init__(self, progress: Items) -> None:
        self.done = 0
        self.accepted = 0
        self.rejected = 0
        self.pending = 0
        self.queue_is_empty = False
        self._progress = progress
        self._messages: deque[bytes] = deque()

    def add(self, message: Message) -> None:
        """Wait for the objects of `message` too."""
        self.pending += message.objects
        self._messages.append(zlib.compress(message.body.encode()))

    def wait(self, queued: Callable[[], int], limits: WaitLimits, stopped: Event, shown: Callable[[], None]) -> None:
        """Look until all are done, `stopped` is set, the time limit is over, or the queue stays empty.

        `queued` returns the number of messages in the queue in any state. Raises `Unavailable`.
        """
        started = time.monotonic()
        empty_since: float | None = None
        for pause in _pauses():
            empty_since = None if queued() else empty_since or time.monotonic()
            self.queue_is_empty = empty_since is not None and time.monotonic() - empty_since >= limits.empty_secs
            self._look(len(self._messages) if self.queue_is_empty else _UNFINISHED_MESSAGES_A_LOOK)
            shown()
            over = limits.limit_secs is not None and time.monotonic() - started >= limits.limit_secs
            if not self.pending or self.queue_is_empty or over or stopped.wait(pause):
                return

    def _look(self, unfinished: int) -> None:
        """Read the items of messages, oldest first, until those of `unfinished` in a row have made no progress."""
        idle = 0
        for _ in range(len(self._messages)):
            if idle >= unfinished:
                return
            sources = _sources(self._messages.popleft())
            left = self._read(sources)
            idle = 0 if len(left) < len(sources) else idle + 1
            self._messages.extend(zlib.compress(message.body.encode()) for message in pack(left))

    def _read(self, sources: list[CaptureObject]) -> list[CaptureObject]:
        """Count the objects that are done, and return the others."""
        records = self._progress.load(sources)
        left = []
        for source in sources:
            record = records.get(source.state_id or "")
            if record is None or not record.done:
                left.append(source)
                continue
            self.done += 1
            self.accepted += record.accepted
            self.rejected += record.rejected
        self.pending -= len(sources) - len(left)
        return left


def _sources(message: bytes) -> list[CaptureObject]:
    return [work.source for work in open_message(zlib.decompress(message).decode()).works]


def _pauses() -> Iterator[float]:
    pause = _FIRST_PAUSE_SECS
    while True:
        yield pause
        pause = min(pause * 2, _LONGEST_PAUSE_SECS)
