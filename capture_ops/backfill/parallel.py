"""Work on a stream of items in several threads, with a bound on the items that are held."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, as_completed, wait
from threading import Event
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_parallel(
    work: Callable[[Item], Result], items: Iterable[Item], threads: int, stopped: Event
) -> Iterator[Result]:
    """Yield the result of `work` for each item, in any order, with at most `threads` items under way.

    Takes no further item once `stopped` is set; items under way are finished.
    """
    running: set[Future[Result]] = set()
    with ThreadPoolExecutor(threads, thread_name_prefix="backfill") as pool:
        for item in items:
            if stopped.is_set():
                break
            running.add(pool.submit(work, item))
            if len(running) >= threads:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        for future in as_completed(running):
            yield future.result()
