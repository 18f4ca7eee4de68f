"""Tables at the width of a terminal: no line is wider, and no text is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.lineage.graph import Details, Graph, Kind, Vertex
from integrations.lineage.render import Sheet, render
from integrations.lineage.render.table import _width, text_table
from integrations.lineage.text import counted, visible

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:artifact/53dc63ad329764fa38a4bd867937dc71"
CELLS = st.text(max_size=120)


def columns(text: str) -> int:
    """Return the width of the widest line."""
    return max(map(_width, text.splitlines()))


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=4), st.integers(12, 200))
def test_no_line_is_wider_and_no_letter_is_lost(rows: list[tuple[str, str, str]], width: int) -> None:
    """For any text: long words, wide letters, spaces."""
    text = text_table([Sheet("Title", ("A", "Bb", "Ccc"), tuple(rows))], width)
    assert columns(text) <= width
    if "+-" not in text:
        found = "".join(text.split())
        for row in rows:
            assert all("".join(visible(cell).split()) in found for cell in row)


def test_wide_cells_are_folded_inside_the_box() -> None:
    """As long as a column keeps 40 columns."""
    sheet = Sheet("T", ("Value", "Text"), (("ARN", ARN), ("Note", "two words")))
    lines = text_table([sheet], 60).splitlines()
    assert lines[1:5] == [
        "+-------+--------------------------------------------------+",
        "| Value | Text                                             |",
        "+-------+--------------------------------------------------+",
        "| ARN   | arn:aws:sagemaker:eu-west-1:123456789012:artifac |",
    ]
    assert lines[5] == "|       | t/53dc63ad329764fa38a4bd867937dc71               |"
    assert all(len(line) == 60 for line in lines[1:])


def test_narrower_boxes_are_records() -> None:
    """With whole sources, and without empty cells."""
    source = f"s3://bucket/{'x' * 60}/file.csv"
    details = Details(name="data", source_uri=source)
    vertices = {ARN: Vertex(arn=ARN, kind=Kind.ARTIFACT, type="DataSet", details=details)}
    text = render(Graph.of((ARN,), vertices, set()), "table", 80)
    assert columns(text) <= 80
    assert "Entities: 1\n#: 1\n  Kind: Artifact\n  Type: DataSet\n  Name: data\n  Source:\n" in text
    assert "Status" not in text
    assert source in "".join(line.strip() for line in text.splitlines())
    assert len(render(Graph.of((ARN,), vertices, set()), "table").splitlines()[1]) > 80


@pytest.mark.parametrize("width", [1, 2, 5])
def test_the_narrowest_terminals_print_something(width: int) -> None:
    """A word is cut, and the command ends."""
    assert text_table([Sheet("Title", ("A",), (("word " * 5,),))], width)


def test_a_number_has_its_noun() -> None:
    """One has no plural."""
    assert [counted(number, "data set") for number in (0, 1, 2)] == ["0 data sets", "1 data set", "2 data sets"]
    assert counted(2, "entity", "entities") == "2 entities"
