"""Columns of CSV that hold texts, and the values of these texts."""

from msgspec import Struct, field

from capture_forwarder.domain.converters import Converter
from capture_forwarder.domain.inference import Value
from capture_forwarder.payloads.compiled_types import Values

_MAX_KNOWN, _MAX_KNOWN_CHARS = 1024, 32


class Texts(Struct, frozen=True, gc=False):
    """The texts of one column: its place in rows, what makes values of them, and values of texts that came before.

    `same` holds those texts that are their own values.
    """

    place: int
    convert: Converter
    known: dict[str | None, Value] = field(default_factory=dict)
    same: set[str] = field(default_factory=set)

    def value_of(self, text: str | None) -> Value:
        """Return the value of a text; null was an empty cell. Short texts often come again."""
        value = self.convert(text or "")
        if len(text or "") <= _MAX_KNOWN_CHARS and len(self.known) < _MAX_KNOWN:
            self.known[text] = value
            if text is not None and value == text:
                self.same.add(text)
        return value


def all_converted(rows: list[Values], texts: list[Texts]) -> list[Values]:
    """Return rows with other values for texts; columns whose texts are all their own values are not touched."""
    if len(rows) == 1:
        return [row_converted(rows[0], texts)]
    changed = [one for one in texts if not one.same.issuperset([row[one.place] for row in rows])]
    return [converted(row, changed) for row in rows] if changed else rows


def row_converted(row: Values, texts: list[Texts]) -> Values:
    """Return one row with other values for texts."""
    for one in texts:
        if row[one.place] not in one.same:
            return converted(row, texts)
    return row


def converted(row: Values, texts: list[Texts]) -> Values:
    """Return a row with other values for texts."""
    values = list(row)
    for column in texts:
        text = values[column.place]
        value = column.known.get(text)
        values[column.place] = column.value_of(text) if value is None else value
    return values
