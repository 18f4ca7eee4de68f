"""Decoders of JSON documents without a schema: any plain values, under the names that objects have."""

from collections.abc import Sequence
from typing import Any

from capture_forwarder.payloads.compiled_json import check_names, check_names_of_each
from capture_forwarder.payloads.compiled_types import ODD_NAMES, Names, PayloadDecoder, Rows
from capture_forwarder.payloads.large_json import OfOneKind, rows_of_one_kind
from capture_forwarder.payloads.learned_lists import SCALAR, Lists, Scalars, are_many, decoder_of
from capture_forwarder.payloads.placement import ORDERED_KEYS, Placement, RowForm
from capture_forwarder.payloads.tensors import HEADER_KEYS

_MAX_NAME = 1024


def learned_json_decoder(placement: Placement, *, is_answer: bool, is_lines: bool = False) -> PayloadDecoder | None:
    """Return a decoder of one JSON document, or of one a line; `None` if only the plain path can read them."""
    if placement.form is RowForm.OBJECT:
        objects = _Objects(placement, is_answer=is_answer, is_lines=is_lines)
        return PayloadDecoder(objects.read, objects.read_each)
    if placement.form is RowForm.VALUES:
        lists = Lists(placement, is_answer=is_answer, is_lines=is_lines)
        return PayloadDecoder(lists.read, lists.read_each)
    # Bare values, and those under an ordered key, are several rows or one, as their types say.
    is_unsure = placement.rows_key is None or placement.rows_key in ORDERED_KEYS
    if placement.form is not RowForm.VALUE or is_unsure:
        return None
    return PayloadDecoder.of(Scalars(placement, is_answer=is_answer).read)


class _Objects:
    """Reads objects."""

    def __init__(self, placement: Placement, *, is_answer: bool, is_lines: bool) -> None:
        self._rows = decoder_of(placement, dict[str, SCALAR], is_lines=is_lines)
        self._placement = placement
        self._is_lines = is_lines
        self._names_around = int(placement.rows_key is not None)
        self._odd_names = ODD_NAMES if is_answer else frozenset[str]()
        # The names of the last rows.
        self._names: Names | None = None

    def read(self, text: str) -> Rows:
        """Return names and values of all rows. Raises one of `REFUSED`."""
        if are_many(text, text.count("{")):
            found = rows_of_one_kind(text, self._placement, self._rows_of_piece, is_lines=self._is_lines)
            check_names(text, self._names_around + len(found[0]) * len(found[1]))
            return found
        rows = self._rows.decode(text)
        names = self._names_of(rows)
        check_names(text, self._names_around + len(names) * len(rows))
        return names, [tuple(row.values()) for row in rows]

    def read_each(self, texts: Sequence[str]) -> Rows:
        """Return names and values of one row of each text. Raises one of `REFUSED`."""
        rows = self._rows.decode_each(texts)
        names = self._names_of(rows)
        check_names_of_each(texts, self._names_around + len(names))
        return names, [tuple(row.values()) for row in rows]

    def _rows_of_piece(self, piece: str) -> OfOneKind:
        rows = self._rows.decode_piece(piece)
        return self._names_of(rows), [tuple(row.values()) for row in rows], None

    def _names_of(self, rows: list[dict[str, Any]]) -> Names:
        """Return the names of all rows. Raises `ValueError` if they differ, or mean more than a value."""
        names = self._names
        if not rows or tuple(rows[0]) != names:
            names = self._checked(tuple(rows[0]) if rows else ())
        if not all(map(names.__eq__, map(tuple, rows))):
            raise ValueError("rows of different names")
        self._names = names
        return names

    def _checked(self, names: Names) -> Names:
        if not names:
            raise ValueError("no rows, or rows without values")
        if not self._odd_names.isdisjoint(names) or HEADER_KEYS.issubset(names) or len(max(names, key=len)) > _MAX_NAME:
            raise ValueError("names with a meaning, or too long")
        return names
