"""Text made into JSON documents.

msgspec reads almost every document. Python's `json` takes ten times as long and reads the others. It reads NaN,
Infinity and numbers that are too large for a float, as null, and it sees a name that an object has twice.
"""

import json
import re
from math import isfinite

import msgspec

from capture_forwarder.domain.values import JsonValue
from capture_forwarder.payloads.lazy import cut_lines

__all__ = [
    "UNREADABLE",
    "RepeatedName",
    "cut_lines",
    "parse_json",
    "parse_json_lines",
    "without_halves",
]

# A decoder raises one of these for a text that it cannot read.
UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError)
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
# An escape in a JSON string; half a surrogate pair is in the group.
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
# A colon that is written as an escape.
_MAY_BE_COLON = "\\u003"
# What msgspec refuses and `json` reads; a number that is too large has an error of its own.
_REASONS = ("NaN", "Infinity", "\\u")


class RepeatedName(ValueError):
    """An object has a name twice, so one of its values would be lost."""


def parse_json(text: str) -> JsonValue:
    """Return the document in `text`. NaN, Infinity and numbers that no float can hold are null.

    Raises `RepeatedName` if an object has a name twice, and another `ValueError` if the text is not one document.
    """
    try:
        document: JsonValue = _decode(text)
        colons = text.count(":")
        if not colons or (type(document) is dict and len(document) == colons) or _has_names(document, text, colons):
            return document
    except RecursionError as error:
        raise ValueError from error
    except (msgspec.DecodeError, ValueError) as error:
        if not _may_be_read(text, error):
            raise ValueError from error
    return _parse_slowly(text)


def _has_names(document: JsonValue, text: str, colons: int) -> bool:
    """Tell whether `document` surely has every name in `text`: each has a colon, and JSON text cannot hide one.

    Names of an object and of lists of objects are counted, because that is quick. Other documents are written again.
    """
    if type(document) is dict:
        names = len(document)
        for value in document.values():
            if type(value) is list and value and type(value[0]) is dict:
                names += _names_in(value)
    else:
        names = _names_in(document) if type(document) is list else 0
    return names == colons or (_MAY_BE_COLON not in text and _encode(document).count(b":") == colons)


def _names_in(elements: list[JsonValue]) -> int:
    """Return the number of names in a list of objects, and 0 for another list."""
    if len(elements) == 1:
        return len(elements[0]) if type(elements[0]) is dict else 0
    return sum(map(len, elements)) if {*map(type, elements)} == {dict} else 0  # type: ignore[arg-type]  # as tested


def _may_be_read(text: str, error: Exception) -> bool:
    """Tell whether `json` may read a text that msgspec refused with `error`."""
    return isinstance(error, msgspec.ValidationError) or any(mark in text for mark in _REASONS)


def _parse_slowly(text: str) -> JsonValue:
    try:
        return _read(without_halves(text))  # type: ignore[no-any-return]  # a decoder of JSON values
    except RecursionError as error:
        raise ValueError from error


def _object(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise RepeatedName
    return found


def _float(text: str) -> float | None:
    number = float(text)
    return number if isfinite(number) else None


_read = json.JSONDecoder(object_pairs_hook=_object, parse_float=_float, parse_constant=lambda _: None).decode


def without_halves(text: str) -> str:
    """Return JSON text with U+FFFD in place of each half of a surrogate pair."""
    return _ESCAPE.sub(lambda found: "\\ufffd" if found[1] else found[0], text) if "\\u" in text else text


def parse_json_lines(text: str) -> list[JsonValue]:
    """Return the document of every line that is not blank. Raises as `parse_json` if a line is not one document."""
    lines = [line for line in text.split("\n") if line.strip()]
    try:
        documents = list(map(_decode, lines))
        colons = text.count(":")
        if not colons or _has_names(documents, text, colons):
            return documents
    except UNREADABLE:
        pass
    return list(map(parse_json, lines))
