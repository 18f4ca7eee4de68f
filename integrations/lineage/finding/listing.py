"""Lists of entities: SageMaker's filters, and those that it does not have."""

from collections.abc import Iterator
from datetime import datetime
from fnmatch import fnmatchcase
from itertools import islice

from msgspec import Struct

from integrations.lineage.errors import Invalid
from integrations.lineage.finding.lookups import SOURCE_CHARS, TYPE_CHARS, check_filters
from integrations.lineage.graph import Kind, Vertex
from integrations.lineage.ports import Listed, ReadsLineage
from integrations.lineage.text import visible

SORTS = ("created", "modified", "name", "type")


class Selection(Struct, frozen=True, kw_only=True):
    """Which entities are listed, and in which order. `name` may have the wildcards * and ?."""

    type: str | None = None
    source_uri: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    modified_after: datetime | None = None
    modified_before: datetime | None = None
    name: str | None = None
    sort: str = "created"
    ascending: bool = False
    limit: int | None = None


def selected(store: ReadsLineage, kind: Kind, selection: Selection) -> Iterator[Vertex]:
    """Yield the entities that are selected. Pages after the limit are not read if SageMaker sorts.

    Raises:
        Invalid: The order or the limit is not known.
    """
    if selection.sort not in SORTS:
        raise Invalid(f"The order {visible(selection.sort)} is not known; sort by {', '.join(SORTS)}")
    if selection.limit is not None and selection.limit < 1:
        raise Invalid(f"The limit is {selection.limit}; it must be 1 or more")
    check_filters({"type": (selection.type, TYPE_CHARS), "source URI": (selection.source_uri, SOURCE_CHARS)})
    listed = Listed(
        source_uri=selection.source_uri,
        type=selection.type,
        created_after=selection.created_after,
        created_before=selection.created_before,
        sort_by="CreationTime",
        ascending=selection.ascending,
    )
    found: Iterator[Vertex] = (vertex for vertex in store.list(kind, listed) if _wanted(vertex, selection))
    if selection.sort != "created":
        found = iter(sorted(found, key=lambda each: _key(each, selection.sort), reverse=not selection.ascending))
    yield from islice(found, selection.limit)


def _wanted(vertex: Vertex, selection: Selection) -> bool:
    details = vertex.details
    modified = (details.modified or details.created) if details else None
    name = (details.name if details else None) or ""
    after, before = selection.modified_after, selection.modified_before
    return (
        (selection.type is None or vertex.type == selection.type)  # SageMaker has no such filter for trial components
        and (selection.name is None or fnmatchcase(name, selection.name))
        and (after is None or (modified is not None and modified >= after))
        and (before is None or (modified is not None and modified <= before))
    )


def _key(vertex: Vertex, sort: str) -> tuple[str, str]:
    details = vertex.details
    modified = details.modified or details.created if details else None
    keys = {"name": vertex.label, "type": vertex.type, "modified": modified.isoformat() if modified else ""}
    return keys[sort], vertex.arn
