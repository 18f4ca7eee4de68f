"""A graph in the language of Graphviz: https://graphviz.org/doc/info/lang.html."""

from collections.abc import Iterator
from html import escape

from integrations.lineage.graph import Graph, Kind, Vertex
from integrations.lineage.text import visible

_SHAPES = {
    Kind.ARTIFACT: "box",
    Kind.ACTION: "ellipse",
    Kind.CONTEXT: "hexagon",
    Kind.TRIAL_COMPONENT: "component",
}


def dot(graph: Graph) -> str:
    """Return the graph from left to right. The tooltip of an entity is its ARN."""
    return "".join(f"{line}\n" for line in _lines(graph))


def _lines(graph: Graph) -> Iterator[str]:
    yield "digraph lineage {"
    yield "  rankdir=LR;"
    yield '  node [fontname="sans-serif"];'
    ids = {vertex.arn: f"n{number}" for number, vertex in enumerate(graph.vertices, 1)}
    starts = set(graph.starts)
    for vertex in graph.vertices:
        wide = ", penwidth=3" if vertex.arn in starts else ""
        shape = f"shape={_SHAPES[vertex.kind]}{wide}"
        yield f'  {ids[vertex.arn]} [label="{_label(vertex)}", tooltip="{_text(vertex.arn)}", {shape}];'
    for edge in graph.edges:
        if edge.source in ids and edge.destination in ids:
            label = f' [label="{_text(edge.type)}"]' if edge.type else ""
            yield f"  {ids[edge.source]} -> {ids[edge.destination]}{label};"
    yield "}"


def _label(vertex: Vertex) -> str:
    return rf"{_text(vertex.label)}\n{_text(vertex.type or vertex.kind.value)}"


def _text(text: str) -> str:
    r"""Return the text of a label. Graphviz reads `\N`, `\l` and entities such as `&lt;` in labels."""
    return escape(visible(text), quote=False).replace("\\", "\\\\").replace('"', r"\"")
