"""Count the captured calls of one object that a run commits."""

from collections import deque

from capture_forwarder.domain.delivery import RejectionCode

# Lines with these codes hold no captured call that can be recognised.
NOT_CAPTURES = frozenset(
    {
        RejectionCode.OBJECT_TRUNCATED,
        RejectionCode.LINE_TOO_LONG,
        RejectionCode.LINE_NOT_JSON,
        RejectionCode.NOT_A_CAPTURE,
    }
)


class CaptureCounts:
    """Finds how many captured calls lie between line `start` and a committed line.

    Lines that hold no captured call are few, so only they are noted.
    """

    def __init__(self, start: int) -> None:
        self._start = start
        self._other_lines: deque[int] = deque()
        self._others = 0
        self._saved = {start: 0}

    def leave_out(self, line: int) -> None:
        """Note that `line`, which follows those noted before, holds no captured call."""
        self._other_lines.append(line)

    def advance(self, line: int) -> None:
        """Forget the lines up to `line`: no row before it is pending."""
        while self._other_lines and self._other_lines[0] <= line:
            self._other_lines.popleft()
            self._others += 1

    def save(self, line: int) -> None:
        """Keep the count up to `line`, the last one to which `advance` came: it may become the committed line."""
        self._saved[line] = line - self._start - self._others

    def committed(self, line: int) -> int:
        """Return the captured calls up to the committed `line`; none for a line that was not saved by this run."""
        return self._saved.get(line, 0)
