"""The table of LineageTableVisualizer in the SageMaker SDK: the inputs and outputs of one entity."""

from msgspec import Struct

from integrations.lineage.arns import kind_of
from integrations.lineage.errors import NotFound
from integrations.lineage.graph import Edge, Kind
from integrations.lineage.ports import LinksListed, ReadsLineage
from integrations.lineage.render.sheet import Sheet
from integrations.lineage.render.table import shortened

HEADINGS = ("Name/Source", "Direction", "Type", "Association Type", "Lineage Type")


class Neighbour(Struct, frozen=True, kw_only=True):
    """One row: an entity next to the start. `direction` is `Input` or `Output`."""

    name: str
    direction: str
    type: str
    association_type: str | None
    lineage_type: str
    arn: str


class Neighbours(Struct, frozen=True, kw_only=True):
    """The inputs and outputs of one entity."""

    start: str
    rows: tuple[Neighbour, ...]

    def sheet(self) -> Sheet:
        """Return the five columns."""
        cells = tuple(
            (row.name, row.direction, row.type, row.association_type or "", row.lineage_type) for row in self.rows
        )
        return Sheet(f"Inputs and outputs of {self.start}: {len(cells)}", HEADINGS, cells)


def five_columns(store: ReadsLineage, start: str) -> Neighbours:
    """Return the entities with an association to or from `start`, inputs first, each group in the order of ARNs.

    An artifact without a name is shown by its source, whose middle is left out if it has more than 48 characters.
    """
    inputs = sorted(store.links(LinksListed(destination=start)), key=lambda link: _order(link.edge))
    outputs = sorted(store.links(LinksListed(source=start)), key=lambda link: _order(link.edge))
    rows = [
        *(
            _row(store, "Input", each.edge.source, each.source_name, each.source_type, each.edge.type)
            for each in inputs
        ),
        *(
            _row(store, "Output", each.edge.destination, each.destination_name, each.destination_type, each.edge.type)
            for each in outputs
        ),
    ]
    return Neighbours(start=start, rows=tuple(rows))


def _order(edge: Edge) -> tuple[str, str, str]:
    return edge.source, edge.destination, edge.type or ""


def _row(store: ReadsLineage, direction: str, arn: str, name: str, kind: str, association: str | None) -> Neighbour:
    return Neighbour(
        name=name or _source(store, arn),
        direction=direction,
        type=kind,
        association_type=association,
        lineage_type=arn.split(":", 5)[-1].split("/", 1)[0],
        arn=arn,
    )


def _source(store: ReadsLineage, arn: str) -> str:
    if kind_of(arn) != Kind.ARTIFACT:
        return arn
    try:
        details = store.describe(arn, Kind.ARTIFACT).details
    except NotFound:
        return arn
    return shortened(details.source_uri) if details and details.source_uri else arn
