"""The sample events, with the bucket that they name and a monitor, on loopback."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import boto3
import pytest

from capture_forwarder.configuration.names import CONFIG_VARIABLE
from capture_forwarder.configuration.reader import read_settings
from capture_ops.cloud.local_aws import local_aws
from capture_ops.commands.monitor import models_of
from capture_ops.monitor.server import Monitor, running_monitor

EVENTS = Path("events")
BUCKET = "sagemaker-eu-west-1-123456789012"


@contextmanager
def running_samples(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Monitor]:
    """Put every sample capture into the bucket that the sample events name, and configure the function in `folder`."""
    settings = read_settings(EVENTS / "forwarder.toml")
    with local_aws(BUCKET), running_monitor(models_of(settings), token="t") as running:
        text = (EVENTS / "forwarder.toml").read_text(encoding="utf-8")
        (folder / "forwarder.toml").write_text(text.replace("http://127.0.0.1:8765", running.url), encoding="utf-8")
        monkeypatch.setenv(CONFIG_VARIABLE, str(folder / "forwarder.toml"))
        monkeypatch.setenv("MONITOR_TOKEN", "t")
        s3, captures = boto3.client("s3"), EVENTS / "captures"
        for path in (captures / "datacapture").rglob("*.jsonl*"):
            s3.put_object(Bucket=BUCKET, Key=unquote(path.relative_to(captures).as_posix()), Body=path.read_bytes())
        yield running


def sample(name: str) -> dict[str, Any]:
    """Return a sample event."""
    event: dict[str, Any] = json.loads((EVENTS / name).read_text(encoding="utf-8"))
    return event
