"""Decoders of large texts of CSV: they are cut where rows end, and each piece is read by the fastest way that fits it.

So one odd cell makes one piece slow. A piece that begins where a row begins, and that a strict reader reads to its end,
ends where a row ends, wherever it was cut.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import cast

from capture_forwarder.domain.values import is_number
from capture_forwarder.payloads.compiled_types import REFUSED, Rows, Values, is_large
from capture_forwarder.payloads.csv_checks import (
    DEMANDED_CELLS,
    check_first_cells,
    check_names,
    check_text,
    is_plain,
    is_read_alike,
    json_of,
    key_of,
    rows_after_blanks,
)
from capture_forwarder.payloads.csv_columns import CsvColumns
from capture_forwarder.payloads.csv_text import CsvForm, filled
from capture_forwarder.payloads.lazy import LARGE_CHARS, PIECE_CHARS, Piece, rows_of_pieces
from capture_forwarder.payloads.learned_columns import Cells, Key, LearnedColumns
from capture_forwarder.payloads.schema_columns import SchemaColumns

_FORM = CsvForm()


class LargeCsv:
    """Reads texts of several lines. In a text without quotes, every line ends with a line feed alone."""

    def __init__(self, columns: SchemaColumns | LearnedColumns, *, has_header: bool, is_answer: bool) -> None:
        self._columns = columns
        self._has_header = has_header
        self._is_answer = is_answer

    def read(self, text: str) -> Rows:
        """Return names and values of all rows. Raises one of `REFUSED` for texts that only the plain path can read."""
        line_end = text.index("\n")
        first = _cells_of_line(text[:line_end].removesuffix("\r"))
        key: Key = key_of(first, is_answer=self._is_answer) if self._has_header else len(first)
        places = list(cut_rows(text, line_end + 1 if self._has_header else 0))
        columns = self._columns.known(key) or self._learned(key, text[slice(*places[0])])
        if not self._has_header:
            self._check_first_line(first, columns)
        pieces = _Pieces(self._columns, key, partial(check_text, text), is_answer=self._is_answer)
        rows, counted = list[Values](), list[Piece]()
        are_many = False
        for start, end in places:
            found = pieces.rows(text[start:end])
            counted.append((start, end, len(found)))
            if not are_many:
                rows += found
                are_many = is_large(text, len(rows), columns.width)
            if are_many:
                rows.clear()
        return columns.names, rows_of_pieces(text, counted, pieces.rows) if are_many else rows

    def _learned(self, key: Key, piece: str) -> CsvColumns:
        return self._columns.learn(key, _cells_of(piece, is_column=key == 1))

    def _check_first_line(self, first: list[str], columns: CsvColumns) -> None:
        if first in DEMANDED_CELLS:
            raise ValueError("a header that toolkits demand")
        if self._columns.may_begin_with_names:
            check_names(first, columns)


class _Pieces:
    """Reads the pieces of one text; `check_whole` raises `ValueError` if the plain path may not read its cells."""

    def __init__(
        self, columns: SchemaColumns | LearnedColumns, key: Key, check_whole: Callable[[], None], *, is_answer: bool
    ) -> None:
        self._columns = columns
        self._key = key
        self._check_whole: Callable[[], None] | None = check_whole
        self._is_answer = is_answer
        # Whether the first cell of every line of an answer is a number.
        self._begins_with_number: bool | None = None

    def rows(self, piece: str) -> list[Values]:
        """Return the rows of a piece. Raises one of `REFUSED`, also if an answer's pieces begin differently."""
        columns = cast("CsvColumns", self._columns.known(self._key))
        if '"' in piece:
            found = self._of_quoted(columns, piece)
        else:
            lines = piece.replace("\r\n", "\n").replace("\r", "\n") if "\r" in piece else piece
            # An empty line is no row, but in one column it may be an empty cell.
            found = self._of_lines(columns, lines.removesuffix("\n") if columns.width == 1 else lines.rstrip("\n"))
        return self._of_cells(columns, piece) if found is None else found

    def _of_lines(self, columns: CsvColumns, lines: str) -> list[Values] | None:
        """Return the rows of lines without quotes; `None` if their cells have to be read."""
        rows = None
        if "\\" in lines:
            return None
        try:
            if " " in lines and (", " in lines or " ," in lines):
                rows = rows_after_blanks(columns, lines)
            elif not columns.has_texts or is_plain(lines) or is_read_alike(lines):
                rows = columns.rows(lines)
        except REFUSED:
            return None
        if rows and self._is_answer:
            self._check_lines(columns, lines)
        return rows

    def _of_quoted(self, columns: CsvColumns, piece: str) -> list[Values] | None:
        """Return the rows of lines with quotes; `None` if a CSV reader has to read them."""
        found = json_of(piece)
        if found is None:
            return None
        self._check_text()
        try:
            rows = columns.rows_of_json(found.encode())
        except REFUSED:
            return None
        if self._is_answer:
            if not columns.begin_with_numbers(rows):
                return None
            self._check_beginning(is_number=True)
        return rows

    def _of_cells(self, columns: CsvColumns, piece: str) -> list[Values]:
        self._check_text()
        cells = _cells_of(piece, is_column=columns.width == 1)
        if cells and self._is_answer:
            self._check_first_cells([row[0] for row in cells])
        return self._columns.read(self._key, cells)

    def _check_text(self) -> None:
        """Check the whole text, once."""
        if self._check_whole:
            self._check_whole()
            self._check_whole = None

    def _check_lines(self, columns: CsvColumns, lines: str) -> None:
        if not columns.begins_with_number:
            self._check_first_cells([line.partition(",")[0] for line in lines.split("\n")])
        elif lines[0] == "," or "\n," in lines:
            raise ValueError("lines that begin with an empty cell may be columns")
        else:
            self._check_beginning(is_number=True)

    def _check_first_cells(self, cells: list[str]) -> None:
        check_first_cells(cells)
        self._check_beginning(is_number=is_number(cells[0]))

    def _check_beginning(self, *, is_number: bool) -> None:
        if self._begins_with_number not in {None, is_number}:
            raise ValueError("lines that may be columns")
        self._begins_with_number = is_number


def cut_rows(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Yield start and end of pieces of whole lines, which hold an even number of quotes."""
    is_quoted = '"' in text
    while start < len(text):
        end, quotes, is_cut = start, 0, False
        while not is_cut:
            counted, end = end, (text.find("\n", max(end, start + PIECE_CHARS)) + 1) or len(text)
            quotes += text.count('"', counted, end) if is_quoted else 0
            is_cut = quotes % 2 == 0 or end == len(text)
        yield start, end
        start = end


def _cells_of_line(line: str) -> list[str]:
    """Return the cells of the first line. Raises `ValueError` if it is several lines, or part of one."""
    if "\r" in line:
        raise ValueError("other ends of lines in a text with quotes")
    if '"' not in line:
        return line.split(",")
    (cells,) = _FORM.lines(line, is_quoted=True)
    return cells


def _cells_of(piece: str, *, is_column: bool) -> Cells:
    """Return the cells of a piece. Raises `ValueError` for an empty line of one column, which may be an empty cell."""
    if len(piece) > LARGE_CHARS:
        raise ValueError("a row that is as large as many")
    lines = _FORM.lines(piece, is_quoted='"' in piece)
    cells = filled(lines)
    if is_column and len(cells) < len(lines):
        raise ValueError("empty lines that may be cells")
    return cells
