"""Objects read before their turn, so that a run waits for the store once and not once an object.

Only those that are known to be small, and whole: a stream that waited open for its turn would be cut off by S3, and one
that nobody reads holds a connection. Errors are those of the object, and come up when it is its turn.
"""

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from contextlib import suppress
from itertools import chain

from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import Refusal, SourceUnavailable, Superseded
from capture_forwarder.ports import CaptureStore, Opened

MOST_OBJECTS = 8
MOST_BYTES = 4 * 1024 * 1024
# What is not here after so long is not on its way.
_PATIENCE_SECS = 60.0

Found = Opened | Refusal | Superseded
Place = tuple[CaptureObject, int]


class ReadAhead:
    """A capture store for one run, whose objects are opened in the order of `places`: each with where it begins.

    `left_secs` tells how long the run may wait for one.
    """

    def __init__(
        self, store: CaptureStore, executor: Executor, places: Iterable[Place], left_secs: Callable[[], float]
    ) -> None:
        self._store = store
        self._executor = executor
        self._left_secs = left_secs
        self._upcoming = deque(place for place in places if _bytes_of(place) <= MOST_BYTES)
        self._begun: dict[Place, Future[Found]] = {}

    def open(self, source: CaptureObject, start: int) -> Found:
        """Return what the store has of this object, and begin with those that come next. Raises `SourceUnavailable`."""
        begun = self._begun.pop((source, start), None)
        if begun is None:
            with suppress(ValueError):
                self._upcoming.remove((source, start))
        self._begin_some()
        return self._waited_for(begun, source) if begun else self._store.open(source, start)

    def close(self) -> None:
        """Give up what nobody asked for: its objects are still owed, and read by whoever takes them on."""
        for begun in self._begun.values():
            begun.cancel()

    def _waited_for(self, begun: Future[Found], source: CaptureObject) -> Found:
        try:
            return begun.result(min(self._left_secs(), _PATIENCE_SECS))
        except TimeoutError as error:
            raise SourceUnavailable(f"{source.uri}: S3 did not send it in time") from error

    def _begin_some(self) -> None:
        room = MOST_BYTES - sum(map(_bytes_of, self._begun))
        while self._upcoming and len(self._begun) < MOST_OBJECTS and _bytes_of(self._upcoming[0]) <= room:
            place = self._upcoming.popleft()
            room -= _bytes_of(place)
            self._begun[place] = self._executor.submit(_held, self._store, *place)


def _bytes_of(place: Place) -> int:
    source, _ = place
    return MOST_BYTES + 1 if source.size is None else source.size


def _held(store: CaptureStore, source: CaptureObject, start: int) -> Found:
    """Open an object and hold its bytes; of one that is larger than its event said, what comes then stays unread."""
    found = store.open(source, start)
    if not isinstance(found, Opened):
        return found
    held, room = [], _bytes_of((source, start))
    for chunk in found.chunks:
        held.append(chunk)
        room -= len(chunk)
        if room < 0:
            break
    return Opened(chain(held, found.chunks), found.modified)
