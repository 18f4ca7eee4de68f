"""The `invoke` command: the deployed function's own handler, run on this machine."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from msgspec import Struct
from rich.console import Console

from capture_forwarder.aws.envelopes import EventError
from capture_forwarder.bootstrap import build_runtime
from capture_forwarder.configuration.names import CONFIG_VARIABLE
from capture_forwarder.domain.conservation import ForwardReport
from capture_forwarder.domain.notices import MessageRejected, Notice, ObjectForwarded
from capture_forwarder.handler import ForwardingIncomplete, make_handler
from capture_ops.terminal.errors import CommandError
from capture_ops.terminal.tables import Table, by_reason
from capture_ops.terminal.text import printable

_HEADINGS = ("state", "lines", "inferences", "accepted", "duplicate", "rejected", "skipped", "pending")
_SAMPLES = "name a JSON file with an event, such as those in events/"


class LocalContext:
    """The part of Lambda's context object that the handler uses."""

    function_name = "capture-forwarder-local"
    function_version = "$LATEST"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:capture-forwarder-local"
    aws_request_id = "00000000-0000-4000-8000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        """Return the longest time that Lambda gives an invocation."""
        return 15 * 60 * 1000


class Reports:
    """Observer that keeps the report of every object, and why messages are refused."""

    def __init__(self) -> None:
        self.reports: list[ForwardReport] = []
        self.refusals: list[str] = []

    def notice(self, event: Notice) -> None:
        """Keep the report of an object, or the reason of a message."""
        if isinstance(event, ObjectForwarded):
            self.reports.append(event.report)
        elif isinstance(event, MessageRejected):
            self.refusals.append(f"message {event.message_id}: {event.why}")


class Invoked(Struct, frozen=True):
    """The answer of the handler or the reason for its failure, the reports of objects, and why messages are refused."""

    answer: dict[str, Any] | None
    failure: str | None
    reports: list[ForwardReport]
    refusals: list[str]

    @property
    def reasons(self) -> list[str]:
        """Every reason for a failure, printable."""
        return [printable(reason) for reason in [*self.refusals, *([self.failure] if self.failure else [])]]

    @property
    def succeeded(self) -> bool:
        """Tell whether the platform would deliver no part of the event again."""
        return self.failure is None and not (self.answer or {}).get("batchItemFailures")


def read_event(path: Path) -> dict[str, Any]:
    """Return the event in `path`. Raises `CommandError`."""
    try:
        event = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError(f"{path} is no event: {error.strerror}; {_SAMPLES}") from error
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{path} is no event: it is not one JSON document in UTF-8; {_SAMPLES}") from error
    if not isinstance(event, dict):
        raise CommandError(f"{path} is no event: it holds no JSON object; {_SAMPLES}")
    return event


def invoke(event: dict[str, Any], config: Path) -> Invoked:
    """Run the handler on `event`, with the configuration in `config`. Raises `SettingsError`."""
    environment = dict(os.environ) | {CONFIG_VARIABLE: str(config)}
    seen = Reports()  # in place of the function's log: the command prints a table
    handler = make_handler(build_runtime(environment, seen))
    try:
        answer = handler(event, LocalContext())
    except (ForwardingIncomplete, EventError) as error:
        return Invoked(None, str(error), seen.reports, seen.refusals)
    return Invoked(answer, None, seen.reports, seen.refusals)


def print_reports(reports: Iterable[ForwardReport], console: Console) -> None:
    """Print one row an object, with the counts of both equations. A count of 0 is left out where it is usual."""
    table = Table("object", *_HEADINGS, keys=True)
    for report in reports:
        table.add_row(report.source.key, *_cells(report))
    console.print(table)


def _cells(report: ForwardReport) -> tuple[str, ...]:
    lines, inferences = report.lines, report.inferences
    why = (report.why or "").removeprefix(f"{report.source.uri}: ")  # the table names the object already
    return (
        f"{report.state}{f': {why}' if why else ''}",
        str(lines.read),
        str(inferences.made),
        str(inferences.accepted),
        str(inferences.duplicate or ""),
        by_reason(lines.rejected + inferences.rejected),
        by_reason(lines.skipped),
        str(inferences.pending or ""),
    )
