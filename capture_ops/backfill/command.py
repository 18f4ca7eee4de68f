"""The command: what is asked for is checked whole, and then listed, or forwarded in one of two forms."""

import os
from pathlib import Path

from msgspec import Struct
from rich.console import Console

from capture_forwarder.bootstrap import Runtime, s3_client
from capture_forwarder.configuration.settings import Resources, Settings
from capture_forwarder.domain.notices import Notice
from capture_forwarder.domain.route import Router
from capture_ops.backfill.distributed import StateMachine, follow
from capture_ops.backfill.listing import pages
from capture_ops.backfill.local import forward_all
from capture_ops.backfill.report import print_outcome, print_plan
from capture_ops.backfill.results import add_up
from capture_ops.backfill.selection import Selection, select
from capture_ops.cloud.deployed import PROGRESS_TABLE, QUARANTINE_BUCKET, STATE_MACHINE, output, outputs
from capture_ops.terminal.configuration import settings_of
from capture_ops.terminal.errors import CommandError, ExitCode
from capture_ops.terminal.interruption import interruption, progress_bar


class Form(Struct, frozen=True, kw_only=True):
    """How a backfill runs: `distributed` by a state machine, else in `threads` here; `stack` says where things are."""

    distributed: bool = False
    state_machine: str | None = None
    stack: str | None = None
    threads: int = 8


def run(
    target: str,
    config: Path | None,
    window: tuple[str | None, str | None],
    form: Form,
    console: Console,
    *,
    dry_run: bool,
) -> int:
    """Forward what lies below `target` from `window[0]` until before `window[1]`, and return the exit code.

    Raises `SettingsError`, `CommandError` with every problem at once, `Unavailable` where AWS cannot be reached.
    """
    settings = settings_of(config)
    selection = select(target, *window, settings)
    if form.state_machine and not form.distributed:
        raise CommandError("--state-machine goes with --distributed; for the local form name the stack by --stack")
    if dry_run:
        print_plan(pages(s3_client(), selection), Router(settings.routes), console)
        return ExitCode.OK
    return (_distributed if form.distributed else _local)(selection, settings, form, console)


def _local(selection: Selection, settings: Settings, form: Form, console: Console) -> int:
    resources = _resources(form)
    for missing in _missing(resources):
        console.print(missing, style="yellow", soft_wrap=True)
    runtime = Runtime(settings, resources, _Silent())
    with interruption() as stopped, progress_bar() as progress:
        outcome = forward_all(runtime, pages(s3_client(), selection), form.threads, stopped, progress)
    print_outcome(outcome, console)
    return ExitCode.OK if outcome.complete else ExitCode.INCOMPLETE


def _resources(form: Form) -> Resources:
    """Return where progress and rejections are kept; without a queue, what is owed is told and not put there."""
    if form.stack:
        found = outputs(form.stack)
        return Resources(progress_table=found.get(PROGRESS_TABLE), quarantine_bucket=found.get(QUARANTINE_BUCKET))
    environment = Resources.from_environment(os.environ)
    return Resources(progress_table=environment.progress_table, quarantine_bucket=environment.quarantine_bucket)


def _missing(resources: Resources) -> list[str]:
    missing = []
    if resources.progress_table is None:
        missing.append("No progress table is named: what was forwarded before is sent again, as a duplicate.")
    if resources.quarantine_bucket is None:
        missing.append("No quarantine is named: objects with rejections stay unsettled.")
    return [f"{sentence} Name the stack by --stack." for sentence in missing]


def _distributed(selection: Selection, settings: Settings, form: Form, console: Console) -> int:
    machine = StateMachine(form.state_machine or output(form.stack or settings.stack.name, STATE_MACHINE))
    execution = machine.start(selection)
    console.print(f"Started {execution}", soft_wrap=True, markup=False, highlight=False)
    with interruption() as stopped, progress_bar() as progress:
        followed = follow(lambda: machine.look(execution), stopped, progress)
    if followed.running:
        console.print(
            f"It goes on without you. To end it: aws stepfunctions stop-execution --execution-arn {execution}"
        )
        return ExitCode.INCOMPLETE
    outcome = add_up(machine, followed)
    print_outcome(outcome, console)
    return ExitCode.OK if outcome.complete else ExitCode.INCOMPLETE


class _Silent:
    """An observer that ignores every notice: the command prints the reports itself."""

    def notice(self, notice: Notice) -> None:
        """Ignore `notice`."""
