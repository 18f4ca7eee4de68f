"""Typed decoders of payloads, compiled from how a payload was read and from the attributes of its rows.

A decoder accepts a text only if the plain path reads it with the same placement and makes the same values. It refuses
every other text: a quoted or empty cell, a value of another type, another layout.
"""

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, defstruct
from msgspec.structs import astuple

from capture_forwarder.domain.capture import Media
from capture_forwarder.domain.schema import Attribute, ValueType
from capture_forwarder.payloads.documents import UNREADABLE, cut_lines
from capture_forwarder.payloads.elements import lists_in, pieces_of
from capture_forwarder.payloads.error_bodies import is_error_body
from capture_forwarder.payloads.lazy import LARGE_CHARS, rows_of_pieces
from capture_forwarder.payloads.media import UTF_8
from capture_forwarder.payloads.placement import ORDERED_KEYS, PayloadReading, Placement, RowForm
from capture_forwarder.payloads.tensors import TENSOR_KEYS

# A decoder raises one of these when it refuses a text.
REFUSED = UNREADABLE

Values = tuple[Any, ...]
# Returns the values of every row, in the order of the attributes.
PayloadDecoder = Callable[[str], Sequence[Values]]

_LARGEST = sys.float_info.max
# Bounds keep out NaN and infinity, and integers of more than 64 bits. Timestamps are missing: they are rewritten.
_TYPES: dict[ValueType, Any] = {
    ValueType.FLOAT: Annotated[float, Meta(ge=-_LARGEST, le=_LARGEST)],
    ValueType.INTEGER: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)],
    ValueType.BOOLEAN: bool,
    ValueType.STRING: str,
    ValueType.IMAGE: str,
    ValueType.UNSTRUCTURED_TEXT: str,
}
# msgspec reads an integer written as `9007199254740993.0` through a float, so larger ones are left to the plain path.
_CSV_TYPES = _TYPES | {ValueType.INTEGER: Annotated[int, Meta(gt=-(2**53), lt=2**53)]}
_PIECE_CHARS = 100_000
# What a row and each of its values take as objects, and what the rows of a text may take before they are read lazily.
_ROW_BYTES, _VALUE_BYTES = 350, 45
_MIN_LARGE_BYTES, _LARGE_TIMES = 4_000_000, 6
_SPACE_BEFORE_COLON = re.compile(r'"\s+:')
# In text cells: brackets, other delimiters and what else the plain path does not read as text of a cell.
_ODD_CHARS = ("[", "(", "{", ";", "\t", "|", "b'", "\ufffd")
# The headers that Hugging Face's toolkit demands.
_DEMANDED = ("inputs", "question,context")
# Text cells of nothing or with space around them, of which the options of the route and the type decide.
_ODD_CELL = re.compile(r"(?:^|,)(?:\s|,|$)|\s(?:,|$)", re.MULTILINE)
_COMMA, _LINE_END, _NEXT_ROW = '","', "\n", '"],["'


def compile_payload(reading: PayloadReading, attributes: tuple[Attribute, ...]) -> PayloadDecoder | None:
    """Return the decoder of payloads that are read like `reading`, or `None` if only the plain path can read them.

    A row has a value for each of `attributes`, in order or by name.
    """
    body, placement = reading.body, reading.placement
    if not body.declared or body.charset not in UTF_8 or not attributes:
        return None
    if any(attribute.value_type not in _TYPES for attribute in attributes):
        return None
    compile_text = {Media.CSV: _csv_decoder, Media.JSON: _json_decoder}.get(body.media)
    decoder = compile_text(placement, attributes) if compile_text else None
    return _base64_decoder(decoder) if decoder and body.base64 else decoder


def row_struct(
    attributes: tuple[Attribute, ...], *, ordered: bool, types: Mapping[ValueType, Any] = _TYPES
) -> type[Struct]:
    """Return a struct of exactly these attributes, all required: an array of values in order, or an object of names.

    A model's names need not be valid in Python, so fields are numbered, and renamed.
    """
    fields = [(f"f{place}", types[attribute.value_type]) for place, attribute in enumerate(attributes)]
    names = {f"f{place}": attribute.name for place, attribute in enumerate(attributes)}
    return defstruct(
        "Row", fields, array_like=ordered, forbid_unknown_fields=True, gc=False, rename=None if ordered else names
    )


def _are_texts(attributes: tuple[Attribute, ...]) -> bool:
    """Tell whether every attribute accepts any text."""
    return all(_TYPES[attribute.value_type] is str for attribute in attributes)


def _csv_decoder(placement: Placement, attributes: tuple[Attribute, ...]) -> PayloadDecoder | None:
    """Return a decoder that reads cells as a JSON array of texts; msgspec converts these to the types.

    One column of texts is left to the plain path, because a blank row is no row there.
    """
    if placement.form is not RowForm.VALUES or (len(attributes) == 1 and _are_texts(attributes)):
        return None
    row_type = row_struct(attributes, ordered=True, types=_CSV_TYPES)
    decode_row = msgspec.json.Decoder(row_type, strict=False).decode
    decode_rows = msgspec.json.Decoder(list[row_type], strict=False).decode  # type: ignore[valid-type]  # made at run time

    def decode_piece(text: str) -> list[Struct]:
        return decode_rows(_as_json(text.removesuffix("\n")))

    are_texts = _are_texts(attributes)
    has_texts = any(_TYPES[attribute.value_type] is str for attribute in attributes)

    def read(text: str) -> Sequence[Values]:
        if '"' in text or "\\" in text:  # JSON text cannot hold the other line ends unescaped
            raise ValueError("cells that have to be unquoted")
        text = text.rstrip("\n")
        if has_texts and _has_odd_cells(text):
            raise ValueError("cells of nothing, with space around them, or with brackets")
        if are_texts and ("\n" in text or text in _DEMANDED):
            raise ValueError("a first line that may be names")
        if "\n" not in text:
            return [astuple(decode_row(f'["{text.replace(",", _COMMA)}"]'))]
        if len(text) > LARGE_CHARS and _is_large(text, text.count("\n"), len(attributes)):
            pieces = [(start, end, len(decode_piece(text[start:end]))) for start, end in cut_lines(text)]
            return rows_of_pieces(text, pieces, lambda piece: list(map(astuple, decode_piece(piece))))
        return [astuple(row) for piece in _pieces(text) for row in decode_rows(_as_json(piece))]

    return read


def _has_odd_cells(text: str) -> bool:
    """Tell whether a cell is empty or has space around it. Most texts are recognised without a regular expression."""
    if any(odd in text for odd in _ODD_CHARS):
        return True
    is_plain = " " not in text and ",," not in text and ",\n" not in text and "\n," not in text
    if is_plain and text.isascii() and text[:1] != "," and text[-1:] != ",":
        return False
    return _ODD_CELL.search(text) is not None


def _is_large(text: str, row_count: int, width: int) -> bool:
    """Tell whether all rows of `text` together, of `width` values, would take much more memory than the text."""
    return row_count * (_ROW_BYTES + width * _VALUE_BYTES) > _MIN_LARGE_BYTES + _LARGE_TIMES * len(text)


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


def _json_decoder(placement: Placement, attributes: tuple[Attribute, ...]) -> PayloadDecoder | None:
    row_type = _row_type(placement, attributes)
    if row_type is None:
        return None
    if placement.values_key:
        row_type = _object_type(placement.values_key, row_type)
    names_of_row = len(attributes) if placement.form is RowForm.OBJECT else int(placement.values_key is not None)
    names_around = int(placement.rows_key is not None)
    document_type: Any = row_type if placement.single else list[row_type]  # type: ignore[valid-type]  # made at run time
    if placement.rows_key:
        document_type = _object_type(placement.rows_key, document_type)
    decode: Callable[[str], Any] = msgspec.json.Decoder(document_type).decode
    values = _values_of_row(placement)
    if placement.single:

        def read_single(text: str) -> Sequence[Values]:
            row = values(decode(text))
            _check_names(text, names_of_row)
            return [row]

        return read_single
    decode_rows = (lambda text: decode(text).wrapped) if placement.rows_key else decode

    decode_list: Callable[[str], list[Any]] = msgspec.json.Decoder(list[row_type]).decode  # type: ignore[valid-type]  # as above

    def read(text: str) -> Sequence[Values]:
        if len(text) > LARGE_CHARS and _is_large(text, _row_count(text, placement), len(attributes)):
            lazy_rows = _read_large_list(text, placement, decode_list)
            _check_names(text, names_around + names_of_row * len(lazy_rows))
            return lazy_rows
        rows = decode_rows(text)
        _check_names(text, names_around + names_of_row * len(rows))
        return [values(rows[0])] if len(rows) == 1 else list(map(values, rows))

    return read


def _check_names(text: str, expected: int) -> None:
    """Raise `ValueError` if an object of `text`, which has `expected` different names, may have a name twice.

    Every name is followed by a colon. Where texts hold colons too, a quote stands before those of names.
    """
    if text.count(":") == expected:
        return
    if text.count('":') != expected or _SPACE_BEFORE_COLON.search(text):
        raise ValueError("a name may occur twice in an object")


def _row_count(text: str, placement: Placement) -> int:
    return text.count(",") if placement.form is RowForm.VALUE else text.count("[") + text.count("{")


def _read_large_list(text: str, placement: Placement, decode: Callable[[str], list[Any]]) -> Sequence[Values]:
    """Return rows that are made when they are read. Raises `ValueError` if the document holds anything else."""
    values = _values_of_row(placement)
    for found in lists_in(text):
        if found.key == placement.rows_key and found.document in ([], {found.key: []}):
            pieces = list(pieces_of(text, found, lambda piece: decode(f"[{piece}]")))
            return rows_of_pieces(text, pieces, lambda piece: list(map(values, decode(f"[{piece}]"))))
    raise ValueError("not a list of rows alone")


def _values_of_row(placement: Placement) -> Callable[[Any], Values]:
    if placement.form is RowForm.VALUE:
        return _one_value
    return (lambda row: astuple(row.wrapped)) if placement.values_key else astuple


def _one_value(value: Any) -> Values:
    if type(value) is str and is_error_body(value):
        raise ValueError("a text that may be an error")
    return (value,)


def _row_type(placement: Placement, attributes: tuple[Attribute, ...]) -> Any:
    """Return the type of one row, or `None` where a document of this type could also have another placement."""
    if placement.form is RowForm.VALUES:
        # A bare list of texts is several rows, a bare list of anything else is one.
        is_unsure = placement.single and _are_texts(attributes)
        return None if is_unsure else row_struct(attributes, ordered=True)
    if placement.form is RowForm.VALUE:
        # Bare values, and those under an ordered key, are several rows or one, as their types say.
        is_unsure = placement.rows_key is None or placement.rows_key in ORDERED_KEYS
        return None if is_unsure or len(attributes) > 1 else _TYPES[attributes[0].value_type]
    if placement.form is RowForm.OBJECT:
        is_unsure = {attribute.name for attribute in attributes} >= TENSOR_KEYS
        return None if is_unsure else row_struct(attributes, ordered=False)
    return None


def _object_type(key: str, value_type: Any) -> type[Struct]:
    """Return a struct with one key only."""
    return defstruct("Object", [("wrapped", value_type)], rename={"wrapped": key}, forbid_unknown_fields=True, gc=False)


def _base64_decoder(decoder: PayloadDecoder) -> PayloadDecoder:
    """Return a decoder of BASE64: msgspec takes a third of the time of Python's, and is as strict.

    NUL, which makes the text binary, is not allowed in JSON text.
    """

    def read(data: str) -> Sequence[Values]:
        text = msgspec.convert(data, bytes).decode()
        if text.startswith("\ufeff"):
            raise ValueError  # a byte order mark, which the plain path removes
        return decoder(text)

    return read
