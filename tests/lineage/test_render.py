"""Every rendering is parsed again, and has the same entities and associations, whatever the names are."""

import csv
import io
import json
import re
from html import unescape

import msgspec
import pytest
from hypothesis import given
from markdown_it import MarkdownIt

from integrations.lineage.graph import Graph, Kind
from integrations.lineage.render import Format, render
from tests.lineage.rendered import (
    DOT,
    HOSTILE_GRAPH,
    MERMAID,
    TEXTS,
    graph_of,
    joined,
    mermaid_text,
    read_page,
    unescaped,
)


@pytest.mark.parametrize("format_", Format)
def test_the_same_graph_has_the_same_bytes(format_: Format) -> None:
    """In any order of entities, associations and properties; and it is a whole file of UTF-8."""
    backwards = Graph.of(
        HOSTILE_GRAPH.starts,
        {vertex.arn: vertex for vertex in reversed(HOSTILE_GRAPH.vertices)},
        {*reversed(HOSTILE_GRAPH.edges)},
    )
    text = render(HOSTILE_GRAPH, format_)
    assert text == render(backwards, format_.value)
    assert text.endswith("\n")
    assert text.encode("utf-8").decode("utf-8") == text
    assert "\x1b" not in text
    assert "\x00" not in text
    if format_ in (Format.MERMAID, Format.DOT, Format.HTML):
        assert "<script" not in text


@given(TEXTS)
def test_json_is_the_graph_again(names: list[str]) -> None:
    """In ASCII, one entity and one association a line."""
    names = [*map(joined, names)]
    graph = graph_of(names)
    text = render(graph, Format.JSON)
    assert text.isascii()
    assert msgspec.convert(json.loads(text), Graph) == graph
    assert len(text.splitlines()) == 3 + len(graph.starts) + len(graph.vertices) + len(graph.edges)


@given(TEXTS)
def test_csv_has_each_cell_and_no_formula(names: list[str]) -> None:
    """A cell that a spreadsheet would calculate begins with an apostrophe."""
    text = render(graph_of(names), Format.CSV)
    assert len(text.splitlines()) == 2 * len(names)
    rows = [*csv.reader(io.StringIO(text), strict=True)]
    assert {len(row) for row in rows} == {12}
    entities = [row for row in rows if row[0] == "entity"]
    links = [row for row in rows if row[0] == "association"]

    def read(cell: str) -> str:
        return unescaped(cell.removeprefix("'"))

    assert [read(row[2]) for row in entities] == names
    assert [read(row[4]) for row in entities] == names
    assert [json.loads(read(row[7])) for row in entities] == [{name: name} for name in names]
    assert [read(row[10]) for row in links] == names[:-1]
    formulas = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
    assert not any(cell.lstrip().startswith(formulas) for row in rows for cell in row)


@given(TEXTS)
def test_markdown_has_one_row_for_each_entity(names: list[str]) -> None:
    """Every cell is a code span with the text, by the rules of GitHub's tables."""
    tokens = MarkdownIt("commonmark").enable("table").parse(render(graph_of(names), Format.MARKDOWN))
    cells = [token for token in tokens if token.type == "inline"]
    for cell in cells:
        assert {child.type for child in cell.children or ()} <= {"code_inline", "text"}
    rows = sum(token.type == "tr_open" for token in tokens)
    assert rows == 1 + len(names) + (len(names) if len(names) > 1 else 0)
    codes = [unescaped(child.content) for cell in cells for child in cell.children or () if child.type == "code_inline"]
    assert {name for name in names if name} <= {*codes}


@given(TEXTS)
def test_mermaid_follows_its_grammar(names: list[str]) -> None:
    """Each line is one of five forms, and the labels are the texts."""
    graph = graph_of(names, [*Kind])
    found = [MERMAID.fullmatch(line) for line in render(graph, Format.MERMAID).splitlines()]
    assert all(found)
    nodes = [match for match in found if match and match["id"]]
    assert [mermaid_text(match["name"]) for match in nodes] == [vertex.label for vertex in graph.vertices]
    assert [mermaid_text(match["type"]) for match in nodes] == [vertex.type or vertex.kind for vertex in graph.vertices]
    links = [match for match in found if match and match["source"]]
    assert [mermaid_text(match["label"] or "") for match in links] == [edge.type or "" for edge in graph.edges]
    assert [(match["source"], match["destination"]) for match in links] == [
        (f"n{at + 1}", f"n{at + 2}") for at in range(len(graph.edges))
    ]


@given(TEXTS)
def test_dot_follows_its_grammar(names: list[str]) -> None:
    """Each line is one of six forms, and the labels are the texts, with Graphviz's own escapes removed."""
    graph = graph_of(names, [*Kind])
    found = [DOT.fullmatch(line) for line in render(graph, Format.DOT).splitlines()]
    assert all(found)

    def read(quoted: str) -> str:
        return unescaped(unescape(re.sub(r"\\(.)", lambda each: each[1], quoted[1:-1])))

    nodes = [match for match in found if match and match["id"]]
    assert [read(match["arn"]) for match in nodes] == [vertex.arn for vertex in graph.vertices]
    parts = [re.fullmatch(r'"((?:[^\\]|\\[^n])*)\\n((?:[^\\]|\\[^n])*)"', match["label"]) for match in nodes]
    assert [read(f'"{part[1]}"') for part in parts if part] == [vertex.label for vertex in graph.vertices]
    links = [match for match in found if match and match["source"]]
    assert [read(match["type"] or '""') for match in links] == [edge.type or "" for edge in graph.edges]


@given(TEXTS)
def test_html_has_only_our_elements(names: list[str]) -> None:
    """No script, no reference, and every cell has its text."""
    graph = graph_of(names, [*Kind])
    rows = read_page(render(graph, Format.HTML))
    headings = rows[0]
    entities = rows[1 : 1 + len(names)]
    if "Name" in headings:
        assert [unescaped(row[headings.index("Name")]) for row in entities] == [
            (vertex.details.name if vertex.details else None) or "" for vertex in graph.vertices
        ]
    assert len(rows) == 1 + len(names) + (len(names) if len(names) > 1 else 0)


@given(TEXTS)
def test_the_table_has_one_line_for_each_entity(names: list[str]) -> None:
    """Every line of a box has as many bars as its rule has corners."""
    lines = render(graph_of(names), Format.TABLE).split("\n")
    box = [line for line in lines if line.startswith(("|", "+"))]
    bars = [line.count("|") or line.count("+") for line in box if line]
    assert len({*bars}) <= 2
    assert sum(line.startswith("|") for line in box) == 1 + len(names) + (len(names) if len(names) > 1 else 0)
