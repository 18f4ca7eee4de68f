"""Print the plan and the report of a replay as tables; text from quarantine files is printed without markup."""

from collections.abc import Iterable, Mapping

from rich.console import Console
from rich.table import Table

from capture_ops.replay.plan import Step
from capture_ops.replay.replaying import ReplayReport
from capture_ops.terminal.tables import UNBALANCED, add_counts, add_row, conservation_table


def print_plan(steps: Iterable[Step], console: Console) -> None:
    """Print the plan of every file."""
    table = Table("file", "route", "code", "entries", "plan", title="Plan of the replay")
    total = 0
    for step in steps:
        total += step.entries
        for part, count in sorted(step.parts.items()):
            add_row(table, step.name, step.route, part.code, str(count), part.plan)
    console.print(table)
    console.print(f"{total} entries. Nothing was sent, and nothing was written.")


def print_report(report: ReplayReport, console: Console) -> None:
    """Print the conservation table: entries of quarantine, their lines, and the inferences of these."""
    table = conservation_table()
    add_row(table, "entries", f"{report.selected} selected", f"{report.removed} removed, {report.left.total()} left")
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
        add_row(table, str(count), why)
    console.print(table)
