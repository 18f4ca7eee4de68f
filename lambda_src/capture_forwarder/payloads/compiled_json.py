"""Typed decoders of JSON documents."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct, defstruct
from msgspec.structs import astuple

from capture_forwarder.domain.converters import typed
from capture_forwarder.domain.schema import Attribute, ValueType
from capture_forwarder.payloads.compiled_types import (
    TYPES,
    Names,
    PayloadDecoder,
    Rows,
    Values,
    are_texts,
    is_large,
    only_rows,
    row_struct,
)
from capture_forwarder.payloads.error_bodies import is_error_body
from capture_forwarder.payloads.large_json import rows_of_lines, rows_of_list
from capture_forwarder.payloads.lazy import LARGE_CHARS
from capture_forwarder.payloads.placement import ORDERED_KEYS, Placement, RowForm
from capture_forwarder.payloads.tensors import TENSOR_KEYS

RowValues = Callable[[Any], Values]
_TYPES = {**TYPES, ValueType.TIMESTAMP: str}
_OR_NULL = {value_type: type_ | None for value_type, type_ in _TYPES.items()}
_SPACE_BEFORE_COLON = re.compile(r'"\s+:')


def json_decoder(
    placement: Placement, attributes: tuple[Attribute, ...], *, is_lines: bool = False
) -> PayloadDecoder | None:
    """Return a decoder of one JSON document, or of one a line; `None` if only the plain path can read them."""
    if any(attribute.value_type not in _TYPES for attribute in attributes):
        return None
    row_type = _row_type(placement, attributes)
    if row_type is None:
        return None
    if placement.values_key:
        row_type = object_type(placement.values_key, row_type)
    names = tuple(attribute.name for attribute in attributes)
    count = len(attributes) if placement.form is RowForm.OBJECT else int(placement.values_key is not None)
    values = _values_of_row(placement, attributes)
    if is_lines:
        return _rows_of_lines(row_type, values, names, count)
    if placement.single:
        return _one_row(row_type, values, names, count)
    return _list_of_rows(placement, row_type, values, names, count)


def lines_decoder(row_type: Any) -> Callable[[str], list[Any]]:
    """Return a decoder of JSON Lines: of every line that is not blank."""
    decode: Callable[[str], Any] = msgspec.json.Decoder(row_type).decode
    return lambda text: [decode(line) for line in text.split("\n") if line.strip()]


def _rows_of_lines(row_type: Any, values: RowValues, names: Names, count: int) -> PayloadDecoder:
    """Return the decoder of lines that are rows with `count` names in their text."""
    decode = lines_decoder(row_type)

    def rows_of(text: str) -> list[Values]:
        return list(map(values, decode(text)))

    def read(text: str) -> Rows:
        are_many = len(text) > LARGE_CHARS and is_large(text, text.count("\n"), len(names))
        rows = rows_of_lines(text, rows_of) if are_many else rows_of(text)
        check_names(text, count * len(rows))
        return names, rows

    return PayloadDecoder.of(read)


def _one_row(row_type: Any, values: RowValues, names: Names, count: int) -> PayloadDecoder:
    """Return the decoder of a document that is one row, with `count` names in its text."""
    decode: Callable[[str], Any] = msgspec.json.Decoder(row_type).decode

    def read(text: str) -> Rows:
        row = values(decode(text))
        if text.count(":") != count:
            check_names(text, count)
        return names, [row]

    def read_each(texts: Sequence[str]) -> Rows:
        rows = list(map(values, map(decode, texts)))
        check_names_of_each(texts, count)
        return names, rows

    return PayloadDecoder(read, read_each)


def _list_of_rows(placement: Placement, row_type: Any, values: RowValues, names: Names, count: int) -> PayloadDecoder:
    """Return the decoder of a list of rows, each with `count` names in its text; a key may hold the list."""
    list_type: Any = list[row_type]
    decode_list: Callable[[str], list[Any]] = msgspec.json.Decoder(list_type).decode
    decode: Callable[[str], Any] = decode_list
    if placement.rows_key:
        decode = msgspec.json.Decoder(object_type(placement.rows_key, list_type)).decode
    is_wrapped = placement.rows_key is not None
    count_around, count_of_one = int(is_wrapped), int(is_wrapped) + count

    def read(text: str) -> Rows:
        if len(text) > LARGE_CHARS and is_large(text, _row_count(text, placement), len(names)):
            lazy_rows = rows_of_list(text, placement.rows_key, lambda piece: list(map(values, decode_list(piece))))
            check_names(text, count_around + count * len(lazy_rows))
            return names, lazy_rows
        rows = decode(text).wrapped if is_wrapped else decode(text)
        if len(rows) == 1:
            if text.count(":") != count_of_one:
                check_names(text, count_of_one)
            return names, [values(rows[0])]
        check_names(text, count_around + count * len(rows))
        return names, list(map(values, rows))

    def read_each(texts: Sequence[str]) -> Rows:
        found = [document.wrapped for document in map(decode, texts)] if is_wrapped else map(decode, texts)
        rows = list(map(values, only_rows(found)))
        check_names_of_each(texts, count_of_one)
        return names, rows

    return PayloadDecoder(read, read_each)


def check_names_of_each(texts: Sequence[str], expected: int) -> None:
    """Check the names of each text as `check_names` does. No text has fewer, because all of its names are required."""
    if "".join(texts).count(":") != expected * len(texts):
        for text in texts:
            check_names(text, expected)


def check_names(text: str, expected: int) -> None:
    """Raise `ValueError` if an object of `text` may have a name twice; `expected` counts its different names.

    Every name is followed by a colon. Where texts hold colons too, a quote stands before those of names.
    """
    if text.count(":") == expected:
        return
    if text.count('":') != expected or _SPACE_BEFORE_COLON.search(text):
        raise ValueError("a name may occur twice in an object")


def _row_count(text: str, placement: Placement) -> int:
    return text.count(",") if placement.form is RowForm.VALUE else text.count("[") + text.count("{")


def _values_of_row(placement: Placement, attributes: tuple[Attribute, ...]) -> RowValues:
    values: RowValues = (lambda row: astuple(row.wrapped)) if placement.values_key else astuple
    if placement.form is RowForm.VALUE:
        values = _one_value
    times = [place for place, one in enumerate(attributes) if one.value_type is ValueType.TIMESTAMP]
    return (lambda row: _with_times(values(row), times)) if times else values


def _with_times(values: Values, places: list[int]) -> Values:
    """Return values with timestamps in one form. Raises `ValueError` for text that is no timestamp."""
    changed = list(values)
    for place in places:
        changed[place] = typed(changed[place], ValueType.TIMESTAMP)
    return changed


def _one_value(value: Any) -> Values:
    if type(value) is str and is_error_body(value):
        raise ValueError("a text that may be an error")
    return (value,)


def _row_type(placement: Placement, attributes: tuple[Attribute, ...]) -> Any:
    """Return the type of one row, or `None` where a document of this type could also have another placement."""
    if placement.form is RowForm.VALUES:
        # A bare list of texts is several rows, a bare list of anything else is one.
        is_unsure = placement.single and are_texts(attributes)
        return None if is_unsure else row_struct(attributes, ordered=True, types=_TYPES)
    if placement.form is RowForm.VALUE:
        # Bare values, and those under an ordered key, are several rows or one, as their types say.
        is_unsure = placement.rows_key is None or placement.rows_key in ORDERED_KEYS
        return None if is_unsure or len(attributes) > 1 else _TYPES[attributes[0].value_type]
    if placement.form is RowForm.OBJECT:
        is_unsure = {attribute.name for attribute in attributes} >= TENSOR_KEYS
        return None if is_unsure else row_struct(attributes, ordered=False, types=_OR_NULL)
    return None


def object_type(key: str, value_type: Any) -> type[Struct]:
    """Return a struct with one key only."""
    return defstruct("Object", [("wrapped", value_type)], rename={"wrapped": key}, forbid_unknown_fields=True, gc=False)
