"""Sequences whose items are made when they are read."""

import pytest

from capture_forwarder.payloads.lazy import Lazy, rows_of_pieces


def test_a_lazy_sequence_is_read_like_a_list() -> None:
    """By place, from the end, in slices, and in order as often as wanted."""
    squares = Lazy(5, lambda place: place * place)
    assert len(squares) == 5
    assert (squares[3], squares[-1], squares[1:4]) == (9, 16, [1, 4, 9])
    assert list(squares) == list(squares) == [0, 1, 4, 9, 16]
    assert 9 in squares
    with pytest.raises(IndexError):
        squares[5]


def test_all_items_may_be_made_another_way() -> None:
    """In order they are made faster."""
    squares = Lazy(3, lambda place: place * place, lambda: iter((0, 1, 4)))
    assert list(squares) == [squares[0], squares[1], squares[2]]


def test_one_piece_of_a_text_is_parsed_for_neighbours() -> None:
    """A piece is parsed again only after another piece was read; a piece without rows is never parsed."""
    parsed: list[str] = []

    def parse(text: str) -> list[str]:
        parsed.append(text)
        return text.split()

    rows = rows_of_pieces("a b c    d e ", [(0, 5, 3), (5, 9, 0), (9, 13, 2)], parse)
    assert [rows[place] for place in (0, 1, 2, 3, 4, 3, 0)] == ["a", "b", "c", "d", "e", "d", "a"]
    assert parsed == ["a b c", "d e ", "a b c"]
    assert list(rows) == ["a", "b", "c", "d", "e"]


def test_a_text_without_pieces_has_no_rows() -> None:
    """It is an empty sequence."""
    rows = rows_of_pieces("", [], str.split)
    assert (len(rows), list(rows)) == (0, [])
