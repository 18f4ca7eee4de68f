"""Calls whose names the compiled path has learned, and calls that it leaves to the plain path."""

import pytest

from capture_forwarder.domain.route import DecodingOptions, OneSided
from tests.properties.compiled_paths import Paths
from tests.support.captures import Side, base64_side, capture, csv_side, json_side


def read_after(
    known: tuple[Side, Side], *calls: tuple[Side, Side], options: DecodingOptions | None = None
) -> list[bool]:
    """Return whether the compiled path reads each call after it has learned one; then it makes the same rows."""
    paths = Paths(None, options)
    paths.learn(capture(*known))
    return [paths.compiled_rows(capture(*call)) is not None for call in calls]


def test_a_side_alone_is_left_to_the_plain_path() -> None:
    """An image has no values, and the answer is forwarded without it."""
    call = (base64_side(b"\x89PNG", "image/png"), json_side({"p": 1}))
    assert read_after(call, call, options=DecodingOptions(one_sided=OneSided.FORWARD)) == [False]


def test_values_of_several_kinds_under_a_key_are_refused() -> None:
    """They are one call on the plain path."""
    request = csv_side("1\n2")
    known, mixed = json_side({"predictions": [1, 2]}), json_side({"predictions": [1, "a"]})
    assert read_after((request, known), (request, known), (request, mixed)) == [True, False]


def test_lists_of_a_request_are_rows_if_the_answer_has_as_many() -> None:
    """A list of lists in a request is never columns."""
    call = (json_side([[1, 2], [3, "a"]]), csv_side("1\n2"))
    assert read_after(call, call, call) == [True, True]


def test_a_traceback_in_any_cell_of_an_answer_is_refused() -> None:
    """The plain path rejects a line with it, and reads it as a text among several lines."""
    known, odd = (csv_side("1"), csv_side("a,b")), (csv_side("1"), csv_side("a,Traceback (most recent call last): x"))
    assert read_after(known, known, odd) == [True, False]


def test_a_name_on_both_sides_is_learned_once() -> None:
    """The answer's value is `output.a`, also between calls with other names."""
    same, other = (json_side({"a": 1}), json_side({"a": 2})), (json_side({"b": 1}), json_side({"p": 2}))
    assert read_after(same, same, other, same, same)[1:] == [True, True, True]


@pytest.mark.parametrize("length", [1, 5_000])
def test_texts_of_any_length(length: int) -> None:
    """Short texts are remembered, long ones are not."""
    call = (csv_side(f'1,"{"x" * length}"'), csv_side("1"))
    assert read_after(call, call, call) == [True, True]


def test_lists_that_begin_with_several_kinds_are_refused() -> None:
    """Such lists of an answer may be columns: labels beside probabilities."""
    request, known = csv_side("1\n2"), json_side([[1, 2], [3, 4]])
    assert read_after((request, known), (request, known), (request, json_side([["a", 1], [2, 2]]))) == [True, False]
