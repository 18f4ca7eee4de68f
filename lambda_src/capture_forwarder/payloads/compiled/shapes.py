"""How the rows of a payload lie, as one typed decoder each."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct, defstruct
from msgspec.structs import astuple

from capture_forwarder.domain.schema import Attribute
from capture_forwarder.domain.values import JsonValue
from capture_forwarder.payloads.compiled.values import MAX_SHAPES, fast_type, is_textual, row_struct

Values = tuple[Any, ...]

# The outer and ordered keys of `json_layouts`, less inputs and outputs, under which tensors may lie.
_OUTER_KEYS = ("instances", "predictions", "projections", "scores", "dataframe_records")
_ORDERED_KEYS = ("features", "probabilities")
_LIST, _SCALAR, _NAMED = "list", "scalar", "named"
_PIECE_CHARS = 100_000
_COMMA, _LINE_END, _NEXT_ROW = '","', "\n", '"],["'

# The key above the rows, if there is one; then what a row is: one of the three above, or the ordered key that holds it.
Key = tuple[str | None, str]


class Shape(Struct, frozen=True, eq=False):
    """The attributes whose values a row holds, in order, and what reads a text of this shape.

    `read` raises `msgspec.DecodeError`, `ValueError` or `RecursionError` for any other text.
    """

    attributes: tuple[Attribute, ...]
    read: Callable[[str], list[Values]]


@lru_cache(MAX_SHAPES)
def csv_shape(attributes: tuple[Attribute, ...]) -> Shape | None:
    """Return the shape of CSV without a header, or `None` where a blank row could not be told from a value."""
    if not attributes or (len(attributes) == 1 and is_textual(attributes[0])):
        return None
    row_type = row_struct(attributes, ordered=True)
    decode_row = msgspec.json.Decoder(row_type, strict=False).decode
    decode_rows = msgspec.json.Decoder(list[row_type], strict=False).decode  # type: ignore[valid-type]  # made at run time

    def read(text: str) -> list[Values]:
        if '"' in text or "\\" in text:  # other line ends are no characters of JSON text
            raise ValueError("cells that have to be unquoted")
        text = text.rstrip("\n")
        if "\n" not in text:
            return [astuple(decode_row(f'["{text.replace(",", _COMMA)}"]'))]
        return [astuple(row) for piece in _pieces(text) for row in decode_rows(_as_json(piece))]

    return Shape(attributes, read)


def _as_json(text: str) -> str:
    """Return CSV cells, none of which holds a quote or a backslash, as a JSON array of arrays of text."""
    return f'[["{text.replace(",", _COMMA).replace(_LINE_END, _NEXT_ROW)}"]]'


def _pieces(text: str) -> list[str]:
    """Cut a large text at line ends: what fits into a processor's cache is read faster, and takes less memory."""
    pieces, start = [], 0
    while (end := text.find("\n", start + _PIECE_CHARS)) >= 0:
        pieces.append(text[start:end])
        start = end + 1
    return [*pieces, text[start:]]


def json_key(document: JsonValue) -> Key | None:
    """Return how the rows of `document` lie, or `None` for a layout that the fast path leaves alone."""
    outer = next((key for key in _OUTER_KEYS if isinstance(document, dict) and document.keys() == {key}), None)
    rows = document[outer] if outer and isinstance(document, dict) else document
    if not isinstance(rows, list):
        return None if outer or not isinstance(rows, dict) else ("", _kind(rows))
    return (outer, _kind(rows[0])) if rows else None


def _kind(row: JsonValue) -> str:
    if isinstance(row, list):
        return _LIST
    if not isinstance(row, dict):
        return _SCALAR
    return next((key for key in _ORDERED_KEYS if row.keys() == {key} and isinstance(row[key], list)), _NAMED)


@lru_cache(MAX_SHAPES)
def json_shape(key: Key, ordered: tuple[Attribute, ...], named: tuple[Attribute, ...]) -> Shape | None:
    """Return what reads documents of `key`; `ordered` and `named` are the attributes of such rows, or empty."""
    outer, kind = key
    attributes = named if kind == _NAMED else ordered
    if not attributes:
        return None
    if kind == _SCALAR:
        return _scalars(outer, attributes)
    wrapped = kind not in (_LIST, _NAMED)
    row = row_struct(attributes, ordered=kind != _NAMED)
    if wrapped:
        row = _object("Wrapped", kind, row)
    if outer == "":
        decode: Callable[[str], Any] = msgspec.json.Decoder(row).decode
        one = (lambda text: [astuple(decode(text).held)]) if wrapped else (lambda text: [astuple(decode(text))])
        return Shape(attributes, one)
    return Shape(attributes, _wrapped(_rows(outer, row)) if wrapped else _values(_rows(outer, row)))


def _object(name: str, key: str, held: Any) -> type[Struct]:
    """Return a struct of one key alone."""
    return defstruct(name, [("held", held)], rename={"held": key}, forbid_unknown_fields=True, gc=False)


def _scalars(outer: str | None, attributes: tuple[Attribute, ...]) -> Shape | None:
    """Under an outer key every scalar is a row; a bare list of them is one row, unless all of it is text."""
    if outer:
        if len(attributes) != 1:
            return None
        scalars = _rows(outer, fast_type(attributes[0]))
        return Shape(attributes, lambda text: [(value,) for value in scalars(text)])
    if all(map(is_textual, attributes)):
        return None
    decode = msgspec.json.Decoder(row_struct(attributes, ordered=True)).decode
    return Shape(attributes, lambda text: [astuple(decode(text))])


def _rows(outer: str | None, row: Any) -> Callable[[str], list[Any]]:
    """Return what reads a list of rows, bare or under a key."""
    if outer is None:
        return msgspec.json.Decoder(list[row]).decode
    decode: Callable[[str], Any] = msgspec.json.Decoder(_object("Document", outer, list[row])).decode
    return lambda text: decode(text).held


def _values(decode: Callable[[str], list[Any]]) -> Callable[[str], list[Values]]:
    def read(text: str) -> list[Values]:
        rows = decode(text)
        return [astuple(rows[0])] if len(rows) == 1 else [astuple(row) for row in rows]

    return read


def _wrapped(decode: Callable[[str], list[Any]]) -> Callable[[str], list[Values]]:
    def read(text: str) -> list[Values]:
        rows = decode(text)
        return [astuple(rows[0].held)] if len(rows) == 1 else [astuple(row.held) for row in rows]

    return read
