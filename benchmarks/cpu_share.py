"""A process held to a share of one core, by the rule of the kernel's bandwidth control and without its privileges."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from time import clock_gettime, perf_counter
from typing import Final

from benchmarks.processes import cores

_PERIOD_SECS: Final = 0.020
_LOOK_SECS: Final = 0.001


@contextmanager
def limited(pid: int, share: float) -> Iterator[None]:
    """Let `pid` use `share` of every 20 ms of a core, all threads together, until the block is left."""
    over = Event()
    thread = Thread(target=_limit, args=(pid, share, over))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _limit(pid: int, share: float, over: Event) -> None:
    """Stop and continue `pid`; what it used beyond its share in one period is taken off the next."""
    os.sched_setaffinity(0, {cores()[1]})
    with suppress(OSError):  # the process has ended
        left, period_end, before = 0.0, perf_counter(), _cpu_secs(pid)
        while share < 1 and not over.wait(_LOOK_SECS):
            used = _cpu_secs(pid)
            left, before = left - (used - before), used
            if perf_counter() >= period_end:
                left, period_end = min(left, 0.0) + share * _PERIOD_SECS, period_end + _PERIOD_SECS
            os.kill(pid, signal.SIGCONT if left > 0 else signal.SIGSTOP)


def _cpu_secs(pid: int) -> float:
    """Return the CPU time of all threads of `pid`, from its own clock: clock_getcpuclockid(3), which Python lacks."""
    return clock_gettime((~pid << 3) | 2)
