"""A line of a million rows is forwarded inside the memory of a small function."""

import pytest

from benchmarks import memory


@pytest.mark.parametrize("shape", ["csv", "instances"])
def test_a_call_of_a_million_rows_is_forwarded_in_little_memory(shape: str) -> None:
    """The handler's process takes at most 100 MB and eight times the line, and every row is accepted."""
    arguments = ["--shapes", shape, "--rows", "1000000", "--results", "accepted"]
    (figure,) = memory.BENCHMARK.run(arguments)
    assert figure.verdict == "met", figure
