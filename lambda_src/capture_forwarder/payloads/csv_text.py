"""Text of CSV made into cells."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from capture_forwarder.payloads.lazy import LARGE_CHARS, PIECE_CHARS, Lazy, cut_lines, rows_of_pieces

_LINE = re.compile(r"[^\r\n]*+(?:\r\n?|\n)|[^\r\n]++")
_LINE_END = re.compile(r"\r\n?|\n")
_BLANKS = re.compile(" +")
_MALFORMED = (
    "a quoted cell is malformed; input_csv_delimiter or output_csv_delimiter names another character between cells, "
    "input_content_type or output_content_type another format"
)

# Cells are text, but those that were converted.
Row = list[Any]


class Cells(Struct, frozen=True, gc=False):
    """The cells of every line that is not blank.

    `with_blank` is set for one column that has blank lines between others: each of these is an empty cell there.
    """

    rows: Sequence[Row]
    with_blank: Sequence[Row] | None = None


class CsvForm(Struct, frozen=True):
    r"""How cells are written. Lines end in `\n`, `\r\n` or `\r`; quotes are as in RFC 4180.

    `delimiter` stands between cells; several blanks are one. `convert` returns other cells for those of a row.
    """

    delimiter: str = ","
    convert: Callable[[Row], Row] | None = None

    def read(self, text: str) -> Cells:
        """Return the cells; those of a large text are made when they are read.

        Raises `ValueError` if a quoted cell is malformed.
        """
        is_quoted = '"' in text
        if len(text) > LARGE_CHARS:
            return self._read_large(text, is_quoted=is_quoted)
        rows = self.lines(text, is_quoted=is_quoted)
        found = filled(rows)
        if len(found) == len(rows):
            return Cells(self._converted(found) if self.convert else found)
        with_blank = None
        if found and _are_column(found):
            rows = self.lines(_without_outer_blank(text), is_quoted=is_quoted)
            with_blank = self._converted(_with_empty(rows)) if len(found) < len(rows) else None
        return Cells(self._converted(found), with_blank)

    def lines(self, text: str, *, is_quoted: bool) -> list[Row]:
        """Return the cells of every line; a blank line has none, or one blank cell."""
        if is_quoted:
            _allow_cells_of(len(text))
            return list(self._quoted(io.StringIO(text, newline="")))
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        lines = text.removesuffix("\n").split("\n")
        if self.delimiter == " ":
            return [_BLANKS.split(line.strip(" ")) for line in lines]
        return [line.split(self.delimiter) for line in lines]

    def _quoted(self, lines: Iterable[str]) -> Iterator[Row]:
        is_blank = self.delimiter == " "
        reader = csv.reader(lines, delimiter=self.delimiter, strict=True, skipinitialspace=is_blank)
        try:
            for row in reader:
                yield row[:-1] if is_blank and len(row) > 1 and not row[-1] else row
        except csv.Error as error:
            raise ValueError(_MALFORMED) from error

    def _converted(self, rows: list[Row]) -> list[Row]:
        return list(map(self.convert, rows)) if self.convert else rows

    def _read_large(self, text: str, *, is_quoted: bool) -> Cells:
        pieces, is_column, line_count = [], True, 0
        for start, end, rows in self._pieces(text, is_quoted=is_quoted):
            found = filled(rows)
            is_column = is_column and _are_column(found)
            line_count += len(rows)
            pieces.append((start, end, len(found)))
        lazy = rows_of_pieces(
            text, pieces, lambda piece: self._converted(filled(self.lines(piece, is_quoted=is_quoted)))
        )
        has_blank = is_column and 0 < len(lazy) < line_count
        return Cells(lazy, self._large_with_blank(text, len(lazy), is_quoted=is_quoted) if has_blank else None)

    def _large_with_blank(self, text: str, count: int, *, is_quoted: bool) -> Lazy[Row] | None:
        """Return the rows of one column; `count` of them are not blank."""
        text = _without_outer_blank(text)
        pieces = [(start, end, len(rows)) for start, end, rows in self._pieces(text, is_quoted=is_quoted)]
        lazy = rows_of_pieces(
            text, pieces, lambda piece: self._converted(_with_empty(self.lines(piece, is_quoted=is_quoted)))
        )
        return lazy if len(lazy) > count else None

    def _pieces(self, text: str, *, is_quoted: bool) -> Iterator[tuple[int, int, list[Row]]]:
        """Yield start, end and rows of pieces that end where a row ends. Raises `ValueError`."""
        if not is_quoted:
            for start, end in cut_lines(text, _LINE_END):
                yield start, end, self.lines(text[start:end], is_quoted=False)
            return
        _allow_cells_of(len(text))
        start = end = 0
        rows: list[Row] = []

        def ended_lines() -> Iterator[str]:
            nonlocal end
            for line in _LINE.finditer(text):
                end = line.end()
                yield line[0]

        for row in self._quoted(ended_lines()):
            rows.append(row)
            if end - start > PIECE_CHARS:
                yield start, end, rows
                start, rows = end, []
        yield start, end, rows


def filled(rows: list[Row]) -> list[Row]:
    """Return the rows that are not blank."""
    return [row for row in rows if len(row) > 1 or (row and row[0].strip())]


def _with_empty(rows: list[Row]) -> list[Row]:
    return [row if row and row[0].strip() else [""] for row in rows]


def _are_column(rows: list[Row]) -> bool:
    return all(len(row) == 1 for row in rows)


def _without_outer_blank(text: str) -> str:
    """Return a text that is not blank without the blank lines at its start and end."""
    before, after = len(text) - len(text.lstrip()), len(text.rstrip())
    start = max(text.rfind("\n", 0, before), text.rfind("\r", 0, before)) + 1
    found = _LINE_END.search(text, after)
    return text[start : found.end() if found else len(text)]


def _allow_cells_of(size: int) -> None:
    """Raise the csv module's limit for this process: a prompt can be longer than its 128 KiB a cell."""
    csv.field_size_limit(max(csv.field_size_limit(), size))
