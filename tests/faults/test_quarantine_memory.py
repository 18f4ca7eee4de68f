"""Memory: six megabytes of refused rows, in any shape, leave most of the function's 512 MB free."""

import subprocess
import sys

import pytest

MANY_LINES_MB = 64
# The line is held once, and read again with its million indices.
ONE_LINE_MB = 256


@pytest.mark.parametrize(
    ("shape", "limit_mb"),
    [
        ("one line", ONE_LINE_MB),
        ("one line, own reasons", ONE_LINE_MB),
        ("500 lines, own reasons", MANY_LINES_MB),
        ("30,000 lines", MANY_LINES_MB),
        ("60,000 whole lines", MANY_LINES_MB),
    ],
)
def test_six_megabytes_of_refused_rows_are_held_and_written_in_little_memory(shape: str, limit_mb: int) -> None:
    """Peak RSS of a process that rejects each row, writes them and reads them; 24 MB of it are Python and the code."""
    command = [sys.executable, "-m", "tests.support.refused_rows", shape]
    peak_mb = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # noqa: S603 - our own program
    assert peak_mb < limit_mb
