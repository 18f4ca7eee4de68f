"""Tables of text before they are rendered: the entities and associations of a graph, or the answer to a question."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from msgspec import Struct

from integrations.lineage.graph import Details, Graph, Vertex

_NONE = Details()


class Sheet(Struct, frozen=True):
    """One table: `headings`, and rows with a cell for each heading. The title and the cells are not escaped yet."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def without_empty_columns(self) -> "Sheet":
        """Return the sheet without the columns that are empty in all rows. A sheet without rows keeps them."""
        kept = [at for at in range(len(self.headings)) if not self.rows or any(row[at] for row in self.rows)]
        rows = tuple(tuple(row[at] for at in kept) for row in self.rows)
        return Sheet(self.title, tuple(self.headings[at] for at in kept), rows)


ENTITY_HEADINGS = ("#", "Kind", "Type", "Name", "Source", "Status", "Created", "Properties", "ARN")
ASSOCIATION_HEADINGS = ("From", "Association type", "To")


def sheets_of(graph: Graph) -> tuple[Sheet, ...]:
    """Return the entities and the associations of a graph. Associations name their ends by number and name."""
    entities = tuple((str(number), *entity_cells(vertex)) for number, vertex in enumerate(graph.vertices, 1))
    sheets = (Sheet(f"Entities: {len(entities)}", ENTITY_HEADINGS, entities),)
    if not graph.edges:
        return sheets
    names = {vertex.arn: f"{number} {vertex.label}" for number, vertex in enumerate(graph.vertices, 1)}
    rows = tuple(
        (names.get(edge.source, edge.source), edge.type or "", names.get(edge.destination, edge.destination))
        for edge in graph.edges
    )
    return (*sheets, Sheet(f"Associations: {len(rows)}", ASSOCIATION_HEADINGS, rows))


def entity_cells(vertex: Vertex) -> tuple[str, ...]:
    """Return the cells of a vertex, from its kind to its ARN. The name is empty if it is not known."""
    details = vertex.details or _NONE
    return (
        vertex.kind.value,
        vertex.type,
        details.name or "",
        details.source_uri or "",
        details.status or "",
        time_text(details.created),
        properties_text(details.properties),
        vertex.arn,
    )


def time_text(time: datetime | None) -> str:
    """Return a time in UTC as `2026-01-15T10:00:00Z`; an empty text for none. Times without a zone are in UTC."""
    if time is None:
        return ""
    utc = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    return utc.isoformat(timespec="seconds").replace("+00:00", "Z")


def properties_text(properties: Mapping[str, str]) -> str:
    """Return properties as a JSON object with sorted keys; an empty text for none."""
    return json.dumps(dict(properties), sort_keys=True, ensure_ascii=False) if properties else ""
