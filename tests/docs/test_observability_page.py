"""The page of observability: a row for each item of Sumo Logic's page, with a resource and a test that exist."""

import re
from pathlib import Path

import pytest

from capture_forwarder.configuration.reader import read_settings
from docs.observability import EVERYTHING
from integrations.observability.page.rows import Row, rows

ROWS = list(rows(read_settings(EVERYTHING), "eu-west-1"))
COMMANDS = {"sumo setup", "all resources", "fixture of tests"}
# The numbers of items by kind, counted by hand on the page.
COUNTS = {"S": 5, "Q": 12, "C": 17, "F": 16, "R": 3, "P": 18, "L": 84, "A": 4, "B": 7}


def test_every_item_of_the_page_is_there_once() -> None:
    """An item that is added or lost changes a number."""
    ids = [row.item.id for row in ROWS]
    assert len(set(ids)) == len(ids)
    assert {kind: sum(each[0] == kind for each in ids) for kind in COUNTS} == COUNTS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.item.id)
def test_every_item_has_tests_that_exist(row: Row) -> None:
    """A renamed test is found."""
    assert row.tests
    for test in row.tests:
        path, _, name = test.partition("::")
        assert re.search(rf"^def {name}\(", Path(path).read_text(encoding="utf-8"), re.MULTILINE), test
