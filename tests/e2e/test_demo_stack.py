"""`make demo-stack` ends by itself with exit code 0."""

import signal
import subprocess
import sys

import pytest


@pytest.mark.e2e
def test_the_demo_deploys_forwards_all_samples_and_ends() -> None:
    """It counts the same inferences as `make demo`."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.e2e.demo_stack"], capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stderr
    assert "31 objects: 183 inferences accepted, 10 rejections in quarantine, 0 dead letters." in done.stdout
    assert "The monitor holds exactly what it should." in done.stdout


@pytest.mark.e2e
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_demo_ends_at_a_signal(number: signal.Signals) -> None:
    """Also as a background job, which inherits that SIGINT is ignored."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    command = [sys.executable, "-m", "tests.e2e.demo_stack"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603 - ourselves
        signal.signal(signal.SIGINT, before)
        try:
            assert process.stdout is not None
            assert any("enable-eventbridge" in line for line in process.stdout)
            process.send_signal(number)
            _, errors = process.communicate(timeout=60)
            assert (process.returncode, "Traceback" in errors) == (130, False)
        finally:
            process.kill()
