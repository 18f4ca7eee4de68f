"""Waiting for a backfill: it ends, counts every object once, and reads few progress items twice."""

import sys
from collections.abc import Callable, Collection
from itertools import count
from threading import Event

import pytest

from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.progress import ProgressRecord
from capture_ops.backfill.messages import pack
from capture_ops.backfill.waiting import Waiting, WaitLimits

NO_LIMIT = WaitLimits(limit_secs=None, empty_secs=0)


class Items:
    """Progress items in memory."""

    def __init__(self) -> None:
        self.items: dict[str, ProgressRecord] = {}
        self.read = 0

    def load(self, sources: Collection[CaptureObject]) -> dict[str, ProgressRecord]:
        """Return the items of `sources`."""
        self.read += len(sources)
        states = [source.state_id or "" for source in sources]
        return {state: self.items[state] for state in states if state in self.items}

    def save(self, source: CaptureObject, position: ProgressRecord) -> None:
        """Remember the item."""
        self.items[source.state_id or ""] = position


def objects(number: int) -> list[CaptureObject]:
    """Return so many objects of one hour."""
    key = "datacapture/churn/AllTraffic/2026/01/31/22/{:02}-{:02}-691-{:032x}.jsonl"
    return [
        CaptureObject("b", key.format(n // 60 % 60, n % 60, n * n), etag=f"{n * n * n:032x}", size=n)
        for n in range(number)
    ]


def sent(items: Items, sources: list[CaptureObject]) -> Waiting:
    """Return the waiting for these objects."""
    waiting = Waiting(items)
    for message in pack(sources):
        waiting.add(message)
    return waiting


def finish(items: Items, sources: list[CaptureObject]) -> None:
    """Write done items, of two accepted inferences and a rejected one each."""
    for source in sources:
        items.save(source, ProgressRecord(done=True, accepted=2, rejected=1))


def worker(items: Items, sources: list[CaptureObject], a_look: int) -> Callable[[], int]:
    """Return the depth of a queue whose objects are finished in their order, `a_look` between two looks."""
    looks = count(1)

    def depth() -> int:
        done = next(looks) * a_look
        finish(items, sources[done - a_look : done])
        return max(0, len(sources) - done)

    return depth


def test_objects_that_are_done_are_counted_once() -> None:
    """It ends as soon as all are done, with the sums of their items, and has read few items twice."""
    items, sources = Items(), objects(4000)
    waiting = sent(items, sources)
    shown: list[int] = []
    waiting.wait(worker(items, sources, 1000), NO_LIMIT, Event(), lambda: shown.append(waiting.done))
    assert (waiting.done, waiting.pending) == (4000, 0)
    assert (waiting.accepted, waiting.rejected) == (8000, 4000)
    assert shown == sorted(shown)
    assert shown[-1] == 4000
    assert items.read < 3 * 4000


def test_an_idle_queue_costs_few_reads() -> None:
    """Each look ends after twenty messages without progress, however many there are."""
    items, sources = Items(), objects(3000)
    waiting = sent(items, sources)
    stopped = Event()
    waiting.wait(lambda: 60, NO_LIMIT, stopped, stopped.set)
    assert items.read == 20 * 50
    assert (waiting.done, waiting.pending, waiting.queue_is_empty) == (0, 3000, False)


def test_an_empty_queue_ends_the_waiting() -> None:
    """Every object is looked at once more; those without a finished item are left, with others or without."""
    items, sources = Items(), objects(3000)
    finish(items, sources[100:])
    items.save(sources[0], ProgressRecord(accepted=1))
    waiting = sent(items, sources)
    waiting.wait(lambda: 0, NO_LIMIT, Event(), lambda: None)
    assert (waiting.done, waiting.pending, waiting.queue_is_empty) == (2900, 100, True)
    assert waiting.accepted == 5800


def test_a_queue_that_is_empty_for_a_moment_does_not_end_the_waiting() -> None:
    """The counts of SQS lag: it must be empty for as long as the limits say, without a break."""
    items, sources = Items(), objects(10)
    depths = iter([0, 0, 3])
    stopped = Event()

    def depth() -> int:
        try:
            return next(depths)
        except StopIteration:
            stopped.set()
            return 0

    waiting = sent(items, sources)
    waiting.wait(depth, WaitLimits(limit_secs=None, empty_secs=3600), stopped, lambda: None)
    assert (waiting.pending, waiting.queue_is_empty) == (10, False)


def test_the_time_limit_ends_the_waiting() -> None:
    """After one look, if it is over at once."""
    items, sources = Items(), objects(10)
    waiting = sent(items, sources)
    waiting.wait(lambda: 1, WaitLimits(limit_secs=0, empty_secs=60), Event(), lambda: None)
    assert (waiting.pending, items.read) == (10, 10)


@pytest.mark.parametrize("number", [5000])
def test_an_object_that_is_waited_for_takes_less_than_a_hundred_bytes(number: int) -> None:
    """A million fit into 100 MB: messages are kept compressed."""
    waiting = sent(Items(), objects(number))
    assert sum(sys.getsizeof(each) for each in waiting._messages) < 100 * number


def test_nothing_to_wait_for_ends_at_once() -> None:
    """Without a look at the queue's depth twice."""
    waiting = sent(Items(), [])
    waiting.wait(lambda: 0, WaitLimits(limit_secs=None, empty_secs=3600), Event(), lambda: None)
    assert (waiting.done, waiting.pending) == (0, 0)
