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
from tests.faults.flaky import Failure, Script, flaky
from tests.support.captures import capture, csv_side
from tests.worlds import BOTH_PATHS, BUCKET, PREFIX, QUARANTINE, Schema, running_world

FILES, ENTRIES = 4, 100


class DownInTheMiddle(Script):
    """Every third request fails, each time in another way. While `down`, all but the first ten fail."""

    down = True

    def choose(self, method: str) -> Failure | None:
        """Return how the request fails, or `None`."""
        number = self.requests.total()
        return self.draw(method) if number % 3 == 1 or (self.down and number > 10) else None


def quarantined(name: str) -> QuarantineEntry:
    """Return the entry of a line that the API refused by mistake."""
    return QuarantineEntry(
        source=CaptureObject(BUCKET, f"{PREFIX}{name}", etag=name),
        route="churn",
        code=RejectionCode.REFUSED_BY_DESTINATION,
        why="status 400: no such model",
        line=1,
        index=0,
        partner_inference_id=name,
        data=capture(csv_side("1,2.5,a"), csv_side("0.5"), inferenceId=name),
    )


def files_left() -> int:
    """Return how many files quarantine holds."""
    return len(boto3.client("s3").list_objects_v2(Bucket=QUARANTINE).get("Contents", []))


@pytest.mark.parametrize("schema", BOTH_PATHS)
def test_g_replay_while_the_api_fails_loses_no_row(tmp_path: Path, schema: Schema) -> None:
    """A file goes only when all of it was accepted. Repeated until it ends with 0, replay empties quarantine."""
    script = DownInTheMiddle(seed=7)
    expected = {f"{file}-{entry}" for file in range(FILES) for entry in range(ENTRIES)}
    with running_world(tmp_path, schema) as world, flaky(world.monitor.url, script) as url:
        for file in range(FILES):
            entries = [quarantined(f"{file}-{entry}") for entry in range(ENTRIES)]
            source = CaptureObject(BUCKET, f"{PREFIX}{file}", etag=str(file))
            S3Quarantine(boto3.client("s3"), QUARANTINE).keep(
                QuarantineFile(source=source, route="churn", start=0, modified=None, entries=entries)
            )
        world.configure(url, max_inferences=10)
        arguments = ["replay", f"s3://{QUARANTINE}/rejected/", "--config", str(world.config)]
        dry = CliRunner().invoke(app, [*arguments, "--dry-run"])
        assert (dry.exit_code, script.requests.total(), files_left()) == (0, 0, FILES)
        codes = []
        for _ in range(10):
            codes.append(CliRunner().invoke(app, arguments).exit_code)
            stored = world.times_received().keys()
            assert len(expected - stored) <= files_left() * ENTRIES, "a file is gone of which not all was accepted"
            script.down = False
            if codes[-1] == 0:
                break
        assert (codes[0], codes[-1]) == (1, 0)
        assert files_left() == 0
        assert stored == expected
        assert world.conflicts() == 0
