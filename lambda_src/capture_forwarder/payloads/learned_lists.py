"""Decoders of lists of JSON without a schema: their values are numbers, texts or any scalars, and named in order."""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from capture_forwarder.payloads.compiled_json import check_names, check_names_of_each, lines_decoder, object_type
from capture_forwarder.payloads.compiled_types import (
    INT64,
    Names,
    Rows,
    is_large,
    only_rows,
)
from capture_forwarder.payloads.error_bodies import TRACEBACK
from capture_forwarder.payloads.large_json import OfOneKind, rows_of_one_kind
from capture_forwarder.payloads.lazy import LARGE_CHARS
from capture_forwarder.payloads.placement import Placement

_NUMBER = INT64 | float
SCALAR = None | bool | INT64 | float | str
_NUMBERS = frozenset({int, float})
_TEXTS = frozenset({str})
Decode = Callable[[str], Any]


class RowsDecoder(Struct, frozen=True):
    """Decodes rows: `decode` all rows of a text, `decode_each` the only row of each of several texts.

    `decode_piece` decodes those of a JSON array, or of lines.
    """

    decode: Callable[[str], list[Any]]
    decode_each: Callable[[Iterable[str]], list[Any]]
    decode_piece: Callable[[str], list[Any]]


def decoder_of(placement: Placement, row_type: Any, *, is_lines: bool = False) -> RowsDecoder:
    """Return a decoder of rows; keys may hold their list, and the values of a row."""
    if placement.values_key:
        row_type = object_type(placement.values_key, row_type)
    decode_piece = lines_decoder(row_type) if is_lines else msgspec.json.Decoder(list[row_type]).decode
    if placement.single and not is_lines:
        decode_one: Decode = msgspec.json.Decoder(row_type).decode
        return RowsDecoder(lambda text: [decode_one(text)], lambda texts: list(map(decode_one, texts)), decode_piece)
    if placement.rows_key and not is_lines:
        decode_object: Decode = msgspec.json.Decoder(object_type(placement.rows_key, list[row_type])).decode
        return RowsDecoder(
            lambda text: decode_object(text).wrapped,
            lambda texts: only_rows(document.wrapped for document in map(decode_object, texts)),
            decode_piece,
        )
    return RowsDecoder(decode_piece, lambda texts: only_rows(map(decode_piece, texts)), decode_piece)


@lru_cache(256)
def ordered_names(stem: str, width: int) -> Names:
    """Return the names of so many ordered values: `{stem}_0`, `{stem}_1`, ..."""
    return tuple(f"{stem}_{place}" for place in range(width))


def stem_of(*, is_answer: bool) -> str:
    """Return the beginning of the names of ordered values of one side."""
    return "prediction" if is_answer else "feature"


def are_many(text: str, row_count: int) -> bool:
    """Tell whether the rows of a text have to be made when they are read."""
    return len(text) > LARGE_CHARS and is_large(text, row_count, text.count(",") // (row_count or 1))


class Scalars:
    """Reads a list of plain values under a key: numbers, or texts."""

    def __init__(self, placement: Placement, *, is_answer: bool) -> None:
        self._rows = decoder_of(placement, _NUMBER | str)
        self._placement = placement
        self._names = ordered_names(stem_of(is_answer=is_answer), 1)

    def read(self, text: str) -> Rows:
        """Return names and values of all rows. Raises one of `REFUSED`."""
        check_names(text, 1)
        if TRACEBACK in text:
            raise ValueError("texts that may be errors")
        if are_many(text, text.count(",")):
            return rows_of_one_kind(text, self._placement, self._rows_of_piece, is_lines=False)
        names, rows, _ = self._rows_of(self._rows.decode(text))
        return names, rows

    def _rows_of_piece(self, piece: str) -> OfOneKind:
        return self._rows_of(self._rows.decode_piece(piece))

    def _rows_of(self, values: list[Any]) -> OfOneKind:
        types = {*map(type, values)}
        if types != _TEXTS and not types <= _NUMBERS:
            raise ValueError("values of several kinds")
        return self._names, [(value,) for value in values], types == _TEXTS


class Lists:
    """Reads lists of ordered values."""

    def __init__(self, placement: Placement, *, is_answer: bool, is_lines: bool) -> None:
        # A bare list of texts is several rows, a bare list of numbers is one.
        value_type: Any = _NUMBER if placement.single else SCALAR
        self._rows = decoder_of(placement, Annotated[list[value_type], Meta(min_length=1)], is_lines=is_lines)
        self._placement = placement
        self._is_lines = is_lines
        self._has_key = placement.values_key is not None
        self._names_around = int(placement.rows_key is not None)
        self._is_answer = is_answer
        self._stem = stem_of(is_answer=is_answer)

    def read(self, text: str) -> Rows:
        """Return names and values of all rows. Raises one of `REFUSED`."""
        if are_many(text, text.count("[")):
            found = rows_of_one_kind(text, self._placement, self._rows_of_piece, is_lines=self._is_lines)
            check_names(text, self._names_around + self._has_key * len(found[1]))
            return found
        rows = self._unwrapped(self._rows.decode(text))
        check_names(text, self._names_around + self._has_key * len(rows))
        if len(rows) > 1:
            self._check(rows)
        elif not rows:
            raise ValueError("no rows")
        return ordered_names(self._stem, len(rows[0])), rows

    def read_each(self, texts: Sequence[str]) -> Rows:
        """Return names and values of one row of each text. Raises one of `REFUSED`."""
        rows = self._unwrapped(self._rows.decode_each(texts))
        check_names_of_each(texts, self._names_around + self._has_key)
        width = len(rows[0])
        if any(len(row) != width for row in rows):
            raise ValueError("rows of several widths")
        return ordered_names(self._stem, width), rows

    def _rows_of_piece(self, piece: str) -> OfOneKind:
        rows = self._unwrapped(self._rows.decode_piece(piece))
        self._check(rows)
        first = rows[0]
        return ordered_names(self._stem, len(first)), rows, self._is_answer and type(first[0]) is str

    def _unwrapped(self, rows: list[Any]) -> list[Any]:
        return [row.wrapped for row in rows] if self._has_key else rows

    def _check(self, rows: list[list[Any]]) -> None:
        """Raise `ValueError` for rows of several widths, and for those of an answer that may be columns."""
        if len(set(map(len, rows))) > 1:
            raise ValueError("rows of several widths")
        if self._is_answer:
            types = {type(row[0]) for row in rows}
            if types != _TEXTS and not types <= _NUMBERS:
                raise ValueError("rows that may be columns")
