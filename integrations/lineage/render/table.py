"""Sheets as text in boxes, for a terminal. No line depends on the width of the terminal."""

from collections.abc import Iterator, Sequence
from unicodedata import combining, east_asian_width

from integrations.lineage.render.sheet import Sheet
from integrations.lineage.render.text import visible

_LONGEST_CELL = 300  # an ARN has at most 256 characters
_URI_CHARS = 48  # longer sources are shortened as LineageTableVisualizer of the SageMaker SDK does
_URI_START, _URI_END = 5, 40
_SHORTENED = ("Source", "Name/Source")


def text_table(sheets: Sequence[Sheet]) -> str:
    """Return the sheets, each under its title. Long sources lose their middle, other long cells their end."""
    return "\n".join("".join(f"{line}\n" for line in _lines(sheet.without_empty_columns())) for sheet in sheets)


def shortened(uri: str) -> str:
    """Return the first 5 and the last 40 characters of a URI that is longer than 48 characters."""
    return uri if len(uri) <= _URI_CHARS else f"{uri[:_URI_START]}...{uri[-_URI_END:]}"


def _lines(sheet: Sheet) -> Iterator[str]:
    yield f"{sheet.title}: {len(sheet.rows)}"
    if not sheet.rows:
        return
    rows = [sheet.headings, *([*map(_cell, sheet.headings, row)] for row in sheet.rows)]
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    rule = "+" + "+".join("-" * (width + 2) for width in widths) + "+"
    yield rule
    yield _line(rows[0], widths)
    yield rule
    yield from (_line(row, widths) for row in rows[1:])
    yield rule


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (f" {cell}{' ' * (width - _width(cell))} " for cell, width in zip(cells, widths, strict=True))
    return f"|{'|'.join(padded)}|"


def _cell(heading: str, cell: str) -> str:
    shown = shortened(cell) if heading in _SHORTENED else cell
    if len(shown) > _LONGEST_CELL:
        shown = shown[: _LONGEST_CELL - 3] + "..."
    return visible(shown).replace("|", r"\x7c")


def _width(text: str) -> int:
    """Return the columns of a text in a terminal: wide letters take two, accents none."""
    if text.isascii():
        return len(text)
    return sum(2 if east_asian_width(letter) in "WF" else not combining(letter) for letter in text)
