"""The command: what is asked for is checked whole, planned, and then either shown or done."""

import random
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from math import inf
from pathlib import Path
from threading import Event

from rich.console import Console

from capture_forwarder.aws.s3 import S3CaptureStore
from capture_forwarder.bootstrap import outlet, s3_client
from capture_forwarder.configuration.settings import Settings
from capture_forwarder.domain import notices
from capture_forwarder.domain.delivery import RejectionCode
from capture_forwarder.domain.route import Route
from capture_forwarder.forward.deadline import Deadline
from capture_forwarder.forward.run import Run
from capture_ops.cloud.s3_uri import S3Uri
from capture_ops.replay.claims import ReplayReport
from capture_ops.replay.files import DirectoryFiles, QuarantineFiles, S3Files
from capture_ops.replay.originals import Originals
from capture_ops.replay.plan import Plan, Selection, Step, make_plan
from capture_ops.replay.replayer import Replayer
from capture_ops.replay.report import print_plan, print_report
from capture_ops.terminal.configuration import settings_of
from capture_ops.terminal.errors import CommandError, ExitCode
from capture_ops.terminal.interruption import interruption, progress_bar
from capture_ops.terminal.tables import printable

_MAX_PROBLEMS = 20


def run(
    target: str,
    config: Path | None,
    codes: Sequence[str],
    routes: Sequence[str],
    console: Console,
    *,
    dry_run: bool,
) -> int:
    """Send again what lies in quarantine at `target`, and return the exit code.

    Raises `SettingsError`, `CommandError` with every problem at once, `Unavailable` where S3 cannot be read.
    """
    settings = settings_of(config)
    known = {route.name: route for route in settings.routes}
    files, problems = _files(target)
    problems += _unknown("--code", codes, list(RejectionCode)) + _unknown("--route", routes, list(known))
    selection = Selection(frozenset(codes), frozenset(routes))
    plan = make_plan(files, selection, known) if files else Plan([], [])
    if files is None or problems or plan.problems:
        raise CommandError(_told(problems + _listed(plan.problems)))
    if dry_run:
        print_plan(plan.steps, console)
        return ExitCode.OK
    report = _execute(plan.steps, files, selection, known, settings)
    print_report(report, console)
    return ExitCode.OK if report.settled else ExitCode.INCOMPLETE


def _files(target: str) -> tuple[QuarantineFiles | None, list[str]]:
    if target.startswith("s3://"):
        if uri := S3Uri.parse(target):
            return S3Files(s3_client(), uri.bucket, uri.key), []
        return None, [f"{target} names no bucket; write s3://bucket/rejected/"]
    if Path(target).exists():
        return DirectoryFiles(Path(target)), []
    return None, [f"{target} is not there; write a directory of quarantine files, or s3://bucket/rejected/"]


def _unknown(option: str, values: Sequence[str], known: Sequence[str]) -> list[str]:
    return [f"{option} {value}: there is none; there are {', '.join(known)}" for value in values if value not in known]


def _listed(problems: list[str]) -> list[str]:
    """Return problems of files; where nearly all of a bucket is something else a few are enough to see it."""
    more = len(problems) - _MAX_PROBLEMS
    listed = [*problems[:_MAX_PROBLEMS], *([f"and {more} files more"] if more > 0 else [])]
    advice = "nothing was sent: move away what is no quarantine file, or name a folder below, such as .../rejected/"
    return [*listed, advice] if problems else []


def _told(problems: list[str]) -> str:
    return "\n".join(map(printable, problems))


def _execute(
    steps: list[Step],
    files: QuarantineFiles,
    selection: Selection,
    routes: Mapping[str, Route],
    settings: Settings,
) -> ReplayReport:
    with ExitStack() as stack:
        outlets = {one.name: outlet(one) for one in settings.destination}
        for one in outlets.values():
            stack.callback(one.executor.shutdown)
        replayer = Replayer(
            files=files,
            selection=selection,
            routes=routes,
            outlets=outlets,
            originals=Originals(S3CaptureStore(s3_client()), settings.function.max_line_bytes),
            run=run_until(stack.enter_context(interruption())),
        )
        progress = stack.enter_context(progress_bar())
        task = progress.add_task("replayed", total=sum(step.entries for step in steps))
        return replayer.replay(steps, lambda entries: progress.advance(task, entries))


class _Nobody:
    """The report says all that an operator wants to know."""

    def notice(self, event: notices.Notice) -> None:
        """Take no note of it."""


def run_until(stopped: Event) -> Run:
    """Return a run that has all the time there is until `stopped` is set."""

    def sleep(secs: float) -> None:
        stopped.wait(secs)

    return Run(
        deadline=Deadline(lambda: 0.0 if stopped.is_set() else inf),
        clock=time.monotonic,
        now=time.time,
        sleep=sleep,
        jitter=random.random,
        observer=_Nobody(),
    )
