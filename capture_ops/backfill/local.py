"""The local form: the function's own use case, in threads of this process."""

from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from threading import Event

from rich.progress import Progress

from capture_forwarder.bootstrap import Runtime
from capture_forwarder.domain.capture import Work
from capture_forwarder.domain.conservation import ForwardReport, ForwardTotals
from capture_ops.backfill.listing import Listed, Page
from capture_ops.backfill.outcome import Outcome

_OBJECTS_A_BATCH = 50
# How long an object stays held by a run that was killed, and the longest that a destination may ask to be left alone.
_HELD_SECS = 300.0
_UNQUARANTINED = "there is no quarantine for its rejections: name the stack, or set CAPTURE_FORWARDER_QUARANTINE_BUCKET"
_INTERRUPTED = "It was interrupted; what was under way was settled as far as it got."
_GIVEN_UP = "It was given up when nothing of a whole batch was taken."

_Running = set[Future[list[ForwardReport]]]


def forward_all(runtime: Runtime, pages: Iterable[Page], threads: int, stopped: Event, progress: Progress) -> Outcome:
    """Forward what `pages` hold, `threads` batches at a time, until `stopped` is set. Raises `Unavailable`.

    A batch of which nothing was taken ends it too: its destination, or the table, is not there.
    """
    outcome = Outcome()
    running: _Running = set()
    task = progress.add_task("objects", total=0)
    with ThreadPoolExecutor(threads, thread_name_prefix="backfill") as pool:
        for batch in _batches(pages, outcome):
            if len(running) >= threads:
                running -= _settle(wait(running, return_when=FIRST_COMPLETED).done, outcome)
            if stopped.is_set() or outcome.failure:
                break
            running.add(pool.submit(_forward, runtime, batch, stopped))
            progress.update(task, total=outcome.listed, completed=_told(outcome))
        for future in running:
            _settle({future}, outcome)
            progress.update(task, completed=_told(outcome))
    if stopped.is_set():
        outcome.failure = _INTERRUPTED
    return outcome


def _batches(pages: Iterable[Page], outcome: Outcome) -> Iterator[list[Listed]]:
    for page in pages:
        outcome.totals.outside += page.outside
        outcome.listed += page.outside
        for start in range(0, len(page.meant), _OBJECTS_A_BATCH):
            batch = page.meant[start : start + _OBJECTS_A_BATCH]
            outcome.listed += len(batch)
            yield batch


def _forward(runtime: Runtime, batch: list[Listed], stopped: Event) -> list[ForwardReport]:
    works = [Work(listed.source) for listed in batch]
    # A terminal has all the time there is; what it holds is held anew at every checkpoint.
    return runtime.forward(works, lambda: 0.0 if stopped.is_set() else 1000 * _HELD_SECS)


def _settle(done: _Running, outcome: Outcome) -> _Running:
    for future in done:
        reports = future.result()
        totals = ForwardTotals.of(reports)
        outcome.totals += totals
        unsettled = [report for report in reports if not report.complete]
        outcome.left.update(report.why or _UNQUARANTINED for report in unsettled)
        taken = totals.inferences.accepted + totals.inferences.duplicate
        if len(unsettled) == len(reports) or (totals.inferences.pending and not taken):
            outcome.failure = _GIVEN_UP
    return done


def _told(outcome: Outcome) -> int:
    return outcome.listed - outcome.untold
