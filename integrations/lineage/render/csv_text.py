"""Sheets as CSV that a spreadsheet may open: https://owasp.org/www-community/attacks/CSV_Injection."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from itertools import chain

from integrations.lineage.graph import Graph
from integrations.lineage.render.sheet import ENTITY_HEADINGS, Sheet, entity_cells
from integrations.lineage.text import visible

# A spreadsheet takes cells for formulas if they begin with one of these, also behind spaces or in full width.
_FORMULA = re.compile(r" *[=+\-@\uff1d\uff0b\uff0d\uff20]|'").match
_GRAPH_HEADINGS = ("Record", *ENTITY_HEADINGS[1:], "From", "Association type", "To")
_NO_ENTITY = ("",) * (len(ENTITY_HEADINGS) - 1)


def graph_csv(graph: Graph) -> str:
    """Return one row for each entity and each association. The first column says `entity` or `association`.

    A record is one line: line feeds and other control characters are escaped.
    """
    entities = (("entity", *map(_safe, entity_cells(vertex)), "", "", "") for vertex in graph.vertices)
    links = (
        ("association", *_NO_ENTITY, _safe(edge.source), _safe(edge.type or ""), _safe(edge.destination))
        for edge in graph.edges
    )
    return _text(_GRAPH_HEADINGS, chain(entities, links))


def sheets_csv(sheets: Sequence[Sheet]) -> str:
    """Return the rows of sheets with the same headings as one table."""
    return _text(sheets[0].headings, (tuple(map(_safe, row)) for sheet in sheets for row in sheet.rows))


def _text(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(headings)
    writer.writerows(rows)
    return stream.getvalue()


def _safe(cell: str) -> str:
    """Return a cell with an apostrophe before it if a spreadsheet could calculate it, or if it begins with one."""
    text = visible(cell)
    return f"'{text}" if _FORMULA(text) else text
