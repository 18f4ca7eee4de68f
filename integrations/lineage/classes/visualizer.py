"""`LineageTableVisualizer`, as the documentation writes it."""

import sys
from collections.abc import Mapping
from typing import Any

from integrations.lineage.render.sheet import Sheet
from integrations.lineage.render.table import text_table


class LineageTableVisualizer:
    """Prints the answer of a query as tables: the entities, and the associations between them."""

    def show(self, lineage_graph: Mapping[str, Any]) -> None:
        """Print type, name and ARN of each vertex, then the edges. Control characters are escaped."""
        sys.stdout.write(text_table(_sheets(lineage_graph)))


def _sheets(graph: Mapping[str, Any]) -> list[Sheet]:
    names = {vertex["Arn"]: _name(vertex) for vertex in graph["Vertices"]}
    entities = tuple((vertex["Type"], names[vertex["Arn"]], vertex["Arn"]) for vertex in graph["Vertices"])
    edges = tuple(
        (
            names.get(edge["SourceArn"], edge["SourceArn"]),
            edge.get("AssociationType", ""),
            names.get(edge["DestinationArn"], edge["DestinationArn"]),
        )
        for edge in graph["Edges"]
    )
    sheets = [Sheet(f"Entities: {len(entities)}", ("Type", "Name", "ARN"), entities)]
    return (
        [*sheets, Sheet(f"Associations: {len(edges)}", ("From", "Association type", "To"), edges)] if edges else sheets
    )


def _name(vertex: Mapping[str, Any]) -> str:
    properties = vertex["Properties"]
    named = (properties.get(f"{noun}_name") for noun in ("artifact", "action", "context", "trial_component"))
    return next(filter(None, named), str(vertex["Arn"]).rsplit("/", 1)[-1])
