"""One invocation: the time it has, and who watches. Time, chance and sleep are arguments."""

from collections.abc import Callable

from msgspec import Struct

from capture_forwarder.forward.deadline import Deadline
from capture_forwarder.ports import Observer


class Run(Struct, frozen=True, kw_only=True):
    """What forwarding needs besides its ports.

    `clock` counts seconds, `now` those since the epoch; `jitter` is drawn evenly from 0 to 1.
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
        """Sleep before the try after `attempt` (from 0), or return `False` if time or patience is out.

        Eight tries outlast a restart of the API; to wait longer is the queue's business, which costs nothing.

        Exponential backoff with full jitter, unless the destination asked for a time of its own:
        https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
        """
        delay = min(self.backoff_cap_secs, self.backoff_base_secs * 2.0**attempt) * self.jitter()
        if asked_secs is not None:
            delay = max(delay, asked_secs)
        if attempt + 1 >= self.max_tries or delay >= self.deadline.left_secs():
            return False
        self.sleep(delay)
        return True
