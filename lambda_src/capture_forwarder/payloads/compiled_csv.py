"""Typed decoders of CSV: cells become a JSON array of texts, which msgspec converts to the types of the attributes."""

import re
from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import astuple

from capture_forwarder.domain.schema import Attribute, ValueType
from capture_forwarder.payloads.compiled_types import (
    TYPES,
    PayloadDecoder,
    Values,
    are_texts,
    is_large,
    row_struct,
)
from capture_forwarder.payloads.documents import cut_lines
from capture_forwarder.payloads.lazy import LARGE_CHARS, rows_of_pieces
from capture_forwarder.payloads.not_csv import why_not_csv
from capture_forwarder.payloads.placement import Placement, RowForm

# msgspec reads an integer written as `9007199254740993.0` through a float, so larger ones are left to the plain path.
# Options of the route decide of empty text.
_CSV_TYPES = {
    value_type: Annotated[str, Meta(min_length=1)] if type_ is str else type_ for value_type, type_ in TYPES.items()
} | {ValueType.INTEGER: Annotated[int, Meta(gt=-(2**53), lt=2**53)]}
_PIECE_CHARS = 100_000
# The headers that Hugging Face's toolkit demands.
_DEMANDED = ("inputs", "question,context")
# Printed objects and bytes of Python, text that was binary, and no text.
_ODD_STARTS = frozenset({"<", "b", "\ufffd", ""})
# Text cells with space around them, of which the options of the route and the type decide.
_ODD_CELL = re.compile(r"(?:^|,)\s|\s(?:,|$)", re.MULTILINE)
_COMMA, _LINE_END, _NEXT_ROW = '","', "\n", '"],["'


def csv_decoder(placement: Placement, attributes: tuple[Attribute, ...]) -> PayloadDecoder | None:
    """Return a decoder that reads cells as a JSON array of texts; msgspec converts these to the types.

    One column of texts is left to the plain path, because a blank row is no row there.
    """
    if placement.form is not RowForm.VALUES or (len(attributes) == 1 and are_texts(attributes)):
        return None
    row_type = row_struct(attributes, ordered=True, types=_CSV_TYPES)
    decode_row = msgspec.json.Decoder(row_type, strict=False).decode
    decode_rows = msgspec.json.Decoder(list[row_type], strict=False).decode  # type: ignore[valid-type]  # made at run time

    def decode_piece(text: str) -> list[Struct]:
        return decode_rows(_as_json(text.removesuffix("\n")))

    all_texts = are_texts(attributes)
    has_texts = any(TYPES[attribute.value_type] is str for attribute in attributes)

    def read(text: str) -> Sequence[Values]:
        if '"' in text or "\\" in text:  # JSON text cannot hold the other line ends unescaped
            raise ValueError("cells that have to be unquoted")
        text = text.rstrip("\n")
        if has_texts and not _is_plain(text) and not _is_read_alike(text):
            raise ValueError("cells with space around them or with brackets")
        if all_texts and ("\n" in text or text in _DEMANDED):
            raise ValueError("a first line that may be names")
        if "\n" not in text:
            return [astuple(decode_row(f'["{text.replace(",", _COMMA)}"]'))]
        if len(text) > LARGE_CHARS and is_large(text, text.count("\n"), len(attributes)):
            pieces = [(start, end, len(decode_piece(text[start:end]))) for start, end in cut_lines(text)]
            return rows_of_pieces(text, pieces, lambda piece: list(map(astuple, decode_piece(piece))))
        return [astuple(row) for piece in _pieces(text) for row in decode_rows(_as_json(piece))]

    return read


def _is_plain(text: str) -> bool:
    """Tell whether the plain path surely reads a text with these cells: no printed values, other delimiters or space.

    Single characters are found fastest one after the other. JSON text cannot hold tabs and other control characters.
    """
    return (
        text.isascii()
        and " " not in text
        and "[" not in text
        and "(" not in text
        and "{" not in text
        and ";" not in text
        and text[:1] not in _ODD_STARTS
    )


def _is_read_alike(text: str) -> bool:
    """Tell the same of any text, with regular expressions."""
    if "[" in text or "(" in text or "{" in text or "\ufeff" in text or text[:1] in _ODD_STARTS:
        return False
    return _ODD_CELL.search(text) is None and why_not_csv(text, None, "") is None


def _as_json(text: str) -> str:
    """Return CSV without quotes and backslashes as a JSON array of arrays of text."""
    return f'[["{text.replace(",", _COMMA).replace(_LINE_END, _NEXT_ROW)}"]]'


def _pieces(text: str) -> list[str]:
    """Cut a large text at line ends: pieces that fit into a processor's cache are read faster and take less memory."""
    pieces, start = [], 0
    while (end := text.find("\n", start + _PIECE_CHARS)) >= 0:
        pieces.append(text[start:end])
        start = end + 1
    return [*pieces, text[start:]]
