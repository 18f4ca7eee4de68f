"""Rows of large texts of JSON, which are made when they are read."""

from collections.abc import Callable

from capture_forwarder.payloads.compiled_types import Names, Rows, Values
from capture_forwarder.payloads.elements import lists_in, pieces_of
from capture_forwarder.payloads.lazy import Lazy, cut_lines, rows_of_pieces
from capture_forwarder.payloads.placement import Placement

# Returns the rows of a JSON array, or of lines. Raises one of `REFUSED`.
RowsOf = Callable[[str], list[Values]]
# The names of rows, their values, and a mark that the rows of one call share.
OfOneKind = tuple[Names, list[Values], object]


def rows_of_lines(text: str, rows_of: RowsOf) -> Lazy[Values]:
    """Return the rows of JSON Lines."""
    return rows_of_pieces(
        text, [(start, end, len(rows_of(text[start:end]))) for start, end in cut_lines(text)], rows_of
    )


def rows_of_list(text: str, rows_key: str | None, rows_of: RowsOf) -> Lazy[Values]:
    """Return the rows of a list; `rows_key` may hold it. Raises `ValueError` if the document holds anything else."""

    def rows_of_piece(piece: str) -> list[Values]:
        return rows_of(f"[{piece}]")

    for found in lists_in(text):
        if found.key == rows_key and found.document in ([], {found.key: []}):
            return rows_of_pieces(text, pieces_of(text, found, rows_of_piece), rows_of_piece)
    raise ValueError("not a list of rows alone")


def rows_of_one_kind(text: str, placement: Placement, rows_of: Callable[[str], OfOneKind], *, is_lines: bool) -> Rows:
    """Return names and values of rows that all have the same names and the same mark. Raises one of `REFUSED`."""
    if placement.single and not is_lines:
        raise ValueError("one large row")
    found: set[tuple[Names, object]] = set()

    def rows_of_piece(piece: str) -> list[Values]:
        names, rows, mark = rows_of(piece)
        found.add((names, mark))
        if len(found) > 1:
            raise ValueError("rows of several kinds")
        return rows

    rows = rows_of_lines(text, rows_of_piece) if is_lines else rows_of_list(text, placement.rows_key, rows_of_piece)
    ((names, _),) = found
    return names, rows
