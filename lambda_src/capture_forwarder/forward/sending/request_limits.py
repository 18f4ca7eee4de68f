"""The limits of a model: how many rows its requests may have, and when the next one may be sent."""

from math import ceil
from threading import Lock

MAX_RETRY_AFTER_SECS = 900.0

_FEWEST_SUCCESSES = 4
_MOST_SUCCESSES = 256
# The last three tries of a request: one row, the same row again, and then other rows.
_TRIES_FOR_ONE_ROW = 3


class BatchSize:
    """How many rows a request to one model may have in this run; all requests of a sender share it.

    The second request in a row without an answer halves it, each later one divides it by four; a 413 halves it at once.
    It grows by a quarter after 4 requests of this size were answered. Each time that it grew too far it needs twice as
    many to grow again, up to 256.
    """

    def __init__(self, max_rows: int) -> None:
        self.rows = max_rows
        self._max_rows = max_rows
        self._unanswered = 0
        self._answered = 0
        self._needed = _FEWEST_SUCCESSES
        self._has_grown = False
        self._announced = False
        self._lock = Lock()

    def unanswered(self, rows: int, failures: int, tries_left: int) -> int:
        """Note that a request of `rows` was not answered, and return how many of these rows to send next.

        `failures` counts the requests without an answer for one batch. If few tries are left, one row is sent, so that
        a batch of any size shows whether one of its rows is the cause.
        """
        with self._lock:
            if rows == self.rows:
                self._unanswered += 1
                failures = max(failures, self._unanswered)
            if failures < 2:  # noqa: PLR2004 - one failure may have any cause
                return rows
            smaller = 1 if tries_left <= _TRIES_FOR_ONE_ROW else ceil(rows / (2 if failures == 2 else 4))  # noqa: PLR2004
            self._cut(smaller)
            return smaller

    def too_large(self, rows: int) -> int:
        """Note that the destination takes no request of `rows`, and return how many of these rows to send next."""
        with self._lock:
            smaller = ceil(rows / 2)
            self._cut(smaller)
            return smaller

    def answered(self, rows: int) -> None:
        """Note that a request of `rows` was answered."""
        with self._lock:
            self._unanswered = 0
            if self.rows < self._max_rows and rows >= self.rows:
                self._answered += 1
                if self._answered >= self._needed:
                    self._answered, self._has_grown = 0, True
                    self.rows = min(self._max_rows, ceil(self.rows * 1.25))

    def restore(self, rows: int) -> None:
        """Note that a single row was the cause of the failures, so that requests of `rows` may go through."""
        with self._lock:
            self.rows = max(self.rows, rows)
            self._unanswered = self._answered = 0

    def announce(self) -> bool:
        """Return whether this is the first call: that requests became smaller is reported once a run."""
        with self._lock:
            first, self._announced = not self._announced, True
            return first

    def _cut(self, rows: int) -> None:
        if rows < self.rows:
            self._needed = min(_MOST_SUCCESSES, self._needed * (2 if self._has_grown else 1))
            self.rows, self._answered, self._has_grown = rows, 0, False


class RetryTimes:
    """When each model of a destination may be asked again; kept through all runs of one process."""

    def __init__(self) -> None:
        self._not_before: dict[str, float] = {}

    def remember(self, model_id: str, retry_after_secs: float | None, now: float) -> None:
        """Remember that the destination asked for a wait at `now`, in seconds since the epoch; at most 900 s."""
        if retry_after_secs:
            until = now + min(MAX_RETRY_AFTER_SECS, retry_after_secs)
            self._not_before[model_id] = max(until, self._not_before.get(model_id, 0.0))

    def left_secs(self, model_id: str, now: float) -> float:
        """Return the seconds until the model may be asked again, from 0 to 900 whatever happened to the clock."""
        return min(MAX_RETRY_AFTER_SECS, max(0.0, self._not_before.get(model_id, 0.0) - now))
