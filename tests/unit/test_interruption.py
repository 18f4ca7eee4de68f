"""Signals: the first one ends a run in order, the second one ends the process at once."""

import os
import signal
from collections.abc import Iterator

import pytest

from capture_ops.terminal.interruption import end_on_signals, interruption

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture(autouse=True, params=["default", "ignored"])
def inherited_handlers(request: pytest.FixtureRequest) -> Iterator[None]:
    """Start with the handlers of a foreground process, and with SIGINT ignored, as a background job inherits it."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    if request.param == "ignored":
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_sets_the_event(number: signal.Signals) -> None:
    """The next signal, of either kind, has its default effect and ends the process."""
    with interruption() as interrupted:
        assert not interrupted.is_set()
        os.kill(os.getpid(), number)
        assert interrupted.wait(60)
        assert [signal.getsignal(each) for each in SIGNALS] == [signal.SIG_DFL] * 2


def test_the_handlers_of_before_come_back() -> None:
    """After a run in order, a signal has the effect that it had before."""
    before = [signal.getsignal(each) for each in SIGNALS]
    with interruption():
        assert [signal.getsignal(each) for each in SIGNALS] != before
    assert [signal.getsignal(each) for each in SIGNALS] == before


@pytest.mark.parametrize("number", SIGNALS)
def test_a_command_is_interrupted_by_the_first_signal(number: signal.Signals) -> None:
    """`KeyboardInterrupt` stops its servers on the way out; the next signal ends the process."""
    end_on_signals()
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), number)
    assert [signal.getsignal(each) for each in SIGNALS] == [signal.SIG_DFL] * 2
