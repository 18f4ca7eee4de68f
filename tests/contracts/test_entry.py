"""The module that Lambda loads."""

import os
import subprocess
import sys
from pathlib import Path

CONFIG = Path("events/forwarder.toml").absolute()
CODE = """
import gc
before = sum(each["collections"] for each in gc.get_stats())
import capture_forwarder.entry
print(callable(capture_forwarder.entry.lambda_handler))
passes = sum(each["collections"] for each in gc.get_stats()) - before
print(passes < 20, gc.isenabled(), gc.get_freeze_count() > 10_000)
"""


def test_the_garbage_collector_runs_only_after_the_start(tmp_path: Path) -> None:
    """Only the search for the module may start a few passes. Then the collector is on, without the objects of the start."""
    environment = os.environ | {
        "CAPTURE_FORWARDER_CONFIG": str(CONFIG),
        "MONITOR_TOKEN": "token",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }
    command = [sys.executable, "-c", CODE]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.stdout.split(), done.stderr) == (["True"] * 4, "")
