"""A graph, or an answer, as one HTML page without scripts and without references to other files."""

from collections.abc import Iterator, Sequence
from html import escape

from integrations.lineage.graph import Graph
from integrations.lineage.render.drawing import drawing
from integrations.lineage.render.sheet import Sheet, sheets_of
from integrations.lineage.text import visible

# The policy refuses every script and every request, also if an escape were missing.
_HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Lineage</title>
<style>
body { font: 14px/1.4 sans-serif; margin: 1.5rem; color: #1b1b1b; background: #fff; }
table { border-collapse: collapse; }
th, td { border: 1px solid #ccc; padding: .25rem .5rem; text-align: left; vertical-align: top; }
td { overflow-wrap: anywhere; }
th { background: #f2f2f2; position: sticky; top: 0; }
.drawing { overflow: auto; border: 1px solid #ccc; }
.Artifact { fill: #e8f1fb; stroke: #1f5f9f; }
.Action { fill: #fdf1e0; stroke: #a05a00; }
.Context { fill: #eaf6ea; stroke: #2a7a2a; }
.TrialComponent { fill: #f4ecf8; stroke: #6a3d8a; }
.start { stroke-width: 3; }
.edge { fill: none; stroke: #666; }
text { font: 12px sans-serif; }
</style>
</head>
<body>
<h1>Lineage</h1>
"""


def graph_page(graph: Graph) -> str:
    """Return the page of a graph: a drawing if the graph is small enough, and its entities and associations."""
    return _HEAD + drawing(graph) + _tables(sheets_of(graph)) + "</body>\n</html>\n"


def sheets_page(sheets: Sequence[Sheet]) -> str:
    """Return the page of an answer."""
    return _HEAD + _tables(sheets) + "</body>\n</html>\n"


def _tables(sheets: Sequence[Sheet]) -> str:
    return "".join(f"{line}\n" for sheet in sheets for line in _lines(sheet.without_empty_columns()))


def _lines(sheet: Sheet) -> Iterator[str]:
    yield f"<h2>{escape(visible(sheet.title))}</h2>"
    yield "<table>"
    yield "<thead><tr>" + "".join(f"<th>{escape(heading)}</th>" for heading in sheet.headings) + "</tr></thead>"
    yield "<tbody>"
    for row in sheet.rows:
        yield "<tr>" + "".join(f"<td>{escape(visible(cell))}</td>" for cell in row) + "</tr>"
    yield "</tbody>"
    yield "</table>"
