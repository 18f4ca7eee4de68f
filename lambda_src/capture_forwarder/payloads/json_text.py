"""Text of a payload made into one JSON document or several, whichever it holds. Long lists are read lazily."""

from collections.abc import Sequence
from typing import Any, cast

from capture_forwarder.domain.capture import Media
from capture_forwarder.domain.values import JsonValue
from capture_forwarder.payloads.documents import RepeatedName, parse_json, parse_json_lines
from capture_forwarder.payloads.elements import lists_in, pieces_of
from capture_forwarder.payloads.lazy import LARGE_CHARS, cut_lines, rows_of_pieces
from capture_forwarder.payloads.tensors import is_tensor

# Before a document in quotes there may be white space and a byte order mark.
_BLANK = " \t\r\n\ufeff"
# Null was NaN.
_NUMBERS = {int, float, type(None)}

Content = JsonValue | Sequence[JsonValue]


def read_json(text: str) -> tuple[Media, Content]:
    """Return the one document in `text`, or else one document a line.

    Raises `RepeatedName`, and another `ValueError` if the text is neither.
    """
    try:
        return Media.JSON, read_document(text)
    except RepeatedName:
        raise
    except ValueError:
        if "\n" not in text.strip():
            raise
    return Media.JSON_LINES, _lines(text)


def read_json_lines(text: str) -> tuple[Media, Content]:
    """Return one document a line, or else the one document that lies over several lines. Raises as `read_json`."""
    try:
        return Media.JSON_LINES, _lines(text)
    except RepeatedName:
        raise
    except ValueError:
        if "\n" not in text.strip():
            raise
    return Media.JSON, read_document(text)


def read_document(text: str) -> JsonValue:
    """Return the document in `text`; an object or list in quotes is decoded once more.

    The first list of a large document is a lazy sequence of its elements. Raises as `parse_json`.
    """
    document = _read_large(text) if len(text) > LARGE_CHARS else None
    return document or _unquoted(parse_json(text))


def _unquoted(document: JsonValue) -> JsonValue:
    if type(document) is str and (text := document.lstrip(_BLANK))[:1] in {"{", "["}:
        try:
            return parse_json(text)
        except RepeatedName:
            raise
        except ValueError:
            pass
    return document


def _read_large(text: str) -> JsonValue:
    """Return a document with a lazy list; `None` if the text has to be read whole."""
    for found in lists_in(text):
        try:
            elements = rows_of_pieces(text, pieces_of(text, found, _elements), _elements)
        except RepeatedName:
            raise
        except ValueError:
            continue
        if len(elements) and is_tensor(elements[0]):
            return None  # tensors are few, and their values are rows only together
        document: Any = (
            elements if found.key is None else cast("dict[str, Any]", found.document) | {found.key: elements}
        )
        return cast("JsonValue", document)
    return None


def _elements(text: str) -> list[JsonValue]:
    return cast("list[JsonValue]", parse_json(f"[{text}]"))


def _lines(text: str) -> Sequence[JsonValue]:
    if len(text) > LARGE_CHARS:
        pieces = [(start, end, len(_documents(text[start:end]))) for start, end in cut_lines(text)]
        found: Sequence[JsonValue] = rows_of_pieces(text, pieces, _documents)
    else:
        found = _documents(text)
    if not found:
        raise ValueError("no line is a document")
    return found


def _documents(text: str) -> list[JsonValue]:
    documents = parse_json_lines(text)
    return list(map(_unquoted, documents)) if str in {*map(type, documents)} else documents


def with_lists(cells: list[Any]) -> list[Any]:
    """Return cells of CSV. A text that is a JSON list of numbers becomes that list: `0,"[0.8, 0.2]"`."""
    return [_list_in(cell) or cell for cell in cells]


def _list_in(cell: str) -> list[JsonValue] | None:
    text = cell.strip()
    if text[:1] != "[" or text[-1] != "]":
        return None
    try:
        values = parse_json(text)
    except ValueError:
        return None
    is_numbers = isinstance(values, list) and {*map(type, values)} <= _NUMBERS
    return cast("list[JsonValue]", values) if is_numbers else None
