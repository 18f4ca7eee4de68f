"""Decoders of CSV: with the columns of a schema, or with columns that are learned from the rows that come."""

from collections.abc import Sequence

from capture_forwarder.domain.converters import CellOptions
from capture_forwarder.domain.schema import Side
from capture_forwarder.payloads.compiled_types import REFUSED, PayloadDecoder, Rows, Values
from capture_forwarder.payloads.csv_checks import (
    DEMANDED,
    DEMANDED_CELLS,
    are_plain_lines,
    cells_of,
    check_first_cells,
    check_names,
    check_text,
    is_plain,
    is_read_alike,
    json_of,
    key_of,
    rows_after_blanks,
)
from capture_forwarder.payloads.csv_columns import CELL_TYPES, CsvColumns, json_row
from capture_forwarder.payloads.error_bodies import TRACEBACK
from capture_forwarder.payloads.large_csv import LargeCsv
from capture_forwarder.payloads.lazy import LARGE_CHARS
from capture_forwarder.payloads.learned_columns import Key, LearnedColumns
from capture_forwarder.payloads.list_cells import ListCells
from capture_forwarder.payloads.placement import Placement, RowForm
from capture_forwarder.payloads.schema_columns import SchemaColumns

_DEMANDED_WIDTH = 2


def csv_decoder(
    placement: Placement, side: Side | None, cells: CellOptions, *, is_answer: bool
) -> PayloadDecoder | None:
    """Return a decoder of CSV, with a header or without, or `None` if only the plain path can read it.

    `side` is that of a schema; without one, columns are learned from the rows that come.
    """
    has_header = placement.form is RowForm.TABLE
    if side is None:
        stem = "prediction" if is_answer else "feature"
        lists = ListCells(cells) if is_answer and not has_header else None
        return _CsvReader(LearnedColumns(cells, stem), has_header=has_header, is_answer=is_answer, lists=lists).decoder
    if any(one.value_type not in CELL_TYPES for one in (*side.by_name.values(), *side.visible)):
        return None
    return _CsvReader(SchemaColumns(side, cells), has_header=has_header, is_answer=is_answer).decoder


class _CsvReader:
    """Reads CSV."""

    def __init__(
        self,
        columns: SchemaColumns | LearnedColumns,
        *,
        has_header: bool,
        is_answer: bool,
        lists: ListCells | None = None,
    ) -> None:
        self._columns = columns
        self._lists = lists
        self._has_header = has_header
        self._is_answer = is_answer
        self._only = None if has_header else columns.only
        # One line of these columns is read with few calls, because most calls of an endpoint are one line.
        self._of_line = self._only if self._only and not (self._only.are_texts or self._only.rewritten) else None
        self._large = LargeCsv(columns, has_header=has_header, is_answer=is_answer)
        self._may_begin_with_names = columns.may_begin_with_names and not has_header

    @property
    def decoder(self) -> PayloadDecoder:
        """The decoder of texts. Those with a header are read one by one."""
        return PayloadDecoder.of(self.read) if self._has_header else PayloadDecoder(self.read, self.read_each)

    def read_each(self, texts: Sequence[str]) -> Rows:
        """Return names and values of the only line of each text, which are read as the lines of one text.

        Raises one of `REFUSED` also if a line alone may be read otherwise than among others.
        """
        lines = [text.removesuffix("\n") for text in texts]
        text = "\n".join(lines)
        if "\r" in text:
            lines = [line.removesuffix("\r") for line in lines]
            text = "\n".join(lines)
        if text.count("\n") >= len(lines) or len(text) > LARGE_CHARS or not are_plain_lines(text, lines):
            raise ValueError("several lines in a text, or lines that may be read otherwise")
        names, rows = self._read_any(text, is_checked='"' not in text and ", " not in text)
        if len(rows) != len(lines) or (len(names) <= _DEMANDED_WIDTH and not DEMANDED.isdisjoint(lines)):
            raise ValueError("another number of rows than of texts, or a header that toolkits demand")
        return names, rows

    def read(self, text: str) -> Rows:
        """Return names and values of all rows. Raises one of `REFUSED` for texts that only the plain path can read."""
        columns = self._of_line
        if columns is None or len(text) > LARGE_CHARS:
            return self._read_any(text)
        line = text.rstrip("\n")
        if "\n" in line or '"' in line or "\\" in line or (columns.has_texts and not is_plain(line)):
            return self._read_any(text)
        try:
            if columns.has_gaps:
                return columns.names, [columns.row(line)]
            return columns.names, [columns.decode_row(json_row(line))]
        except REFUSED:
            return self._read_any(text)

    def _read_any(self, text: str, *, is_checked: bool = False) -> Rows:
        """Return names and values of all rows; with `is_checked` the plain path surely reads these cells."""
        if self._is_answer and TRACEBACK in text:
            raise ValueError("a text that may be an error")
        is_quoted = '"' in text
        if "\r" in text and not is_quoted:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        if len(text) > LARGE_CHARS and text.find("\n", 0, -1) >= 0:
            return self._large.read(text)
        return self._read_quoted(text) if is_quoted else self._read_plain(text, is_checked=is_checked)

    def _read_plain(self, text: str, *, is_checked: bool) -> Rows:
        """Return names and values of all rows of a text without quotes."""
        if "\\" in text:
            return self._read_cells(text)
        lines, key = text.rstrip("\n"), 0
        if " " in text and (", " in text or " ," in text) and (rows := self._after_blanks(lines)):
            return rows
        if self._only:
            columns: CsvColumns | None = self._only
        elif self._has_header:
            head, _, lines = lines.partition("\n")
            columns = self._columns.known(tuple(head.split(",")))
        else:
            key = _width_of(lines)
            columns = self._columns.known(key) or self._columns.learn(
                key, [line.split(",") for line in lines.split("\n")]
            )
        is_clear = is_checked or (columns and not columns.has_texts) or is_plain(lines) or is_read_alike(lines)
        if columns is None or not is_clear:
            return self._read_cells(text)
        try:
            if "\n" in lines:
                return columns.names, self._lines(columns, lines)
            if columns.are_texts and lines in DEMANDED:
                raise ValueError("a header that toolkits demand")
            return columns.names, [columns.row(lines)]
        except REFUSED:
            return self._read_cells(text)

    def _after_blanks(self, text: str) -> Rows | None:
        """Return names and values of lines whose cells begin with one blank; `None` for other lines."""
        columns = None if self._has_header else self._only or self._columns.known(_width_of(text))
        rows = rows_after_blanks(columns, text) if columns else None
        if not columns or not rows:
            return None
        is_clear = len(rows) == 1 or (columns.begins_with_number and columns.has_number(rows[0]))
        return (columns.names, rows) if is_clear else None

    def _lines(self, columns: CsvColumns, text: str) -> Sequence[Values]:
        rows = columns.rows(text)
        if self._has_header:
            return rows
        if self._may_begin_with_names and not columns.has_number(rows[0]):
            check_names(text[: text.index("\n")].split(","), columns)
        if self._is_answer:
            if not columns.begins_with_number:
                check_first_cells([line.partition(",")[0] for line in text.split("\n")])
            elif text[0] == "," or "\n," in text:
                raise ValueError("lines that begin with an empty cell may be columns")
        return rows

    def _read_quoted(self, text: str) -> Rows:
        """Return names and values of rows in quotes; most are read without a CSV reader, which is slow."""
        if self._lists and "[" in text:
            if (with_lists := self._lists.read(text)) is None:
                raise ValueError("lists that may be read otherwise")
            return with_lists
        found = None if self._has_header else json_of(text)
        if found:
            check_text(text)
            columns = self._only or self._columns.known(found.count('","', 0, found.find('"],["')) + 1)
            try:
                rows = columns.rows_of_json(found.encode()) if columns else []
            except REFUSED:
                rows = []
            is_clear = not self._is_answer or len(rows) == 1 or (columns and columns.begin_with_numbers(rows))
            if columns and rows and columns.has_number(rows[0]) and is_clear:
                return columns.names, rows
        return self._read_cells(text)

    def _read_cells(self, text: str) -> Rows:
        """Return names and values of rows by the cells that the plain path reads."""
        cells = cells_of(text)
        first = cells[0]
        key: Key = len(first)
        if self._has_header:
            key, cells = key_of(first, is_answer=self._is_answer), cells[1:]
        elif first in DEMANDED_CELLS:
            raise ValueError("a header that toolkits demand")
        columns = self._columns.known(key) or self._columns.learn(key, cells)
        if len(cells) > 1 and not self._has_header:
            if self._may_begin_with_names:
                check_names(first, columns)
            if self._is_answer:
                check_first_cells([row[0] for row in cells])
        return columns.names, self._columns.read(key, cells)


def _width_of(text: str) -> int:
    """Return the number of cells of the first line."""
    end = text.find("\n")
    return (text.count(",") if end < 0 else text.count(",", 0, end)) + 1
