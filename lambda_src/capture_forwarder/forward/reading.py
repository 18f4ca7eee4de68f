"""Read one object: open it, decode its lines, and decide when to look at the clock."""

from collections.abc import Iterator

from msgspec import Struct

from capture_forwarder.domain.conservation import ObjectState
from capture_forwarder.domain.delivery import PendingCause, Reason, Superseded
from capture_forwarder.forward.run import Run
from capture_forwarder.forward.sending.sender import Sender
from capture_forwarder.forward.tracking import ObjectTracker
from capture_forwarder.kinds.kind import DecodedSpan, Decoder
from capture_forwarder.lines.reader import LineReader
from capture_forwarder.ports import OpenObject

# The clock is read every 64 KiB and after every request. Reading it for every line would double the cost of a line.
_CLOCK_BYTES = 64 * 1024


class ReadLimits(Struct, frozen=True, kw_only=True):
    """Limits of reading.

    Progress is saved every `checkpoint_secs` within an object. It is also saved when rejections of `max_rejected_bytes`
    are held.
    Before the next object is read, at most `max_uncommitted_bytes` of lines may wait for their commit.
    """

    max_line_bytes: int = 64 * 1024 * 1024
    checkpoint_secs: float = 20.0
    max_rejected_bytes: int = 16 * 1024 * 1024
    max_uncommitted_bytes: int = 64 * 1024 * 1024


def open_spans(
    tracker: ObjectTracker,
    opened: OpenObject | Reason | Superseded,
    decoder: Decoder,
    limits: ReadLimits,
    max_rows: int,
) -> Iterator[DecodedSpan]:
    """Return the lines of an object as spans. Raises `Unavailable`, at once or between spans.

    An object that can never be read has no spans, and its tracker has the reason.
    """
    if isinstance(opened, Reason):
        tracker.reject_object(opened)
    elif isinstance(opened, Superseded):
        tracker.end_with(ObjectState.SUPERSEDED)
    else:
        reader = LineReader(opened.chunks, limits.max_line_bytes, tracker.progress.read_offset)
        tracker.modified, tracker.compressed = opened.modified, reader.compressed
        tracker.content_type = None if reader.compressed else opened.content_type  # that of gzip says nothing of lines
        return decoder.decode(reader, max_rows)
    return iter(())


class Pauses:
    """Decides when reading an object pauses, to look at the clock or to save a checkpoint."""

    def __init__(self, limits: ReadLimits, run: Run) -> None:
        self._limits = limits
        self._run = run
        self._checked_bytes = 0
        self._checkpoint_at = run.clock() + limits.checkpoint_secs

    def due(self, tracker: ObjectTracker, *, request_begun: bool) -> bool:
        """Return whether to pause after the span that was just added to `tracker`."""
        if not (request_begun or self.is_full(tracker)) and tracker.read_to - self._checked_bytes < _CLOCK_BYTES:
            return False
        self._checked_bytes = tracker.read_to
        return True

    def is_full(self, tracker: ObjectTracker) -> bool:
        """Return whether so many rejections are held that they must be written."""
        return tracker.rejections.held_bytes > self._limits.max_rejected_bytes

    def checkpoint_due(self, tracker: ObjectTracker) -> bool:
        """Return whether to save progress within the object: at most once in `checkpoint_secs`, or if it is full."""
        now = self._run.clock()
        if not self.is_full(tracker) and now <= self._checkpoint_at:
            return False
        self._checkpoint_at = now + self._limits.checkpoint_secs
        return True


def stop_if_due(tracker: ObjectTracker, sender: Sender, run: Run) -> bool:
    """End reading early if it cannot go on: the sender has an error, the claim is lost, or the time is used up."""
    item = tracker.claimed.item
    if error := sender.error or (item and item.ended):
        tracker.end_with_error(error)
        return True
    if run.deadline.left_secs(2, tracker.route.destination) <= 0:
        tracker.end_with(ObjectState.OUT_OF_TIME, "the invocation's time is used up", PendingCause.OUT_OF_TIME)
        return True
    return False
