"""One invocation: the time that is left, and the observer. Time, chance and sleep are arguments."""

from collections.abc import Callable
from math import inf

from msgspec import Struct

from capture_forwarder.ports import Observer

# Committing, the answer and the platform's own overhead grow with the length of the invocation.
_RESERVED_SHARE = 0.05


class Deadline:
    """Tells how much time is left for work of one kind.

    Reserves 5 % of the time for committing, plus the slowest request seen. `left_millis` gives the milliseconds until
    the platform ends the invocation, as Lambda's context does; infinity at a terminal.
    """

    def __init__(self, left_millis: Callable[[], float]) -> None:
        self._left_millis = left_millis
        given_secs = left_millis() / 1000
        self._reserved_secs = given_secs * _RESERVED_SHARE if given_secs < inf else 0.0
        self._slowest_secs = 0.0

    def observe(self, request_secs: float) -> None:
        """Remember how long a request took."""
        self._slowest_secs = max(self._slowest_secs, request_secs)

    def left_secs(self, requests_to_come: int) -> float:
        """Return the seconds left before so many requests must begin, one after the other; negative if it is too late.

        0 is for a request that is under way, 1 for a request that begins now, 2 for reading: the requests under way
        end first, and then one more is sent.
        """
        return self._left_millis() / 1000 - self._reserved_secs - requests_to_come * self._slowest_secs

    def platform_left_secs(self) -> float:
        """Return the seconds until the platform ends the invocation; a lease lasts so long."""
        return self._left_millis() / 1000


class Run(Struct, frozen=True, kw_only=True):
    """The surroundings of one run.

    `clock` counts seconds, `now` gives seconds since the epoch, `jitter` draws evenly from 0 to 1.
    """

    deadline: Deadline
    clock: Callable[[], float]
    now: Callable[[], float]
    sleep: Callable[[float], None]
    jitter: Callable[[], float]
    observer: Observer
    backoff_base_secs: float = 0.2
    backoff_cap_secs: float = 20.0
    max_tries: int = 8

    def wait(self, attempt: int, asked_secs: float | None) -> bool:
        """Sleep before the try after `attempt` (from 0); return `False` if there is no time, or no try left.

        Up to 8 tries, 13 s of waiting on average. Longer outages wait in the queue. Exponential backoff with full
        jitter, or the wait that the destination asked for if that is longer:
        https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
        """
        delay = min(self.backoff_cap_secs, self.backoff_base_secs * 2.0**attempt) * self.jitter()
        if asked_secs is not None:
            delay = max(delay, asked_secs)
        if attempt + 1 >= self.max_tries or delay >= self.deadline.left_secs(1):
            return False
        self.sleep(delay)
        return True
