"""Sheets as tables of GitHub Flavored Markdown: https://github.github.com/gfm/#tables-extension-."""

import re
from collections.abc import Iterator, Sequence

from integrations.lineage.render.sheet import Sheet
from integrations.lineage.text import visible

_PLAIN = re.compile(r"[A-Za-z0-9 ,:]*").fullmatch  # Markdown changes no such title


def markdown(sheets: Sequence[Sheet]) -> str:
    """Return the sheets, each under its title."""
    return "\n".join("".join(f"{line}\n" for line in _lines(sheet.without_empty_columns())) for sheet in sheets)


def _lines(sheet: Sheet) -> Iterator[str]:
    yield f"## {sheet.title if _PLAIN(sheet.title) else _code(sheet.title)}"
    yield ""
    yield _line(sheet.headings)
    yield "|" + " --- |" * len(sheet.headings)
    for row in sheet.rows:
        yield _line([_code(cell) for cell in row])


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _code(cell: str) -> str:
    """Return a cell as a code span: no link, no HTML, no mention and no emphasis is made of its text.

    Backslashes are doubled before, so the backslash of `|` is never itself escaped.
    """
    if not cell:
        return ""
    text = visible(cell).replace("|", r"\|")
    fence = "`"
    while fence in text:
        fence += "`"
    return f"{fence}{_padded(text)}{fence}"


def _padded(text: str) -> str:
    """Return a text with a space at both ends if Markdown would drop its own, or a backtick would join the fence."""
    edges = text[0] + text[-1]
    return f" {text} " if "`" in edges or (edges == "  " and text.strip(" ")) else text
