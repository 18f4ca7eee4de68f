"""What commands that take long do at a terminal: show how far they are, and end in order on Ctrl-C."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def interruption() -> Iterator[Event]:
    """Let the first Ctrl-C end the run in order, with what is under way settled; a second one ends it at once."""
    stopped = Event()

    def stop(number: int, frame: object) -> None:
        del number, frame
        stopped.set()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, before)


def progress_bar() -> Progress:
    """Return a bar on stderr, where it does not mix with the tables."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True))
