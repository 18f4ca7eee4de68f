"""Answers in CSV with lists in quoted cells: the compiled path makes exactly the bytes of the plain path."""

import os
from random import Random

import pytest

from tests.properties.compiled_paths import Paths
from tests.properties.test_large_csv import generated_options
from tests.support.captures import capture, csv_side

# The long form of these tests reads as many routes as this variable says.
_ROUTES = int(os.environ.get("LIST_CELLS", "300"))
_ODD = (
    *('"[0.1 0.2]"', '"[NaN, 0.1]"', '"[]"', '"[null, 1]"', '"[1e999]"', '"[true]"', '"[18446744073709551616]"', "[1]"),
    *('"[1"', '"a[1]"', '"[[1], [2]]"', '"[1]\n"', ' "[1]"', '"[1] "', '"[""a""]"', "b'x'", '"a,b"', '"a\nb"', "a b"),
    *("", '"[ ]"', "\ufffd", " x", "NA", "\ufeff", "a\\b", '"', 'x"y', "(", "<b>", "error", "a\tb"),
    "Traceback (most recent call last):",
)


def answer(chance: Random, kinds: list[str], count: int, odd: float) -> str:
    """Return lines with cells of these kinds; a cell is odd with the chance `odd`."""

    def cell(kind: str) -> str:
        if chance.random() < odd:
            return chance.choice(_ODD)
        share = round(chance.random(), 3)
        texts = {"label": chance.choice(("yes", "no")), "share": str(share), "names": "\"['no', 'yes']\""}
        return texts.get(kind, f'"[{share}, {1 - share}]"')

    end = chance.choice(("\n", "\n", "\r\n"))
    return end.join(",".join(map(cell, kinds)) for _ in range(count)) + chance.choice(("", end))


@pytest.mark.parametrize("part", range(3))
def test_lists_in_cells_are_those_of_the_plain_path(part: int) -> None:
    """Lists of numbers become values, and all other cells are texts or numbers."""
    compiled = 0
    for seed in range(part, _ROUTES, 3):
        chance = Random(seed)
        kinds = chance.choices(("label", "share", "names", "list"), k=chance.choice((1, 2, 3, 4)))
        paths, odd = Paths(None, generated_options(chance)), chance.choice((0, 0, 0.05, 0.3))
        for _ in range(6):
            count = chance.choice((1, 1, 2, 5))
            line = capture(csv_side("1,2\n" * count), csv_side(answer(chance, kinds, count, odd)))
            compiled += paths.compiled_rows(line) is not None and "list" in kinds
    assert compiled > _ROUTES // 6


def test_answers_of_autopilot_are_compiled() -> None:
    """Its labels are a list of Python, which stays a text."""
    line = capture(csv_side("1,a"), csv_side("no,0.8,\"[0.8, 0.2]\",\"['no', 'yes']\"\n"))
    rows = Paths(None).compiled_rows(line)
    assert rows
    assert len(rows.ids) == 1


def test_a_first_line_of_texts_may_be_names() -> None:
    """The plain path rejects such a call."""
    line = capture(csv_side("1,2\n" * 2), csv_side("\"['no', 'yes']\",\"a,b\"\n\"['no', 'yes']\",0.719"))
    assert Paths(None).compiled_rows(line) is None


@pytest.mark.parametrize("text", ['no,"[ ]"', 'no,"[1]","[  ]"', '\ufffd,0.8,"[0.8, 0.2]"', 'no,"[-]"'])
def test_odd_answers_are_left_to_the_plain_path(text: str) -> None:
    """A list without numbers is a text, and a text that begins with U+FFFD was binary."""
    assert Paths(None).compiled_rows(capture(csv_side("1,2"), csv_side(text))) is None
