"""Decoders of CSV: with the columns of a schema, or with columns that are learned from the rows that come."""

import re
from collections.abc import Sequence

from capture_forwarder.domain.converters import CellOptions
from capture_forwarder.domain.schema import Attribute
from capture_forwarder.domain.values import is_number
from capture_forwarder.payloads.compiled_types import REFUSED, PayloadDecoder, Rows, Values, is_large
from capture_forwarder.payloads.csv_columns import CsvColumns, schema_columns
from capture_forwarder.payloads.csv_text import CsvForm
from capture_forwarder.payloads.documents import cut_lines
from capture_forwarder.payloads.error_bodies import is_error_body
from capture_forwarder.payloads.headers import looks_like_names
from capture_forwarder.payloads.lazy import LARGE_CHARS, rows_of_pieces
from capture_forwarder.payloads.learned_columns import Cells, LearnedColumns
from capture_forwarder.payloads.not_csv import why_not_csv
from capture_forwarder.payloads.placement import Placement, RowForm

# Printed objects and bytes of Python, JSON, text that was binary, and no text.
_ODD_STARTS = frozenset({"<", "b", "\ufffd", "[", "{", ""})
# Text cells with space around them, of which the options of the route and the type decide.
_ODD_CELL = re.compile(r"(?:^|,)\s|\s(?:,|$)", re.MULTILINE)
_FORM = CsvForm()
# The headers that Hugging Face's toolkit demands.
_DEMANDED = ("inputs", "question,context")
_DEMANDED_CELLS = (["inputs"], ["question", "context"])
_HEAD_CHARS = 32_000


def csv_decoder(
    placement: Placement, attributes: tuple[Attribute, ...] | None, cells: CellOptions, *, is_answer: bool
) -> PayloadDecoder | None:
    """Return a decoder of CSV without a header, or `None` if only the plain path can read it.

    `attributes` are those of a schema; without one, columns are learned from the rows that come, by their width.
    """
    if placement.form is not RowForm.VALUES:
        return None
    if attributes is None:
        return _CsvReader(LearnedColumns(cells, "prediction" if is_answer else "feature"), is_answer=is_answer).read
    columns = schema_columns(attributes, cells)
    if not columns:
        return None
    names = tuple(attribute.name for attribute in attributes)
    return _CsvReader(_SchemaColumns(CsvColumns(names, columns)), is_answer=is_answer).read


class _SchemaColumns:
    """The columns of a schema."""

    def __init__(self, columns: CsvColumns) -> None:
        self._columns = columns
        # A first line of texts may be names.
        self.may_begin_with_names = columns.are_texts

    def known(self, width: int) -> CsvColumns | None:
        """Return the columns of rows of a width."""
        return self._columns if len(self._columns.names) == width else None

    def learn(self, cells: Cells) -> CsvColumns:
        """Raise `ValueError`: rows of another width do not fit the schema."""
        raise ValueError(f"rows of {len(cells[0])} values")

    def read(self, columns: CsvColumns, cells: Cells) -> list[Values]:
        """Return the values of rows. Raises one of `REFUSED`."""
        return columns.rows_of_cells(cells)


class _CsvReader:
    """Reads CSV without a header."""

    def __init__(self, columns: _SchemaColumns | LearnedColumns, *, is_answer: bool) -> None:
        self._columns = columns
        self._is_answer = is_answer
        self._may_begin_with_names = columns.may_begin_with_names

    def read(self, text: str) -> Rows:
        """Return names and values of all rows. Raises one of `REFUSED` for texts that only the plain path can read."""
        if '"' in text or "\\" in text or "\r" in text:
            return self._read_cells(text)
        text = text.rstrip("\n")
        end = text.find("\n")
        width = (text.count(",") if end < 0 else text.count(",", 0, end)) + 1
        columns = self._columns.known(width) or self._columns.learn(_head_of(text))
        if columns.has_texts and not _is_plain(text) and not _is_read_alike(text):
            return self._read_cells(text)
        try:
            if end >= 0:
                return columns.names, self._lines(columns, text)
            if columns.are_texts and text in _DEMANDED:
                raise ValueError("a header that toolkits demand")
            return columns.names, [columns.row(text)]
        except REFUSED:
            return self._read_cells(text)

    def _lines(self, columns: CsvColumns, text: str) -> Sequence[Values]:
        rows = _rows_of(columns, text)
        if self._may_begin_with_names and not columns.has_number(rows[0]):
            _check_names(text[: text.index("\n")].split(","), columns)
        if self._is_answer:
            if not columns.begins_with_number:
                _check_first_cells([line.partition(",")[0] for line in text.split("\n")])
            elif text[0] == "," or "\n," in text:
                raise ValueError("lines that begin with an empty cell may be columns")
        return rows

    def _read_cells(self, text: str) -> Rows:
        """Return names and values of rows by the cells that the plain path reads."""
        cells = _cells_of(text)
        first = cells[0]
        columns = self._columns.known(len(first)) or self._columns.learn(cells)
        if first in _DEMANDED_CELLS or (self._is_answer and is_error_body(first[0])):
            raise ValueError("a header that toolkits demand, or an error")
        if len(cells) > 1:
            if self._may_begin_with_names:
                _check_names(first, columns)
            if self._is_answer:
                _check_first_cells([row[0] for row in cells])
        return columns.names, self._columns.read(columns, cells)


def _rows_of(columns: CsvColumns, text: str) -> Sequence[Values]:
    if len(text) > LARGE_CHARS and is_large(text, text.count("\n"), len(columns.names)):
        pieces = [(start, end, len(columns.rows(text[start:end]))) for start, end in cut_lines(text)]
        return rows_of_pieces(text, pieces, columns.rows)
    return columns.rows(text)


def _cells_of(text: str) -> list[list[str]]:
    """Return the cells that the plain path reads. Raises `ValueError` for texts that it may read otherwise."""
    if "\0" in text or "\ufeff" in text or "[" in text or text.lstrip()[:1] in _ODD_STARTS:
        raise ValueError("a text with an odd start, or with lists")
    if why_not_csv(text, None, ""):
        raise ValueError("a text that is no CSV")
    found = _FORM.read(text)
    rows = found.rows
    if not isinstance(rows, list) or not rows or found.with_blank or len(set(map(len, rows))) > 1:
        raise ValueError("a large text, or rows of several widths")
    return rows


def _head_of(text: str) -> list[list[str]]:
    """Return the cells of the first lines of a text without quotes, which have one width. Raises `ValueError`."""
    head = text if len(text) < _HEAD_CHARS else text[: text.find("\n", _HEAD_CHARS)]
    cells = [line.split(",") for line in head.split("\n")]
    if len(set(map(len, cells))) > 1:
        raise ValueError("rows of several widths")
    return cells


def _check_names(cells: list[str], columns: CsvColumns) -> None:
    """Raise `ValueError` if the first of several lines may be names."""
    if looks_like_names(cells) or cells == list(columns.names):
        raise ValueError("a first line that may be names")


def _check_first_cells(cells: list[str]) -> None:
    """Raise `ValueError` if several lines of an answer begin so differently that they may be columns."""
    if len(set(map(is_number, cells))) > 1 or not all(map(str.strip, cells)):
        raise ValueError("lines that may be columns")


def _is_plain(text: str) -> bool:
    """Tell whether the plain path surely reads a text with these cells: no printed values, other delimiters or space.

    Single characters are found fastest one after the other. JSON text cannot hold tabs and other control characters.
    """
    return (
        text.isascii()
        and " " not in text
        and "[" not in text
        and "(" not in text
        and "{" not in text
        and ";" not in text
        and text[:1] not in _ODD_STARTS
    )


def _is_read_alike(text: str) -> bool:
    """Tell the same of any text, with regular expressions."""
    if "[" in text or "(" in text or "{" in text or "\ufeff" in text or text[:1] in _ODD_STARTS:
        return False
    return _ODD_CELL.search(text) is None and why_not_csv(text, None, "") is None
