"""Text of CSV made into cells."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from capture_forwarder.payloads.lazy import LARGE_CHARS, PIECE_CHARS, Piece, cut_lines, rows_of_pieces

_LINE = re.compile(r"[^\r\n]*+(?:\r\n?|\n)|[^\r\n]++")
_LINE_END = re.compile(r"\r\n?|\n")
_BLANKS = re.compile(" +")
_MALFORMED = "a quoted cell is malformed"


class Cells(Struct, frozen=True, gc=False):
    """The cells of every line that is not blank.

    `with_blank` is set for one column with blank lines between others: there each of these is an empty cell.
    """

    rows: Sequence[list[str]]
    with_blank: Sequence[list[str]] | None = None


def read_cells(text: str, delimiter: str = ",") -> Cells:
    r"""Return the cells of a text; those of a large text are made when they are read.

    Lines end in `\n`, `\r\n` or `\r`; quotes are as in RFC 4180. If the delimiter is a blank, so are several of them.
    Raises `ValueError` if a quoted cell is malformed.
    """
    if "\n" not in text and "\r" not in text and '"' not in text and delimiter != " ":
        return Cells([text.split(delimiter)] if delimiter in text or text.strip() else [])
    if len(text) > LARGE_CHARS:
        return _read_large(text, delimiter)
    rows = _lines(text, delimiter)
    found = _without_blank(rows)
    return Cells(found, _inner_blank(rows) if len(found) < len(rows) else None)


def parse_csv(text: str) -> list[list[str]]:
    """Return the cells of every row that is not blank. Raises `ValueError` if a quoted cell is malformed."""
    return _without_blank(_lines(text, ","))


def read_csv(text: str) -> Sequence[list[str]]:
    """Return the same as `parse_csv`; the rows of a large text are parsed when they are read."""
    return read_cells(text).rows


def _lines(text: str, delimiter: str) -> list[list[str]]:
    """Return the cells of every line; a blank line has none, or one blank cell."""
    if '"' not in text:
        lines = (text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text).split("\n")
        if delimiter == " ":
            return [_BLANKS.split(line.strip(" ")) for line in lines]
        return [line.split(delimiter) for line in lines]
    _allow_cells_of(len(text))
    try:
        return list(_reader(io.StringIO(text, newline=""), delimiter))
    except csv.Error as error:
        raise ValueError(_MALFORMED) from error


def _reader(lines: Iterable[str], delimiter: str) -> Any:
    return csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=delimiter == " ")


def _is_blank(row: list[str]) -> bool:
    return len(row) < 2 and not (row and row[0].strip())  # noqa: PLR2004 - a line of two cells is never blank


def _without_blank(rows: list[list[str]]) -> list[list[str]]:
    return [row for row in rows if len(row) > 1 or (row and row[0].strip())]


def _inner_blank(rows: list[list[str]]) -> list[list[str]] | None:
    """Return the rows of one column, a blank one between others as an empty cell; `None` if there is none of these."""
    if any(len(row) > 1 for row in rows):
        return None
    first = next((at for at, row in enumerate(rows) if not _is_blank(row)), len(rows))
    last = next((at for at in range(len(rows), first, -1) if not _is_blank(rows[at - 1])), first)
    inner = rows[first:last]
    return [[""] if _is_blank(row) else row for row in inner] if any(map(_is_blank, inner)) else None


def _read_large(text: str, delimiter: str) -> Cells:
    def parse(piece: str) -> list[list[str]]:
        return _without_blank(_lines(piece, delimiter))

    pieces = _quoted_pieces(text, delimiter) if '"' in text else _plain_pieces(text, parse)
    return Cells(rows_of_pieces(text, pieces, parse))


def _plain_pieces(text: str, parse: Any) -> Iterator[Piece]:
    for start, end in cut_lines(text, _LINE_END):
        yield start, end, len(parse(text[start:end]))


def _quoted_pieces(text: str, delimiter: str) -> Iterator[Piece]:
    """Yield pieces that end where a row ends; a quoted cell may hold line ends. Raises `ValueError`."""
    _allow_cells_of(len(text))
    start = end = 0
    rows: list[list[str]] = []

    def lines() -> Iterator[str]:
        nonlocal end
        for line in _LINE.finditer(text):
            end = line.end()
            yield line[0]

    try:
        for row in _reader(lines(), delimiter):
            rows.append(row)
            if end - start > PIECE_CHARS:
                yield start, end, len(_without_blank(rows))
                start, rows = end, []
    except csv.Error as error:
        raise ValueError(_MALFORMED) from error
    yield start, end, len(_without_blank(rows))


def _allow_cells_of(size: int) -> None:
    """Raise the csv module's limit, which holds for the process: 128 KiB a cell is below the length of a prompt."""
    csv.field_size_limit(max(csv.field_size_limit(), size))
