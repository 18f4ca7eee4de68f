"""The `demo` command: forwards sample captures on this machine, and compares the result with the expected one."""

import json
import os
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote_plus, unquote

import msgspec
from msgspec import Struct
from rich.console import Console

from capture_forwarder.aws.session import CONFIG, aws_session
from capture_forwarder.configuration.reader import read_settings
from capture_forwarder.configuration.settings import Settings
from capture_forwarder.domain.conservation import ForwardReport, InferenceCounts
from capture_ops.cloud.local_aws import local_aws
from capture_ops.commands.invoke import invoke, print_reports
from capture_ops.commands.monitor import TOKEN_VARIABLE, models_of, token, wait_for_interrupt
from capture_ops.monitor.server import Monitor, running_monitor
from capture_ops.terminal.errors import CommandError, ExitCode
from capture_ops.terminal.text import print_line

_EVENTS = Path(__file__).parents[2] / "events"


class _Expected(Struct, frozen=True):
    model_id: str
    partner_inference_id: str
    inference_data: dict[str, Any]


class DemoDestination(StrEnum):
    """The destinations that the demo shows."""

    ARTHUR = "arthur"
    WEBHOOK = "webhook"


# The lines of a destination, at the address of the monitor.
_TABLES = {
    DemoDestination.ARTHUR: 'kind = "arthur"\nurl = "{0}"\nsecret = "env:{1}"',
    DemoDestination.WEBHOOK: 'kind = "webhook"\nurl = "{0}/events"\nheaders = {{ Authorization = "env:{1}" }}',
}


def run(console: Console, *, keep: bool, destination: DemoDestination = DemoDestination.ARTHUR) -> int:
    """Forward `events/captures` and return the exit code. Raises `CommandError` if the samples are not there."""
    config = sample_config()
    settings = read_settings(config)
    new_token = None if os.environ.get(TOKEN_VARIABLE) else token()
    if new_token:
        os.environ[TOKEN_VARIABLE] = new_token  # the function reads it there
    models = models_of(settings)
    bucket = settings.route[0].bucket
    with local_aws(bucket), running_monitor(models, token=token()) as monitor:
        event = {"Records": [put_capture(bucket, *sample) for sample in sample_captures()]}
        with TemporaryDirectory() as folder:
            invoked = invoke(event, pointed_at(monitor, config, Path(folder), destination))
        print_reports(invoked.reports, console)
        problems = _problems(invoked.reports, monitor, settings)
        if not invoked.succeeded:
            problems.insert(0, f"some messages are incomplete: {invoked.failure or invoked.answer}")
        _conclude(console, invoked.reports, problems, settings)
        if keep:
            wait_for_interrupt(monitor, models, new_token, console)
    return ExitCode.INCOMPLETE if problems else ExitCode.OK


def sample_config() -> Path:
    """Return the configuration of the demo. Raises `CommandError` if the samples are not there."""
    config = _EVENTS / "forwarder.toml"
    if not config.exists():
        raise CommandError(f"{_EVENTS} is not there; run the demo from a checkout of the project")
    return config


def pointed_at(
    monitor: Monitor, config: Path, folder: Path, destination: DemoDestination = DemoDestination.ARTHUR
) -> Path:
    """Return a copy of `config` in `folder`, whose destination is `monitor`, reached as `destination`."""
    samples = _TABLES[DemoDestination.ARTHUR].format("http://127.0.0.1:8765", TOKEN_VARIABLE)
    chosen = _TABLES[destination].format(monitor.url, TOKEN_VARIABLE)
    copy = folder / config.name
    copy.write_text(config.read_text(encoding="utf-8").replace(samples, chosen), encoding="utf-8")
    return copy


def sample_captures() -> Iterator[tuple[str, bytes]]:
    """Yield key and content of every sample capture object."""
    captures = _EVENTS / "captures"
    for path in sorted((captures / "datacapture").rglob("*.jsonl*")):
        # Folder names are percent-encoded where a key has characters that a file system refuses.
        yield unquote(path.relative_to(captures).as_posix()), path.read_bytes()


def put_capture(bucket: str, key: str, content: bytes) -> dict[str, Any]:
    """Put a capture object into the bucket, and return the queue's message that names it."""
    client = aws_session().client("s3", config=CONFIG)
    etag = client.put_object(Bucket=bucket, Key=key, Body=content)["ETag"].strip('"')
    found = {"key": quote_plus(key), "size": len(content), "eTag": etag}
    record = {
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": bucket}, "object": found},
    }
    return {"messageId": etag, "eventSource": "aws:sqs", "body": json.dumps({"Records": [record]})}


def expected_inferences() -> dict[tuple[str, str], dict[str, Any]]:
    """Return the values that the monitor must hold after all samples, by model and inference id."""
    lines = (_EVENTS / "expected.jsonl").read_bytes().splitlines()
    expected = (msgspec.json.decode(line, type=_Expected) for line in lines)
    return {(one.model_id, one.partner_inference_id): one.inference_data for one in expected}


def _problems(reports: list[ForwardReport], monitor: Monitor, settings: Settings) -> list[str]:
    expected = expected_inferences()
    stored = {
        (model.id, one.partner_inference_id): one.inference_data
        for model in models_of(settings)
        for one in monitor.store.inferences(model.id)
    }
    problems = [f"missing at the monitor: {key}" for key in expected.keys() - stored.keys()]
    problems += [f"not expected at the monitor: {key}" for key in stored.keys() - expected.keys()]
    problems += [
        f"other values at the monitor: {key}" for key in expected.keys() & stored if expected[key] != stored[key]
    ]
    problems += [f"the counts do not add up: {report.source.uri}" for report in reports if not report.balanced]
    return problems


def _conclude(console: Console, reports: list[ForwardReport], problems: list[str], settings: Settings) -> None:
    for problem in problems:
        print_line(console, problem, "red")
    sums = sum((report.inferences for report in reports), InferenceCounts())
    duplicates = f", {sums.duplicate} duplicate" if sums.duplicate else ""
    typed = {route.name for route in settings.routes if route.schema or route.schema_from_model}
    checked = sum(report.inferences.accepted for report in reports if report.route in typed)
    lines = sum(report.lines.read for report in reports)
    rejected = sum(report.lines.rejected.total() + report.inferences.rejected.total() for report in reports)
    skipped = sum(report.lines.skipped.total() for report in reports)
    verdict = "does not hold" if problems else "holds exactly"
    console.print(
        f"{len(reports)} objects, {lines} lines: {sums.accepted} inferences accepted ({checked} with a schema)"
        f"{duplicates}, {rejected} rejections in quarantine, {skipped} skipped.\n"
        f"The monitor {verdict} what it should.",
        soft_wrap=True,
    )
