"""Readings: calls that the plain path reads alike have equal readings, and all others have different ones."""

from itertools import combinations
from typing import Any

from capture_forwarder.domain.route import DecodingOptions, OneSided, PayloadOptions
from capture_forwarder.kinds.captures.plain import Decoded
from tests.support.captures import base64_side, capture, csv_side, json_side, outcome_of

FORWARD = DecodingOptions(one_sided=OneSided.FORWARD)


def reading(data: bytes, options: DecodingOptions | None = None) -> Any:
    """Return how the plain path reads a line: a value that can be a key."""
    outcome = outcome_of(data, options)
    assert isinstance(outcome, Decoded), outcome
    assert hash(outcome.reading) == hash(outcome.reading)
    return outcome.reading


# Two documents of each layout, which differ in their values only.
LAYOUTS: list[tuple[Any, Any]] = [
    ([1, 2], [3, 4]),
    ({"features": [1]}, {"features": [2]}),
    ({"a": 1}, {"a": 2}),
    ([[1, 2]], [[3, 4]]),
    ([{"a": 1}], [{"a": 2}]),
    ([{"features": [1]}], [{"features": [2]}]),
    ({"instances": [1]}, {"instances": [2]}),
    ({"instances": [[1]]}, {"instances": [[2]]}),
    ({"inputs": [[1]]}, {"inputs": [[2]]}),
    ({"instances": [{"features": [1]}]}, {"instances": [{"features": [2]}]}),
    (
        {"instances": [{"data": {"features": {"values": [1]}}}]},
        {"instances": [{"data": {"features": {"values": [2]}}}]},
    ),
    ({"dataframe_split": {"columns": ["a"], "data": [[1]]}}, {"dataframe_split": {"columns": ["a"], "data": [[2]]}}),
    ({"a": [1], "b": [2]}, {"a": [3], "b": [4]}),
]


def test_calls_of_one_layout_have_one_reading() -> None:
    """The compiled path makes one decoder for all of them, and another one for each other layout."""
    readings = []
    for document, other in LAYOUTS:
        first, second = (reading(capture(json_side(one), csv_side("1"))) for one in (document, other))
        assert first == second
        readings.append(first)
    assert [pair for pair in combinations(range(len(LAYOUTS)), 2) if readings[pair[0]] == readings[pair[1]]] == []


def test_a_reading_tells_how_bodies_were_found() -> None:
    """Plain or BASE64 with its charset, declared or guessed, JSON Lines, a header: each has a reading of its own."""
    header = DecodingOptions(input=PayloadOptions(csv_header=True))
    one = csv_side("1")
    readings = {
        reading(capture(one, one)),
        reading(capture(base64_side(b"1", "text/csv; charset=latin-1"), one)),
        reading(capture(base64_side(b"1"), one)),
        reading(capture(json_side('{"a": 1}'), one)),
        reading(capture(json_side('{"a": 1}\n{"a": 2}'), csv_side("1\n2"))),
        reading(capture(csv_side("a\n1"), one), header),
    }
    assert len(readings) == 6
    declared = json_side('{"a": 3}\n{"a": 4}', "application/jsonlines")
    assert reading(capture(declared, csv_side("1\n2"))) in readings


def test_a_reading_tells_how_sides_belong_together() -> None:
    """One side alone, two rows with a line each, and one line that answers two rows."""
    one, two = csv_side("1"), csv_side("1\n2")
    alone = {reading(capture(one, None), FORWARD), reading(capture(None, one), FORWARD)}
    both = {reading(capture(two, two)), reading(capture(two, csv_side("1,2")))}
    assert len(alone | both) == 4
