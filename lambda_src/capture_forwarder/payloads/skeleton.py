"""The skeleton of a JSON document: its names, the lengths of its lists and the kinds of its values.

Calls of one endpoint often have one skeleton. The plain path reads them alike, and only their values differ.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import Struct

from capture_forwarder.domain.values import JsonValue
from capture_forwarder.payloads.compiled_json import check_names
from capture_forwarder.payloads.compiled_types import Names, PayloadDecoder, Rows, named_struct

# Of a leaf: the places of its parents' parts, and the names among them.
Path = tuple[int, ...]
_MAX_DEPTH = 24
_PLAIN_NAME = re.compile(r'[^\s,:\]}"\\][^"\\\x00-\x1f]*+')


class Leaf(Struct, frozen=True, gc=False):
    """A value that holds no values, its path from the root, and the names of the objects on this path."""

    path: Path
    names: Names
    value: JsonValue

    @property
    def field(self) -> str:
        """The place of the value in the structs that decode the document."""
        return ".".join(f"f{place}" for place in self.path)


def leaves_of(document: JsonValue) -> list[Leaf]:
    """Return the values of a document in its order. Raises `ValueError` for one that is nested too deeply."""
    return list(_leaves(document, (), ()))


def _leaves(value: JsonValue, path: Path, names: Names) -> Iterator[Leaf]:
    if len(path) > _MAX_DEPTH:
        raise ValueError("a document that is nested too deeply")
    if isinstance(value, dict):
        for place, (name, part) in enumerate(value.items()):
            yield from _leaves(part, (*path, place), (*names, name))
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from _leaves(part, (*path, place), names)
    else:
        yield Leaf(path, names, value)


def with_values(document: JsonValue, values: Iterator[JsonValue]) -> JsonValue:
    """Return a document with the same skeleton and these values, in its order."""
    if isinstance(document, dict):
        return {name: with_values(part, values) for name, part in document.items()}
    if isinstance(document, list):
        return [with_values(part, values) for part in document]
    return next(values)


def key_of(value: JsonValue) -> int:
    """Return a number that documents with one skeleton share."""
    if isinstance(value, dict):
        return hash((*value, *map(key_of, value.values())))
    if isinstance(value, list):
        return hash((len(value), *map(key_of, value)))
    return hash(float if isinstance(value, int | float) and not isinstance(value, bool) else type(value))


def skeleton_decoder(
    document: JsonValue, types: Iterator[Any], fields: Sequence[Sequence[str]], names: Names
) -> PayloadDecoder:
    """Return a decoder of documents with the skeleton of `document`.

    `types` are those of its values, in its order. `fields` are the places of the values of each row, in the order of
    `names`. The decoder raises one of `REFUSED` for all other documents.
    """
    decode: Callable[[str], Any] = msgspec.json.Decoder(_type_of(document, types, {})).decode
    get = attrgetter(*(field for row in fields for field in row))
    width, marks = len(names), [_mark(name) for name in _names(document)]
    expected = len(marks)
    is_value = width * len(fields) == 1
    starts = [place * width for place in range(len(fields))]

    def read(text: str) -> Rows:
        values = get(decode(text))
        if text.count(":") != expected:
            check_names(text, expected)
        end = 0
        for mark in marks:
            end = text.find(mark, end) + 1
            if not end:
                raise ValueError("names in another order")
        if is_value:
            return names, [(values,)]
        return names, [values] if len(starts) == 1 else [values[start : start + width] for start in starts]

    return PayloadDecoder.of(read)


def _names(value: JsonValue) -> Iterator[str]:
    """Yield the names of all objects in the order of the text."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield name
            yield from _names(part)
    elif isinstance(value, list):
        for part in value:
            yield from _names(part)


def _mark(name: str) -> str:
    """Return a name as it stands in a text. Raises `ValueError` for a name that could stand anywhere else.

    A quote inside a text has a backslash before it, so this never lies in a text. After the quote that ends a text
    comes one of the characters that the pattern excludes.
    """
    if not _PLAIN_NAME.fullmatch(name):
        raise ValueError("an odd name")
    return f'"{name}":'


def _type_of(value: JsonValue, types: Iterator[Any], known: dict[Any, Any]) -> Any:
    """Return the type of a part of the document; equal parts share their type."""
    if not isinstance(value, dict | list):
        return next(types)
    parts = value.values() if isinstance(value, dict) else value
    found = tuple(_type_of(part, types, known) for part in parts)
    names = tuple(value) if isinstance(value, dict) else None
    key = (names, found)
    if key not in known:
        known[key] = named_struct(names or ("",) * len(found), found, ordered=names is None)
    return known[key]
