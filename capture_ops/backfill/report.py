"""What a backfill would do, and what it came to, as tables."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct
from rich.console import Console
from rich.table import Table

from capture_forwarder.domain.conservation import ForwardTotals
from capture_forwarder.domain.route import Router
from capture_forwarder.domain.window import captured_hour
from capture_ops.backfill.listing import Listed, Page
from capture_ops.backfill.outcome import Outcome
from capture_ops.terminal.tables import UNBALANCED, add_ledgers, add_row, conservation_table, printable

_MAX_REASONS = 20
_UNROUTED = "no route"


class _Share(Struct):
    objects: int = 0
    size_bytes: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def add(self, listed: Listed) -> None:
        moment = captured_hour(listed.source.key) or listed.modified
        self.objects += 1
        self.size_bytes += listed.source.size or 0
        self.first = min(self.first or moment, moment)
        self.last = max(self.last or moment, moment)


def print_plan(pages: Iterable[Page], router: Router, console: Console) -> None:
    """Print what would be forwarded, by route."""
    shares: dict[str, _Share] = {}
    outside = 0
    for page in pages:
        outside += page.outside
        for listed in page.meant:
            route = router.route_for(listed.source)
            shares.setdefault(route.name if route else _UNROUTED, _Share()).add(listed)
    table = Table("route", "objects", "bytes", "first hour", "last hour", title="What a backfill would forward")
    for name, share in sorted(shares.items()):
        hours = [f"{moment:%Y-%m-%dT%H}" for moment in (share.first, share.last) if moment]
        add_row(table, name, str(share.objects), str(share.size_bytes), *hours)
    console.print(table)
    console.print(f"{outside} objects are outside: of other hours, or no captures. Nothing was forwarded.")


def print_outcome(outcome: Outcome, console: Console) -> None:
    """Print the conservation table, and what is left to do."""
    table = conservation_table()
    add_row(table, "objects", f"{outcome.listed} listed", _ends(outcome.totals, outcome.untold))
    add_ledgers(table, outcome.totals.lines, outcome.totals.inferences)
    console.print(table)
    if not outcome.totals.balanced:
        console.print(UNBALANCED, style="red")
    if outcome.failure:
        console.print(printable(outcome.failure), style="red", markup=False, soft_wrap=True)
    if outcome.left:
        _print_left(outcome.left, console)
    for sentence in _sentences(outcome):
        console.print(sentence, soft_wrap=True)


def _ends(totals: ForwardTotals, untold: int) -> str:
    ends = [f"{count} {state.replace('_', ' ')}" for state, count in sorted(totals.objects.items())]
    return ", ".join([*ends, f"{totals.outside} outside", *([f"{untold} not forwarded"] if untold else [])])


def _print_left(left: Counter[str], console: Console) -> None:
    table = Table("objects", "why they are not settled", title="Left over")
    for why, count in left.most_common(_MAX_REASONS):
        add_row(table, str(count), why)
    if len(left) > _MAX_REASONS:
        add_row(table, "", f"and {len(left) - _MAX_REASONS} reasons more")
    console.print(table)


def _sentences(outcome: Outcome) -> list[str]:
    sentences = []
    if outcome.handed_over:
        sentences.append(f"The function's queue carries on with {outcome.handed_over} objects: they are owed still.")
    if not outcome.complete:
        sentences.append("Run it again when the cause is mended; what was forwarded already costs one read an object.")
    elif not outcome.listed:
        sentences.append("There is nothing below that prefix.")
    return sentences
