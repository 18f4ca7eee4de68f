"""Tables that can be read at any width. Text from outside is printed with its control characters escaped.

If the columns of a table do not fit, it is printed as records: the first cell of a row, and below it `heading: cell`
for each other cell.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table as Grid
from rich.text import Text

from capture_forwarder.domain.conservation import InferenceCounts, LineCounts
from capture_forwarder.domain.delivery import RejectionCode, SkipReason
from capture_ops.terminal.text import printable

UNBALANCED = "The counts do not add up: this is a bug, please report it."
# A column is never narrower than its longest word or its whole text, up to these numbers of characters.
_WORD_CHARS = 40
_TEXT_CHARS = 24
_KEY_END_CHARS = 14  # they tell the names of capture files apart
_FRAME_CHARS = 3  # one line and two spaces for each column
_GAP = "   "
_INDENT = "  "


class Table:
    """Rows of text under headings, or without any. Columns that are empty in all rows are left out.

    With `keys` the first column holds keys of objects. Where space is short, a row leaves out the middle of a key, and
    a record has the whole key.
    """

    def __init__(self, *headings: str, title: str | None = None, keys: bool = False) -> None:
        self._headings = headings
        self._title = title
        self._keys = keys
        self._rows: list[tuple[str, ...]] = []

    def add_row(self, *cells: str) -> None:
        """Add a row of text; cells at its end may be missing."""
        self._rows.append(tuple(map(printable, cells)))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Print the rows side by side if all columns have the width that they need, else as records."""
        columns = self._columns()
        widths = _widths([cells for _, cells in columns], options.max_width)
        if widths is None:
            yield from map(Text, self._records(columns, options.max_width))
        else:
            yield self._grid(columns, widths)

    def _columns(self) -> list[tuple[str, list[str]]]:
        """Return heading and cells of every column that is not empty, each with its heading as the first cell."""
        count = max(map(len, [self._headings, *self._rows]), default=0)
        headings = [*self._headings, *[""] * (count - len(self._headings))]
        found = []
        for at, heading in enumerate(headings):
            cells = [row[at] if at < len(row) else "" for row in self._rows]
            if any(cells) or (heading and not self._rows):
                found.append((heading, [heading, *cells]))
        return found

    def _grid(self, columns: list[tuple[str, list[str]]], widths: list[int]) -> Grid:
        grid = Grid(title=self._title, show_header=any(self._headings))
        for (heading, cells), width in zip(columns, widths, strict=True):
            numbers = all(cell.isdecimal() or not cell for cell in cells[1:])
            grid.add_column(heading, width=width, overflow="fold", justify="right" if numbers else "left")
        for row in list(zip(*(cells for _, cells in columns), strict=True))[1:]:
            first = _without_middle(row[0], widths[0]) if self._keys else row[0]
            grid.add_row(*map(Text, (first, *row[1:])))
        return grid

    def _records(self, columns: list[tuple[str, list[str]]], width: int) -> Iterator[str]:
        if self._title:
            yield self._title
        (heading, firsts), *others = columns
        for at, first in enumerate(firsts[1:], 1):
            pairs = [(name, cells[at]) for name, cells in others]
            yield from record(f"{heading}: {first}" if heading and not self._keys else first, pairs, width)


def record(first: str, pairs: Iterable[tuple[str, str]], width: int) -> Iterator[str]:
    """Yield the lines of one record: `first`, and below it `name: value` for all values that are not empty.

    Lines have at most `width` columns. As many pairs as fit share a line.
    """
    yield from folded(first, width)
    line = ""
    for name, value in pairs:
        if not value:
            continue
        pair = f"{name}: {value}" if name else value
        if line and cell_len(line) + len(_GAP) + cell_len(pair) + len(_INDENT) <= width:
            line += _GAP + pair
        else:
            yield from folded(line, width, _INDENT)
            line = pair
    yield from folded(line, width, _INDENT)


def folded(text: str, width: int, indent: str = "") -> Iterator[str]:
    """Yield the lines of `text`, each after `indent` and not longer than `width`; an empty text has none."""
    if text and cell_len(text) + len(indent) <= width:
        yield indent + text
    elif text:
        room = max(width - 2 * len(indent), 1)
        for at, line in enumerate(Text(text).wrap(_WRAPPING, room, overflow="fold")):
            yield indent * (1 if at == 0 else 2) + line.plain.rstrip()


# Text wraps by the rules of a console; its width does not matter.
_WRAPPING = Console(width=80)


def conservation_table() -> Table:
    """Return an empty table for counts."""
    return Table(title="Conservation")


def add_counts(table: Table, lines: LineCounts, inferences: InferenceCounts) -> None:
    """Add the counts of lines and of inferences."""
    table.add_row("lines", f"{lines.read} read", ends_of_lines(lines))
    ends = f"{inferences.accepted} accepted, {inferences.duplicate} duplicate, "
    ends += f"{counted('rejected', inferences.rejected)}, {inferences.pending} pending"
    table.add_row("inferences", f"{inferences.made} made", ends)


def ends_of_lines(lines: LineCounts) -> str:
    """Return where lines ended: the right side of their equation."""
    return f"{lines.decoded} decoded, {counted('rejected', lines.rejected)}, {counted('skipped', lines.skipped)}"


def counted(result: str, counts: Mapping[RejectionCode, int] | Mapping[SkipReason, int]) -> str:
    """Return the sum of `counts` and the count of each reason."""
    reasons = by_reason(counts)
    return f"{sum(counts.values())} {result}" + (f" ({reasons})" if reasons else "")


def by_reason(counts: Mapping[RejectionCode, int] | Mapping[SkipReason, int]) -> str:
    """Return the count of each reason, in alphabetical order."""
    return ", ".join(f"{reason} {count}" for reason, count in sorted(counts.items()))


def _widths(columns: Sequence[Sequence[str]], width: int) -> list[int] | None:
    """Return the width of each column, or `None` if a column would be narrower than it needs."""
    whole = [max(map(cell_len, cells)) for cells in columns]
    widths = [_needed(cells) for cells in columns]
    spare = width - sum(widths) - _FRAME_CHARS * len(columns) - 1
    if spare < 0:
        return None
    # Each column gets an equal share of the rest, those that need least first, so that the others get more.
    by_gap = sorted(range(len(columns)), key=lambda at: whole[at] - widths[at])
    for place, at in enumerate(by_gap):
        share = min(whole[at] - widths[at], spare // (len(columns) - place))
        widths[at] += share
        spare -= share
    return widths


def _needed(cells: Sequence[str]) -> int:
    words = max(max(map(cell_len, cell.split()), default=0) for cell in cells)
    return max(min(words, _WORD_CHARS), min(max(map(cell_len, cells)), _TEXT_CHARS))


def _without_middle(key: str, width: int) -> str:
    """Return the beginning and the end of a `key` that is longer than `width`."""
    if cell_len(key) <= width:
        return key
    start, end = key[: width - 2 - _KEY_END_CHARS], key[-_KEY_END_CHARS:]
    while cell_len(start) + 2 + cell_len(end) > width:
        start, end = (start[:-1], end) if start else (start, end[1:])
    return f"{start}..{end}"
