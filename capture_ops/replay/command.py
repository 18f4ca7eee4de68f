"""The command: check all arguments and files, make a plan, then print it or execute it."""

import os
import random
import time
import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from math import inf
from pathlib import Path
from threading import Event

from rich.console import Console

from capture_forwarder.aws.queue import SqsQueue
from capture_forwarder.aws.s3 import S3ObjectStore
from capture_forwarder.aws.session import CONFIG, aws_session
from capture_forwarder.bootstrap import s3_client, target
from capture_forwarder.configuration.names import Resources, StackOutput
from capture_forwarder.configuration.settings import Settings
from capture_forwarder.domain.delivery import RejectionCode, Unavailable
from capture_forwarder.domain.route import UNROUTED, Router
from capture_forwarder.forward.run import Deadline, Run
from capture_forwarder.kinds.quarantine.originals import Originals
from capture_forwarder.ports import Observer, Queue
from capture_ops.cloud.deployed import output
from capture_ops.replay.files import QuarantineFiles
from capture_ops.replay.objects import ObjectReplay
from capture_ops.replay.places import files_at
from capture_ops.replay.plan import Plan, Planner, Selection, Step
from capture_ops.replay.replaying import Replay
from capture_ops.replay.report import ReplayReport, print_plan, print_report
from capture_ops.terminal.configuration import settings_of
from capture_ops.terminal.errors import CommandError, ExitCode
from capture_ops.terminal.interruption import interruption, progress_bar
from capture_ops.terminal.text import printable

_MAX_PROBLEMS = 20


def run(
    target: str,
    config: Path | None,
    codes: Sequence[str],
    routes: Sequence[str],
    console: Console,
    *,
    stack: str | None = None,
    dry_run: bool,
) -> int:
    """Send the entries in quarantine at `target` again, and return the exit code.

    The messages of whole objects go to the queue of `stack`, by default that of the configuration.

    Raises `SettingsError`, `CommandError` with all problems at once, and `Unavailable` if S3 cannot be read.
    """
    settings = settings_of(config)
    known = {route.name: route for route in settings.routes}
    files, problems = _files(target)
    problems += _unknown("--code", codes, list(RejectionCode)) + _unknown("--route", routes, [*known, UNROUTED])
    selection = Selection(frozenset(codes), frozenset(routes))
    router = Router(settings.routes)
    plan = Planner(selection, known, router).plan(files) if files else Plan([], [])
    if files is None or problems or plan.problems:
        raise CommandError("\n".join(map(printable, problems + _listed(plan.problems))))
    if dry_run:
        print_plan(plan.steps, console)
        return ExitCode.OK
    report = _execute(plan.steps, files, selection, settings, stack or settings.stack.name)
    print_report(report, console)
    return ExitCode.OK if report.complete else ExitCode.INCOMPLETE


def _files(target: str) -> tuple[QuarantineFiles | None, list[str]]:
    try:
        return files_at(target), []
    except CommandError as error:
        return None, [str(error)]


def _unknown(option: str, values: Sequence[str], known: Sequence[str]) -> list[str]:
    return [f"{option} {value}: unknown; write one of {', '.join(known)}" for value in values if value not in known]


def _listed(problems: list[str]) -> list[str]:
    """Return the first 20 problems of files, the number of the others, and advice."""
    more = len(problems) - _MAX_PROBLEMS
    listed = [*problems[:_MAX_PROBLEMS], *([f"and {more} files more"] if more > 0 else [])]
    advice = (
        "nothing was sent: move away the files that are not quarantine files, "
        "or name a folder below, such as .../rejected/"
    )
    return [*listed, advice] if problems else []


def _execute(
    steps: list[Step], files: QuarantineFiles, selection: Selection, settings: Settings, stack: str
) -> ReplayReport:
    """Send the messages of whole objects, and forward the entries of every file with the forwarder of captures."""
    with ExitStack() as stack_of_exits:
        targets = {one.name: target(one) for one in settings.destination}
        for one in targets.values():
            stack_of_exits.callback(one.workers.abandon)
        progress = stack_of_exits.enter_context(progress_bar())
        task = progress.add_task("replayed", total=sum(step.entries for step in steps))
        routes = {route.name: route for route in settings.routes}
        replay = Replay(files, steps, selection, routes, lambda entries: progress.advance(task, entries))
        run = run_until(stack_of_exits.enter_context(interruption()), replay)
        if any(step.objects for step in steps):
            replay.send_messages(ObjectReplay(files, selection, Router(settings.routes), _queue(stack)), run)
        originals = Originals(S3ObjectStore(s3_client()), settings.function.max_line_bytes)
        replay.execute(originals, targets, run)
    return replay.report


def _queue(stack: str) -> Queue | str:
    """Return the queue of the environment, else of the stack; or the reason why neither has one."""
    url = Resources.from_environment(os.environ).queue_url
    try:
        url = url or output(stack, StackOutput.QUEUE_URL)
    except (CommandError, Unavailable) as error:
        return str(error)
    return SqsQueue(aws_session().client("sqs", config=CONFIG), url)


def run_until(stopped: Event, observer: Observer) -> Run:
    """Return a run without a time limit. It ends when `stopped` is set."""

    def sleep(secs: float) -> None:
        stopped.wait(secs)

    return Run(
        deadline=Deadline(lambda: 0.0 if stopped.is_set() else inf),
        clock=time.monotonic,
        now=time.time,
        sleep=sleep,
        new_id=lambda: uuid.uuid4().hex,
        jitter=random.random,
        observer=observer,
    )
