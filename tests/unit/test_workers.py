"""Calls that hang do not hold up their caller."""

from threading import Event

import pytest

from capture_forwarder.forward.workers import Workers


def test_the_result_of_a_call_is_returned() -> None:
    """Also with infinite time."""
    assert Workers(1, "test").call(9e6, max, 1, 2) == 2


def test_an_abandoned_call_does_not_block_the_next() -> None:
    """The only thread hangs, and later calls get a new one; a call that has not begun is cancelled."""
    workers, ended = Workers(1, "test"), Event()
    waiting = workers.submit(ended.wait, 30)
    behind = workers.submit(ended.wait, 30)
    with pytest.raises(TimeoutError):
        workers.call(0.01, max, 1, 2)
    assert behind.cancelled()
    assert workers.call(30, max, 1, 2) == 2
    ended.set()
    assert waiting.result(30)


def test_a_timeout_of_the_call_itself_abandons_nothing() -> None:
    """The thread is free again, so calls that wait for it go on."""

    def fail() -> None:
        raise TimeoutError

    workers = Workers(1, "test")
    with pytest.raises(TimeoutError):
        workers.call(30, fail)
    assert workers.call(30, max, 1, 2) == 2
