"""How commands end at a signal: in order at the first SIGINT or SIGTERM, at once at the second.

While a command is loaded, and after it has ended, the first signal ends the process at once.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

from capture_ops.entry import SIGNALS

if TYPE_CHECKING:
    from rich.progress import Progress


def end_on_signals() -> None:
    """Raise `KeyboardInterrupt` at the first SIGINT or SIGTERM, and end the process at the second.

    A shell without job control, and `nohup`, start a background job with SIGINT ignored, and its children inherit that.
    Python then installs no handler of its own, so a server would never end.
    """

    def interrupt(*_: object) -> None:
        _end_at_the_next_signal()
        raise KeyboardInterrupt

    for number in SIGNALS:
        signal.signal(number, interrupt)


@contextmanager
def interruption() -> Iterator[Event]:
    """Yield an event that the first SIGINT or SIGTERM sets, so that a long run can end in order."""
    interrupted = Event()

    def stop(*_: object) -> None:
        _end_at_the_next_signal()
        # In a thread: the code that the signal interrupted may hold the event's lock.
        Thread(target=interrupted.set).start()

    before = {number: signal.signal(number, stop) for number in SIGNALS}
    try:
        yield interrupted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_at_the_next_signal() -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)


def progress_bar() -> "Progress":
    """Return a bar on stderr, so that stdout holds only the tables."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True))
