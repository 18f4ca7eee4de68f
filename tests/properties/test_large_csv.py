"""Large texts of CSV with odd cells and lines: the compiled path makes exactly the bytes of the plain path."""

import os
from random import Random

import pytest

from capture_forwarder.domain.route import CsvSpace, DecodingOptions, EmptyText
from capture_forwarder.domain.schema import ModelSchema
from capture_forwarder.payloads.lazy import LARGE_CHARS
from tests.properties.compiled_paths import Paths
from tests.properties.generated_schemas import schema_of
from tests.support.captures import Side, capture, csv_side

# The long form of these tests reads as many calls as this variable says.
_CALLS = int(os.environ.get("LARGE_CSV_CALLS", "24"))
_PARTS = 4
_CELLS = (
    *('"q"', '"a,b"', '"a""b"', '"a\nb"', '"1"', '""', '"x\r\ny"', 'x"y', '"x"y', ' "z"', '"[1, 2]"'),
    *("", " x", "x ", " 1", "1 ", "a b", "é", "٣", "\ufeff", "x\ty", "1\t2", "a;b", "1;2", "1|2"),
    *("\\", "a\\b", "[1", "[1]", "(x", "a(b)", "{", "b'x'", "<b>", "inputs", "NA", "nan", "inf", "1e999"),
    *("true", "null", "-", "+1", ".5", "1.", "1_0", "0x1", "9007199254740993", "18446744073709551616"),
)
_LINES = ("", " ", "\r", "1", "1 2 3", "a,b,c,d,e,f,g,h", '"', 'x"', '"\n\n"', "Traceback (most recent call last):")
_KINDS = {"float": 7, "int": 3, "bool": 5, "text": 5}


def _cell(chance: Random, kind: str) -> str:
    values = {"float": repr(round(chance.uniform(0, 99), 3)), "int": str(chance.randrange(-5, 99))}
    return values.get(kind) or chance.choice(("true", "false") if kind == "bool" else ("gold", "silver", "blue"))


def large_text(chance: Random, kinds: list[str], count: int, cells: list[str], odd: int) -> str:
    """Return a text of `count` lines, so many of them odd."""
    rows = [[_cell(chance, kind) for kind in kinds] for _ in range(count)]
    for _ in range(odd):
        row = chance.choice((0, 1, count - 1, chance.randrange(count)))
        if chance.random() < 0.85:
            rows[row][chance.randrange(len(rows[row]))] = chance.choice(cells)
        else:
            rows[row] = [chance.choice(_LINES)]
    if chance.random() < 0.05:
        place, cell = chance.randrange(len(kinds)), chance.choice(cells)
        rows = [[*row[:place], cell, *row[place + 1 :]] for row in rows]
    end = chance.choice(("\n", "\n", "\n", "\r\n", "\r"))
    text = end.join(map(",".join, rows)).replace(",", chance.choice((",", ",", ",", ", ")))
    return f"{chance.choice(('', '', '', end))}{text}{chance.choice(('', end, end + end))}"


def generated_sides(chance: Random) -> list[tuple[Side, Side]]:
    """Return the sides of two calls of a route; requests are large."""
    kinds = chance.choices([*_KINDS], k=chance.choice((1, 2, 3, 5, 20)))
    answered = chance.choices(("float", "text"), k=chance.choice((1, 2)))
    count = chance.choice((1, 2)) * (LARGE_CHARS + 1000) // sum(_KINDS[kind] for kind in kinds)
    cells, has_header = chance.sample(_CELLS, 3), chance.random() < 0.2
    head = ",".join(f"c{place}" for place in range(len(kinds))) + "\n" if has_header else ""
    media = "text/csv; header=present" if has_header else "text/csv"
    return [
        (
            csv_side(head + large_text(chance, kinds, count, cells, chance.choice((0, 0, 1, 2))), media),
            csv_side(large_text(chance, answered, count, cells, chance.choice((0, 0, 0, 0, 1)))),
        )
        for _ in range(2)
    ]


def generated_options(chance: Random) -> DecodingOptions:
    """Return options about the text of cells."""
    return DecodingOptions(
        csv_space=chance.choice((*CsvSpace, CsvSpace.AUTO)), empty_text=chance.choice((*EmptyText, EmptyText.NULL))
    )


@pytest.mark.large
@pytest.mark.parametrize("part", range(_PARTS))
def test_odd_cells_of_a_large_text_are_those_of_the_plain_path(part: int) -> None:
    """Pieces are read in several ways; no cell is read otherwise for it."""
    compiled = 0
    for seed in range(part, _CALLS, _PARTS):
        chance = Random(seed)
        paths = Paths(None, generated_options(chance))
        for request, answer in generated_sides(chance):
            line = capture(request, answer)
            paths.learn(line)
            compiled += paths.compiled_rows(line) is not None
    assert compiled > _CALLS // _PARTS // 6


@pytest.mark.parametrize("odd", ['"q"', '"a,b"', '"a""b"', '"a\nb"', "", " 1", "a b", "é", "\\", "NA", "a(b)", "a;b"])
@pytest.mark.parametrize("has_schema", [False, True], ids=["no schema", "schema"])
def test_one_odd_cell_of_a_large_text_is_compiled(odd: str, has_schema: bool) -> None:  # noqa: FBT001 - a case
    """One odd cell does not send a whole call to the plain path."""
    lines = [f"{place},{place / 8},gold" for place in range(8000)]
    lines[4000] = f"4000,0.5,{odd}"
    answer = csv_side("".join(f"{place / 8}\n" for place in range(8000)))
    model = _schema() if has_schema else None
    paths = Paths(model)
    assert paths.compiled_rows(capture(csv_side("\n".join(lines)), answer)) or (model and odd == "")


def _schema() -> ModelSchema | None:
    return schema_of([({"a": 1, "b": 0.5, "c": "gold"}, {"p": 0.5})])


_COUNT = 12_000
_NUMBERS = "".join(f"{place / 8},x\n" for place in range(_COUNT))


@pytest.mark.parametrize(
    ("answer", "is_compiled"),
    [
        pytest.param(_NUMBERS.replace("x", '"x"'), True, id="quoted texts behind numbers"),
        pytest.param(_NUMBERS.replace("x", '"x"').replace("6000.0,", ",", 1), True, id="no empty cell"),
        pytest.param(_NUMBERS.replace(",x", ',"x"').replace("\n750.0", "\n", 1), False, id="an empty first cell"),
        pytest.param(_NUMBERS.replace("\n750.0", "\n", 1), False, id="an empty first cell without quotes"),
        pytest.param(_NUMBERS.replace("\n750.0", "\ntext", 1), False, id="a text among first numbers"),
        pytest.param(
            "".join(f"{place / 8 if place < _COUNT // 2 else 'x'},1\n" for place in range(_COUNT)), False, id="kinds"
        ),
        pytest.param("0.5,1\n" * 5334 + "abc,1\n" * (_COUNT - 5334), False, id="kinds of two pieces"),
        pytest.param("".join(f"a{place % 5},0.5\n" for place in range(_COUNT)), True, id="first texts"),
        pytest.param("".join(f'"a{place % 5}",0.5\n' for place in range(_COUNT)), True, id="first texts in quotes"),
        pytest.param("x\ry" + _NUMBERS.replace("x", '"x"'), False, id="another end of a line"),
    ],
)
def test_lines_of_a_large_answer_begin_alike(answer: str, is_compiled: bool) -> None:  # noqa: FBT001 - a case
    """Lines that begin differently may be columns, also if they are so in different pieces."""
    request = csv_side("".join(f"{place},1\n" for place in range(_COUNT)))
    paths = Paths(None)
    line = capture(request, csv_side(answer))
    assert bool(paths.compiled_rows(line)) is is_compiled


def test_a_large_text_below_a_header_that_toolkits_demand_is_left_to_the_plain_path() -> None:
    """A first line `inputs` may be a header."""
    texts = "inputs\n" + "".join(f"text{place}\n" for place in range(_COUNT))
    assert Paths(None).compiled_rows(capture(csv_side(texts), csv_side("0.5\n" * _COUNT))) is None
