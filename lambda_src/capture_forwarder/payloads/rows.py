"""Rows as a payload gives them: ordered values, or named ones."""

from msgspec import Struct

from capture_forwarder.domain.values import JsonValue

Row = list[JsonValue] | dict[str, JsonValue]


class Rows(Struct, frozen=True, gc=False):
    """The rows of one payload; `textual` means that every value is CSV text, in which numbers are not parsed yet."""

    rows: list[Row]
    textual: bool = False
