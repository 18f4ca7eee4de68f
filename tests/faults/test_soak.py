"""The short form of the soak; `python -m tests.faults.soak` is the long one."""

from pathlib import Path

import pytest

from tests.faults.flaky import TEMPORARY
from tests.faults.soak import soak
from tests.worlds import BOTH_PATHS, Schema

OBJECTS = 200


@pytest.mark.lengthy
@pytest.mark.parametrize("schema", BOTH_PATHS)
def test_a_tenth_of_requests_failing_in_ten_ways_loses_no_row(tmp_path: Path, schema: Schema) -> None:
    """Monitor and quarantine hold exactly what they should, no message waits, and memory does not grow."""
    soaked = soak(OBJECTS, schema, tmp_path)
    print(f"\n{soaked}")
    assert {failure for method, failure in soaked.failures if method == "POST"} == set(TEMPORARY)
    assert any(method == "GET" for method, _ in soaked.failures) == (schema is Schema.MODEL)
    assert soaked.sent_again, "no answer was lost after its rows were taken"
    assert soaked.growth_kb < 16 * 1024
