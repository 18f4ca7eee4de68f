"""Items of a backfill are worked on by several threads."""

from collections.abc import Iterator
from threading import Event, Lock
from time import sleep

import pytest

from capture_ops.backfill.parallel import in_parallel


def test_at_most_so_many_items_are_under_way_as_there_are_threads() -> None:
    """The next item is taken when one is finished, so that a stream of any length needs little memory."""
    under_way, most, taken, lock = 0, 0, 0, Lock()

    def items() -> Iterator[int]:
        nonlocal taken
        for number in range(40):
            taken += 1
            yield number

    def work(number: int) -> int:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        sleep(0.001)
        with lock:
            under_way -= 1
        return number

    results: set[int] = set()
    for result in in_parallel(work, items(), 3, Event()):
        results.add(result)
        assert taken <= len(results) + 3
    assert results == set(range(40))
    assert 1 < most <= 3


def test_no_further_item_is_taken_once_it_is_stopped() -> None:
    """Items under way are finished and yielded."""
    stopped = Event()
    found = []
    for number in in_parallel(lambda one: one, range(1000), 2, stopped):
        found.append(number)
        stopped.set()
    assert len(found) <= 3


def test_an_error_ends_the_stream() -> None:
    """It is raised to the caller, after the items under way are finished."""
    with pytest.raises(ZeroDivisionError):
        list(in_parallel(lambda one: 1 // one, [1, 0, 2, 3, 4], 2, Event()))
