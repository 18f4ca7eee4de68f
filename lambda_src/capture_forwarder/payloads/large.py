"""Large JSON payloads read piece by piece, so that their rows are never held as objects.

The result is the same as that of reading the whole payload.
"""

from typing import cast

from capture_forwarder.domain.capture import Media
from capture_forwarder.domain.delivery import Reason
from capture_forwarder.domain.route import Layout
from capture_forwarder.domain.values import JsonValue
from capture_forwarder.payloads.documents import cut_lines, parse_json, parse_json_lines
from capture_forwarder.payloads.elements import ListText, lists_in, pieces_of
from capture_forwarder.payloads.layouts import (
    ORDERED_KEYS,
    Placed,
    Placement,
    Row,
    is_flat,
    place,
    place_lines,
    rows_of_list,
)
from capture_forwarder.payloads.lazy import Piece, rows_of_pieces


def read_list(text: str, pinned: Layout | None) -> Placed | None:
    """Return the rows of a document that is a list of rows, or that has one; `None` if it has to be read whole."""
    for found in lists_in(text):
        try:
            pieces = list(pieces_of(text, found, _rows_of_elements))
        except ValueError:
            continue
        placement = _placement(text, found, pieces, pinned)
        return (placement, rows_of_pieces(text, pieces, _rows_of_elements)) if placement else None
    return None


def _rows_of_elements(text: str) -> list[Row]:
    """Return the rows of some elements of a list. Raises `ValueError` for sparse ones: the whole list has a limit."""
    return rows_of_list(_elements(text), max_values=0)


def _elements(text: str) -> list[JsonValue]:
    return cast("list[JsonValue]", parse_json(f"[{text}]"))


def _placement(text: str, found: ListText, pieces: list[Piece], pinned: Layout | None) -> Placement | None:
    """Return how the rows lie, as the first piece tells; `None` if the other pieces may tell something else."""
    if not pieces:
        return None
    start, end, _ = pieces[0]
    first = _elements(text[start:end])
    document = {**found.document, found.key: first} if isinstance(found.document, dict) and found.key else first
    placed = place(document, Media.JSON, pinned)
    if isinstance(placed, Reason):
        return None
    return placed[0] if _may_be_cut(document, found.key, placed[0]) else None


def _may_be_cut(document: JsonValue, key: str | None, placement: Placement) -> bool:
    """Tell whether `placement` is right for more elements than are in the list of `document`, which is under `key`.

    It is if no element that follows can make columns or a vector of the list: the list has a nested element already, or
    it is under an outer key, alone or beside something that is no list.
    """
    if placement.layout not in (Layout.INSTANCES, Layout.LIST) or placement.rows_key != key:
        return False
    if not isinstance(document, dict):
        return not is_flat(document)
    others = [value for name, value in document.items() if name != key]
    is_column = key in ORDERED_KEYS or (others and all(isinstance(value, list) for value in others))
    return not is_column or not is_flat(document[cast("str", key)])


def read_lines(text: str, media: Media, pinned: Layout | None) -> Placed | Reason | None:
    """Return the rows of JSON Lines; `None` if the text has to be read whole. Raises `ValueError` for a broken line."""
    if media is Media.JSON and not _begins_with_line(text):
        return None
    bounds = list(cut_lines(text))
    if sum(len(parse_json_lines(text[start:end])) for start, end in bounds) <= 1:
        return None
    placement, pieces = None, list[Piece]()
    for start, end in bounds:
        placed = place_lines(parse_json_lines(text[start:end]), pinned)
        if isinstance(placed, Reason):
            return placed
        placement = placed[0] or placement
        pieces.append((start, end, len(placed[1])))

    def parse(piece: str) -> list[Row]:
        return cast("tuple[Placement, list[Row]]", place_lines(parse_json_lines(piece), pinned))[1]

    return cast("Placement", placement), rows_of_pieces(text, pieces, parse)


def _begins_with_line(text: str) -> bool:
    """Tell whether the first line is a document of its own, with something behind it."""
    first, _, rest = text.lstrip().partition("\n")
    if not rest.strip():
        return False
    try:
        parse_json(first)
    except ValueError:
        return False
    return True
