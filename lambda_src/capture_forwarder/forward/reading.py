"""One capture object read, line after line, until its end or that of the time."""

from msgspec import Struct

from capture_forwarder.domain.capture import Line
from capture_forwarder.domain.conservation import ObjectState
from capture_forwarder.domain.inference import Inference
from capture_forwarder.formats.lines import LineReader
from capture_forwarder.formats.transform import Decoded
from capture_forwarder.forward.account import Account
from capture_forwarder.forward.books import Books
from capture_forwarder.forward.lane import Lane
from capture_forwarder.forward.run import Run
from capture_forwarder.forward.ways import Way

# Clocks are asked after so much reading, and after every post: asking at every line would cost as much as a line.
_UNCLOCKED_BYTES = 64 * 1024


class ReadingLimits(Struct, frozen=True, kw_only=True):
    """How long a line may be, and when progress is saved in the middle of an object."""

    max_line_bytes: int = 64 * 1024 * 1024
    checkpoint_secs: float = 20.0
    max_rejected_bytes: int = 4 * 1024 * 1024


class Reading:
    """Enters lines into an object's account and hands their inferences to its lane."""

    def __init__(self, account: Account, lane: Lane, way: Way, run: Run) -> None:
        self._account = account
        self._lane = lane
        self._way = way
        self._run = run

    def read(self, reader: LineReader, limits: ReadingLimits, books: Books) -> None:
        """Read on until the end, or until there is a reason to stop. Raises `Unavailable`."""
        account, lane, run = self._account, self._lane, self._run
        fast, due, clocked = self._way.fast, run.clock() + limits.checkpoint_secs, 0
        account.compressed = reader.compressed
        for line in reader:
            if fast and (ready := fast(line.data)):
                account.enter_ready(line, len(ready.ids), ready.time)
                posted, full = lane.add_ready(account, line, ready), False
            else:
                posted = self._enter(line)
                full = account.rejected_bytes > limits.max_rejected_bytes
            if not (posted or full) and line.end - clocked < _UNCLOCKED_BYTES:
                continue
            clocked = line.end
            lane.encode()
            account.bookmark()
            books.close_settled()
            if lane.trouble:
                account.stop(ObjectState.OWED, str(lane.trouble))
                return
            if run.deadline.reading_secs() <= 0:
                account.stop(ObjectState.OUT_OF_TIME, "the invocation's time is used up")
                return
            if full or run.clock() > due:
                books.checkpoint(account)
                due = run.clock() + limits.checkpoint_secs
        account.stop(ObjectState.READ)

    def _enter(self, line: Line) -> bool:
        """Enter one line that the fast path left, and tell whether that began a post."""
        outcome = self._way.plain(line)
        self._account.enter(line, outcome)
        posted = False
        if isinstance(outcome, Decoded):
            for row in outcome.rows:
                if isinstance(row, Inference):
                    posted |= self._lane.add(self._account, line, row)
        return posted
