"""The commands that print entities and associations of lineage."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from capture_ops.commands.lineage_querying import KINDS, Times, lineage, times
from capture_ops.terminal.console import console
from capture_ops.terminal.errors import CommandError
from capture_ops.terminal.text import printable
from integrations.lineage import Lineage
from integrations.lineage.finding.listing import Selection
from integrations.lineage.graph import Vertex
from integrations.lineage.ports import Link, LinksListed
from integrations.lineage.render import Sheet, render_answer
from integrations.lineage.render.sheet import ENTITY_HEADINGS, entity_cells, time_text

__all__ = ["Asked", "edges", "entity", "lineage", "listed", "times"]
_LINK_HEADINGS = ("From", "Type", "Association type", "To", "Type of it", "Created", "From ARN", "To ARN")


class Asked(Struct, frozen=True, kw_only=True):
    """What `lineage list` shall print."""

    kind: str
    texts: Mapping[str, str | None]
    times: Times
    sort: str
    ascending: bool
    limit: int | None
    ends: tuple[str | None, str | None]


def entity(store: Lineage, text: str, format_: str) -> str:
    """Return one entity with its tags as text."""
    vertex = store.get(text)
    tags = dict(sorted(store.tags(vertex.arn).items()))
    details = vertex.details
    assert details  # noqa: S101 - it was described
    values = {
        "Name": details.name or "",
        "ARN": vertex.arn,
        "Kind": vertex.kind.value,
        "Type": vertex.type,
        "Source": details.source_uri or "",
        **{f"Source {type_ or 'id'}": value for type_, value in details.source_types},
        "Status": details.status or "",
        "Description": details.description or "",
        "Created": time_text(details.created),
        "Created by": details.created_by or "",
        "Modified": time_text(details.modified),
        "Modified by": details.modified_by or "",
        **{f"Property {key}": value for key, value in sorted(details.properties.items())},
        **{f"Metadata {key}": value for key, value in sorted(details.metadata.items())},
        **{f"Tag {key}": value for key, value in tags.items()},
    }
    rows = tuple((name, value) for name, value in values.items() if value)
    sheet = Sheet(f"{vertex.kind.value} {vertex.label}", ("Value", "Text"), rows)
    return render_answer({"entity": vertex, "tags": tags}, [sheet], format_, console().width)


def listed(store: Lineage, asked: Asked, format_: str) -> str:
    """Return a list as text."""
    kind = asked.kind.removesuffix("s")
    if kind not in {*KINDS, "association"}:
        raise CommandError(f"{asked.kind!r} cannot be listed; give one of {', '.join(KINDS)}, association")
    if kind == "association":
        return _links(_association_list(store, asked), format_)
    if any(asked.ends):
        raise CommandError("--source and --destination are for associations; give --source-uri for entities")
    after, before, modified_after, modified_before = asked.times
    selection = Selection(
        type=asked.texts["type"],
        source_uri=asked.texts["source_uri"],
        name=asked.texts["name"],
        created_after=after,
        created_before=before,
        modified_after=modified_after,
        modified_before=modified_before,
        sort=asked.sort,
        ascending=asked.ascending,
        limit=asked.limit,
    )
    found = list(store.list(KINDS[kind], selection))
    return _entities(found, format_)


def edges(store: Lineage, text: str, format_: str, sides: tuple[bool, bool]) -> str:
    """Return the associations of an entity as text: those that end there, those that begin there, or both."""
    (vertex, *more) = store.find(text)
    if more:
        arns = ", ".join(each.arn for each in (vertex, *more))
        raise CommandError(f"{printable(text)} names several entities; give one of {arns}")
    found: list[Link] = []
    if sides[0]:
        found += store.links(LinksListed(destination=vertex.arn))
    if sides[1]:
        found += store.links(LinksListed(source=vertex.arn))
    return _links(found, format_)


def _association_list(store: Lineage, asked: Asked) -> list[Link]:
    if asked.texts["source_uri"] or asked.texts["name"] or any(asked.times[2:]):
        raise CommandError("Associations have no source URI, name and time of change; give --source or --destination")
    arns = [store.get(end).arn if end else None for end in asked.ends]
    wanted = LinksListed(
        source=arns[0],
        destination=arns[1],
        type=asked.texts["type"],
        created_after=asked.times[0],
        created_before=asked.times[1],
    )
    keys: Mapping[str, Any] = {"name": lambda each: each.source_name, "type": lambda each: each.edge.type or ""}
    by_time = lambda each: (time_text(each.created), each.edge.source, each.edge.destination)  # noqa: E731 - one key
    found = sorted(store.links(wanted), key=keys.get(asked.sort, by_time), reverse=not asked.ascending)
    return found[: asked.limit]


def _entities(found: Iterable[Vertex], format_: str) -> str:
    found = list(found)
    rows = tuple((str(number), *entity_cells(vertex)) for number, vertex in enumerate(found, 1))
    sheet = Sheet(f"Entities: {len(rows)}", ENTITY_HEADINGS, rows).without_empty_columns()
    return render_answer({"entities": found}, [sheet], format_, console().width)


def _links(found: Iterable[Link], format_: str) -> str:
    found = list(found)
    rows = tuple(
        (
            link.source_name or link.edge.source.rsplit("/", 1)[-1],
            link.source_type,
            link.edge.type or "",
            link.destination_name or link.edge.destination.rsplit("/", 1)[-1],
            link.destination_type,
            time_text(link.created),
            link.edge.source,
            link.edge.destination,
        )
        for link in found
    )
    sheet = Sheet(f"Associations: {len(rows)}", _LINK_HEADINGS, rows)
    return render_answer({"associations": found}, [sheet], format_, console().width)
