"""A graph as a flowchart of Mermaid: https://mermaid.js.org/syntax/flowchart.html."""

import re
from collections.abc import Iterator

from integrations.lineage.graph import Graph, Kind, Vertex
from integrations.lineage.text import visible

_SHAPES = {
    Kind.ARTIFACT: ("[", "]"),
    Kind.ACTION: ("([", "])"),
    Kind.CONTEXT: ("{{", "}}"),
    Kind.TRIAL_COMPONENT: ("[[", "]]"),
}
_CLASSES = {
    Kind.ARTIFACT: "artifact",
    Kind.ACTION: "action",
    Kind.CONTEXT: "context",
    Kind.TRIAL_COMPONENT: "trial",
}
# Every other character is written by its number, also the colon: Mermaid drops characters after `style ... :`.
_SPECIAL = re.compile(r"[^A-Za-z0-9 _./-]")


def mermaid(graph: Graph) -> str:
    """Return the flowchart. Mermaid itself draws at most 500 edges unless `maxEdges` is raised where it runs."""
    return "".join(f"{line}\n" for line in _lines(graph))


def _lines(graph: Graph) -> Iterator[str]:
    yield "flowchart LR"
    ids = {vertex.arn: f"n{number}" for number, vertex in enumerate(graph.vertices, 1)}
    for vertex in graph.vertices:
        left, right = _SHAPES[vertex.kind]
        yield f'  {ids[vertex.arn]}{left}"{_label(vertex)}"{right}:::{_CLASSES[vertex.kind]}'
    for edge in graph.edges:
        if edge.source in ids and edge.destination in ids:
            text = f'|"{_text(edge.type)}"|' if edge.type else ""
            yield f"  {ids[edge.source]} -->{text} {ids[edge.destination]}"
    starts = [ids[arn] for arn in graph.starts if arn in ids]
    if starts:
        yield f"  class {','.join(starts)} start"
    yield "  classDef artifact fill:#e8f1fb,stroke:#1f5f9f"
    yield "  classDef action fill:#fdf1e0,stroke:#a05a00"
    yield "  classDef context fill:#eaf6ea,stroke:#2a7a2a"
    yield "  classDef trial fill:#f4ecf8,stroke:#6a3d8a"
    yield "  classDef start stroke-width:3px"


def _label(vertex: Vertex) -> str:
    return f"{_text(vertex.label)}<br/>{_text(vertex.type or vertex.kind.value)}"


def _text(text: str) -> str:
    return _SPECIAL.sub(lambda found: f"#{ord(found[0])};", visible(text))
