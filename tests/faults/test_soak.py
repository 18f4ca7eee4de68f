"""The short form of the soak; `python -m tests.faults.soak` is the long one."""

from pathlib import Path

from tests.faults.flaky import Way
from tests.faults.soak import soak


def test_a_tenth_of_requests_failing_in_ten_ways_costs_no_row(tmp_path: Path) -> None:
    """Monitor and quarantine hold exactly what they should, nothing waits, and memory is taken once."""
    soaked = soak(300, tmp_path)
    print(f"\n{soaked}")
    assert set(soaked.failures) == set(Way)
    assert soaked.sent_again, "no answer was lost after its rows were taken"
    assert soaked.growth_kb < 16 * 1024
