"""Columns of CSV without a schema: they are learned from the rows that come, by the width of rows.

What was learned decides only how fast rows are read: cells that do not fit are parsed as the plain path parses them.
"""

from collections import Counter
from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, field

from capture_forwarder.domain.converters import CellOptions, cell_parser
from capture_forwarder.domain.route import EmptyText
from capture_forwarder.payloads.compiled_types import INT64, REFUSED, Values
from capture_forwarder.payloads.csv_columns import Column, CsvColumns

Cells = list[list[str]]
# Every integer of more than 64 bits lies outside these bounds, also if it is read as a float.
_NUMBER = INT64 | Annotated[float, Meta(gt=-(2.0**63), lt=2.0**63)]
_decode_number = msgspec.json.Decoder(_NUMBER, strict=False).decode
# Callers choose how many cells a row has: a limit keeps hostile ones from filling the memory.
_MAX_WIDTHS = 32
# A few odd cells do not change a column of numbers; more of them make it a column of any cells.
_MAX_ODD_CELLS = 4


class _Learned(Struct):
    """What was learned of rows of one width: which columns hold numbers, and how often other cells came in them."""

    are_numbers: list[bool]
    columns: CsvColumns
    odd_cells: Counter[int] = field(default_factory=Counter)


class LearnedColumns:
    """Learns columns by width; `stem` begins the names of values."""

    # A first line of names can be told from rows by the numbers in rows only.
    may_begin_with_names = True

    def __init__(self, cells: CellOptions, stem: str) -> None:
        self._parse: Callable[[Any], Any] = cell_parser(cells)
        self._keeps_empty = cells.empty is EmptyText.KEEP
        self._stem = stem
        self._by_width: dict[int, _Learned] = {}

    def known(self, width: int) -> CsvColumns | None:
        """Return the columns of rows of a width, if they were learned."""
        found = self._by_width.get(width)
        return found.columns if found else None

    def learn(self, cells: Cells) -> CsvColumns:
        """Return the columns of rows of a new width. Raises `ValueError` if too many widths were learned."""
        if len(self._by_width) >= _MAX_WIDTHS:
            raise ValueError("too many widths")
        are_numbers = [not any(map(self._is_odd, column)) for column in zip(*cells, strict=True)]
        self._by_width[len(are_numbers)] = learned = _Learned(are_numbers, self._columns_of(are_numbers))
        return learned.columns

    def read(self, columns: CsvColumns, cells: Cells) -> list[Values]:
        """Return the values of rows; those that are odd are learned."""
        try:
            return columns.rows_of_cells(cells)
        except REFUSED:
            self._widen(self._by_width[len(columns.names)], cells)
            return [list(map(self._parse, row)) for row in cells]

    def _widen(self, learned: _Learned, cells: Cells) -> None:
        for place, column in enumerate(zip(*cells, strict=True)):
            if learned.are_numbers[place] and any(map(self._is_odd, column)):
                learned.odd_cells[place] += 1
        odd = [place for place, count in learned.odd_cells.items() if count >= _MAX_ODD_CELLS]
        if any(learned.are_numbers[place] for place in odd):
            learned.are_numbers = [is_one and place not in odd for place, is_one in enumerate(learned.are_numbers)]
            learned.columns = self._columns_of(learned.are_numbers)

    def _is_odd(self, cell: str) -> bool:
        """Tell whether a cell is neither a number nor empty, as a typed decoder reads it."""
        if not cell:
            return self._keeps_empty
        try:
            _decode_number(f'"{cell.strip()}"')
        except REFUSED:
            return True
        return False

    def _columns_of(self, are_numbers: list[bool]) -> CsvColumns:
        names = tuple(f"{self._stem}_{place}" for place in range(len(are_numbers)))
        text = Column(str, self._parse, is_rewritten=True)
        columns = [Column(_NUMBER) if is_one else text for is_one in are_numbers]
        return CsvColumns(names, columns, keeps_empty=self._keeps_empty)
