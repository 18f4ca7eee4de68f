"""How far into an object delivery is settled, and who is at work on it."""

from collections import deque
from datetime import datetime

from msgspec import Struct

from capture_forwarder.domain.capture import Bookmark, CaptureObject
from capture_forwarder.domain.delivery import RejectionCode
from capture_forwarder.domain.stretch import Stretch


class Position(Struct, frozen=True, kw_only=True):
    """What is remembered of one state of an object.

    `leased_until` is in seconds since the epoch, 0 when nobody holds the object. `fence` grows with every lease, so
    that a holder which was thought dead cannot write over its successor. `kept_to` is the offset up to which quarantine
    holds what was rejected, if that is not all up to the bookmark because there was nothing to keep since.
    """

    bookmark: Bookmark = Bookmark()
    done: bool = False
    fence: int = 0
    leased_until: float = 0.0
    accepted: int = 0
    rejected: int = 0
    kept_to: int | None = None

    @property
    def file_start(self) -> int:
        """What names the next file of quarantine."""
        return self.bookmark.offset if self.kept_to is None else self.kept_to


class Quarantined(Struct, frozen=True, kw_only=True):
    """One rejection with all that it takes to understand it and to send it again; `line` is 0 for a whole object."""

    source: CaptureObject
    route: str
    code: RejectionCode
    why: str
    line: int = 0
    offset: int = 0
    index: int | None = None
    partner_inference_id: str | None = None
    data: bytes | None = None


class QuarantineFile(Struct, frozen=True, kw_only=True):
    """Rejections of one object between two checkpoints.

    Its name comes from the object's state and `start`, the offset up to which the files before it go: a run that dies
    before its progress is saved starts there again, and its file takes this one's place instead of standing beside it.
    """

    source: CaptureObject
    route: str
    start: int
    modified: datetime | None
    entries: list[Quarantined]


class Watermark:
    """Follows stretches, entered in order and settled in any order, to the first line that is not settled yet."""

    def __init__(self, start: Bookmark) -> None:
        self._settled = start
        self._open: deque[Stretch] = deque()

    def enter(self, stretch: Stretch) -> None:
        """Take the stretch that follows the last; one that owes nothing is behind us as soon as another comes."""
        if self._open and not self._open[-1].owed:
            self._open.pop()
        self._open.append(stretch)

    def advance(self, *, compressed: bool) -> Bookmark:
        """Return how far everything is settled, and forget the stretches up to there."""
        while self._open:
            offset, lines = self._open[0].settled_to()
            if lines > self._settled.lines:
                self._settled = Bookmark(offset, lines, compressed)
            if self._open[0].owed:
                break
            self._open.popleft()
        return self._settled
