"""Answers in CSV with lists of numbers in quoted cells, as Autopilot writes them: `no,0.8,"[0.8, 0.2]"`."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

import msgspec

from capture_forwarder.domain.converters import CellOptions, cell_parser
from capture_forwarder.payloads.compiled_types import INT64, REFUSED, Names, Rows
from capture_forwarder.payloads.csv_checks import AFTER_CELL, ODD_STARTS, check_first_cells, is_plain_in_quotes
from capture_forwarder.payloads.headers import looks_like_names
from capture_forwarder.payloads.lazy import LARGE_CHARS

_decode: Callable[[str], list[list[str | list[float | int | None]]]] = msgspec.json.Decoder(
    list[list[str | list[INT64 | float | None]]]
).decode
_NUMBERS = re.compile(r"\[[-+.eE, ]*+\d[-+.\deE, ]*+\]", re.ASCII)
# Lists of these are texts: JSON knows no single quotes.
_SINGLE_QUOTE = "'"


class ListCells:
    """Reads lines of an answer without a schema."""

    def __init__(self, cells: CellOptions) -> None:
        self._parse: Callable[[Any], Any] = cell_parser(cells)

    def read(self, text: str) -> Rows | None:
        """Return names and values of all rows; `None` if the text may be read otherwise."""
        is_odd = "\ufeff" in text or text.lstrip()[:1] in ODD_STARTS or not is_plain_in_quotes(text)
        document = None if is_odd or len(text) > LARGE_CHARS else _json_of(text.rstrip("\n"))
        if document is None:
            return None
        try:
            rows = _decode(document)
            if len(rows) > 1:
                check_first_cells([row[0] if isinstance(row[0], str) else "" for row in rows])
        except REFUSED:
            return None
        first = rows[0]
        lengths = {tuple([len(cell) if type(cell) is list else -1 for cell in row]) for row in rows}
        if len(lengths) > 1 or type(first[0]) is list or (len(rows) > 1 and looks_like_names(cast("list[str]", first))):
            return None
        parse = self._parse
        values = [[value for cell in row for value in (cell if type(cell) is list else (parse(cell),))] for row in rows]
        return _names_of(lengths.pop()), values


def _json_of(text: str) -> str | None:
    """Return cells as a JSON array of arrays of texts and lists; `None` if quotes or brackets mean something else.

    Every second part between quotes is a quoted cell.
    """
    if '""' in text or "\\" in text or "\r" in text:
        return None
    parts = text.split('"')
    last = len(parts) - 1
    for place, part in enumerate(parts):
        made = _quoted(part) if place % 2 else _between(part, is_first=place == 0, is_last=place == last)
        if made is None:
            return None
        parts[place] = made
    return None if last % 2 else f"[[{''.join(parts)}]]"


def _quoted(cell: str) -> str | None:
    """Return a quoted cell as JSON: a list of numbers, or a text; `None` if it may be either."""
    if _NUMBERS.fullmatch(cell):
        return cell
    is_text = "\n" not in cell and ("[" not in cell or (cell[:1] == "[" and _SINGLE_QUOTE in cell))
    return f'"{cell}"' if is_text else None


def _between(cells: str, *, is_first: bool, is_last: bool) -> str | None:
    """Return the cells before, between or behind quoted cells as JSON."""
    is_cut = (is_first or cells[:1] in AFTER_CELL) and (is_last or cells[-1:] in AFTER_CELL)
    if "[" in cells or not is_cut:
        return None
    made = '"{}"'.format(cells.replace(",", '","').replace("\n", '"],["'))
    return made[0 if is_first else 2 : None if is_last else -2]


@lru_cache(256)
def _names_of(lengths: tuple[int, ...]) -> Names:
    """Return the names of values: `prediction_0` of a text, `prediction_1_0`, `prediction_1_1`, ... of a list."""
    return tuple(
        name
        for place, length in enumerate(lengths)
        for name in (
            [f"prediction_{place}"] if length < 0 else [f"prediction_{place}_{part}" for part in range(length)]
        )
    )
