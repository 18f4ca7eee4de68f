"""The report of a replay, and its tables; text from quarantine files is printed without markup."""

from collections import Counter
from collections.abc import Iterable, Mapping

from rich.console import Console

from capture_forwarder.domain.conservation import InferenceCounts, LineCounts
from capture_ops.replay.plan import Step
from capture_ops.terminal.tables import UNBALANCED, Table, add_counts, conservation_table


class ReplayReport:
    """Sums of a replay: entries `selected = removed + left`, and the two equations of every run."""

    def __init__(self) -> None:
        self.selected = 0
        self.removed = 0
        self.left: Counter[str] = Counter()
        self.lines = LineCounts()
        self.inferences = InferenceCounts()

    def count(self, why_left: str | None) -> None:
        """Count a selected entry: it was removed from quarantine, or it stays for a reason."""
        if why_left is None:
            self.selected += 1
            self.removed += 1
        else:
            self.leave(1, why_left)

    def leave(self, entries: int, why: str) -> None:
        """Count selected entries that stay in quarantine."""
        self.selected += entries
        self.left[why] += entries

    @property
    def balanced(self) -> bool:
        """Whether every entry, line and inference is counted in exactly one place."""
        return self.selected == self.removed + self.left.total() and self.lines.balanced and self.inferences.balanced

    @property
    def complete(self) -> bool:
        """Whether no selected entry is left in quarantine."""
        return self.balanced and not self.left


def print_plan(steps: Iterable[Step], console: Console) -> None:
    """Print the plan of every file."""
    table = Table("file", "route", "code", "entries", "plan", title="Plan of the replay", keys=True)
    total = 0
    for step in steps:
        total += step.entries
        for part, count in sorted(step.parts.items()):
            table.add_row(step.name, step.route, part.codes, str(count), part.plan)
    console.print(table)
    console.print(f"{total} entries. Nothing was sent, and nothing was written.")


def print_report(report: ReplayReport, console: Console) -> None:
    """Print the conservation table: entries of quarantine, their lines, and the inferences of these."""
    table = conservation_table()
    table.add_row("entries", f"{report.selected} selected", f"{report.removed} removed, {report.left.total()} left")
    add_counts(table, report.lines, report.inferences)
    console.print(table)
    if not report.balanced:
        console.print(UNBALANCED, style="red")
    if report.left:
        _print_left(report.left, console)
    elif not report.selected:
        console.print("There is nothing to replay.")


def _print_left(left: Mapping[str, int], console: Console) -> None:
    table = Table("entries", "why they are still in quarantine", title="Left in quarantine")
    for why, count in sorted(left.items()):
        table.add_row(str(count), why)
    console.print(table)
