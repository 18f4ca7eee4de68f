"""Decoders of JSON documents without a schema: any plain values, under the names that objects have.

Objects with the names of earlier ones, in the same order, become values in the order of these names, in half
of the time. Other objects become dictionaries.
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import astuple

from capture_forwarder.payloads.compiled_json import check_names, lines_decoder, object_type
from capture_forwarder.payloads.compiled_types import (
    INT64,
    ODD_NAMES,
    REFUSED,
    Names,
    PayloadDecoder,
    Rows,
    is_large,
    named_struct,
)
from capture_forwarder.payloads.lazy import LARGE_CHARS
from capture_forwarder.payloads.placement import ORDERED_KEYS, Placement, RowForm
from capture_forwarder.payloads.tensors import HEADER_KEYS

_NUMBER = INT64 | float
_SCALAR = None | bool | INT64 | float | str
_NUMBERS = frozenset({int, float})
_TEXTS = frozenset({str})
_MAX_NAME = 1024
# A pattern of many names takes long to compile. Callers choose names: limits keep hostile ones from filling the memory.
_MAX_LEARNED_NAMES = 200
_MAX_SHAPES = 16
# It takes long in long texts, too: dictionaries are as fast for them.
_MAX_CHARS_PER_NAME = 100
_MAX_SEEN = 64
_ENOUGH = 2
_TEXT = r'"(?:[^"\\]++|\\.)*+"'

Decode = Callable[[str], Any]


def learned_json_decoder(placement: Placement, *, is_answer: bool, is_lines: bool = False) -> PayloadDecoder | None:
    """Return a decoder of one JSON document, or of one a line; `None` if only the plain path can read them."""
    if placement.form is RowForm.OBJECT:
        return _Objects(placement, is_answer=is_answer, is_lines=is_lines).read
    if placement.form is RowForm.VALUES:
        return _Lists(placement, is_answer=is_answer, is_lines=is_lines).read
    # Bare values, and those under an ordered key, are several rows or one, as their types say.
    is_unsure = placement.rows_key is None or placement.rows_key in ORDERED_KEYS
    return None if placement.form is not RowForm.VALUE or is_unsure else _Scalars(placement, is_answer=is_answer).read


def _decoder(placement: Placement, row_type: Any, *, is_lines: bool = False) -> Decode:
    """Return a decoder of all rows; keys may hold their list, and the values of a row."""
    if placement.values_key:
        row_type = object_type(placement.values_key, row_type)
    if is_lines:
        return lines_decoder(row_type)
    if placement.single:
        decode_one: Decode = msgspec.json.Decoder(row_type).decode
        return lambda text: [decode_one(text)]
    decode: Decode = msgspec.json.Decoder(list[row_type]).decode
    if placement.rows_key:
        decode_object: Decode = msgspec.json.Decoder(object_type(placement.rows_key, list[row_type])).decode
        return lambda text: decode_object(text).wrapped
    return decode


@lru_cache(256)
def _ordered_names(stem: str, width: int) -> Names:
    return tuple(f"{stem}_{place}" for place in range(width))


def _stem(*, is_answer: bool) -> str:
    return "prediction" if is_answer else "feature"


def _check_size(text: str, row_count: int) -> None:
    """Raise `ValueError` for a text whose rows have to be read lazily."""
    if len(text) > LARGE_CHARS and is_large(text, row_count, text.count(",") // (row_count or 1)):
        raise ValueError("a large text")


class _Scalars:
    """Reads a list of plain values under a key: numbers, or texts."""

    def __init__(self, placement: Placement, *, is_answer: bool) -> None:
        self._decode = _decoder(placement, _NUMBER | str)
        self._names = _ordered_names(_stem(is_answer=is_answer), 1)

    def read(self, text: str) -> Rows:
        """Return names and values of all rows. Raises one of `REFUSED`."""
        _check_size(text, text.count(","))
        values = self._decode(text)
        check_names(text, 1)
        types = {*map(type, values)}
        if not types <= _NUMBERS and types != _TEXTS:
            raise ValueError("values of several kinds")
        return self._names, [(value,) for value in values]


class _Lists:
    """Reads lists of ordered values."""

    def __init__(self, placement: Placement, *, is_answer: bool, is_lines: bool) -> None:
        # A bare list of texts is several rows, a bare list of numbers is one.
        value_type: Any = _NUMBER if placement.single else _SCALAR
        self._decode = _decoder(placement, Annotated[list[value_type], Meta(min_length=1)], is_lines=is_lines)
        self._has_key = placement.values_key is not None
        self._names_around = int(placement.rows_key is not None)
        self._is_answer = is_answer
        self._stem = _stem(is_answer=is_answer)

    def read(self, text: str) -> Rows:
        """Return names and values of all rows. Raises one of `REFUSED`."""
        _check_size(text, text.count("["))
        rows = self._decode(text)
        check_names(text, self._names_around + self._has_key * len(rows))
        if self._has_key:
            rows = [row.wrapped for row in rows]
        if len(rows) > 1:
            self._check(rows)
        elif not rows:
            raise ValueError("no rows")
        return _ordered_names(self._stem, len(rows[0])), rows

    def _check(self, rows: list[list[Any]]) -> None:
        """Raise `ValueError` for rows of several widths, and for those of an answer that may be columns."""
        if len(set(map(len, rows))) > 1:
            raise ValueError("rows of several widths")
        if self._is_answer:
            types = {type(row[0]) for row in rows}
            if types != _TEXTS and not types <= _NUMBERS:
                raise ValueError("rows that may be columns")


class _Shape(Struct, frozen=True):
    """Objects with these names in this order: their decoder, and the pattern that finds the names in a text."""

    names: Names
    decode: Decode
    match: Callable[[str], Any]


class _Objects:
    """Reads objects."""

    def __init__(self, placement: Placement, *, is_answer: bool, is_lines: bool) -> None:
        self._placement = placement
        self._is_lines = is_lines
        self._decode = _decoder(placement, dict[str, _SCALAR], is_lines=is_lines)
        self._names_around = int(placement.rows_key is not None)
        self._odd_names = ODD_NAMES if is_answer else frozenset[str]()
        self._shape: _Shape | None = None
        self._shapes: dict[Names, _Shape] = {}
        self._seen: Counter[Names] = Counter()

    def read(self, text: str) -> Rows:
        """Return names and values of all rows. Raises one of `REFUSED`."""
        _check_size(text, text.count("{"))
        if shape := self._shape:
            try:
                rows = shape.decode(text)
                if rows and shape.match(text):
                    check_names(text, self._names_around + len(shape.names) * len(rows))
                    return shape.names, list(map(astuple, rows))
            except REFUSED:
                pass
        rows = self._decode(text)
        names = self._names_of(rows)
        check_names(text, self._names_around + len(names) * len(rows))
        if len(text) < _MAX_CHARS_PER_NAME * len(names) * len(rows):
            self._see(names)
        return names, [tuple(row.values()) for row in rows]

    def _names_of(self, rows: list[dict[str, Any]]) -> Names:
        """Return the names of all rows. Raises `ValueError` if they differ, or mean more than a value."""
        names = tuple(rows[0]) if rows else ()
        if not names or any(tuple(row) != names for row in rows[1:]):
            raise ValueError("rows of different names")
        if not self._odd_names.isdisjoint(names) or HEADER_KEYS.issubset(names) or len(max(names, key=len)) > _MAX_NAME:
            raise ValueError("names with a meaning, or too long")
        return names

    def _see(self, names: Names) -> None:
        """Learn names that came before."""
        if names in self._shapes:
            self._shape = self._shapes[names]
        elif len(self._shapes) < _MAX_SHAPES and len(names) <= _MAX_LEARNED_NAMES:
            if len(self._seen) >= _MAX_SEEN:
                self._seen.clear()
            self._seen[names] += 1
            if self._seen[names] >= _ENOUGH:
                row_type = named_struct(names, [_SCALAR] * len(names))
                match = re.compile(_pattern(names, self._placement)).fullmatch
                self._shapes[names] = self._shape = _Shape(
                    names, _decoder(self._placement, row_type, is_lines=self._is_lines), match
                )


def _pattern(names: Names, placement: Placement) -> str:
    """Return the pattern of JSON texts whose objects have these names in this order."""
    between = r'[^"]*+'
    around = f"{between}{_written(placement.rows_key)}" if placement.rows_key else ""
    row = "".join(rf"{_written(name)}\s*+:\s*+(?:{_TEXT})?+{between}" for name in names)
    return rf"{around}{between}(?:{row})++"


def _written(name: str) -> str:
    """Return the pattern of a name, as text or in ASCII."""
    forms = {msgspec.json.encode(name).decode(), json.dumps(name)}
    return f"(?:{'|'.join(map(re.escape, sorted(forms)))})"
