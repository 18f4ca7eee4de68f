"""Objects read before their turn, so that a run waits for the store a few times and not once an object.

Only those that are known to be small, and whole: a stream that waited open for its turn would be cut off by S3, and one
that nobody reads holds a connection. What goes wrong with an object comes up at its turn, where it would without this.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from functools import partial
from itertools import chain

from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import Reason, SourceUnavailable, Superseded
from capture_forwarder.ports import CaptureStore, Opened

# An invocation of ten objects waits for S3 twice, with these as with eight; each thread holds 1.3 MB of its own.
READERS = 5
# Of one run; those that no thread got to yet count too.
MAX_OBJECTS = 10
MAX_BYTES = 10 * 1024 * 1024
# S3 sends so much within a second; a read that takes longer than this is tried again by whoever takes the object on.
_PATIENCE_SECS = 60.0
# What was read before must still be delivered.
_SHARE_FOR_WAITING = 0.5

Found = Opened | Reason | Superseded
Place = tuple[CaptureObject, int]


class ReadAhead:
    """A capture store for one run, whose objects are opened in the order of `places`: each with where it begins.

    `left_secs` tells how much time the run has left.
    """

    def __init__(
        self, store: CaptureStore, executor: Executor, places: Sequence[Place], left_secs: Callable[[], float]
    ) -> None:
        self._store = store
        self._executor = executor
        self._left_secs = left_secs
        self._turns = {place: turn for turn, place in enumerate(dict.fromkeys(places))}
        self._upcoming = deque(place for place in self._turns if _bytes_of(place) <= MAX_BYTES)
        self._begun: dict[Place, Future[Found]] = {}

    def open(self, source: CaptureObject, start: int) -> Found:
        """Return what the store has of this object, and begin with those that come next. Raises `SourceUnavailable`."""
        place = source, start
        begun = self._begun.pop(place, None)
        self._forget_before(self._turns[place])
        self._begin_some()
        # What is not begun yet need not be waited for: the readers are shared with other runs.
        if begun is None or begun.cancel():
            return self._store.open(source, start)
        try:
            return begun.result(min(self._left_secs() * _SHARE_FOR_WAITING, _PATIENCE_SECS))
        except TimeoutError as error:
            raise SourceUnavailable(f"{source.uri}: S3 did not send it in time") from error

    def close(self) -> None:
        """Give up what nobody asked for: its objects are still owed, and read by whoever takes them on."""
        self._forget_before(len(self._turns))

    def _forget_before(self, turn: int) -> None:
        """Give up objects that were passed over, and those whose turn it is."""
        for place in [place for place in self._begun if self._turns[place] < turn]:
            self._begun.pop(place).cancel()
        while self._upcoming and self._turns[self._upcoming[0]] <= turn:
            self._upcoming.popleft()

    def _begin_some(self) -> None:
        room = MAX_BYTES - sum(map(_bytes_of, self._begun))
        while self._upcoming and len(self._begun) < MAX_OBJECTS and _bytes_of(self._upcoming[0]) <= room:
            place = self._upcoming.popleft()
            room -= _bytes_of(place)
            self._begun[place] = self._executor.submit(_held, self._store, *place)


def _bytes_of(place: Place) -> int:
    """Return how much memory an object takes; too much, if its event did not say, or said nonsense."""
    source, _ = place
    return MAX_BYTES + 1 if source.size is None or source.size < 0 else source.size


def _held(store: CaptureStore, source: CaptureObject, start: int) -> Found:
    """Open an object and hold its bytes; of one that is larger than its event said, what comes then stays unread."""
    found = store.open(source, start)
    if not isinstance(found, Opened):
        return found
    held, room, rest = [], _bytes_of((source, start)), found.chunks
    try:
        for chunk in found.chunks:
            held.append(chunk)
            room -= len(chunk)
            if room < 0:
                break
    except SourceUnavailable as error:
        rest = _breaking_off(error)
    return Opened(chain(held, rest), found.modified)


def _breaking_off(error: SourceUnavailable) -> Iterator[bytes]:
    """Break off where the store did: what came before it is worth as much as if nothing had been read ahead."""
    return iter(partial(_throw, error), b"")


def _throw(error: SourceUnavailable) -> bytes:
    raise error
