"""The tables of `docs/formats.md`: every worked pair is in it, and every table has as many cells in each line."""

import json
import re
from pathlib import Path

from docs.formats import not_data_table, pairs_table

PAGE = Path("docs/formats.md").read_text(encoding="utf-8")
PAIRS = json.loads(Path("tests/golden/pairs.json").read_text(encoding="utf-8"))


def test_every_worked_pair_is_in_the_page() -> None:
    """By its name, in the order of the goldens; `test_pages.py` compares the whole text."""
    table = PAGE.split("## Worked pairs")[1]
    places = [table.find(pair["server"]) for pair in PAIRS]
    assert -1 not in places
    assert places == sorted(places)


def test_each_line_of_a_table_has_all_its_cells() -> None:
    """A `|` inside a cell has a backslash before it."""
    for table in re.findall(r"(?:^\|.*\n)+", PAGE, flags=re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1


def test_a_bar_in_a_payload_does_not_end_its_cell() -> None:
    """GitHub ends a cell at a bar between backticks too."""
    side = {"content_type": "text/csv", "encoding": "CSV", "data": "7|2\n"}
    (line,) = pairs_table(
        [{"server": "bars", "request": side, "answer": side, "rejection": "bad_csv", "why_names": []}]
    )[2:]
    assert "`7\\|2`" in line


def test_the_keys_that_are_not_data_have_a_server() -> None:
    """Each line names a server, what it is recognised by, and its keys."""
    assert len(not_data_table()) > 8
    assert all(cell.strip() for line in not_data_table() for cell in line.strip("|").split("|"))


def test_the_rule_has_at_most_two_pages() -> None:
    """A reader can learn it: about 110 lines of 110 characters."""
    assert len(PAGE.split("## Keys that are not data")[0]) < 12_600
