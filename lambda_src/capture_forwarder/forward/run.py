"""One invocation: the time that is left, and the observer. Time, chance and sleep are arguments."""

from collections.abc import Callable
from math import inf

from msgspec import Struct

from capture_forwarder.ports import Observer

# Committing, the answer and the platform's own overhead grow with the length of the invocation.
_RESERVED_SHARE = 0.05
# A short invocation needs more than this share: up to 2 s, at most a fifth of its time.
_LEAST_RESERVED_SECS = 2.0
_MOST_RESERVED_SHARE = 0.2
# This part of the reserve is for the answer. No call to a store is awaited any more.
_ANSWER_SHARE = 0.25
# A lease outlasts the invocation, because the clocks of two machines differ.
_LEASE_MARGIN_SECS = 10.0


class Deadline:
    """Tells how much time is left for work of one kind.

    Reserves 5 % of the time for committing, and more if many objects are open, plus the slowest request of the
    destination. `left_millis` gives the milliseconds until the platform ends the invocation, as Lambda's context does;
    infinity at a terminal.
    """

    def __init__(self, left_millis: Callable[[], float]) -> None:
        self._left_millis = left_millis
        given_secs = left_millis() / 1000
        least_secs = min(_LEAST_RESERVED_SECS, given_secs * _MOST_RESERVED_SHARE)
        self._reserved_secs = max(given_secs * _RESERVED_SHARE, least_secs) if given_secs < inf else 0.0
        self._most_extra_secs = given_secs * _MOST_RESERVED_SHARE
        self._answer_secs = self._reserved_secs * _ANSWER_SHARE
        self._slowest_secs: dict[str, float] = {}
        self._slowest_store_secs = 0.0
        self._store_calls = 0

    def observe(self, request_secs: float, destination: str) -> None:
        """Remember how long a request to a destination took."""
        self._slowest_secs[destination] = max(self._slowest_secs.get(destination, 0.0), request_secs)

    def observe_store(self, call_secs: float) -> None:
        """Remember how long a call of a store took."""
        self._slowest_store_secs = max(self._slowest_store_secs, call_secs)

    def reserve(self, store_calls: int) -> None:
        """Reserve time for so many calls of stores, one after the other, on top of the share."""
        self._store_calls = store_calls

    def left_secs(self, requests_to_come: int = 0, destination: str = "") -> float:
        """Return the seconds left before so many requests must begin, one after the other; negative if it is too late.

        0 is for a request that is under way, 1 for a request that begins now, 2 for reading: the requests under way
        end first, and then one more is sent. Each destination has its own slowest request, so that a slow one takes no
        time from the others.
        """
        reserved_secs = self._reserved_secs + min(self._most_extra_secs, self._store_calls * self._slowest_store_secs)
        return self._left_millis() / 1000 - reserved_secs - requests_to_come * self._slowest_secs.get(destination, 0.0)

    def commit_secs(self) -> float:
        """Return the seconds left for committing; the rest is for the answer."""
        return max(0.0, self._left_millis() / 1000 - self._answer_secs)

    def lease_secs(self) -> float:
        """Return how long a lease lasts that is taken now: until the platform has ended the invocation."""
        return self._left_millis() / 1000 + _LEASE_MARGIN_SECS


class Run(Struct, frozen=True, kw_only=True):
    """The surroundings of one run.

    `clock` counts seconds, `now` gives seconds since the epoch, `jitter` draws evenly from 0 to 1. `new_id` returns a
    random text that no other run has.
    """

    deadline: Deadline
    clock: Callable[[], float]
    now: Callable[[], float]
    sleep: Callable[[float], None]
    jitter: Callable[[], float]
    new_id: Callable[[], str]
    observer: Observer
    backoff_base_secs: float = 0.2
    backoff_cap_secs: float = 20.0
    max_tries: int = 8

    def wait(self, attempt: int, asked_secs: float | None, destination: str = "") -> bool:
        """Sleep before the try after `attempt` (from 0); return `False` if there is no time, or no try left.

        Up to 8 tries, 13 s of waiting on average. Longer outages wait in the queue. Exponential backoff with full
        jitter, or the wait that the destination asked for if that is longer:
        https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
        """
        delay = min(self.backoff_cap_secs, self.backoff_base_secs * 2.0**attempt) * self.jitter()
        if asked_secs is not None:
            delay = max(delay, asked_secs)
        if attempt + 1 >= self.max_tries or delay >= self.deadline.left_secs(1, destination):
            return False
        self.sleep(delay)
        return True
