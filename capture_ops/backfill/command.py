"""The `backfill` command: checks the call, then shows a plan, sends messages to the function, or forwards here."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Event

from botocore.config import Config
from msgspec import Struct
from rich.console import Console
from rich.progress import Progress

from capture_forwarder.aws.session import CONFIG, aws_session
from capture_forwarder.bootstrap import Runtime
from capture_forwarder.configuration.names import Resources, StackOutput
from capture_forwarder.configuration.settings import Settings
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.notices import Notice
from capture_forwarder.domain.route import Router
from capture_ops.backfill import listing
from capture_ops.backfill.inventory import inventory_pages
from capture_ops.backfill.listing import Page, list_pages
from capture_ops.backfill.local import forward_all
from capture_ops.backfill.messages import pack
from capture_ops.backfill.queue import BackfillQueue
from capture_ops.backfill.report import Counts, print_outcome, print_plan, print_sent, print_waited
from capture_ops.backfill.selection import Selection, select
from capture_ops.backfill.waiting import Waiting, WaitLimits
from capture_ops.cloud.deployed import outputs
from capture_ops.terminal.configuration import settings_of
from capture_ops.terminal.errors import ExitCode
from capture_ops.terminal.interruption import interruption, progress_bar

_THREADS = 8


class Options(Struct, frozen=True, kw_only=True):
    """How a backfill runs: by the queue of `stack`, or with `local` in `threads` of this process."""

    stack: str | None = None
    inventory: str | None = None
    local: bool = False
    threads: int | None = None
    wait: bool = False
    wait_limit_secs: float | None = None
    queue_empty_secs: float = 60.0
    dry_run: bool = False

    def problems(self) -> Iterator[str]:
        """Yield the options that do not go together."""
        if self.local and self.wait:
            yield "--wait goes with the queue; --local ends when all objects are finished"
        if self.threads and not self.local:
            yield "--threads goes with --local; stack.backfill.max_concurrency limits the function"
        if self.wait_limit_secs is not None and not self.wait:
            yield "--wait-limit-secs goes with --wait"


def run(
    target: str, config: Path | None, window: tuple[str | None, str | None], options: Options, console: Console
) -> int:
    """Forward the captures below `target` from `window[0]` until before `window[1]`, and return the exit code.

    Raises `SettingsError`, `CommandError` with every problem at once, `Unavailable` if AWS cannot be reached.
    """
    settings = settings_of(config)
    selection = select(target, *window, settings, options.problems())
    if options.dry_run:
        print_plan(_pages(selection, options, Event()), Router(settings.routes), console)
        return ExitCode.OK
    return (_forward_here if options.local else _send)(selection, settings, options, console)


def _pages(selection: Selection, options: Options, stopped: Event) -> Iterator[Page]:
    client = aws_session().client("s3", config=CONFIG.merge(Config(max_pool_connections=listing.CALLS_AT_ONCE)))
    if options.inventory:
        return inventory_pages(client, options.inventory, selection, stopped)
    return list_pages(client, selection, stopped)


def _routed(pages: Iterable[Page], router: Router, counts: Counts) -> Iterator[CaptureObject]:
    """Yield the objects that have a route, and count them all."""
    for page in pages:
        counts.outside += page.outside
        counts.listed += page.outside + len(page.selected)
        for listed in page.selected:
            if router.route_for(listed.source):
                yield listed.source
            else:
                counts.unrouted += 1


def _send(selection: Selection, settings: Settings, options: Options, console: Console) -> int:
    queue = BackfillQueue(options.stack or settings.stack.name)
    waiting = Waiting(queue.progress()) if options.wait else None
    counts = Counts()
    with interruption() as stopped, progress_bar() as bar:
        sources = _routed(_pages(selection, options, stopped), Router(settings.routes), counts)
        task = bar.add_task("objects sent", total=None)
        for message in queue.send(pack(sources), stopped):
            counts.messages += 1
            counts.sent += message.objects
            bar.update(task, completed=counts.sent, total=counts.selected)
            if waiting:
                waiting.add(message)
        interrupted = stopped.is_set()
        if waiting and not interrupted:
            _wait(waiting, queue, options, stopped, bar)
    print_sent(counts, console, interrupted=interrupted)
    if waiting is None:
        return ExitCode.INCOMPLETE if interrupted else ExitCode.OK
    dead_letters = queue.dead_letters() if waiting.pending else 0
    print_waited(waiting, dead_letters, console)
    finished = not waiting.pending or (waiting.queue_is_empty and not dead_letters)
    return ExitCode.OK if finished and not interrupted else ExitCode.INCOMPLETE


def _wait(waiting: Waiting, queue: BackfillQueue, options: Options, stopped: Event, bar: Progress) -> None:
    limits = WaitLimits(limit_secs=options.wait_limit_secs, empty_secs=options.queue_empty_secs)
    task = bar.add_task("objects done", total=waiting.pending)
    waiting.wait(queue.depth, limits, stopped, lambda: bar.update(task, completed=waiting.done))


def _forward_here(selection: Selection, settings: Settings, options: Options, console: Console) -> int:
    resources = _resources(options.stack)
    for missing in _missing(resources):
        console.print(missing, style="yellow", soft_wrap=True)
    counts = Counts()
    with interruption() as stopped, progress_bar() as bar:
        sources = _routed(_pages(selection, options, stopped), Router(settings.routes), counts)
        task = bar.add_task("objects", total=None)
        runtime = Runtime(settings, resources, _Silent())
        for outcome in forward_all(runtime, sources, options.threads or _THREADS, stopped):
            bar.update(task, completed=outcome.objects.total(), total=counts.selected)
    print_outcome(outcome, counts, console)
    return ExitCode.OK if outcome.complete else ExitCode.INCOMPLETE


def _resources(stack: str | None) -> Resources:
    """Return where progress and rejections are kept, without a queue: the report names pending objects."""
    if stack:
        found = outputs(stack)
        return Resources(
            progress_table=found.get(StackOutput.PROGRESS_TABLE),
            quarantine_bucket=found.get(StackOutput.QUARANTINE_BUCKET),
        )
    environment = Resources.from_environment(os.environ)
    return Resources(progress_table=environment.progress_table, quarantine_bucket=environment.quarantine_bucket)


def _missing(resources: Resources) -> Iterator[str]:
    if resources.progress_table is None:
        yield "No progress table is named: done objects are sent again, as duplicates. Name the stack by --stack."
    if resources.quarantine_bucket is None:
        yield "No quarantine is named: objects with rejections stay unfinished. Name the stack by --stack."


class _Silent:
    """An observer that ignores every notice: the command prints sums of the reports."""

    def notice(self, notice: Notice) -> None:
        """Ignore `notice`."""
