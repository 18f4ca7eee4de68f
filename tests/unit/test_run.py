"""The time that is left, and the waits between tries."""

from math import inf

import pytest

from capture_forwarder.forward.run import Deadline, Run
from tests.support.fakes import Clock, RecordingObserver, make_run


def test_five_percent_of_the_time_and_the_slowest_request_are_reserved() -> None:
    """The slowest request of a destination is reserved as often as requests to it follow each other."""
    clock = Clock(100.0)
    deadline = Deadline(lambda: 1000 * clock.left())
    assert deadline.left_secs(1, "slow") == pytest.approx(95.0)
    deadline.observe(7.0, "slow")
    deadline.observe(3.0, "slow")
    deadline.observe(1.0, "fast")
    assert deadline.left_secs(0, "slow") == pytest.approx(95.0)
    assert deadline.left_secs(1, "slow") == pytest.approx(88.0)
    assert deadline.left_secs(2, "slow") == pytest.approx(81.0)
    assert deadline.left_secs(2, "fast") == pytest.approx(93.0)
    assert deadline.left_secs(2) == pytest.approx(95.0)


@pytest.mark.parametrize(("given_secs", "reserved_secs"), [(900.0, 45.0), (40.0, 2.0), (20.0, 2.0), (6.0, 1.2)])
def test_a_short_invocation_reserves_more(given_secs: float, reserved_secs: float) -> None:
    """Two seconds, at most a fifth: stores take as long as in a long invocation. A quarter of it is for the answer."""
    deadline = Deadline(lambda: 1000 * given_secs)
    assert deadline.left_secs(0) == pytest.approx(given_secs - reserved_secs)
    assert deadline.commit_secs() == pytest.approx(given_secs - reserved_secs / 4)
    assert deadline.lease_secs() == pytest.approx(given_secs + 10)


def test_time_for_calls_of_stores_is_reserved() -> None:
    """The slowest call, as often as calls follow each other; at most a fifth of the time, so that reading begins."""
    deadline = Deadline(lambda: 100_000.0)
    deadline.reserve(5)
    assert deadline.left_secs(0) == pytest.approx(95.0)
    deadline.observe_store(2.0)
    deadline.observe_store(1.0)
    assert deadline.left_secs(0) == pytest.approx(85.0)
    deadline.reserve(100)
    assert deadline.left_secs(0) == pytest.approx(75.0)


def test_without_time_nothing_is_left_for_committing() -> None:
    """The time is never negative."""
    clock = Clock(100.0)
    deadline = Deadline(lambda: 1000 * clock.left())
    clock.now += 101
    assert deadline.commit_secs() == 0.0


def test_the_reserve_is_a_share_of_the_time_at_the_start() -> None:
    """It stays the same while the time passes."""
    clock = Clock(100.0)
    deadline = Deadline(lambda: 1000 * clock.left())
    clock.now += 50
    assert deadline.left_secs(0) == pytest.approx(45.0)


def test_a_run_at_a_terminal_has_no_deadline() -> None:
    """Without a platform all times are infinite."""
    deadline = Deadline(lambda: inf)
    assert deadline.left_secs(1) == inf
    assert deadline.left_secs(0) == inf


@pytest.mark.parametrize(
    ("attempt", "asked_secs", "waited_secs"),
    [
        (0, None, 0.1),
        (1, None, 0.2),
        (6, None, 6.4),
        (0, 7.0, 7.0),
        (0, 0.05, 0.1),
        (0, 0.0, 0.1),
    ],
)
def test_waits_double_and_are_at_least_what_the_destination_asks(
    attempt: int, asked_secs: float | None, waited_secs: float
) -> None:
    """The jitter of these runs is one half, and the base is 0.2 s."""
    clock = Clock()
    assert make_run(clock).wait(attempt, asked_secs)
    assert clock.sleeps == [pytest.approx(waited_secs)]


def patient_run(clock: Clock, max_tries: int = 100) -> Run:
    """Return a run of many tries, whose jitter is 1."""
    return Run(
        deadline=Deadline(lambda: 1000 * clock.left()),
        clock=clock.read,
        now=clock.read,
        sleep=clock.sleep,
        jitter=lambda: 1.0,
        new_id=lambda: "run",
        observer=RecordingObserver(),
        max_tries=max_tries,
    )


def test_a_wait_is_at_most_20_seconds() -> None:
    """Unless the destination asks for more."""
    clock = Clock()
    run = patient_run(clock)
    assert run.wait(50, None)
    assert run.wait(50, 33.0)
    assert clock.sleeps == [20.0, 33.0]


def test_there_is_no_wait_after_the_last_try() -> None:
    """The last of eight tries is number 7."""
    clock = Clock()
    assert make_run(clock).wait(6, None)
    assert not make_run(clock).wait(7, None)
    assert len(clock.sleeps) == 1


def test_there_is_no_wait_that_takes_all_the_time_that_is_left() -> None:
    """The next request needs some of it."""
    clock = Clock(200.0)  # 10 of them are reserved
    run = patient_run(clock)
    clock.now += 180.0
    assert run.deadline.left_secs(1) == 10.0
    assert not run.wait(0, 10.0)
    assert clock.sleeps == []
    assert run.wait(0, 9.5)
    assert clock.sleeps == [9.5]


def test_the_next_request_must_fit_after_a_wait() -> None:
    """The slowest request so far is reserved for it."""
    clock = Clock(200.0)
    run = patient_run(clock)
    run.deadline.observe(150.0, "slow")
    assert run.deadline.left_secs(1, "slow") == 40.0
    assert not run.wait(0, 40.0, "slow")
    assert run.wait(0, 39.0, "slow")
