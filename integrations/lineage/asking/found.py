"""One entity of an answer: with its details, and with its distance and direction from the start."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from integrations.lineage.asking.reaching import Place
from integrations.lineage.errors import NotFound
from integrations.lineage.graph import Direction, Vertex
from integrations.lineage.ports import ReadsLineage
from integrations.lineage.render.sheet import Sheet, time_text


class Found(Struct, frozen=True, kw_only=True):
    """One entity of an answer, or a name that is not an entity: a pipeline execution or a trial."""

    name: str
    type: str
    direction: Direction
    hops: int
    arn: str | None = None
    source_uri: str | None = None
    status: str | None = None
    created: datetime | None = None
    properties: Mapping[str, str] = {}

    @classmethod
    def of(cls, vertex: Vertex, place: Place) -> "Found":
        """Return a described entity with its place."""
        details = vertex.details
        return cls(
            name=vertex.label,
            type=vertex.type or vertex.kind.value,
            direction=place.direction,
            hops=place.hops,
            arn=vertex.arn,
            source_uri=details.source_uri if details else None,
            status=details.status if details else None,
            created=details.created if details else None,
            properties=details.properties if details else {},
        )


def found_sheet(title: str, found: Sequence[Found]) -> Sheet:
    """Return one row for each entity."""
    headings = ("Name", "Type", "Direction", "Hops", "Source", "Status", "Created", "ARN")
    rows = tuple(
        (
            name_cell(each),
            each.type,
            each.direction.value,
            str(each.hops),
            each.source_uri or "",
            each.status or "",
            time_text(each.created),
            each.arn or "",
        )
        for each in found
    )
    return Sheet(title, headings, rows)


def name_cell(found: Found) -> str:
    """Return the name; an empty text for an artifact without one, whose `name` is the id in its ARN."""
    return "" if found.arn and found.arn.endswith(f":artifact/{found.name}") else found.name


def nearest(places_: Mapping[str, Place], vertices: Sequence[Vertex]) -> list[Vertex]:
    """Return the vertices that have a place, the nearest first, and those equally near by their ARN."""
    placed = [vertex for vertex in vertices if vertex.arn in places_]
    return sorted(placed, key=lambda vertex: (places_[vertex.arn].hops, vertex.arn))


def described(store: ReadsLineage, vertex: Vertex) -> Vertex:
    """Return an entity with its details; as it is if it was deleted since the walk."""
    if vertex.details is not None:
        return vertex
    try:
        return store.describe(vertex.arn, vertex.kind)
    except NotFound:
        return vertex
