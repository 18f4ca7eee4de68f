"""Graphs and answers as text: the same bytes for the same values, and every name escaped."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any

from integrations.lineage.errors import Invalid
from integrations.lineage.graph import Graph
from integrations.lineage.render.csv_text import graph_csv, sheets_csv
from integrations.lineage.render.dot import dot
from integrations.lineage.render.json_text import answer_json, graph_json
from integrations.lineage.render.markdown import markdown
from integrations.lineage.render.mermaid import mermaid
from integrations.lineage.render.page import graph_page, sheets_page
from integrations.lineage.render.sheet import Sheet, sheets_of
from integrations.lineage.render.table import text_table


class Format(StrEnum):
    """The formats of `--format`."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"
    MERMAID = "mermaid"
    DOT = "dot"
    HTML = "html"


def render(graph: Graph, format: Format | str, width: int | None = None) -> str:  # noqa: A002 - the name of the option
    """Return a graph as text that ends with a line feed. No line of a table has more than `width` columns.

    Raises `ValueError` for an unknown format.
    """
    chosen = Format(format)
    return text_table(sheets_of(graph), width) if chosen == Format.TABLE else _RENDERERS[chosen](graph)


def render_answer(
    answer: Any,
    sheets: Sequence[Sheet],
    format: Format | str,  # noqa: A002 - as above
    width: int | None = None,
) -> str:
    """Return an answer as text: `answer` itself as JSON, its sheets in the other formats.

    No line of a table has more than `width` columns.

    Raises `Invalid` for a format of graphs, and `ValueError` for an unknown format. All sheets must have the same
    headings: CSV has one table.
    """
    chosen = Format(format)
    if chosen == Format.JSON:
        return answer_json(answer)
    if chosen == Format.TABLE:
        return text_table(sheets, width)
    if chosen not in _SHEET_RENDERERS:
        raise Invalid(f"--format {chosen.value} draws graphs, and this answer is a table; give --format table")
    return _SHEET_RENDERERS[chosen](sheets)


_RENDERERS: dict[Format, Callable[[Graph], str]] = {
    Format.JSON: graph_json,
    Format.CSV: graph_csv,
    Format.MARKDOWN: lambda graph: markdown(sheets_of(graph)),
    Format.MERMAID: mermaid,
    Format.DOT: dot,
    Format.HTML: graph_page,
}
_SHEET_RENDERERS: dict[Format, Callable[[Sequence[Sheet]], str]] = {
    Format.CSV: sheets_csv,
    Format.MARKDOWN: markdown,
    Format.HTML: sheets_page,
}

__all__ = ["Format", "Sheet", "render", "render_answer"]
