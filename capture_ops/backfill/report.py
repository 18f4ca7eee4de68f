"""The tables of a backfill: its plan, its messages, and its outcome."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct
from rich.console import Console

from capture_forwarder.domain.route import Router
from capture_ops.backfill.listing import Listed, Page
from capture_ops.backfill.local import Outcome
from capture_ops.backfill.waiting import Waiting
from capture_ops.backfill.window import captured_hour
from capture_ops.terminal.tables import UNBALANCED, Table, add_counts, conservation_table
from capture_ops.terminal.text import print_line

_MAX_REASONS = 20
_UNROUTED = "no route"
_NOTHING = "There is nothing below that prefix."
_AGAIN = "Run the command again when the cause is removed; an object that is done is not read again."


class Counts(Struct):
    """How many objects were listed, how many of those were not selected, and how many messages were sent."""

    listed: int = 0
    outside: int = 0
    unrouted: int = 0
    sent: int = 0
    messages: int = 0

    @property
    def selected(self) -> int:
        """The objects to forward."""
        return self.listed - self.outside - self.unrouted


class _Share(Struct):
    objects: int = 0
    size_bytes: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def add(self, listed: Listed) -> None:
        self.objects += 1
        self.size_bytes += listed.source.size or 0
        if moment := captured_hour(listed.source.key) or listed.modified:
            self.first = min(self.first or moment, moment)
            self.last = max(self.last or moment, moment)


def print_plan(pages: Iterable[Page], router: Router, console: Console) -> None:
    """Print the objects that would be forwarded, by route."""
    shares: dict[str, _Share] = {}
    outside = 0
    for page in pages:
        outside += page.outside
        for listed in page.selected:
            route = router.route_for(listed.source)
            shares.setdefault(route.name if route else _UNROUTED, _Share()).add(listed)
    table = Table("route", "objects", "bytes", "first hour", "last hour", title="What a backfill would forward")
    for name, share in sorted(shares.items()):
        hours = [f"{moment:%Y-%m-%dT%H}" for moment in (share.first, share.last) if moment]
        table.add_row(name, str(share.objects), str(share.size_bytes), *hours)
    console.print(table)
    console.print(
        f"{outside} of the listed objects are outside: of other hours, or no captures. Nothing was forwarded."
    )


def print_sent(counts: Counts, console: Console, *, interrupted: bool) -> None:
    """Print how many objects and messages were sent."""
    table = Table(title="Sent to the backfill queue")
    without = f", {counts.unrouted} without a route" if counts.unrouted else ""
    table.add_row("objects", f"{counts.listed} listed", f"{counts.sent} sent, {counts.outside} outside{without}")
    table.add_row("messages", f"{counts.messages} sent", "")
    console.print(table)
    if interrupted:
        print_line(console, "It was interrupted; run the command again: an object that is done is not read again.")
    elif not counts.listed:
        print_line(console, _NOTHING)


def print_waited(waiting: Waiting, dead_letters: int, console: Console) -> None:
    """Print the sums of the progress items, and where to look for the objects without one."""
    table = Table(title="Progress")
    table.add_row("objects", f"{waiting.done} done, {waiting.pending} without a finished progress item")
    table.add_row("inferences", f"{waiting.accepted} accepted or duplicate, {waiting.rejected} rejected")
    console.print(table)
    if not waiting.pending:
        return
    if not waiting.queue_is_empty:
        print_line(console, "The function goes on with the rest; the same command with --wait watches it again.")
    elif dead_letters:
        print_line(
            console,
            f"The dead-letter queue holds {dead_letters} messages; docs/runbook.md, DeadLetters, says what to do.",
        )
    else:
        print_line(
            console,
            "The queue is empty. Objects without a finished item were rejected as a whole or given up, or have no "
            "route (they are in quarantine), or their messages are dead letters.",
        )


def print_outcome(outcome: Outcome, counts: Counts, console: Console) -> None:
    """Print the outcome of the local form as a conservation table, with advice."""
    table = conservation_table()
    table.add_row("objects", f"{counts.listed} listed", _states(outcome, counts))
    add_counts(table, outcome.lines, outcome.inferences)
    console.print(table)
    if not outcome.balanced:
        console.print(UNBALANCED, style="red")
    if outcome.failure:
        print_line(console, outcome.failure, "red")
    if outcome.unfinished:
        _print_unfinished(outcome.unfinished, console)
    if not outcome.complete:
        print_line(console, _AGAIN)
    elif not counts.listed:
        print_line(console, _NOTHING)


def _states(outcome: Outcome, counts: Counts) -> str:
    states = [f"{count} {state.replace('_', ' ')}" for state, count in sorted(outcome.objects.items())]
    without = [f"{counts.unrouted} without a route"] if counts.unrouted else []
    missing = counts.selected - outcome.objects.total()
    return ", ".join(
        [*states, f"{counts.outside} outside", *without, *([f"{missing} not forwarded"] if missing else [])]
    )


def _print_unfinished(unfinished: Counter[str], console: Console) -> None:
    table = Table("objects", "why they are not finished", title="Unfinished")
    for why, count in unfinished.most_common(_MAX_REASONS):
        table.add_row(str(count), why)
    if len(unfinished) > _MAX_REASONS:
        table.add_row("", f"and {len(unfinished) - _MAX_REASONS} reasons more")
    console.print(table)
