"""`lineage query`: the options as values, and the graph as text."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from capture_ops.terminal.console import console
from capture_ops.terminal.errors import CommandError
from integrations.lineage import Lineage
from integrations.lineage.graph import Direction, Kind
from integrations.lineage.render import render
from integrations.lineage.times import moment
from integrations.lineage.walking.filters import Filters
from integrations.lineage.walking.querying import Options
from integrations.lineage.walking.walk import Caps

KINDS = {
    "artifact": Kind.ARTIFACT,
    "action": Kind.ACTION,
    "context": Kind.CONTEXT,
    "trial-component": Kind.TRIAL_COMPONENT,
}
Times = tuple[datetime | None, datetime | None, datetime | None, datetime | None]


def lineage(region: str | None, profile: str | None, endpoint_url: str | None) -> Lineage:
    """Return the lineage that the options name."""
    return Lineage(region, profile, endpoint_url)


def times(*texts: str | None) -> Times:
    """Return the times of --after, --before, --modified-after and --modified-before. Without a zone they are in UTC."""
    after, before, modified_after, modified_before = (moment(text, UTC) if text else None for text in texts)
    return after, before, modified_after, modified_before


def pairs(texts: Iterable[str], option: str) -> dict[str, str]:
    """Return KEY=VALUE options as a mapping.

    Raises:
        CommandError: A text has no `=`, or a key is given twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise CommandError(f"{option} {text!r} is no KEY=VALUE; write for example {option} team=churn")
        if key in found:
            raise CommandError(f"{option} gives {key!r} twice; give it once")
        found[key] = value
    return found


def filters(kinds: Iterable[str], types: Iterable[str], properties: Iterable[str], within: Times) -> Filters:
    """Return the filters of a query."""
    after, before, modified_after, modified_before = within
    return Filters(
        kinds=tuple(KINDS[kind] for kind in kinds),
        types=tuple(types),
        properties=pairs(properties, "--property"),
        created_after=after,
        created_before=before,
        modified_after=modified_after,
        modified_before=modified_before,
    )


def caps(max_vertices: int, max_edges: int, timeout_secs: float) -> Caps:
    """Return the caps of a query."""
    return Caps(max_vertices=max_vertices, max_edges=max_edges, timeout_secs=timeout_secs)


def options(direction: str, depth: int, wanted: Filters, most: Caps, flags: Mapping[str, bool]) -> Options:
    """Return the options of a query."""
    return Options(direction=Direction(direction), depth=depth, filters=wanted, caps=most, **flags)


def rendered(store: Lineage, starts: Sequence[str], how: Options, format_: str) -> str:
    """Return the graph as text."""
    return render(store.query(starts, how), format_, console().width)
