"""Sheets as text for a terminal: in boxes, or as records where the boxes are wider than the terminal."""

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from unicodedata import combining, east_asian_width

from integrations.lineage.render.sheet import Sheet
from integrations.lineage.text import visible

_LONGEST_CELL = 300  # an ARN has at most 256 characters
_URI_CHARS = 48  # longer sources are shortened as LineageTableVisualizer of the SageMaker SDK does
_URI_START, _URI_END = 5, 40
_SHORTENED = ("Source", "Name/Source")
_WORDS = re.compile(r"\S+\s*|\s+")
_INDENT = "  "
_LEAST_FOLDED = 40  # narrower columns are not folded


def text_table(sheets: Sequence[Sheet], width: int | None = None) -> str:
    """Return the sheets, each under its title. Long sources lose their middle, other long cells their end.

    No line is wider than `width` columns: wide cells are folded, and if that is not enough, each row is a record with
    one line for each cell, and with whole sources.
    """
    found = (sheet.without_empty_columns() for sheet in sheets)
    return "\n".join("".join(f"{line}\n" for line in _lines(sheet, width)) for sheet in found)


def shortened(uri: str) -> str:
    """Return the first 5 and the last 40 characters of a URI that is longer than 48 characters."""
    return uri if len(uri) <= _URI_CHARS else f"{uri[:_URI_START]}...{uri[-_URI_END:]}"


def _lines(sheet: Sheet, width: int | None) -> Iterator[str]:
    yield from _folded(visible(sheet.title), width)
    if not sheet.rows:
        return
    rows = [sheet.headings, *([*map(_cell, sheet.headings, row)] for row in sheet.rows)]
    widths = _widths([max(map(_width, column)) for column in zip(*rows, strict=True)], width)
    if widths:
        yield from _box(rows, widths)
    else:
        for row in sheet.rows:
            yield from _record(sheet.headings, row, width or 0)


def _widths(wanted: Sequence[int], width: int | None) -> Sequence[int]:
    """Return the widths of the columns: the widest are narrowed to fit. Return none if they cannot fit."""
    widths = [*wanted]
    spare = 0 if width is None else width - sum(widths) - 3 * len(widths) - 1
    while spare < 0 and max(widths) > _LEAST_FOLDED:
        widest = widths.index(max(widths))
        following = max([each for each in widths if each < widths[widest]], default=0)
        taken = min(-spare, widths[widest] - max(following, _LEAST_FOLDED))
        widths[widest] -= taken
        spare += taken
    return widths if spare >= 0 else ()


def _box(rows: Sequence[Sequence[str]], widths: Sequence[int]) -> Iterator[str]:
    rule = "+" + "+".join("-" * (width + 2) for width in widths) + "+"
    for at, row in enumerate(rows):
        if at <= 1:
            yield rule
        if all(_width(cell) <= width for cell, width in zip(row, widths, strict=True)):
            yield _line(row, widths)
            continue
        folded = ([*_folded(cell, width, "")] for cell, width in zip(row, widths, strict=True))
        yield from (_line(cells, widths) for cells in zip_longest(*folded, fillvalue=""))
    yield rule


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (f" {cell}{' ' * (width - _width(cell))} " for cell, width in zip(cells, widths, strict=True))
    return f"|{'|'.join(padded)}|"


def _record(headings: Sequence[str], row: Sequence[str], width: int) -> Iterator[str]:
    """Yield the cells of a row that are not empty, each on its own lines, the others below the first."""
    indent = ""
    for heading, cell in zip(headings, row, strict=True):
        if cell:
            yield from (f"{indent}{line}" for line in _folded(f"{heading}: {visible(cell)}", width - len(indent)))
            indent = _INDENT


def _folded(text: str, width: int | None, indent: str = _INDENT) -> Iterator[str]:
    """Yield the lines of a text, the second and later ones after `indent`. Words that are wider than a line are cut."""
    if width is None or _width(text) <= width:
        yield text
        return
    line = ""
    for word in _WORDS.findall(text):
        for part in _cut(word, max(width - len(indent), 2)):
            if line.strip() and _width(line) + _width(part.rstrip()) > width:
                yield line.rstrip()
                line = indent
            line += part
    yield line.rstrip()


def _cut(word: str, width: int) -> Iterator[str]:
    """Yield the parts of a word. Each takes at most `width` columns, without the space at its end."""
    if _width(word.rstrip()) <= width:
        yield word
        return
    part = ""
    for letter in word:
        if part and _width(part) + _width(letter) > width:
            yield part
            part = ""
        part += letter
    yield part


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
