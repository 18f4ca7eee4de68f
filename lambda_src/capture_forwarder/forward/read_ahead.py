"""Small objects are downloaded before their turn, so that a run waits for the store a few times and not once an object.

Only objects of known size up to 10 MiB are read ahead, and always completely. An open stream would time out while it
waits. An error of an object is raised at its turn.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Executor, Future
from functools import partial
from itertools import chain

from msgspec import Struct

from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import Reason, SourceUnavailable, Superseded
from capture_forwarder.forward.run import Deadline
from capture_forwarder.forward.tracking import ObjectTracker
from capture_forwarder.ports import ObjectStore, OpenObject, TimeLeft

# With 5 threads ten objects need two rounds of waiting. 8 threads need two rounds as well, and each costs 1.3 MB.
READERS = 5
MAX_OBJECTS = 10
MAX_BYTES = 10 * 1024 * 1024
# S3 sends 10 MiB within a second. An object that takes longer than this is read by another invocation.
_MAX_WAIT_SECS = 60.0
# The other half of the time is for the rows that were read before.
_WAIT_SHARE = 0.5

OpenResult = OpenObject | Reason | Superseded
Opener = Callable[[], OpenResult]


class _Turn(Struct, frozen=True):
    """An object that waits for its turn, with its download if it has one."""

    tracker: ObjectTracker
    download: Future[OpenResult] | None = None
    held_bytes: int = 0

    def cancel(self) -> None:
        """Cancel the download if no thread has begun it."""
        if self.download:
            self.download.cancel()


def read_ahead(
    store: ObjectStore, executor: Executor, trackers: Iterator[ObjectTracker], deadline: Deadline
) -> Generator[tuple[ObjectTracker, Opener], None, None]:
    """Yield every object, in order, with a function that opens it.

    The next objects are downloaded meanwhile. An opener that is not called before the next step is cancelled. Closing
    the generator cancels the downloads that have not begun.
    """
    waiting: deque[_Turn] = deque()
    coming = next(trackers, None)
    try:
        while waiting or coming:
            if coming and not waiting:
                waiting.append(_Turn(coming))
                coming = next(trackers, None)
            turn = waiting.popleft()
            while coming and _has_room(waiting, coming.work.source) and deadline.left_secs(2) > 0:
                waiting.append(_begin(store, executor, coming, deadline))
                coming = next(trackers, None)
            yield turn.tracker, partial(_open, store, turn, deadline)
            turn.cancel()
    finally:
        for turn in waiting:
            turn.cancel()


def _has_room(waiting: deque[_Turn], source: CaptureObject) -> bool:
    held_bytes = sum(turn.held_bytes for turn in waiting) + _held_bytes(source)
    return len(waiting) < MAX_OBJECTS and held_bytes <= MAX_BYTES


def _begin(store: ObjectStore, executor: Executor, tracker: ObjectTracker, deadline: Deadline) -> _Turn:
    """Begin the download of an object, unless it is large."""
    source = tracker.work.source
    if not _is_small(source):
        return _Turn(tracker)
    return _Turn(
        tracker,
        executor.submit(_download, store, source, tracker.start, partial(deadline.left_secs, 2)),
        _held_bytes(source),
    )


def _is_small(source: CaptureObject) -> bool:
    """Return whether the event says that the object fits; an event may give no size, or a wrong one."""
    return source.size is not None and 0 <= source.size <= MAX_BYTES


def _held_bytes(source: CaptureObject) -> int:
    """Return how many bytes an object holds while it waits for its turn."""
    return source.size if source.size is not None and _is_small(source) else 0


def _open(store: ObjectStore, turn: _Turn, deadline: Deadline) -> OpenResult:
    """Return the object: from its download, or from the store if no thread has begun it. Raises `SourceUnavailable`."""
    source = turn.tracker.work.source
    if turn.download is None or turn.download.cancel():
        return store.open(source, turn.tracker.start, partial(deadline.left_secs, 2))
    try:
        return turn.download.result(min(deadline.left_secs(2) * _WAIT_SHARE, _MAX_WAIT_SECS))
    except TimeoutError as error:
        raise SourceUnavailable(f"{source.uri}: S3 did not send it in time") from error


def _download(store: ObjectStore, source: CaptureObject, start: int, left_secs: TimeLeft) -> OpenResult:
    """Open an object and read all of it; of one that is larger than its event said, the rest is streamed later."""
    found = store.open(source, start, left_secs)
    if not isinstance(found, OpenObject):
        return found
    held, room, rest = [], _held_bytes(source), found.chunks
    try:
        for chunk in found.chunks:
            held.append(chunk)
            room -= len(chunk)
            if room < 0:
                break
    except SourceUnavailable as error:
        rest = iter(partial(_raise, error), b"")  # at the place where the store broke off
    return OpenObject(chain(held, rest), found.modified)


def _raise(error: SourceUnavailable) -> bytes:
    raise error
