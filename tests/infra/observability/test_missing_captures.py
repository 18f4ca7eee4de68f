"""The alarm on missing captures: 2 of 3 hours, and no alarm by the noise of sampling."""

from collections.abc import Iterator
from math import log
from random import Random

import pytest

from tests.infra.conftest import Stacks
from tests.infra.observability.synthesised import alarms, by_hour

VARIANTS = {"all": 1.0, "fifth": 0.2, "hundredth": 0.01}
Hour = tuple[float | None, float | None]
IDLE: Hour = (None, None)


def states(stacks: Stacks, hours: list[Hour], variant: str = "all") -> list[str]:
    """Return the states of the alarm of a variant."""
    return by_hour(alarms(stacks)[f"CapturesMissing/churn/{variant}"], hours, variant)


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        pytest.param([(100, 100)] * 5, ["OK"], id="all"),
        pytest.param([(100, 90)] * 5, ["OK"], id="a tenth is late"),
        pytest.param([(100, 89)] * 2, ["OK", "ALARM"], id="more than a tenth"),
        pytest.param([(100, 100), (100, 0), (100, 100)], ["OK"], id="one hour"),
        pytest.param([(100, 100), (100, 0), (100, 100), (100, 0)], ["OK", "ALARM"], id="two of three hours"),
        pytest.param([(100, 0), (100, 100), (100, 100), (100, 0)], ["OK"], id="two of four hours"),
        pytest.param([(100, None)] * 2, ["OK", "ALARM"], id="no capture at all"),
        pytest.param([(100, 0)] * 2 + [(100, 100)] * 2, ["OK", "ALARM", "OK"], id="recovers"),
        pytest.param([(100, 0)] * 2 + [IDLE] * 6, ["OK", "ALARM", "OK"], id="no calls follow"),
        pytest.param([(0, None)] * 5, ["OK"], id="calls of 0"),
        pytest.param([IDLE] * 5, ["OK"], id="no data"),
        pytest.param([(100, 100), IDLE, (100, 100), IDLE], ["OK"], id="gaps"),
        pytest.param([(100, 0), IDLE, (100, 0)], ["OK", "ALARM"], id="a gap between two bad hours"),
        pytest.param([(100, 140)] * 5, ["OK"], id="counted twice after a crash"),
        pytest.param([(None, 100)] * 5, ["OK"], id="a backfill of hours without calls"),
    ],
)
def test_hours(stacks: Stacks, hours: list[Hour], expected: list[str]) -> None:
    """Calls and captures of one variant that captures all."""
    assert states(stacks, hours) == expected


@pytest.mark.parametrize(("variant", "calls"), [("fifth", 79), ("hundredth", 1955)])
def test_too_few_calls_allow_no_conclusion(stacks: Stacks, variant: str, calls: int) -> None:
    """The noise of sampling may hide all captures: 0.9pn < 4 * sqrt(p(1-p)n) for these n; a few calls more suffice."""
    assert states(stacks, [(calls, 0)] * 5, variant) == ["OK"]
    assert states(stacks, [(calls * 1.2, 0)] * 5, variant) == ["OK", "ALARM"]


@pytest.mark.parametrize(
    ("variant", "calls", "hours"), [("all", 100, 2000), ("fifth", 1000, 2000), ("hundredth", 100_000, 200)]
)
def test_sampling_makes_no_false_alarm_and_half_lost_is_seen(
    stacks: Stacks, variant: str, calls: int, hours: int
) -> None:
    """So many calls an hour are enough for a variant that captures this share."""
    chance = Random(20)
    read = [sum(1 for _ in sampled(chance, calls, VARIANTS[variant])) for _ in range(hours)]
    assert states(stacks, [(calls, each) for each in read], variant) == ["OK"]
    half = [(calls, each // 2) for each in read[:50]]
    assert states(stacks, [(float(calls), float(each)) for _, each in half], variant) == ["OK", "ALARM"]


def sampled(chance: Random, calls: int, share: float) -> Iterator[int]:
    """Yield the numbers of the calls that SageMaker captures: each with the same chance."""
    at = -1
    while True:
        at += 1 if share == 1 else 1 + int(log(1 - chance.random()) / log(1 - share))
        if at >= calls:
            return
        yield at
