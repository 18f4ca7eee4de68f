"""Large texts that the compiled path leaves to the plain path, and large JSON Lines that the plain path reads lazily."""

import json

from capture_forwarder.domain.inference import Inference
from capture_forwarder.kinds.captures.plain import Decoded
from capture_forwarder.payloads.lazy import LARGE_CHARS
from tests.properties.compiled_paths import Paths
from tests.support.captures import capture, csv_side, json_side, outcome_of

_COUNT = 20_000
_FEW = 2_000
_ANSWER = csv_side("".join(f"{place / 8}\n" for place in range(_COUNT)))


def test_a_cell_that_is_as_large_as_many_rows_is_left_to_the_plain_path() -> None:
    """Its quotes end behind the piece."""
    paths = Paths(None)
    paths.learn(capture(csv_side("1,a\n2,b"), csv_side("1\n2")))
    rows = [f"{place},a" for place in range(_COUNT)]
    rows[7] = f'7,"{"b" * LARGE_CHARS}"'
    assert paths.compiled_rows(capture(csv_side("\n".join(rows)), _ANSWER)) is None


def test_an_empty_line_of_a_column_in_quotes_is_left_to_the_plain_path() -> None:
    """It may be an empty cell."""
    paths = Paths(None)
    paths.learn(capture(csv_side('"1"\n"2"'), csv_side("1\n2")))
    rows = [f'"{place}"' for place in range(_COUNT)]
    assert paths.compiled_rows(capture(csv_side("\n".join(rows)), _ANSWER))
    rows[7] = ""
    assert paths.compiled_rows(capture(csv_side("\n".join(rows)), _ANSWER)) is None


def test_the_schema_beside_each_of_many_rows_is_left_out() -> None:
    """Large JSON Lines are read one by one, and a table's description is no value of a row."""
    described = {"input": [{"name": "x", "type": "double"}], "output": {"name": "p", "type": "double"}}
    rows = [{"schema": described, "data": [place]} for place in range(_FEW)]
    text = "\n".join(map(json.dumps, rows))
    assert len(text) > LARGE_CHARS
    found = outcome_of(capture(json_side(text, "application/jsonlines"), csv_side("1\n" * _FEW)))
    assert isinstance(found, Decoded), found
    inputs = [row.inputs for row in found.rows if isinstance(row, Inference)]
    assert inputs == [{"data_0": place} for place in range(_FEW)]
    assert found.left_out == 4 * _FEW


def test_a_large_text_below_a_header_is_compiled() -> None:
    """The names are those of the header."""
    paths = Paths(None)
    media = "text/csv; header=present"
    paths.learn(capture(csv_side("a,b\n1,2", media), csv_side("1")))
    rows = "".join(f"{place},2\n" for place in range(_COUNT))
    assert paths.compiled_rows(capture(csv_side(f"a,b\n{rows}", media), _ANSWER))
