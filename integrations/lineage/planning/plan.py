"""Plans: a list of steps is checked as a whole, then run.

A run that was interrupted can be repeated, and two runs at once end with the same graph.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from integrations.lineage.errors import (
    AlreadyExists,
    Conflict,
    Cycle,
    Invalid,
    LineageError,
    NotFound,
    Throttled,
    TimedOut,
    TooLarge,
)
from integrations.lineage.graph import Edge, Vertex
from integrations.lineage.planning.existing import edge_between, matching, taken
from integrations.lineage.planning.limits import (
    count_problems,
    edge_problems,
    entity_problems,
    name_problems,
    tag_problems,
    value_problems,
)
from integrations.lineage.planning.steps import Amend, Create, Disjoin, Join, Label, Step
from integrations.lineage.ports import Change, NewEntity, ReadsLineage, WritesLineage
from integrations.lineage.text import counted
from integrations.lineage.walking.cycles import closing

_TEMPORARY = (Conflict, Throttled, TimedOut)
_CHANGES = 5  # how often a change is repeated that collides with another client's


class Store(ReadsLineage, WritesLineage, Protocol):
    """Reads and writes lineage."""


def check(store: Store, steps: Sequence[Step], clock: Callable[[], float] | None) -> None:
    """Refuse a plan before its first write.

    Args:
        store: Lists the associations that exist.
        steps: The plan.
        clock: Returns seconds, to limit the check for cycles; None leaves that check out.

    Raises:
        Invalid, TooLarge, Cycle: All problems at once; Invalid if they are of several sorts.
    """
    entities = [step.entity for step in steps if isinstance(step, Create)]
    edges = [step.edge for step in steps if isinstance(step, Join)]
    wrong = [f"{step}: {problem}" for step in steps for problem in _problems(step)]
    large = list(count_problems(entities, len(edges)))
    cycles = [] if clock is None or wrong else [f"{Join(edge)} closes a cycle" for edge in closing(store, edges, clock)]
    if cycles:
        cycles.append("Lineage has no cycles: remove one of these links, or give --allow-cycle")
    if problems := [*wrong, *large, *cycles]:
        kind = Invalid if wrong or (large and cycles) else TooLarge if large else Cycle
        raise kind("\n".join(problems))


def _problems(step: Step) -> Iterator[str]:
    match step:
        case Create():
            yield from entity_problems(step.entity)
        case Join():
            yield from edge_problems(step.edge)
        case Label():
            yield from tag_problems(step.tags, step.count)
        case Amend():
            yield from name_problems(step.vertex.kind, step.name) if step.name is not None else ()
            yield from value_problems(step.vertex.kind, _merged(step.vertex, step), step.status, step.description)
        case _:  # deletions have no values
            return


def run(store: Store, steps: Sequence[Step], report: Callable[[str], None] = lambda _: None) -> dict[str, str]:
    """Do all steps, and return the ARNs of the keys.

    Args:
        store: Does them.
        steps: The plan.
        report: Is called with the description of each step when it is done.

    Raises:
        LineageError: A step failed. The error names it, and says how much of the plan is done.
    """
    arns: dict[str, str] = {}
    done: list[str] = []
    for step in steps:
        try:
            _do(store, step, arns)
        except LineageError as error:
            failed = type(error)("\n".join([f"{step}: {error}", *_progress(error, len(done), len(steps))]))
            failed.done = tuple(done)
            raise failed from error
        done.append(str(step))
        report(done[-1])
    return arns


def _progress(error: LineageError, done: int, planned: int) -> Iterator[str]:
    """Yield how much of a plan is done. Only after a temporary error the same command helps."""
    steps = f"{done} of {counted(planned, 'step')} {'is' if 1 in {done, planned} else 'are'} done"
    if isinstance(error, _TEMPORARY):
        yield f"{steps}; run the command again to do the others"
    elif done:
        yield f"{steps}; the others are not"


def _do(store: Store, step: Step, arns: dict[str, str]) -> None:
    match step:
        case Create():
            arns[step.key] = _created(store, step.entity)
        case Amend():
            _amended(store, step)
        case Label():
            store.tag(step.arn, step.tags, step.removed)
        case Join():
            source, destination, type_ = step.edge.source, step.edge.destination, step.edge.type
            _joined(store, Edge(arns.get(source, source), arns.get(destination, destination), type_))
        case Disjoin():
            _gone(lambda: store.unlink(step.source, step.destination))
        case _:
            _gone(lambda: store.delete(step.vertex))


def _created(store: Store, entity: NewEntity) -> str:
    try:
        return store.create(entity)
    except AlreadyExists as error:  # another run was faster
        if found := matching(store, entity):
            return found.arn
        if reason := taken(store, entity):
            raise AlreadyExists(reason) from error
        raise


def _amended(store: Store, step: Amend) -> None:
    """Read the entity again, because the update sends all its properties."""
    tried = 0
    while True:
        tried += 1
        vertex = store.describe(step.vertex.arn, step.vertex.kind)
        change = Change(
            kind=vertex.kind,
            arn=vertex.arn,
            name=vertex.details.name if vertex.details else None,
            properties=_merged(vertex, step) if step.properties or step.removed else None,
            removed=tuple(key for key in step.removed if vertex.details and key in vertex.details.properties),
            status=step.status,
            description=step.description,
            new_name=step.name,
        )
        try:
            store.update(change)
        except Conflict:
            if tried == _CHANGES:
                raise
        else:
            return


def _merged(vertex: Vertex, step: Amend) -> dict[str, str]:
    kept = {**(vertex.details.properties if vertex.details else {}), **step.properties}
    return {key: value for key, value in kept.items() if key not in step.removed}


def _joined(store: Store, edge: Edge) -> None:
    try:
        store.link(edge)
    except AlreadyExists:
        if edge_between(store, edge) != edge:
            raise


def _gone(delete: Callable[[], None]) -> None:
    try:
        delete()
    except NotFound:
        return  # an earlier run has done it
