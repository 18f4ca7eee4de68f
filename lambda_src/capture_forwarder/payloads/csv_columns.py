"""Typed decoders of rows of CSV: cells become a JSON array of texts, which msgspec converts to the types of columns."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from capture_forwarder.domain.converters import Converter
from capture_forwarder.domain.schema import ValueType
from capture_forwarder.payloads.compiled_types import REFUSED, TYPES, Names, Values
from capture_forwarder.payloads.text_columns import Texts, all_converted, row_converted

# msgspec reads an integer written as `9007199254740993.0` through a float, so larger ones are left to the plain path.
NUMBERS = {
    ValueType.FLOAT: TYPES[ValueType.FLOAT],
    ValueType.INTEGER: Annotated[int, Meta(gt=-(2**53), lt=2**53)],
    ValueType.BOOLEAN: bool,
}
CELL_TYPES = frozenset({*NUMBERS, ValueType.STRING, ValueType.UNSTRUCTURED_TEXT, ValueType.IMAGE, ValueType.TIMESTAMP})
_EMPTY, _NULL = b'""', b"null"
# The type refuses empty cells, so no text is searched for them.
_TEXT = Annotated[str, Meta(min_length=1)]


class Column(Struct, frozen=True, gc=False):
    """The cells of one column: numbers and truth values of `type`, or else texts, of which `convert` makes values.

    `is_rewritten` says that texts without space around them need `convert`, too.
    """

    type: Any = str
    convert: Converter | None = None
    is_rewritten: bool = False


class CsvColumns:
    """Decodes rows of these columns. Functions raise one of `REFUSED` for cells that the plain path reads otherwise."""

    def __init__(self, names: Names, columns: Sequence[Column], *, keeps_empty: bool = False) -> None:
        self.names = names
        self.width = len(columns)
        self.has_texts = any(column.type is str for column in columns)
        self.are_texts = all(column.type is str for column in columns)
        self.begins_with_number = columns[0].type is not str
        types = [_TEXT if column.type is str else column.type for column in columns]
        # `decode_row` takes the JSON array of the cells of a row without empty cells.
        self.decode_row, self._decode_rows = _decoders(types)
        self._decode_gaps: Callable[[bytes], list[Values]] | None = None
        if not keeps_empty and len(columns) > 1:  # the empty line of one column is no row
            self._decode_gaps = _decoders([column.type | None for column in columns])[1]
        # Whether the last row had empty cells. Then the next one has them, too, and is not read without them first.
        self.has_gaps = False
        self._numbers = [place for place, column in enumerate(columns) if column.type is not str]
        self._texts = [Texts(place, one.convert) for place, one in enumerate(columns) if one.convert]
        self.rewritten = [one for one in self._texts if columns[one.place].is_rewritten]
        self._after_blanks = [place for place, column in enumerate(columns) if place and column.type is str]

    def has_number(self, row: Values) -> bool:
        """Tell whether a row holds a number in a column of numbers."""
        numbers = self._numbers  # a generator takes longer than the first number
        return bool(numbers) and (row[numbers[0]] is not None or any(row[place] is not None for place in numbers))

    def row(self, line: str) -> Values:
        """Return the values of a line without quotes and backslashes."""
        text = json_row(line)
        try:
            if self.has_gaps and _EMPTY in text:
                return self._with_gaps(b"[%b]" % text, self._texts)[0]
            self.has_gaps = False
            row = self.decode_row(text)
        except REFUSED:
            row = self._with_gaps(b"[%b]" % text, self._texts)[0]
            self.has_gaps = True
            return row
        return row_converted(row, self.rewritten) if self.rewritten else row

    def rows(self, text: str) -> list[Values]:
        """Return the values of lines without quotes and backslashes."""
        cells = _json_rows(text.removesuffix("\n"))
        try:
            if self.has_gaps and _EMPTY in cells:
                return self._with_gaps(cells, self._texts)
            self.has_gaps = False
            rows = self._decode_rows(cells)
        except REFUSED:
            rows = self._with_gaps(cells, self._texts)
            self.has_gaps = True
            return rows
        return all_converted(rows, self.rewritten) if self.rewritten else rows

    def begin_with_numbers(self, rows: list[Values]) -> bool:
        """Tell whether the first value of every row is a number in a column of numbers."""
        return self.begins_with_number and all(row[0] is not None for row in rows)

    def rows_after_blanks(self, text: str) -> list[Values]:
        """Return the values of lines in which one blank was removed before every cell but the first.

        Raises one of `REFUSED` if a cell does not fit, or is empty.
        """
        rows = self._decode_rows(_json_rows(text))
        return all_converted([self._with_blanks(row) for row in rows], self._texts) if self.has_texts else rows

    def _with_blanks(self, row: Values) -> Values:
        values = list(row)
        for place in self._after_blanks:
            values[place] = f" {values[place]}"
        return values

    def rows_of_cells(self, cells: list[list[str]]) -> list[Values]:
        """Return the values of cells, which may hold any text."""
        return self.rows_of_json(msgspec.json.encode(list(map(self._stripped, cells))))

    def rows_of_json(self, text: bytes) -> list[Values]:
        """Return the values of a JSON array of arrays of cells, in which two quotes are an empty cell."""
        try:
            rows = self._decode_rows(text)
        except REFUSED:
            return self._with_gaps(text, self._texts)
        return all_converted(rows, self._texts)

    def _stripped(self, cells: list[str]) -> list[str]:
        """Return the cells of a row without space around numbers."""
        cells = cells.copy()
        for place in self._numbers:
            cells[place] = cells[place].strip()
        return cells

    def _with_gaps(self, text: bytes, texts: list[Texts]) -> list[Values]:
        """Return the values of a JSON array of arrays of texts, of which some are empty. Raises one of `REFUSED`."""
        if self._decode_gaps is None or _EMPTY not in text or b'\\"' in text:
            raise ValueError("cells that do not fit, empty cells that are no missing values, or a quote in a cell")
        if _NULL in text.lower():  # msgspec reads the text `null` as null
            raise ValueError("a text that says null beside empty cells")
        return all_converted(self._decode_gaps(text.replace(_EMPTY, _NULL)), texts)


def json_row(line: str) -> bytes:
    """Return the JSON array of the cells of a line. Bytes are replaced faster than text."""
    return b'["%b"]' % line.encode().replace(b",", b'","')


def _json_rows(lines: str) -> bytes:
    cells = lines.encode().replace(b",", b'","')
    return b'[["%b"]]' % cells.replace(b"\n", b'"],["')


def _decoders(types: list[Any]) -> tuple[Callable[[bytes], Values], Callable[[bytes], list[Values]]]:
    row_type: Any = tuple[tuple(types)]  # type: ignore[misc]  # made at run time
    rows_type: Any = list[row_type]
    return (
        msgspec.json.Decoder(row_type, strict=False).decode,
        msgspec.json.Decoder(rows_type, strict=False).decode,
    )
