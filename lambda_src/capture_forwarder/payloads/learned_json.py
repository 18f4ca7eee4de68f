"""Decoders of JSON documents without a schema: any plain values, under the names that objects have.

Objects with the names of earlier ones, in the same order, become values in the order of these names, in half
of the time. Other objects become dictionaries.
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import astuple

from capture_forwarder.payloads.compiled_json import check_names
from capture_forwarder.payloads.compiled_types import (
    ODD_NAMES,
    REFUSED,
    Names,
    PayloadDecoder,
    Rows,
    named_struct,
)
from capture_forwarder.payloads.learned_lists import (
    SCALAR,
    Decode,
    Lists,
    Scalars,
    check_size,
    decoder_of,
)
from capture_forwarder.payloads.placement import ORDERED_KEYS, Placement, RowForm
from capture_forwarder.payloads.tensors import HEADER_KEYS

_MAX_NAME = 1024
# A pattern of many names takes long to compile. Callers choose names: limits keep hostile ones from filling the memory.
_MAX_LEARNED_NAMES = 200
_MAX_SHAPES = 16
# It takes long in long texts, too: dictionaries are as fast for them.
_MAX_CHARS_PER_NAME = 100
_MAX_SEEN = 64
_ENOUGH = 2
_TEXT = r'"(?:[^"\\]++|\\.)*+"'


def learned_json_decoder(placement: Placement, *, is_answer: bool, is_lines: bool = False) -> PayloadDecoder | None:
    """Return a decoder of one JSON document, or of one a line; `None` if only the plain path can read them."""
    if placement.form is RowForm.OBJECT:
        return _Objects(placement, is_answer=is_answer, is_lines=is_lines).read
    if placement.form is RowForm.VALUES:
        return Lists(placement, is_answer=is_answer, is_lines=is_lines).read
    # Bare values, and those under an ordered key, are several rows or one, as their types say.
    is_unsure = placement.rows_key is None or placement.rows_key in ORDERED_KEYS
    return None if placement.form is not RowForm.VALUE or is_unsure else Scalars(placement, is_answer=is_answer).read


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
        self._decode = decoder_of(placement, dict[str, SCALAR], is_lines=is_lines)
        self._names_around = int(placement.rows_key is not None)
        self._odd_names = ODD_NAMES if is_answer else frozenset[str]()
        self._shape: _Shape | None = None
        self._shapes: dict[Names, _Shape] = {}
        self._seen: Counter[Names] = Counter()

    def read(self, text: str) -> Rows:
        """Return names and values of all rows. Raises one of `REFUSED`."""
        check_size(text, text.count("{"))
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
                row_type = named_struct(names, [SCALAR] * len(names))
                match = re.compile(_pattern(names, self._placement)).fullmatch
                self._shapes[names] = self._shape = _Shape(
                    names, decoder_of(self._placement, row_type, is_lines=self._is_lines), match
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
