"""Replay by the command, from quarantine in S3, while the API fails in every way there is."""

from array import array
from pathlib import Path

import boto3
import pytest
from typer.testing import CliRunner

from capture_forwarder.aws.quarantine import S3Quarantine
from capture_forwarder.aws.timed import TimedCalls
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.progress import LineRejection, QuarantineEntry, QuarantineFile
from capture_ops.__main__ import app
from tests.faults.flaky import Failure, Script, flaky
from tests.support.captures import capture, csv_side
from tests.worlds import BOTH_PATHS, BUCKET, PREFIX, QUARANTINE, Schema, quarantine_entries, running_world

FILES, ENTRIES = 4, 100


class DownInTheMiddle(Script):
    """Every third request fails, each time in another way. While `down`, all but the first ten fail."""

    down = True

    def choose(self, method: str) -> Failure | None:
        """Return how the request fails, or `None`."""
        number = self.requests.total()
        return self.draw(method) if number % 3 == 1 or (self.down and number > 10) else None


def quarantined(name: str) -> QuarantineEntry:
    """Return the entry of a row that the API refused by mistake."""
    rows = array("I", [0])
    return QuarantineEntry(
        source=CaptureObject(BUCKET, f"{PREFIX}{name}.jsonl", etag=name),
        route="churn",
        line=1,
        inference_id=name,
        row_count=1,
        rejections=(LineRejection(Reason(RejectionCode.REFUSED_BY_DESTINATION, "status 400: no such model"), rows),),
        data=capture(csv_side("1,2.5,a"), csv_side("0.5"), inferenceId=name),
    )


def entries_left() -> int:
    """Return how many entries quarantine holds."""
    return len(quarantine_entries(QUARANTINE))


@pytest.mark.lengthy
@pytest.mark.parametrize("schema", BOTH_PATHS)
def test_g_replay_while_the_api_fails_loses_no_row(tmp_path: Path, schema: Schema) -> None:
    """An entry goes only when it was accepted. Repeated until it ends with 0, replay empties quarantine."""
    script = DownInTheMiddle(seed=7)
    expected = {f"{file}-{entry}" for file in range(FILES) for entry in range(ENTRIES)}
    with running_world(tmp_path, schema) as world, flaky(world.monitor.url, script) as url:
        for file in range(FILES):
            entries = [quarantined(f"{file}-{entry}") for entry in range(ENTRIES)]
            source = CaptureObject(BUCKET, f"{PREFIX}{file}", etag=str(file))
            kept = QuarantineFile(source=source, route="churn", day="2026/01/02", start=0, run="r", entries=entries)
            S3Quarantine(boto3.client("s3"), QUARANTINE, TimedCalls()).keep(kept, within_secs=30)
        world.configure(url, max_inferences=10)
        arguments = ["replay", f"s3://{QUARANTINE}/rejected/", "--config", str(world.config)]
        dry = CliRunner().invoke(app, [*arguments, "--dry-run"])
        assert (dry.exit_code, script.requests.total(), entries_left()) == (0, 0, FILES * ENTRIES)
        codes = []
        for _ in range(10):
            codes.append(CliRunner().invoke(app, arguments).exit_code)
            stored = world.times_received().keys()
            assert len(expected - stored) <= entries_left(), "an entry is gone that was not accepted"
            script.down = False
            if codes[-1] == 0:
                break
        assert (codes[0], codes[-1]) == (1, 0)
        assert entries_left() == 0
        assert stored == expected
        assert world.conflicts() == 0
