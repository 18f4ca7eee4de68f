"""A small graph as a drawing in SVG, from left to right."""

from collections.abc import Iterator
from html import escape

from integrations.lineage.graph import Graph, Vertex
from integrations.lineage.render.layers import layers
from integrations.lineage.text import visible

MAX_DRAWN = 300  # vertices; a larger drawing cannot be read, and its page opens slowly
_BOX_WIDTH, _BOX_HEIGHT = 220, 44
_COLUMN, _ROW, _MARGIN = 300, 64, 12
_LABEL_CHARS = 32
_ARROW = (
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
    '<path d="M0 0L8 4L0 8z"/></marker></defs>'
)


def drawing(graph: Graph) -> str:
    """Return the drawing, or one sentence if the graph has more than `MAX_DRAWN` entities."""
    if len(graph.vertices) > MAX_DRAWN:
        return f"<p>{len(graph.vertices)} entities are too many for a drawing. At most {MAX_DRAWN} are drawn.</p>\n"
    return "".join(f"{line}\n" for line in _lines(graph))


def _lines(graph: Graph) -> Iterator[str]:
    columns = layers(graph)
    places = {
        arn: (_MARGIN + column * _COLUMN, _MARGIN + row * _ROW)
        for column, arns in enumerate(columns)
        for row, arn in enumerate(arns)
    }
    width = 2 * _MARGIN + max(len(columns) - 1, 0) * _COLUMN + _BOX_WIDTH
    height = 2 * _MARGIN + max(map(len, columns), default=1) * _ROW
    yield '<div class="drawing">'
    yield f'<svg width="{width}" height="{height}" role="img" aria-label="Lineage graph">{_ARROW}'
    for edge in graph.edges:
        if edge.source in places and edge.destination in places:
            yield _edge(places[edge.source], places[edge.destination], edge.type or "")
    starts = set(graph.starts)
    yield from (_box(vertex, places[vertex.arn], start=vertex.arn in starts) for vertex in graph.vertices)
    yield "</svg>"
    yield "</div>"


def _edge(source: tuple[int, int], destination: tuple[int, int], kind: str) -> str:
    left, top = source[0] + _BOX_WIDTH, source[1] + _BOX_HEIGHT // 2
    right, bottom = destination[0], destination[1] + _BOX_HEIGHT // 2
    bend = (_COLUMN - _BOX_WIDTH) // 2
    path = f"M{left} {top}C{left + bend} {top} {right - bend} {bottom} {right} {bottom}"
    return f'<path class="edge" d="{path}" marker-end="url(#arrow)"><title>{escape(visible(kind))}</title></path>'


def _box(vertex: Vertex, place: tuple[int, int], *, start: bool) -> str:
    left, top = place
    classes = f"{vertex.kind.value} start" if start else vertex.kind.value
    return (
        f"<g><title>{escape(visible(vertex.arn))}</title>"
        f'<rect class="{classes}" x="{left}" y="{top}" width="{_BOX_WIDTH}" height="{_BOX_HEIGHT}" rx="6"/>'
        f'<text x="{left + 8}" y="{top + 18}">{_short(vertex.label)}</text>'
        f'<text x="{left + 8}" y="{top + 35}">{_short(vertex.type or vertex.kind.value)}</text></g>'
    )


def _short(text: str) -> str:
    shown = text if len(text) <= _LABEL_CHARS else f"{text[: _LABEL_CHARS - 3]}..."
    return escape(visible(shown))
