"""Replay by the command, from quarantine in S3, while the API fails in every way there is."""

from pathlib import Path

import boto3
import pytest
from typer.testing import CliRunner

from capture_forwarder.aws.quarantine import S3Quarantine
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import RejectionCode
from capture_forwarder.domain.progress import QuarantineEntry, QuarantineFile
from capture_ops.__main__ import app
from capture_ops.cloud.local_aws import local_aws
from capture_ops.monitor.contract import Model
from capture_ops.monitor.server import running_monitor
from tests.faults.flaky import Script, Way, flaky
from tests.support.captures import capture, csv_side

FILES, ENTRIES = 8, 100
CONFIG = """
[[destination]]
name = "monitor"
kind = "arthur"
url = "{url}"
secret = "env:TEST_REPLAY_TOKEN"
max_inferences = 10

[[route]]
name = "churn"
bucket = "captures"
prefix = "churn/"
destination = "monitor"
model_id = "churn"
"""


class DownInTheMiddle(Script):
    """Every third request fails in one way after the other, and, as long as `down`, all but the first ten."""

    down = True

    def next(self) -> Way | None:
        """Return how the next request fails, or `None`."""
        with self._lock:
            self.requests += 1
            return self._deal() if self.requests % 3 == 1 or (self.down and self.requests > 10) else None


def quarantined(name: str) -> QuarantineEntry:
    """Return a line that the API refused by mistake."""
    return QuarantineEntry(
        source=CaptureObject("captures", f"churn/{name}", etag=name),
        route="churn",
        code=RejectionCode.REFUSED_BY_DESTINATION,
        why="status 400: no such model",
        line=1,
        index=0,
        partner_inference_id=name,
        data=capture(csv_side("1,2"), csv_side("0.5"), inferenceId=name),
    )


def left() -> int:
    """Return how many files quarantine holds."""
    return len(boto3.client("s3").list_objects_v2(Bucket="quarantine").get("Contents", []))


def test_g_replay_while_the_api_fails_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file goes only when all of it was accepted; run until it ends with 0 quarantine is empty and all is stored."""
    monkeypatch.setenv("TEST_REPLAY_TOKEN", "t")
    script = DownInTheMiddle(7, 0)
    expected = {f"{file}-{entry}" for file in range(FILES) for entry in range(ENTRIES)}
    with (
        local_aws("captures"),
        running_monitor([Model("churn", "churn")], token="t") as monitor,
        flaky(monitor.url, script) as url,
    ):
        for file in range(FILES):
            entries = [quarantined(f"{file}-{entry}") for entry in range(ENTRIES)]
            source = CaptureObject("captures", f"churn/{file}", etag=str(file))
            S3Quarantine(boto3.client("s3"), "quarantine").keep(
                QuarantineFile(source=source, route="churn", start=0, modified=None, entries=entries)
            )
        config = tmp_path / "forwarder.toml"
        config.write_text(CONFIG.format(url=url))
        arguments = ["replay", "s3://quarantine/rejected/", "--config", str(config)]
        dry = CliRunner().invoke(app, [*arguments, "--dry-run"])
        assert (dry.exit_code, script.requests, left()) == (0, 0, FILES)
        codes = []
        for _ in range(10):
            codes.append(CliRunner().invoke(app, arguments).exit_code)
            stored = {one.partner_inference_id for one in monitor.store.inferences("churn")}
            assert len(expected - stored) <= left() * ENTRIES, "a file is gone of which not all was accepted"
            script.down = False
            if codes[-1] == 0:
                break
        assert (codes[0], codes[-1]) == (1, 0)
        assert left() == 0
        assert stored == expected
        assert not any(one.conflicts for one in monitor.store.inferences("churn"))
