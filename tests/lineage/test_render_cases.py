"""Renderings of special graphs, and of answers."""

import json
from datetime import datetime

import msgspec
import pytest

from integrations.lineage.errors import Invalid
from integrations.lineage.graph import Details, Edge, Graph, Kind, Vertex
from integrations.lineage.render import Format, render, render_answer
from integrations.lineage.render.drawing import MAX_DRAWN
from integrations.lineage.render.sheet import Sheet
from integrations.lineage.render.table import shortened
from tests.lineage.rendered import HOSTILE_GRAPH, arn, graph_of, read_page


def test_hostile_names_in_a_table() -> None:
    """Control characters and bars are escaped."""
    text = render(HOSTILE_GRAPH, Format.TABLE)
    assert r"two\nlines\r\n\ttab" in text
    assert r"a\x7cb\\\x7cc\\" in text
    assert r"\x1b[31mred\u202e\u200b\x9b" in text


def test_bare_vertices_are_shown_by_the_end_of_their_arn() -> None:
    """Empty columns are left out; an association whose end is missing keeps the ARN."""
    graph = Graph.of(
        (), {"a/b/c1": Vertex(arn="a/b/c1", kind=Kind.ACTION, type="")}, {Edge("a/b/c1", "a/b/other", None)}
    )
    assert render(graph, Format.TABLE).splitlines() == [
        "Entities: 1",
        "+---+--------+--------+",
        "| # | Kind   | ARN    |",
        "+---+--------+--------+",
        "| 1 | Action | a/b/c1 |",
        "+---+--------+--------+",
        "",
        "Associations: 1",
        "+------+-----------+",
        "| From | To        |",
        "+------+-----------+",
        "| 1 c1 | a/b/other |",
        "+------+-----------+",
    ]
    for format_ in (Format.MERMAID, Format.DOT):
        assert "other" not in render(graph, format_)
    assert "marker-end" not in render(graph, Format.HTML)


@pytest.mark.parametrize("format_", Format)
def test_an_empty_graph_is_rendered(format_: Format) -> None:
    """No entities, no error."""
    empty = Graph.of((), {}, set())
    assert render(empty, format_)
    if format_ == Format.JSON:
        assert msgspec.convert(json.loads(render(empty, format_)), Graph) == empty


def test_cycles_and_loops_are_drawn() -> None:
    """The layers of a drawing need an order, and a cycle has none."""
    vertices = {name: Vertex(arn=name, kind=Kind.ARTIFACT, type="Model") for name in "abcd"}
    edges = {Edge("a", "b"), Edge("b", "c"), Edge("c", "a"), Edge("c", "d"), Edge("d", "d")}
    assert render(Graph.of(("a",), vertices, edges), Format.HTML).count("<rect") == 4


def test_a_large_graph_is_not_drawn() -> None:
    """Its tables are still whole."""
    text = render(graph_of([str(at) for at in range(MAX_DRAWN + 1)]), Format.HTML)
    assert "<svg" not in text
    assert f"{MAX_DRAWN + 1} entities are too many" in text
    assert len(read_page(text)) == 2 * MAX_DRAWN + 3


def test_long_names_are_shortened_in_a_drawing_and_a_table() -> None:
    """A source as the SDK shortens it, another cell at its end."""
    uri = "s3://bucket/" + "a" * 60
    assert shortened(uri) == "s3://..." + "a" * 40
    assert shortened("s3://" + "b" * 43) == "s3://" + "b" * 43
    graph = graph_of(["n" * 400])
    assert "n" * 297 + "..." in render(graph, Format.TABLE)
    assert "n" * 29 + "...</text>" in render(graph, Format.HTML)


def test_several_starts_are_marked() -> None:
    """In all drawings."""
    graph = graph_of(["a", "b"])
    both = Graph.of((arn(0), arn(1), "gone"), {vertex.arn: vertex for vertex in graph.vertices}, {*graph.edges})
    assert "  class n1,n2 start\n" in render(both, Format.MERMAID)
    assert render(both, Format.DOT).count("penwidth=3") == 2
    assert render(both, Format.HTML).count('class="Artifact start"') == 2


def test_times_without_a_zone_are_in_utc() -> None:
    """And all times are shown in UTC."""
    details = Details(created=datetime(2026, 1, 1, 12, 0, 1))  # noqa: DTZ001 - the case
    graph = Graph.of((), {"a": Vertex(arn="a", kind=Kind.ARTIFACT, type="Model", details=details)}, set())
    assert "2026-01-01T12:00:01Z" in render(graph, Format.CSV)


SHEETS = [Sheet("One", ("A", "B"), (("x", "=1"),)), Sheet("Two", ("A", "B"), (("<i>", ""),))]


def test_an_answer_is_rendered_in_the_formats_of_tables() -> None:
    """JSON has the answer itself."""
    assert json.loads(render_answer({"a": 1}, SHEETS, "json")) == {"a": 1}
    assert render_answer({}, SHEETS, "csv") == "A,B\nx,'=1\n<i>,\n"
    assert "## Two\n\n| A |\n| --- |\n| `<i>` |\n" in render_answer({}, SHEETS, "markdown")
    assert render_answer({}, SHEETS, "table").startswith("One\n+---+----+\n| A | B  |\n")
    assert read_page(render_answer({}, SHEETS, "html")) == [["A", "B"], ["x", "=1"], ["A"], ["<i>"]]
    assert render_answer({}, [Sheet("None", ("A",), ())], "table") == "None\n"


@pytest.mark.parametrize("format_", ["mermaid", "dot"])
def test_a_table_is_not_drawn(format_: str) -> None:
    """The error names a format that works."""
    with pytest.raises(Invalid, match="--format table"):
        render_answer({}, SHEETS, format_)


def test_an_unknown_format_is_an_error() -> None:
    """As the command line says it too."""
    with pytest.raises(ValueError, match="xml"):
        render(HOSTILE_GRAPH, "xml")
