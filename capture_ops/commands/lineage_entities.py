"""The commands that create, change and delete entities of lineage."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import uuid4

from capture_ops.commands.lineage_querying import lineage, pairs
from capture_ops.terminal.text import printable
from integrations.lineage import Lineage
from integrations.lineage.graph import Kind
from integrations.lineage.planning.naming import named
from integrations.lineage.planning.recording import Recording
from integrations.lineage.planning.steps import Step
from integrations.lineage.ports import NewEntity
from integrations.lineage.text import counted

__all__ = ["create", "lineage", "new_entity", "pairs", "printable", "record", "report", "show_tags"]
_KINDS = {"artifact": Kind.ARTIFACT, "action": Kind.ACTION, "context": Kind.CONTEXT}


def new_entity(kind: str, texts: Mapping[str, str | None], lists: Mapping[str, Iterable[str] | None]) -> NewEntity:
    """Return the entity that the options of `create` describe. A name or a source that is left out is made."""
    which = _KINDS[kind]
    found = {name: pairs(each or (), _OPTIONS[name]) for name, each in lists.items()}
    type_ = texts["type"] or ""
    name, source = named(which, type_, texts["name"], texts["source_uri"], uuid4().hex)
    return NewEntity(
        kind=which,
        type=type_,
        name=name,
        source_uri=source,
        source_types=tuple(found["source_types"].items()),
        properties=found["properties"],
        tags=found["tags"],
        metadata=found["metadata"],
        status=texts["status"],
        description=texts["description"],
    )


def create(store: Lineage, entity: NewEntity, echo: Callable[[str], Any], *, dry_run: bool) -> None:
    """Create an entity and print its ARN; with `dry_run` print the steps."""
    planned = store.plan(entity)
    arns = store.run(planned.steps, dry_run=dry_run)
    if dry_run:
        report(planned.steps, echo, dry_run=True)
    else:
        echo(arns.get(planned.end, planned.end))


def record(
    store: Lineage, action: str, values: Mapping[str, Any], *, allow_cycle: bool, dry_run: bool
) -> Sequence[Step]:
    """Link an action with its inputs and outputs."""
    return store.record(Recording(action=action, **values), allow_cycle=allow_cycle, dry_run=dry_run)


def show_tags(store: Lineage, entity: str, echo: Callable[[str], Any]) -> None:
    """Print the tags of an entity."""
    for key, value in sorted(store.tags(entity).items()):
        echo(printable(f"{key}={value}"))


def report(steps: Sequence[Step], echo: Callable[[str], Any], *, dry_run: bool) -> None:
    """Print the steps that were done, or would be."""
    for step in steps:
        echo(printable(str(step)))
    if not steps:
        echo("nothing to do: all is so already")
    elif dry_run:
        echo(f"dry run: {counted(len(steps), 'step')}, and nothing was changed")


_OPTIONS = {"source_types": "--source-type", "properties": "--property", "tags": "--tag", "metadata": "--metadata"}
