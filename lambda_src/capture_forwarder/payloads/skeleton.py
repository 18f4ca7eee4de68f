"""The skeleton of a JSON document: its names, the lengths of its lists and the kinds of its values.

Calls of one endpoint often have one skeleton. The plain path reads them alike, and only their values differ.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import Struct

from capture_forwarder.domain.values import JsonValue
from capture_forwarder.payloads.compiled_types import Names, PayloadDecoder, Rows, named_struct

# Of a leaf: the places of its parents' parts, and the names among them.
Path = tuple[int, ...]
_MAX_DEPTH = 24
NO_STRING = r'[^"]*+'
_TEXT = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'


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
    has_order = re.compile(_strings_pattern(document)).fullmatch
    width = len(names)
    is_value = width * len(fields) == 1
    starts = [place * width for place in range(len(fields))]

    def read(text: str) -> Rows:
        values = get(decode(text))
        if not has_order(text):
            raise ValueError("names in another order")
        if is_value:
            return names, [(values,)]
        return names, [values] if len(starts) == 1 else [values[start : start + width] for start in starts]

    def read_each(texts: Sequence[str]) -> Rows:
        if len(starts) != 1 or not all(map(has_order, texts)):
            raise ValueError("several rows in a text, or names in another order")
        found = map(get, map(decode, texts))
        return names, [(value,) for value in found] if is_value else list(found)

    return PayloadDecoder(read, read_each)


def _strings_pattern(document: JsonValue) -> str:
    """Return a pattern of all strings of documents with this skeleton: the names in their order, and any texts.

    A document of the right types has every name at least once. If it matches, it has no string beside these, so it has
    no name twice.
    """
    return "".join(map(string_pattern, _strings(document))) + NO_STRING


def string_pattern(name: str | None) -> str:
    """Return a pattern of the next string of a document: a name, or for `None` any text."""
    return NO_STRING + (_TEXT if name is None else f'"(?:{_spellings(name)})"')


def _strings(value: JsonValue) -> Iterator[str | None]:
    """Yield the strings of a document in its order: each name, and `None` for a value."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield name
            yield from _strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)
    elif isinstance(value, str):
        yield None


def _spellings(name: str) -> str:
    """Return a pattern of a name as libraries write it: as it is, or in ASCII."""
    written = {json.dumps(name, ensure_ascii=ascii_only)[1:-1] for ascii_only in (False, True)}
    return "|".join(map(re.escape, sorted(written)))


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
