"""The edges of records that DataHub shows as lineage, as its installed schemas say, and the ways along them."""

import json
from collections import defaultdict, deque
from functools import cache
from pathlib import Path
from typing import Any

from datahub.metadata import schemas

from tests.catalog.datahub.records import Records, urns_in

Edges = dict[str, set[str]]


@cache
def lineage_fields() -> dict[tuple[str, str], bool]:
    """Return whether the target of an aspect's field is upstream, for each field that a schema annotates `isLineage`."""
    found: dict[tuple[str, str], bool] = {}
    for file in Path(schemas.__file__).parent.glob("*.avsc"):
        schema = json.loads(file.read_text())
        name = schema.get("Aspect", {}).get("name")
        for field in schema.get("fields", ()) if name else ():
            for relation in _relations(field):
                if relation.get("isLineage"):
                    found[name, field["name"]] = relation.get("isUpstream", True)
    return found


def _relations(value: Any) -> list[dict[str, Any]]:
    """Return the relationships of a field and of the fields in it."""
    if isinstance(value, list):
        return [each for item in value for each in _relations(item)]
    if not isinstance(value, dict):
        return []
    own = value.get("Relationship", {})
    listed = [own] if "name" in own else [each for each in own.values() if isinstance(each, dict)]
    return listed + [each for item in value.values() for each in _relations(item)]


def edges_of(records: Records) -> Edges:
    """Return the lineage of records: the URNs that each URN leads to."""
    found: Edges = defaultdict(set)
    for (urn, aspect), content in records.items():
        for field, value in content.items():
            if (is_upstream := lineage_fields().get((aspect, field))) is not None:
                for other in urns_in(value):
                    found[other if is_upstream else urn].add(urn if is_upstream else other)
    return found


def hops(edges: Edges, source: str, target: str) -> int | None:
    """Return the number of edges on the shortest way, `None` if there is none."""
    distances = {source: 0}
    waiting = deque([source])
    while waiting:
        current = waiting.popleft()
        for following in edges.get(current, set()) - distances.keys():
            distances[following] = distances[current] + 1
            waiting.append(following)
    return distances.get(target)
