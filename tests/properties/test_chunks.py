"""The cuts between chunks do not change the lines of an object, and only a line feed ends a line."""

import gzip
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture_forwarder.domain.capture import Line, ReadOffset
from capture_forwarder.domain.inference import Inference
from capture_forwarder.kinds.captures.plain import Decoded
from capture_forwarder.lines.reader import LineReader
from tests.support.captures import capture, csv_side, json_side, outcome_of

FILE = "größe\n日本\u2028\x85語\n\n🙂\r\nlast".encode()
LINES = ["größe".encode(), "日本\u2028\x85語".encode(), b"", "🙂\r".encode(), b"last"]
LIMIT = 1000


def lines_of(chunks: list[bytes], at: ReadOffset = ReadOffset(), limit: int = LIMIT) -> list[Line]:  # noqa: B008 - frozen
    """Return every line of an object that arrives as `chunks`."""
    return list(LineReader(chunks, limit, at))


def cut(data: bytes, at: list[int]) -> Iterator[bytes]:
    """Yield `data` cut at each of the places `at`; some chunks may be empty."""
    places = [0, *sorted(min(place, len(data)) for place in at), len(data)]
    for start, end in pairwise(places):
        yield data[start:end]


@pytest.mark.parametrize("data", [FILE, gzip.compress(FILE, mtime=0)], ids=["plain", "gzip"])
def test_a_cut_at_any_byte_changes_nothing(data: bytes) -> None:
    """In the middle of a character, of a line end or of the gzip header: the lines are the same."""
    for place in range(len(data) + 1):
        assert [line.data for line in lines_of([data[:place], data[place:]])] == LINES


@given(
    # A file that begins with a bracket may be one JSON document; `test_lines.py` tests these.
    st.lists(st.binary(max_size=30).map(lambda line: line.translate(bytes.maketrans(b"\n", b" "), b"[{")), max_size=8),
    st.lists(st.integers(0, 200), max_size=12),
    st.booleans(),
    st.booleans(),
)
def test_lines_are_the_bytes_between_line_feeds(
    lines: list[bytes],
    places: list[int],
    ended: bool,  # noqa: FBT001 - drawn by hypothesis
    compressed: bool,  # noqa: FBT001 - drawn by hypothesis
) -> None:
    """Joined with line feeds the lines are the object again; numbers and offsets are right."""
    data = b"\n".join(lines) + (b"\n" if ended and lines else b"")
    if data[:2] == b"\x1f\x8b" and not compressed:
        return
    found = lines_of(list(cut(gzip.compress(data) if compressed else data, places)))
    assert [line.data for line in found] == data.removesuffix(b"\n").split(b"\n") * bool(data)
    assert [line.number for line in found] == list(range(1, len(found) + 1))
    assert all(data[line.offset : line.end].removesuffix(b"\n") == line.data for line in found)
    assert [line.offset for line in found] == [0, *(line.end for line in found)][: len(found)]


@given(st.integers(0, len(LINES)), st.lists(st.integers(0, len(FILE)), max_size=5), st.booleans())
def test_reading_continues_at_any_line(line: int, places: list[int], compressed: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
    """The lines have the same numbers and offsets as when all is read at once."""
    whole = lines_of([FILE])
    offset = whole[line - 1].end if line else 0
    data = gzip.compress(FILE) if compressed else FILE[offset:]
    found = lines_of(list(cut(data, places)), ReadOffset(offset, line, compressed))
    assert found == whole[line:]


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=6), st.integers(1, 20), st.lists(st.integers(0, 200), max_size=6)
)
def test_only_a_line_that_is_too_long_is_refused(sizes: list[int], limit: int, places: list[int]) -> None:
    """It has its size; the lines around it are whole."""
    data = b"".join(b"x" * size + b"\n" for size in sizes)
    found = lines_of(list(cut(data, places)), limit=limit)
    assert [(line.reason is not None, line.end - line.offset - 1) for line in found] == [
        (size > limit, size) for size in sizes
    ]


@given(st.text(st.sampled_from("ab\u2028\u2029\x85\v\f\x1c"), min_size=1, max_size=10))
def test_line_ends_of_unicode_are_text(text: str) -> None:
    """U+2028, U+0085 and others occur raw in JSON and in CSV cells; they end neither line nor row."""
    for side in (csv_side(f"{text},1"), json_side([[text, 1]])):
        (line,) = lines_of([capture(side, csv_side("1"))])
        outcome = outcome_of(line.data)
        assert isinstance(outcome, Decoded)
        (row,) = outcome.rows
        assert isinstance(row, Inference)
        assert row.inputs == {
            "feature_0": text if text.strip() else None if side["encoding"] == "CSV" else text,
            "feature_1": 1,
        }
