"""The conservation counts as rows of a table."""

from collections.abc import Mapping

from rich.table import Table
from rich.text import Text

from capture_forwarder.domain.conservation import InferenceCounts, LineCounts
from capture_forwarder.domain.delivery import RejectionCode, SkipReason
from capture_ops.terminal.text import printable

UNBALANCED = "The counts do not add up: this is a bug, please report it."


def conservation_table() -> Table:
    """Return an empty table for counts."""
    return Table("", "", "", title="Conservation")


def add_counts(table: Table, lines: LineCounts, inferences: InferenceCounts) -> None:
    """Add the counts of lines and of inferences."""
    ends = f"{lines.decoded} decoded, {_counted('rejected', lines.rejected)}, {_counted('skipped', lines.skipped)}"
    add_row(table, "lines", f"{lines.read} read", ends)
    ends = f"{inferences.accepted} accepted, {inferences.duplicate} duplicate, "
    ends += f"{_counted('rejected', inferences.rejected)}, {inferences.pending} pending"
    add_row(table, "inferences", f"{inferences.made} made", ends)


def add_row(table: Table, *cells: str) -> None:
    """Add a row of printable cells."""
    table.add_row(*(Text(printable(cell), overflow="fold") for cell in cells))


def _counted(result: str, counts: Mapping[RejectionCode, int] | Mapping[SkipReason, int]) -> str:
    reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(counts.items()))
    return f"{sum(counts.values())} {result}" + (f" ({reasons})" if reasons else "")
