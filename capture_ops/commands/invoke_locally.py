"""`invoke --local`: the handler on this machine, against the S3, the monitor and the configuration of the demo."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from capture_forwarder.configuration.reader import read_settings
from capture_ops.cloud.local_aws import local_aws
from capture_ops.commands.demo import pointed_at, put_capture, sample_captures, sample_config
from capture_ops.commands.invoke import Invoked, invoke
from capture_ops.commands.monitor import TOKEN_VARIABLE, models_of, token
from capture_ops.monitor.server import running_monitor
from capture_ops.terminal.errors import CommandError


def invoke_locally(event: dict[str, Any], config: Path | None) -> Invoked:
    """Run the handler on `event`. Raises `CommandError` for a `config`, or if the samples are not there."""
    if config:
        raise CommandError("--local uses the configuration of the demo, events/forwarder.toml; leave out --config")
    samples = sample_config()
    settings = read_settings(samples)
    os.environ.setdefault(TOKEN_VARIABLE, token())
    bucket = settings.route[0].bucket
    with local_aws(bucket), running_monitor(models_of(settings), token=token()) as monitor:
        for key, content in sample_captures():
            put_capture(bucket, key, content)
        with TemporaryDirectory() as folder:
            return invoke(event, pointed_at(monitor, samples, Path(folder)))
