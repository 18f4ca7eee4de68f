"""Rows of tables: their names stand apart from the values, in columns, tensors or a header."""

from collections.abc import Sequence

from capture_forwarder.domain.values import JsonValue
from capture_forwarder.payloads.lazy import LISTED_ROWS, Lazy

NamedRow = dict[str, JsonValue]


def rows_of_columns(columns: dict[str, list[JsonValue]]) -> Sequence[NamedRow]:
    """Return rows of columns that are all of one length; many rows are made when they are read."""
    count = min(map(len, columns.values()))
    if count > LISTED_ROWS:
        return Lazy(count, lambda place: {name: values[place] for name, values in columns.items()})
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def named_rows(names: list[str], rows: Sequence[Sequence[JsonValue]]) -> Sequence[NamedRow]:
    """Return rows of ordered values with these names; many rows are made when they are read."""

    def named(row: Sequence[JsonValue]) -> NamedRow:
        return dict(zip(names, row, strict=True))

    if len(rows) > LISTED_ROWS:
        return Lazy(len(rows), lambda place: named(rows[place]), lambda: map(named, rows))
    return list(map(named, rows))
