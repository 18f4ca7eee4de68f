"""The time of one request: urllib3 bounds each read, and here the whole request has one end.

A server that sends a byte now and then could hold a request for ever otherwise.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

_current = threading.local()


class Limits:
    """The time that one request has: for the connection, for the answer after it was sent, and in total.

    `connected` says whether the server or its proxy was reached, `sent` whether the request was begun. Only the thread
    that sends the request uses it.
    """

    def __init__(self, *, connect_secs: float, read_secs: float, within_secs: float) -> None:
        now = monotonic()
        self.connected = False
        self.sent = False
        self._read_secs = read_secs
        self._ends_at = now + min(within_secs, connect_secs + read_secs)
        self._until = min(self._ends_at, now + connect_secs)

    @property
    def passed(self) -> bool:
        """Whether the time is up."""
        return monotonic() >= self._until

    def left_secs(self) -> float:
        """Return the seconds that a wait may take now. Raises `TimeoutError` if none are left."""
        left = self._until - monotonic()
        if left <= 0:
            raise TimeoutError("the time of the request is up")
        return left

    def begin_sending(self) -> None:
        """Note that bytes of the request may be on their way from now on."""
        self.connected = self.sent = True
        self._until = self._ends_at

    def begin_reading(self) -> None:
        """Note that the request was sent, and that its answer is waited for."""
        self._until = min(self._ends_at, monotonic() + self._read_secs)


@contextmanager
def limited(limits: Limits) -> Iterator[None]:
    """Apply `limits` to the requests of this thread; urllib3's pools cannot pass them to their connections."""
    _current.limits = limits
    try:
        yield
    finally:
        del _current.limits


def current_limits() -> Limits:
    """Return those that apply to the request of this thread."""
    limits: Limits = _current.limits
    return limits
