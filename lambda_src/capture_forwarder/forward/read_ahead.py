"""Small objects are downloaded before their turn, so that a run waits for the store a few times and not once an object.

Only objects of known size up to 10 MiB are read ahead, and always completely. An open stream would time out while it
waits. An error of an object is raised at its turn.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from functools import partial
from itertools import chain

from msgspec import Struct

from capture_forwarder.domain.capture import CaptureObject, Work
from capture_forwarder.domain.delivery import SourceUnavailable
from capture_forwarder.domain.route import Route
from capture_forwarder.forward.opening import Opened, Opening, failing
from capture_forwarder.forward.run import Deadline
from capture_forwarder.forward.workers import Workers
from capture_forwarder.ports import OpenObject

# With 5 threads ten objects need two rounds of waiting. 8 threads need two rounds as well, and each costs 1.3 MB.
READERS = 5
MAX_OBJECTS = 10
MAX_BYTES = 10 * 1024 * 1024
# S3 sends 10 MiB within a second. An object that takes longer than this is read by another invocation.
_MAX_WAIT_SECS = 60.0
# The other half of the time is for the rows that were read before.
_WAIT_SHARE = 0.5

Routed = tuple[Work, Route]
Opener = Callable[[], Opened]


class _Turn(Struct, frozen=True):
    """An object that waits for its turn, with its download if it has one."""

    routed: Routed
    download: Future[Opened] | None = None
    held_bytes: int = 0

    def cancel(self) -> None:
        """Cancel the download if no thread has begun it."""
        if self.download:
            self.download.cancel()


def read_ahead(
    opening: Opening, readers: Workers, objects: Iterator[Routed], deadline: Deadline
) -> Generator[tuple[Work, Route, Opener], None, None]:
    """Yield every object, in order, with a function that claims and opens it.

    The next objects are downloaded meanwhile. An opener that is not called before the next step is cancelled. Closing
    the generator cancels the downloads that have not begun.
    """
    waiting: deque[_Turn] = deque()
    coming = next(objects, None)
    try:
        while waiting or coming:
            if coming and not waiting:
                waiting.append(_Turn(coming))
                coming = next(objects, None)
            turn = waiting.popleft()
            while coming and _has_room(waiting, coming[0].source) and deadline.left_secs() > 0:
                waiting.append(_begin(opening, readers, coming))
                coming = next(objects, None)
            yield *turn.routed, partial(_open, opening, readers, turn, deadline)
            turn.cancel()
    finally:
        for turn in waiting:
            turn.cancel()


def _has_room(waiting: deque[_Turn], source: CaptureObject) -> bool:
    held_bytes = sum(turn.held_bytes for turn in waiting) + _held_bytes(source)
    return len(waiting) < MAX_OBJECTS and held_bytes <= MAX_BYTES


def _begin(opening: Opening, readers: Workers, routed: Routed) -> _Turn:
    """Begin the download of an object, unless it is large."""
    source = routed[0].source
    if not _is_small(source):
        return _Turn(routed)
    return _Turn(routed, readers.submit(_download, opening, *routed), _held_bytes(source))


def _is_small(source: CaptureObject) -> bool:
    """Return whether the event says that the object fits; an event may give no size, or a wrong one."""
    return source.size is not None and 0 <= source.size <= MAX_BYTES


def _held_bytes(source: CaptureObject) -> int:
    """Return how many bytes an object holds while it waits for its turn."""
    return source.size if source.size is not None and _is_small(source) else 0


def _open(opening: Opening, readers: Workers, turn: _Turn, deadline: Deadline) -> Opened:
    """Return the object: from its download, or from the store if no thread has begun it. Raises `Unavailable`."""
    work, route = turn.routed
    if turn.download is None or turn.download.cancel():
        return opening.open(work, route)
    try:
        return turn.download.result(max(0.0, min(deadline.left_secs() * _WAIT_SHARE, _MAX_WAIT_SECS)))
    except TimeoutError as error:
        readers.abandon()
        raise SourceUnavailable(f"{work.source.uri}: it was not read in time") from error


def _download(opening: Opening, work: Work, route: Route) -> Opened:
    """Open an object and read all of it; of one that is larger than its event said, the rest is streamed later."""
    opened = opening.open(work, route)
    found = opened.content
    if not isinstance(found, OpenObject):
        return opened
    held, room, rest = [], _held_bytes(work.source), found.chunks
    try:
        for chunk in found.chunks:
            held.append(chunk)
            room -= len(chunk)
            if room < 0:
                break
    except SourceUnavailable as error:
        rest = failing(error)  # at the place where the store broke off
    return Opened(opened.claim, OpenObject(chain(held, rest), found.modified, found.content_type))
