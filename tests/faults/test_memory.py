"""A line of very many rows is forwarded inside the memory of a small function; the benchmark has a million."""

import pytest

from benchmarks import memory


@pytest.mark.parametrize("shape", ["csv", "instances"])
def test_a_call_of_very_many_rows_is_forwarded_in_little_memory(shape: str) -> None:
    """The handler's process takes at most 100 MB and eight times the line, and every row is accepted."""
    arguments = ["--shapes", shape, "--rows", "200000", "--results", "accepted"]
    (figure,) = memory.BENCHMARK.run(arguments)
    assert figure.verdict == "met", figure
