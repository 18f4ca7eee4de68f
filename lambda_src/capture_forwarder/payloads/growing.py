"""Decoders of documents whose lists grow with the number of rows of a call: frames, columns, tensors."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import repeat
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import Struct

from capture_forwarder.domain.values import JsonValue
from capture_forwarder.payloads.compiled_types import INT64, Names, PayloadDecoder, Rows, named_struct
from capture_forwarder.payloads.learned_lists import are_many
from capture_forwarder.payloads.row_lists import RowLists
from capture_forwarder.payloads.skeleton import NO_STRING, Path, string_pattern

_FEWEST_ROWS = 2
# What stands behind a name, and a text that is no name.
_COLON = r"\s*+:"
_NAMED = f'"{_COLON}'
_TEXT = rf"{string_pattern(None)}(?!{_COLON})"
_MAYBE_TEXT = f"(?:{_TEXT})?+"
_TEXTS_IN_A_ROW = re.compile(f"(?:{re.escape(_MAYBE_TEXT)}){{2,}}")
# The values of a column, made from a decoded document and its number of rows.
Column = Callable[[Any, int], Iterable[Any]]


class Growing(Struct, frozen=True):
    """A document of an example, the parts that grow, and what is known of its leaves.

    `types` are those of the leaves of the first row and of the rest, by path. `sources` are the paths of the values of
    the first row, in the order of `names`. Calls with one of `lengths` rows may be read otherwise.
    """

    document: JsonValue
    lists: RowLists
    types: Mapping[Path, Any]
    sources: Sequence[Path]
    names: Names
    lengths: frozenset[int]

    def decoder(self) -> PayloadDecoder:
        """Return the decoder of such documents of any number of rows. It raises one of `REFUSED` for all others."""
        decode: Callable[[str], Any] = msgspec.json.Decoder(self._type(self.document, (), {})).decode
        has_order = re.compile(_joined(self._strings(self.document, ())) + NO_STRING).fullmatch
        sizes = [_size_of(_getter(path), width) for path, width in self.lists.widths.items()]
        get_index = [_getter(path) for path in self.lists.indices]
        get_count = [_getter(path) for path in self.lists.counts]
        names, lengths, rows_of, width = self.names, self.lengths, self._rows_of(), len(self.names)
        in_rows = [place for place, path in enumerate(self.sources) if self._list_of(path) is not None]

        def read(text: str) -> Rows:
            if are_many(text, text.count(",") // width):
                raise ValueError("many rows, which are made when they are read")
            document = decode(text)
            counts = {size(document) for size in sizes} | {get(document) for get in get_count}
            count = counts.pop()
            if counts or count < _FEWEST_ROWS or count in lengths or not has_order(text):
                raise ValueError("lists of several lengths, a length that others have, or names in another order")
            if any(get(document) != list(range(count)) for get in get_index):
                raise ValueError("an index that does not count the rows")
            rows = rows_of(document, count)
            if any(rows[0][place] is None for place in in_rows):
                raise ValueError("a null in the first row, whose type is not known")
            return names, rows

        return PayloadDecoder(read, _refuse_each)

    def _type(self, value: JsonValue, path: Path, known: dict[Any, Any]) -> Any:
        """Return the type of a part of the document; equal parts share their type."""
        if path in self.lists.counts or path in self.lists.indices:
            return list[INT64] if path in self.lists.indices else INT64
        if isinstance(value, list) and path in self.lists.widths:
            return list[self._type(value[0], (*path, 0), known)]  # type: ignore[misc]  # made at run time
        if not isinstance(value, dict | list):
            return self.types[path]
        parts = value.values() if isinstance(value, dict) else value
        found = tuple(self._type(part, (*path, place), known) for place, part in enumerate(parts))
        names = tuple(value) if isinstance(value, dict) else None
        key = (names, found)
        if key not in known:
            known[key] = named_struct(names or ("",) * len(found), found, ordered=names is None)
        return known[key]

    def _strings(self, value: JsonValue, path: Path) -> str:
        """Return a pattern of all strings of such documents: the names in their order, and any texts between them.

        A document of the right types has every name at least once. If it matches, it has no other name.
        """
        if isinstance(value, list) and path in self.lists.widths:
            element = self._strings(value[0], (*path, 0))
            return f"(?:{element if _NAMED in element else _TEXT})*+" if element else ""
        if isinstance(value, dict):
            return "".join(
                string_pattern(name) + _COLON + self._strings(part, (*path, place))
                for place, (name, part) in enumerate(value.items())
            )
        if isinstance(value, list):
            return "".join(self._strings(part, (*path, place)) for place, part in enumerate(value))
        return _MAYBE_TEXT if isinstance(value, str) else ""

    def _rows_of(self) -> Callable[[Any, int], list[Any]]:
        """Return the function that makes rows of a decoded document."""
        found = [(self._list_of(path), path) for path in self.sources]
        lists = {at for at, _ in found}
        if len(lists) == 1 and len(found) > 1 and (at := lists.pop()) is not None and self.lists.widths[at] == 1:
            return self._of_one_list(at)
        columns = [self._column(at, path) for at, path in found]
        return lambda document, count: list(zip(*(column(document, count) for column in columns), strict=True))

    def _list_of(self, path: Path) -> Path | None:
        """Return the list that holds a value, or `None` for a value of the whole call."""
        return next((path[:end] for end in range(len(path)) if path[:end] in self.lists.widths), None)

    def _of_one_list(self, at: Path) -> Callable[[Any, int], list[Any]]:
        """Return the function that makes rows of the elements of one list."""
        get_list, get = _getter(at), attrgetter(*(_field(path[len(at) + 1 :]) for path in self.sources))
        return lambda document, _: list(map(get, get_list(document)))

    def _column(self, at: Path | None, path: Path) -> Column:
        if at is None:
            get = _getter(path)
            return lambda document, count: repeat(get(document), count)
        get_list, width, rest = _getter(at), self.lists.widths[at], path[len(at) + 1 :]
        if rest:
            get_value = attrgetter(_field(rest))
            return lambda document, _: map(get_value, get_list(document))
        start = path[len(at)]
        return lambda document, _: get_list(document)[start::width]


def _joined(strings: str) -> str:
    """Return a pattern in which texts without a name between them are one repetition.

    Nulls instead of them would make each one search for the next quote, in as many characters as the caller wants.
    """
    return _TEXTS_IN_A_ROW.sub(lambda found: f"(?:{_TEXT}){{0,{len(found[0]) // len(_MAYBE_TEXT)}}}+", strings)


def _size_of(get: Callable[[Any], list[Any]], width: int) -> Callable[[Any], int]:
    """Return the function that returns the number of rows by a list; -1 if its last row is not whole."""

    def size(document: Any) -> int:
        count, rest = divmod(len(get(document)), width)
        return -1 if rest else count

    return size


def _field(path: Path) -> str:
    return ".".join(f"f{place}" for place in path)


def _getter(path: Path) -> Callable[[Any], Any]:
    return attrgetter(_field(path)) if path else lambda document: document


def _refuse_each(texts: Sequence[str]) -> Rows:
    raise ValueError(f"{len(texts)} calls, each of several rows")
