"""The elements of a large JSON list, cut into pieces of text, so that the list is never held as objects.

A list is cut where it looks like two elements, and each piece is parsed as a list of its own. If all pieces are lists
of elements and the rest of the document is a document without them, then the elements of the pieces are the elements
of the list: JSON can be read in one way only. Where a cut is wrong, a piece cannot be parsed, and another cut is tried.
"""

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from msgspec import Struct

from capture_forwarder.domain.values import JsonValue
from capture_forwarder.payloads.documents import UNREADABLE, RepeatedName, parse_json
from capture_forwarder.payloads.lazy import PIECE_CHARS, Piece

# Patterns are compiled when the first large payload comes, because that takes time at a cold start.
# A bare list, or an object whose first list it is. Without escapes, so that a key is what it looks like.
_SCALAR = r'(?:"[^"\\]*+"|[-+.\w]++)'
_HEAD = rf'\s*+(?:\{{(?:\s*+"[^"\\]*+"\s*+:\s*+{_SCALAR}\s*+,)*+\s*+"(?P<key>[^"\\]*+)"\s*+:\s*+)?\['
_OPENING = r'\s*+((?:[\[{]\s*+){1,4}+|"|)'
_CLOSING = {"[": r"\]", "{": r"\}", '"': '"'}
# How many places are tried for one cut, and for the end of the list.
_MAX_TRIES = 4


class ListText(Struct, frozen=True):
    """A list in a text: its elements lie between `start` and `end`, and `document` is the rest, with an empty list.

    `key` is the list's key in the document; `None` if the document is the list.
    """

    key: str | None
    document: JsonValue
    start: int
    end: int


def lists_in(text: str) -> Iterator[ListText]:
    """Yield the first list of the document in `text`, once for every place where it may end."""
    head = re.match(_HEAD, text)
    if not head:
        return
    key, end = head["key"], len(text)
    for _ in range(_MAX_TRIES):
        if (end := text.rfind("]", head.end(), end)) < 0:
            return
        around = head[0] + text[end:]
        if "\\" in around or (key is not None and around.count(f'"{key}"') > 1):
            return
        try:
            yield ListText(key, parse_json(around), head.end(), end)
        except ValueError:
            continue


def pieces_of(text: str, found: ListText, parse: Callable[[str], list[Any]]) -> Iterator[Piece]:
    """Yield pieces of whole elements of a list; `parse` returns the rows of elements.

    Raises `RepeatedName` if an object has a name twice, and another `ValueError` if no piece that begins where the last
    ended can be parsed.
    """
    start, cut = found.start, _cut_of(text, found)
    while start < found.end:
        for end, next_start in _ends(text, start, found.end, cut):
            try:
                count = len(parse(text[start:end]))
            except RepeatedName:  # of elements of the list, wherever it is cut
                raise
            except UNREADABLE:
                continue
            if not count and end - start < found.end - found.start:
                continue  # a comma without an element before it
            yield start, end, count
            start = next_start
            break
        else:
            raise ValueError("no cut is found")


def _ends(text: str, start: int, end: int, cut: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Yield the ends of a piece from `start` that may be right, and where the next piece then starts."""
    cuts = list(islice(cut.finditer(text, start + PIECE_CHARS, end), _MAX_TRIES))
    yield from (found.span("between") for found in cuts if found.end("between") < end)
    if len(cuts) < _MAX_TRIES:
        yield end, end


def _cut_of(text: str, found: ListText) -> re.Pattern[str]:
    """Return the pattern between two elements that both begin like the first: `]], [[` for a list of matrices."""
    opening = re.compile(_OPENING).match(text, found.start, found.end)
    brackets = "".join(opening[1].split()) if opening else ""
    closes = r"\s*+".join(_CLOSING[bracket] for bracket in reversed(brackets))
    opens = r"\s*+".join(map(re.escape, brackets))
    return re.compile(rf"{closes}(?P<between>\s*+,\s*+)(?={opens})")
