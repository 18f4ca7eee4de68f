"""Columns of CSV without a schema: they are learned from the rows that come, by the width of rows.

The learned columns decide only how fast rows are read: cells that do not fit are parsed as the plain path parses them.
"""

from collections import Counter
from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, field

from capture_forwarder.domain.converters import CellOptions, cell_parser
from capture_forwarder.domain.route import EmptyText
from capture_forwarder.payloads.compiled_types import INT64, REFUSED, Names, Values
from capture_forwarder.payloads.csv_columns import Column, CsvColumns

Cells = list[list[str]]
# Every integer of more than 64 bits lies outside these bounds, also if it is read as a float.
NUMBER = INT64 | Annotated[float, Meta(gt=-(2.0**63), lt=2.0**63)]
_decode_number = msgspec.json.Decoder(NUMBER, strict=False).decode
# Callers choose how many cells a row has: a limit keeps hostile ones from filling the memory.
_MAX_LEARNED = 32
_MAX_NAME_CHARS = 1024
# A few odd cells do not change a column of numbers; more of them make it a column of any cells.
_MAX_ODD_CELLS = 4


class _Learned(Struct):
    """Learned columns: their names, whether they hold numbers, and how often other cells came in them."""

    names: Names
    are_numbers: list[bool]
    columns: CsvColumns
    odd_cells: Counter[int] = field(default_factory=Counter)


# The width of rows, or the names of their values.
Key = int | Names


class LearnedColumns:
    """Learns columns by the width of rows, or by a header; `stem` begins the names of values without a header."""

    # Only numbers in the rows distinguish a first line of names from a row.
    may_begin_with_names = True
    only: CsvColumns | None = None

    def __init__(self, cells: CellOptions, stem: str) -> None:
        self._parse: Callable[[Any], Any] = cell_parser(cells)
        self._keeps_empty = cells.empty is EmptyText.KEEP
        self._stem = stem
        self._learned: dict[Key, _Learned] = {}

    def known(self, key: Key) -> CsvColumns | None:
        """Return the columns of rows, if they were learned."""
        found = self._learned.get(key)
        return found.columns if found else None

    def learn(self, key: Key, cells: Cells) -> CsvColumns:
        """Return the columns of new rows. Raises `ValueError` if they have no columns, or too many were learned."""
        if len(self._learned) >= _MAX_LEARNED or len(set(map(len, cells))) > 1:
            raise ValueError("rows of several widths, or too many columns")
        are_numbers = [not any(map(self._is_odd, column)) for column in zip(*cells, strict=True)]
        names = key if isinstance(key, tuple) else tuple(f"{self._stem}_{place}" for place in range(key))
        if len(names) != len(are_numbers) or not is_header(names):
            raise ValueError("a header that does not fit the rows")
        self._learned[key] = learned = _Learned(names, are_numbers, self._columns_of(names, are_numbers))
        return learned.columns

    def read(self, key: Key, cells: Cells) -> list[Values]:
        """Return the values of rows of a key that was learned; odd cells are learned."""
        learned = self._learned[key]
        if any(len(row) != learned.columns.width for row in cells):
            raise ValueError("rows of several widths")
        try:
            return learned.columns.rows_of_cells(cells)
        except REFUSED:
            self._widen(learned, cells)
            return [list(map(self._parse, row)) for row in cells]

    def _widen(self, learned: _Learned, cells: Cells) -> None:
        for place, column in enumerate(zip(*cells, strict=True)):
            if learned.are_numbers[place] and any(map(self._is_odd, column)):
                learned.odd_cells[place] += 1
        odd = [place for place, count in learned.odd_cells.items() if count >= _MAX_ODD_CELLS]
        if any(learned.are_numbers[place] for place in odd):
            learned.are_numbers = [is_one and place not in odd for place, is_one in enumerate(learned.are_numbers)]
            learned.columns = self._columns_of(learned.names, learned.are_numbers)

    def _is_odd(self, cell: str) -> bool:
        """Tell whether a cell is neither a number nor empty, as a typed decoder reads it."""
        if not cell:
            return self._keeps_empty
        try:
            _decode_number(f'"{cell.strip()}"')
        except REFUSED:
            return True
        return False

    def _columns_of(self, names: Names, are_numbers: list[bool]) -> CsvColumns:
        text = Column(str, self._parse, is_rewritten=True)
        columns = [Column(NUMBER) if is_one else text for is_one in are_numbers]
        return CsvColumns(names, columns, keeps_empty=self._keeps_empty)


def is_header(names: Names) -> bool:
    """Tell whether these are names of different columns that the plain path takes as they are."""
    return len(set(names)) == len(names) and max(map(len, names)) <= _MAX_NAME_CHARS
