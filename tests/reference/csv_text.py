"""Text that is filed as CSV and is none, and the values of cells (section 1 of the rule)."""

import csv
import io
import re
from math import isfinite
from typing import Any

from tests.reference.json_text import decoded
from tests.reference.model import Rejected, SideOptions

NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)
BRACKETS = {"[": "]", "(": ")", "{": "}", "<": ">"}
NOT_FINITE = re.compile(r"[+-]*(?:nan|inf|infinity)", re.IGNORECASE)


def refuse_other_formats(text: str, options: SideOptions) -> None:
    """Reject printed Python values, quotes after blanks, and other delimiters."""
    lines = [line for line in re.split(r"\r\n|\r|\n", text) if line.strip()]
    if is_printed(text) or (lines and all(map(is_printed, lines))):
        raise Rejected("bad_csv", "a printed value")
    if quote_after_blank(text, options.delimiter or ","):
        raise Rejected("bad_csv", "a quote after a blank")
    if '"' in text:
        return
    if any(bracket_over_cells(line.split(options.delimiter or ",")) for line in lines):
        raise Rejected("bad_csv", "a bracket over several cells")
    if options.delimiter is None and any(map(has_other_delimiter, lines)):
        raise Rejected("bad_csv", "another delimiter")


def is_printed(text: str) -> bool:
    """Tell whether the text is one pair of brackets, with or without a name before it, or b'...'."""
    text = text.strip()
    if re.fullmatch(r"b'.*'|b\".*\"", text, re.DOTALL):
        return True
    begin = re.match(r"(?:[A-Za-z_][\w.]*)?[\[({]|<", text, re.ASCII)
    if not begin:
        return False
    opening = begin[0][-1]
    unquoted = re.sub(
        r"""'(?:[^'\\]|\\.)*'?|"(?:[^"\\]|\\.)*"?""", lambda found: "_" * len(found[0]), text, flags=re.DOTALL
    )
    return any(is_pair(one, opening, BRACKETS[opening]) for one in (text, unquoted))


def is_pair(text: str, opening: str, closing: str) -> bool:
    """Tell whether the first bracket closes at the end."""
    depth = 0
    for at, char in enumerate(text):
        depth += (char == opening) - (char == closing)
        if char == closing and depth <= 0:
            return at == len(text) - 1
    return False


def quote_after_blank(text: str, delimiter: str) -> bool:
    """Tell whether a cell begins with a blank and a quote; in a quoted cell this is text."""
    at, start = 0, True
    while at < len(text):
        if start and text[at] == '"':
            at += 1
            while (at < len(text) and text[at : at + 1] != '"') or text[at : at + 2] == '""':
                at += 2 if text[at : at + 2] == '""' else 1
        elif start and text[at] in " \t" and text[at:].lstrip(" \t").startswith('"'):
            return True
        start = text[at : at + 1] in (delimiter, "\n", "\r")
        at += 1
    return False


def bracket_over_cells(cells: list[str]) -> bool:
    for at, cell in enumerate(cells):
        opened = cell.strip()[:1]
        closes = {"[": "]", "(": ")", "{": "}"}.get(opened, "")
        if closes and cell.count(opened) > cell.count(closes) and any(closes in later for later in cells[at + 1 :]):
            return True
    return False


def has_other_delimiter(line: str) -> bool:
    """Tell whether a line has another delimiter; commas may be those of decimal numbers."""
    for other in ";\t|":
        parts = [part.strip(" ") for part in line.split(other)]
        if len(parts) > 1 and ("," not in line or other == "\t") and any(map(is_number, parts)):
            return True
        if len(parts) > 1 and other != "|" and any(map(DECIMAL_COMMA.fullmatch, parts)):
            return True
        cells = [cell.split(other) for cell in line.split(",")] if other != "|" else []
        if any(len(cell) > 1 and all(map(is_number, cell)) for cell in cells):
            return True
    parts = line.split()
    return len(parts) > 1 and (all(map(is_number, parts)) or all(map(DECIMAL_COMMA.fullmatch, parts)))


def is_number(cell: str) -> bool:
    """Tell whether a cell shows a number, not finite ones included."""
    return bool(NUMBER.fullmatch(cell.strip()) or NOT_FINITE.fullmatch(cell.strip()))


def numbers_only(text: str, options: SideOptions) -> bool:
    """Tell whether every cell of a text shows a number."""
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=options.delimiter or ",", strict=True))
    except csv.Error:
        return False
    cells = [cell for line in lines if len(line) > 1 or (line and line[0].strip()) for cell in line]
    return bool(cells) and all(map(is_number, cells))


def cell_value(cell: str, *, answer: bool, trim: bool) -> Any:
    """Return the value of a CSV cell: a number, null, a text, or in an answer a list of numbers."""
    bare = cell.strip()
    if not bare or NOT_FINITE.fullmatch(bare):
        return None
    if re.fullmatch(r"-?(0|[1-9]\d*)", bare, re.ASCII) and len(bare) < 30 and -(2**63) <= int(bare) < 2**63:
        return int(bare)
    if NUMBER.fullmatch(bare) and not re.match(r"[+]|-?0\d", bare) and not re.fullmatch(r"-?\d+", bare):
        return float(bare) if isfinite(float(bare)) else None
    if answer and bare.startswith("["):
        try:
            found = decoded(bare)
        except Rejected:
            found = None
        if found and isinstance(found, list) and all(isinstance(one, int | float) or one is None for one in found):
            return found
    return bare if trim else cell
