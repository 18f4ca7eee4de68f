"""Columns of CSV with a schema: the attributes of a row by position, or by the names of a header."""

from collections.abc import Sequence

from capture_forwarder.domain.converters import CellOptions, cell_converters
from capture_forwarder.domain.schema import Attribute, Side, ValueType
from capture_forwarder.payloads.compiled_types import Names, Values
from capture_forwarder.payloads.csv_columns import NUMBERS, Column, CsvColumns
from capture_forwarder.payloads.learned_columns import Cells, Key

# Callers choose the names of a header: a limit keeps hostile ones from filling the memory.
_MAX_HEADERS = 32


class SchemaColumns:
    """The columns of one side of a schema, whose types CSV can have."""

    def __init__(self, side: Side, cells: CellOptions) -> None:
        self._side = side
        self._converters = cell_converters(cells)
        names = tuple(attribute.name for attribute in side.visible)
        ordered = self._columns_of(names, side.visible)
        self._columns: dict[Key, CsvColumns] = {len(names): ordered}
        self.only: CsvColumns | None = ordered
        # A first line of texts may be names.
        self.may_begin_with_names = ordered.are_texts

    def known(self, key: Key) -> CsvColumns | None:
        """Return the columns of rows of a width, or below a header that came before."""
        return self._columns.get(key)

    def learn(self, key: Key, cells: Cells) -> CsvColumns:
        """Return the columns below a new header.

        Raises `ValueError` if it does not name the attributes that a caller must name, all in their order, or if too
        many headers came: the plain path reads others.
        """
        expected = tuple(attribute.name for attribute in self._side.expected)
        if key != expected or len(self._columns) > _MAX_HEADERS or not cells:
            raise ValueError("rows of another width, or another header")
        self._columns[key] = columns = self._columns_of(expected, self._side.expected)
        return columns

    def read(self, key: Key, cells: Cells) -> list[Values]:
        """Return the values of rows. Raises one of `REFUSED`."""
        columns = self._columns[key]
        if any(len(row) != columns.width for row in cells):
            raise ValueError("rows of several widths")
        return columns.rows_of_cells(cells)

    def _columns_of(self, names: Names, attributes: Sequence[Attribute]) -> CsvColumns:
        columns = [self._column(attribute.value_type) for attribute in attributes]
        return CsvColumns(names, columns)

    def _column(self, value_type: ValueType) -> Column:
        if value_type in NUMBERS:
            return Column(NUMBERS[value_type])
        return Column(str, self._converters[value_type], value_type is ValueType.TIMESTAMP)
