"""How much of an invocation is left for new work."""

from collections.abc import Callable
from math import inf

# Closing the books, the answer and the platform's own overhead grow with what was taken on; a share covers both a
# function of ten seconds and one of fifteen minutes.
_CLOSING_SHARE = 0.05
_SHORTEST_SECS = 0.05


class Deadline:
    """Counts down to the moment at which a request begun now might not be answered in time.

    The grace is derived: a share of the whole time that this invocation was given, and the slowest request of late.
    `left_secs` gives the time until the platform ends the invocation; never, for a run at a terminal.
    """

    def __init__(self, left_secs: Callable[[], float]) -> None:
        self._left_secs = left_secs
        given = left_secs()
        self._closing_secs = given * _CLOSING_SHARE if given < inf else 0.0
        self._slowest_secs = 0.0

    def observe(self, request_secs: float) -> None:
        """Take note of how long a request took."""
        self._slowest_secs = max(self._slowest_secs, request_secs)

    def platform_left_secs(self) -> float:
        """Return the seconds until the platform ends the invocation, whatever it is doing."""
        return self._left_secs()

    def request_secs(self) -> float:
        """Return the seconds after which even a request that is under way must be given up."""
        return max(_SHORTEST_SECS, self._left_secs() - self._closing_secs)

    def left_secs(self) -> float:
        """Return the seconds that are left for work that ends with a request; negative when it is too late."""
        return self._left_secs() - self._closing_secs - self._slowest_secs

    def reading_secs(self) -> float:
        """Return the seconds that are left for reading: after it the requests under way end, and then one more."""
        return self.left_secs() - self._slowest_secs
