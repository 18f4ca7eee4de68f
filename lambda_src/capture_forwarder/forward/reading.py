"""One capture object read, line after line, until its end or that of the time."""

from functools import partial

from msgspec import Struct

from capture_forwarder.domain.capture import Line
from capture_forwarder.domain.conservation import ObjectState
from capture_forwarder.domain.inference import Inference
from capture_forwarder.forward.account import Account
from capture_forwarder.forward.books import Books
from capture_forwarder.forward.lane import Lane
from capture_forwarder.forward.run import Run
from capture_forwarder.forward.ways import Way
from capture_forwarder.kinds.captures.plain import Decoded
from capture_forwarder.kinds.captures.spans import DecodedSpan, decode_spans
from capture_forwarder.lines.reader import LineReader

# Clocks are asked after so much reading, and after every post: asking at every line would cost as much as a line.
_UNCLOCKED_BYTES = 64 * 1024


class ReadLimits(Struct, frozen=True, kw_only=True):
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

    def read(self, reader: LineReader, limits: ReadLimits, books: Books) -> None:
        """Read on until the end, or until there is a reason to stop. Raises `Unavailable`."""
        account, lane, run = self._account, self._lane, self._run
        due, clocked = run.clock() + limits.checkpoint_secs, 0
        account.compressed = reader.compressed
        for gathered in decode_spans(reader, self._way.fast, lane.max_inferences):
            posted = self._enter(gathered) if isinstance(gathered, DecodedSpan) else self._enter_line(gathered)
            full, end = account.rejected_bytes > limits.max_rejected_bytes, gathered.end
            if not (posted or full) and end - clocked < _UNCLOCKED_BYTES:
                continue
            clocked = end
            account.read_offset()
            books.close_settled()
            if lane.failure:
                account.stop(ObjectState.PENDING, str(lane.failure))
                return
            if run.deadline.reading_secs() <= 0:
                account.stop(ObjectState.OUT_OF_TIME, "the invocation's time is used up")
                return
            if full or run.clock() > due:
                books.checkpoint(account)
                due = run.clock() + limits.checkpoint_secs
        account.stop(ObjectState.READ)

    def _enter(self, gathered: DecodedSpan) -> bool:
        """Enter what the fast path read, and tell whether that began a post."""
        span, ready = gathered.span, gathered.ready
        self._account.enter_decoded(span, ready.time)
        return self._lane.add_rows(partial(self._account.settle, span), ready.ids, ready.rows)

    def _enter_line(self, line: Line) -> bool:
        """Enter one line that the fast path left, and tell whether that began a post."""
        outcome = self._way.plain(line)
        span = self._account.enter(line, outcome)
        rows = outcome.rows if isinstance(outcome, Decoded) else []
        inferences = [row for row in rows if isinstance(row, Inference)]
        return self._lane.add(partial(self._account.settle, span), inferences)
