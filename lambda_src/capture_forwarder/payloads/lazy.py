"""Sequences whose items are made when they are read, so that a call of a million rows is never held as objects."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, chain
from typing import Generic, TypeVar, overload

Item = TypeVar("Item")
Item_co = TypeVar("Item_co", covariant=True)

# A text is cut into pieces of about this size. A piece of rows of one digit is 1 to 5 MB of objects.
PIECE_CHARS = 32_000
# Longer texts are cut. A text of this size is parsed whole in less than 20 MB, whatever is in it.
LARGE_CHARS = 2 * PIECE_CHARS

# More rows than this are made when they are read.
LISTED_ROWS = 1024

# Start and end of a piece of a text, and the number of its rows.
Piece = tuple[int, int, int]

_NEWLINE = re.compile(r"\n")


def cut_lines(text: str, line_end: re.Pattern[str] = _NEWLINE) -> Iterator[tuple[int, int]]:
    """Yield start and end of pieces of whole lines."""
    start = 0
    while start < len(text):
        found = line_end.search(text, start + PIECE_CHARS)
        end = found.end() if found else len(text)
        yield start, end
        start = end


class Lazy(Sequence[Item_co]):
    """A sequence of `count` items; `make` returns the item of a place, equal ones each time.

    `make_all` returns an iterator over all items, if that is faster than to make one after the other.
    """

    def __init__(
        self, count: int, make: Callable[[int], Item_co], make_all: Callable[[], Iterator[Item_co]] | None = None
    ) -> None:
        self._count = count
        self._make = make
        self._make_all = make_all or (lambda: map(make, range(count)))

    def __len__(self) -> int:
        """Return the number of items."""
        return self._count

    @overload
    def __getitem__(self, place: int) -> Item_co: ...

    @overload
    def __getitem__(self, place: slice) -> list[Item_co]: ...

    def __getitem__(self, place: int | slice) -> Item_co | list[Item_co]:
        """Make one item, or a list of items."""
        if isinstance(place, slice):
            return list(map(self._make, range(self._count)[place]))
        return self._make(range(self._count)[place])

    def __iter__(self) -> Iterator[Item_co]:
        """Make every item, in order."""
        return self._make_all()


class _PieceRows(Generic[Item]):
    """Makes the rows of a text that was cut into pieces; holds the rows of the piece that was parsed last."""

    def __init__(self, text: str, pieces: Iterable[Piece], parse: Callable[[str], list[Item]]) -> None:
        self._text = text
        self._parse = parse
        self._pieces = list(pieces)
        # The place behind the last row of every piece.
        self._lasts = list(accumulate(count for _, _, count in self._pieces))
        self._rows: list[Item] = []
        self._first = 0

    @property
    def count(self) -> int:
        """The number of rows."""
        return self._lasts[-1] if self._lasts else 0

    def all(self) -> Iterator[Item]:
        """Return an iterator over every row."""
        return chain.from_iterable(self._parse(self._text[start:end]) for start, end, _ in self._pieces)

    def row(self, place: int) -> Item:
        """Return the row at `place`."""
        within = place - self._first
        if 0 <= within < len(self._rows):
            return self._rows[within]
        at = bisect_right(self._lasts, place)
        start, end, count = self._pieces[at]
        self._rows = []  # so that the rows of two pieces are never held together
        self._rows, self._first = self._parse(self._text[start:end]), self._lasts[at] - count
        return self._rows[place - self._first]


def rows_of_pieces(text: str, pieces: Iterable[Piece], parse: Callable[[str], list[Item]]) -> Lazy[Item]:
    """Return the rows of `pieces`, in the order of `text`; `parse` returns the rows of one piece.

    A piece is parsed whenever rows are read that are not in the piece that was parsed last.
    """
    rows = _PieceRows(text, pieces, parse)
    return Lazy(rows.count, rows.row, rows.all)
